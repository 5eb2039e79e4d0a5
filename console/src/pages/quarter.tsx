// The quarter at a glance: how it stands, and its objectives by team.
import { useMemo } from "preact/hooks";
import { Link, useLocation, useSearch } from "wouter-preact";

import { useLive } from "../api/live";
import type { CycleAtAGlanceFragment, Health, KeyResultRowFragment, ObjectiveRowFragment } from "../generated/graphql";
import { type Figures, type Frame, useFilm, useFrame, useShown } from "../moment/film";
import { basis, useMoment, withMoment } from "../moment/moment";
import { Bar } from "../parts/bar";
import { BurnUp } from "../parts/burn-up";
import { Choice, CycleChoice } from "../parts/choices";
import { HealthCounts, HealthLabel, HealthMark } from "../parts/health";
import { KeyResultLine } from "../parts/key-result";
import { Failed, Loading, State } from "../parts/states";
import { onDay, percent } from "../parts/words";
import { useLooking } from "../viewer";
import { BURN_UP, QUARTER, QUARTER_THEN } from "./documents";
import { NoCycle } from "./first-run";
import { filtered, fromSearch, ORDERS, toSearch, type Filters } from "./filters";

const BIG = 50;

export function Quarter() {
  const { cycle } = useLooking();
  if (cycle === null) return <NoCycle />;
  return <Glance key={cycle.key} cycleKey={cycle.key} />;
}

function Glance({ cycleKey }: { cycleKey: string }) {
  const { moment } = useMoment();
  const isNow = moment.at === null;
  const [now, again] = useLive({ query: QUARTER, variables: { cycle: cycleKey }, pause: !isNow });
  const [then, againThen] = useLive({ query: QUARTER_THEN, variables: { cycle: cycleKey, ...basis(moment) }, pause: isNow });
  const answer = isNow ? now : then;
  const cycle = (isNow ? now.data?.cycle : then.data?.asOf.cycle) ?? null;
  if (answer.error && !cycle) return <Failed error={answer.error} again={isNow ? again : againThen} />;
  if (answer.data && !cycle) {
    return (
      <State title="This cycle did not exist yet">
        <p>Move the slider to a later day.</p>
      </State>
    );
  }
  if (!cycle) return <Loading />;
  return <Page cycle={cycle} />;
}

function Page({ cycle }: { cycle: CycleAtAGlanceFragment }) {
  const [path, navigate] = useLocation();
  const search = useSearch();
  const { moment } = useMoment();
  const filters = useMemo(() => fromSearch(search), [search]);
  const objectives = useMemo(() => cycle.objectives.edges.map((edge) => edge.node), [cycle]);
  const film = useFilm(cycle.key, objectives.length > BIG);
  const shown = useMemo(() => filtered(objectives, filters), [objectives, filters]);
  const change = (next: Partial<Filters>) => navigate(`${path}${withMoment(toSearch(search, { ...filters, ...next }), moment)}`, { replace: true });
  return (
    <>
      <Headline cycle={cycle} film={film} chosen={filters.health} onChoose={(health) => change({ health: toggled(filters.health, health) })} />
      <CycleBurnUp cycle={cycle} film={film} />
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
            <Objective key={objective.entityId} objective={objective} film={film} />
          ))}
        </section>
      ))}
    </>
  );
}

interface HeadlineProps {
  cycle: CycleAtAGlanceFragment;
  film: Frame[];
  chosen: ReadonlySet<Health>;
  onChoose: (health: Health) => void;
}

function Headline({ cycle, film, chosen, onChoose }: HeadlineProps) {
  const frame = useFrame(film);
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
      <HealthCounts counts={frame?.counts ?? cycle.healthCounts} chosen={chosen} onChoose={onChoose} />
    </section>
  );
}

/** The burn-up by what is known now, with a mark at the moment of the page. */
function CycleBurnUp({ cycle, film }: { cycle: CycleAtAGlanceFragment; film: Frame[] }) {
  const { moment } = useMoment();
  const frame = useFrame(film);
  const [{ data }] = useLive({ query: BURN_UP, variables: { cycle: cycle.key } });
  const { confidence, confidenceLowest } = cycle.progress;
  return (
    <BurnUp points={data?.cycle?.progressOverTime ?? []} startsOn={cycle.startsOn} endsOn={cycle.endsOn} at={frame ? frame.at : moment.at}
      confidence={frame ? null : confidence} confidenceLowest={frame ? null : confidenceLowest} />
  );
}

function Objective({ objective, film }: { objective: ObjectiveRowFragment; film: Frame[] }) {
  const { link } = useMoment();
  const [measure, isShown] = useShown();
  const frame = useFrame(film, isShown);
  const figures: Figures = frame
    ? (frame.objectives.get(objective.entityId) ?? { value: null, expected: null, health: null })
    : { value: objective.progress.value ?? null, expected: objective.progress.expected ?? null, health: objective.progress.health ?? null };
  const isAbsent = frame !== null && !frame.objectives.has(objective.entityId);
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
          <KeyResultLine key={keyResult.entityId} keyResult={frame ? measuredIn(frame, keyResult) : keyResult} />
        ))}
      </ul>
    </article>
  );
}

/** A key result as a frame shows it: its value and progress; expected progress and health are not in the film. */
function measuredIn(frame: Frame, keyResult: KeyResultRowFragment): KeyResultRowFragment {
  const { actual, progress } = frame.keyResults.get(keyResult.entityId) ?? { actual: null, progress: null };
  return { ...keyResult, current: actual ?? null, confidence: null, progress: { ...keyResult.progress, value: progress ?? null, expected: null, health: null } };
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
