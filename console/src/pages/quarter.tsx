// The quarter at a glance: how it stands, and its objectives by team.
import { useMemo } from "preact/hooks";
import { Link, useLocation, useSearch } from "wouter-preact";

import type { CycleAtAGlanceFragment, Health, ObjectiveRowFragment } from "../generated/graphql";
import { useAnswer } from "../moment/answer";
import { figuresIn, isFilmed, useFilmed, useFrame, usePoints } from "../moment/film";
import { useMoment, withMoment } from "../moment/moment";
import { inFrame, NO_FIGURES, useShown } from "../moment/shown";
import { Bar } from "../parts/bar";
import { BurnUp } from "../parts/burn-up";
import { Choice, CycleChoice } from "../parts/choices";
import { HealthCounts, HealthLabel, HealthMark } from "../parts/health";
import { KeyResultLine } from "../parts/key-result";
import { Failed, Loading, NotYet, State } from "../parts/states";
import { onDay, percent } from "../parts/words";
import { useLooking } from "../viewer";
import { QUARTER, QUARTER_THEN } from "./documents";
import { NoCycle } from "./first-run";
import { filtered, fromSearch, ORDERS, toSearch, type Filters } from "./filters";

export function Quarter() {
  const { cycle } = useLooking();
  if (cycle === null) return <NoCycle />;
  return <Glance key={cycle.key} cycleKey={cycle.key} />;
}

function Glance({ cycleKey }: { cycleKey: string }) {
  const { now, then, isAnswered, error, again } = useAnswer(QUARTER, QUARTER_THEN, { cycle: cycleKey });
  const cycle = now?.cycle ?? then?.asOf.cycle ?? null;
  if (error && !cycle) return <Failed error={error} again={again} />;
  if (cycle) return <Page cycle={cycle} />;
  return isAnswered ? <NotYet what="This cycle" /> : <Loading />;
}

function Page({ cycle }: { cycle: CycleAtAGlanceFragment }) {
  const [path, navigate] = useLocation();
  const search = useSearch();
  const { moment } = useMoment();
  const filters = useMemo(() => fromSearch(search), [search]);
  const objectives = useMemo(() => cycle.objectives.edges.map((edge) => edge.node), [cycle]);
  useFilmed(useMemo(() => objectives.map((one) => one.entityId), [objectives]));
  const shown = useMemo(() => filtered(objectives, filters), [objectives, filters]);
  const change = (next: Partial<Filters>) => navigate(`${path}${withMoment(toSearch(search, { ...filters, ...next }), moment)}`, { replace: true });
  return (
    <>
      <Headline cycle={cycle} chosen={filters.health} onChoose={(health) => change({ health: toggled(filters.health, health) })} />
      <CycleBurnUp cycle={cycle} />
      <FilterRow objectives={objectives} filters={filters} change={change} />
      {objectives.length === 0 && <State title="No objectives yet"><p>Nobody has drafted one in this cycle at this moment.</p></State>}
      {objectives.length > 0 && shown.length === 0 && (
        <State title="No objective matches">
          <button type="button" onClick={() => navigate(`${path}${withMoment("", moment)}`)}>Show all</button>
        </State>
      )}
      {byTeam(shown, filters).map(([team, rows]) => (
        <section key={team} class="team" aria-label={team}>
          <h2>{team} <span>{rows.length}</span></h2>
          {rows.map((objective) => (
            <Objective key={objective.entityId} objective={objective} />
          ))}
        </section>
      ))}
    </>
  );
}

interface HeadlineProps {
  cycle: CycleAtAGlanceFragment;
  chosen: ReadonlySet<Health>;
  onChoose: (health: Health) => void;
}

function Headline({ cycle, chosen, onChoose }: HeadlineProps) {
  const frame = useFrame();
  const figures = frame?.cycle ?? cycle.progress;
  return (
    <section class="headline">
      <div class="headline-title">
        <h1><CycleChoice /></h1>
        <p>{onDay(cycle.startsOn)} – {onDay(cycle.endsOn)} · {cycle.objectives.edges.length} objectives</p>
      </div>
      <div class="headline-figure">
        <strong>{percent(figures.value)}</strong>
        <span>
          <HealthLabel health={figures.health} />
          planned {percent(figures.expected)}
        </span>
      </div>
      <HealthCounts counts={frame?.cycle?.healthCounts ?? cycle.healthCounts} chosen={chosen} onChoose={onChoose} />
    </section>
  );
}

/** The burn-up by what is known now, with a mark at the moment of the page. */
function CycleBurnUp({ cycle }: { cycle: CycleAtAGlanceFragment }) {
  const { moment } = useMoment();
  const frame = useFrame();
  const points = usePoints();
  const { confidence, confidenceLowest } = cycle.progress;
  return (
    <BurnUp points={points} startsOn={cycle.startsOn} endsOn={cycle.endsOn} at={frame?.cycle ? frame.cycle.at : moment.at}
      confidence={frame ? frame.cycle?.confidence : confidence} confidenceLowest={frame ? null : confidenceLowest} />
  );
}

function Objective({ objective }: { objective: ObjectiveRowFragment }) {
  const { link } = useMoment();
  const [measure, isShown] = useShown();
  const frame = useFrame(isShown);
  const figures = frame ? (figuresIn(frame, objective.entityId) ?? NO_FIGURES) : objective.progress;
  const isAbsent = figures === NO_FIGURES && isFilmed(frame!, objective.entityId);
  return (
    <article ref={measure} class={`objective${isAbsent ? " absent" : ""}`}>
      <header>
        <HealthMark health={figures.health} />
        <h3><Link href={link(`/objective/${objective.entityId}`)}>{objective.title}</Link></h3>
        <span class="owner">{objective.owner?.name ?? "No owner"}</span>
        <span class="share">{percent(figures.value)}</span>
      </header>
      <Bar figures={figures} label={objective.title} />
      <ul class="key-results">
        {objective.keyResults.map((keyResult) => (
          <KeyResultLine key={keyResult.entityId} keyResult={frame ? inFrame(frame, keyResult) : keyResult} />
        ))}
      </ul>
    </article>
  );
}

function FilterRow({ objectives, filters, change }: { objectives: ObjectiveRowFragment[]; filters: Filters; change: (next: Partial<Filters>) => void }) {
  const named = (names: (string | null | undefined)[]) => [...new Set(names.filter((name): name is string => !!name))].sort((one, other) => one.localeCompare(other));
  const labels = named(objectives.flatMap((one) => one.labels));
  return (
    <form class="filters" role="search" onSubmit={(event) => event.preventDefault()}>
      <input type="search" placeholder="Search objectives and key results" aria-label="Search" value={filters.search} onInput={(event) => change({ search: event.currentTarget.value })} />
      <Choice label="Team" value={filters.team} options={named(objectives.map((one) => one.team?.name))} onChoose={(team) => change({ team })} />
      <Choice label="Owner" value={filters.owner} options={named(objectives.map((one) => one.owner?.name))} onChoose={(owner) => change({ owner })} />
      {labels.length > 0 && <Choice label="Label" value={filters.label} options={labels} onChoose={(label) => change({ label })} />}
      <label class="choice">
        <span>Order</span>
        <select value={filters.order} onChange={(event) => change({ order: event.currentTarget.value as Filters["order"] })}>
          {Object.entries(ORDERS).map(([order, name]) => <option key={order} value={order}>{name}</option>)}
        </select>
      </label>
    </form>
  );
}

function toggled(chosen: ReadonlySet<Health>, health: Health): ReadonlySet<Health> {
  const next = new Set(chosen);
  if (!next.delete(health)) next.add(health);
  return next;
}

/** The objectives by team; under one heading where the order is not by team. */
function byTeam(objectives: ObjectiveRowFragment[], filters: Filters): [string, ObjectiveRowFragment[]][] {
  if (filters.order !== "team") return objectives.length ? [[ORDERS[filters.order], objectives]] : [];
  const teams = Map.groupBy(objectives, (objective) => objective.team?.name ?? "Without a team");
  return [...teams].sort(([one], [other]) => one.localeCompare(other));
}
