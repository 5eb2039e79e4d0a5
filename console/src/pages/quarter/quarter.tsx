// The quarter at a glance: how it stands, and its objectives by team.
import { useEffect, useMemo, useState } from "preact/hooks";
import { Link, useLocation, useSearch } from "wouter-preact";

import type { CycleAtAGlanceFragment, CycleState, Health, ObjectiveFilter, ObjectiveRowFragment } from "../../generated/graphql";
import { useAnswer } from "../../moment/answer";
import { countIn, figuresIn, isFilmed, useFilmed, useFrame, usePoints } from "../../moment/film";
import { useMoment, withMoment } from "../../moment/moment";
import { inFrame, NO_FIGURES, useShown } from "../../moment/shown";
import { Bar } from "../../parts/bar";
import { BurnUp } from "./burn-up";
import { Choice, CycleChoice } from "../../parts/choices";
import { HealthCounts, HealthLabel, HealthMark } from "../../parts/health";
import { KeyResultLine } from "../../parts/key-result";
import { toggled } from "../../parts/sets";
import { Failed, Loading, NotYet, State } from "../../parts/states";
import { counted, isGiven, onDay, percent } from "../../parts/words";
import { usePageTitle } from "../../title";
import { useLooking } from "../../viewer";
import { QUARTER, QUARTER_THEN } from "./documents";
import { asked, filtered, fromSearch, isFiltered, ORDERS, toSearch, type Filters } from "./filters";
import { NoCycle } from "../coming-in/first-run";

export function Quarter() {
  const { cycle } = useLooking();
  usePageTitle(cycle?.name ?? "Quarter");
  if (cycle === null) return <NoCycle />;
  return <Glance key={cycle.key} cycleKey={cycle.key} />;
}

/** The objectives that are filmed where a cycle has very many. */
const FILMED = 100;
/** How long somebody has stopped typing before a big cycle is searched. */
const PAUSE_MS = 250;
/** How many objectives are loaded at first, and how many as soon as these are shown: all of most cycles. */
const FIRST = 60;
const PAGE = 500;

function Glance({ cycleKey }: { cycleKey: string }) {
  const search = useSearch();
  const [first, setFirst] = useState(FIRST);
  const [filter, setFilter] = useState<ObjectiveFilter | null>(null);
  const { now, then, isAnswered, error, again } = useAnswer(QUARTER, QUARTER_THEN, { cycle: cycleKey, first, filter });
  const cycle = now?.cycle ?? then?.asOf.cycle ?? null;
  const objectives = useMemo(() => cycle?.objectives.edges.map((edge) => edge.node) ?? [], [cycle]);
  const total = cycle?.objectives.totalCount ?? 0;
  const isBig = total > PAGE || filter !== null;
  const filters = useMemo(() => fromSearch(search), [search]);
  useEffect(() => void (total > FIRST && setFirst((before) => Math.max(before, PAGE))), [total]);
  useEffect(() => {
    const timer = setTimeout(() => isBig && setFilter(asked(filters, objectives)), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [filters, isBig]);
  if (error && !cycle) return <Failed error={error} again={again} />;
  if (cycle) return <Page cycle={cycle} objectives={objectives} filters={filters} onMore={() => setFirst(first + PAGE)} isWaiting={!isAnswered} />;
  return isAnswered ? <NotYet what="This cycle" /> : <Loading />;
}

interface PageProps {
  cycle: CycleAtAGlanceFragment;
  objectives: ObjectiveRowFragment[];
  filters: Filters;
  onMore: () => void;
  isWaiting: boolean;
}

function Page({ cycle, objectives, filters, onMore, isWaiting }: PageProps) {
  const [path, navigate] = useLocation();
  const search = useSearch();
  const { moment } = useMoment();
  useFilmed(useMemo(() => objectives.slice(0, FILMED).map((one) => one.entityId), [objectives]));
  const shown = useMemo(() => filtered(objectives, filters), [objectives, filters]);
  const change = (next: Partial<Filters>) => navigate(`${path}${withMoment(toSearch(search, { ...filters, ...next }), moment)}`, { replace: true });
  const more = cycle.objectives.totalCount - objectives.length;
  return (
    <>
      <Headline cycle={cycle} chosen={filters.health} onChoose={(health) => change({ health: toggled(filters.health, health) })} />
      <CycleBurnUp cycle={cycle} />
      <FilterRow objectives={objectives} filters={filters} change={change} />
      {cycle.objectives.totalCount === 0 && !isFiltered(filters) && <State title="No objectives yet"><p>Nobody has drafted one in this cycle at this moment.</p></State>}
      {shown.length === 0 && isFiltered(filters) && !isWaiting && (
        <State title="No objective matches">
          <button type="button" onClick={() => navigate(`${path}${withMoment(toSearch(search, fromSearch("")), moment)}`)}>Show all</button>
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
      {more > 0 && (
        <p class="more" role="status">
          {isWaiting ? <>{objectives.length} of {cycle.objectives.totalCount} objectives; the others are on their way …</>
            : <button type="button" onClick={onMore}>Show {Math.min(more, PAGE)} more of {cycle.objectives.totalCount} objectives</button>}
        </p>
      )}
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
  const isScored = frame === null && isGiven(cycle.score);
  return (
    <section class="headline">
      <div class="headline-title">
        <h1><CycleChoice /></h1>
        <p>{onDay(cycle.startsOn)} – {onDay(cycle.endsOn)} · {counted((frame && countIn(frame)) ?? cycle.objectives.totalCount, "objective")}{STATES[cycle.state] && <> · <b class="cycle-state">{STATES[cycle.state]}</b></>}</p>
      </div>
      <div class="headline-figure">
        <strong>{percent(isScored ? cycle.score : figures.value)}</strong>
        <span>
          <HealthLabel health={figures.health} />
          {isScored ? <>score; progress {percent(cycle.progress.value)}</> : <>planned {percent(figures.expected)}</>}
        </span>
      </div>
      <HealthCounts counts={frame?.cycle?.healthCounts ?? cycle.healthCounts} choosing={{ chosen, onChoose }} />
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
    <BurnUp points={points} startsOn={cycle.startsOn} endsOn={cycle.endsOn} at={frame?.cycle ? frame.cycle.at : moment.at} asKnownThen={moment.asKnownThen}
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
        <span class="owner">{objective.owner?.name ?? "No owner"}{objective.owner?.active === false && <i> has left</i>}</span>
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

const STATES: Record<CycleState, string> = { PLANNING: "in planning", ACTIVE: "", CLOSED: "ended", ABANDONED: "abandoned" };

/** The objectives by team; under one heading where the order is not by team. */
function byTeam(objectives: ObjectiveRowFragment[], filters: Filters): [string, ObjectiveRowFragment[]][] {
  if (filters.order !== "team") return objectives.length ? [[ORDERS[filters.order], objectives]] : [];
  const teams = Map.groupBy(objectives, (objective) => objective.team?.name ?? "Without a team");
  return [...teams].sort(([one], [other]) => one.localeCompare(other));
}
