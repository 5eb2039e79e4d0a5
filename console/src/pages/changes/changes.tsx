// What changed since a moment: the cycle before and after, what turned worse, what people decided, and each team.
import { useMemo, useState } from "preact/hooks";
import { Link } from "wouter-preact";
import { useQuery } from "@urql/preact";

import { useLive } from "../../api/live";
import { useMoment } from "../../moment/moment";
import { Fields } from "../../parts/fields";
import { HealthLabel, HealthMark } from "../../parts/health";
import { Lines } from "../../parts/history";
import { Failed, Loading, State } from "../../parts/states";
import { amount, atTime, authorOf, counted, dayOf, onWeekday, percent, signed } from "../../parts/words";
import { usePageTitle } from "../../title";
import { type Cycle, useLooking } from "../../viewer";
import { CHANGED, DECIDED } from "./documents";
import { type Goal, type GoalDifference, type Group, moved, sorted, type Sorted } from "./differences";
import { Provable } from "./provable";
import { useSince } from "./since";

const FIRST = 300;
/** Changes of what was agreed, rather than of what was measured. */
const DECISIONS = [
  "KeyResultRetargeted", "KeyResultPlanned", "KeyResultRescheduled", "KeyResultReweighed", "KeyResultLinked", "KeyResultUnlinked",
  "KeyResultAdded", "KeyResultDropped", "KeyResultMoved", "KeyResultReopened", "KeyResultScored",
  "ObjectiveCommitted", "ObjectiveDropped", "ObjectiveMoved", "ObjectiveClosed", "ObjectiveReopened",
  "CycleActivated", "CycleClosed", "CycleRescheduled",
];

export function Changes() {
  const { cycle } = useLooking();
  usePageTitle("What changed");
  const { moment } = useMoment();
  const { since, chosen, choose, choices, today } = useSince();
  const isBackward = moment.at !== null && Date.parse(moment.at) <= Date.parse(since.at);
  return (
    <article class="page changed">
      <header class="page-head">
        <h1>What changed since {since.name}</h1>
        {moment.at !== null && <p>until the end of {onWeekday(dayOf(moment.at))}</p>}
      </header>
      <div class="since" role="group" aria-label="Since">
        {choices.map(([choice, name]) => (
          <button key={choice} type="button" class="chip" aria-pressed={choice === chosen} onClick={() => choose(choice)}>{name}</button>
        ))}
        <label class="choice"><span>A day</span>
          <input type="date" value={chosen.includes("-") ? chosen : ""} max={today} onChange={(event) => event.currentTarget.value && choose(event.currentTarget.value)} />
        </label>
      </div>
      {cycle === null ? <State title="There is no cycle yet" />
        : isBackward ? <State title="The slider is before that moment"><p>Move it to a later day, or choose an earlier one here.</p></State>
        : <Between key={cycle.key} cycle={cycle} since={since.at} />}
    </article>
  );
}

function Between({ cycle, since }: { cycle: Cycle; since: string }) {
  const { moment } = useMoment();
  const [first, setFirst] = useState(FIRST);
  const to = moment.at === null ? null : { time: moment.at, known: moment.asKnownThen ? moment.at : null };
  const [{ data, error, fetching }, again] = useLive({ query: CHANGED, variables: { from: since, to, cycle: { key: cycle.key }, first } });
  const differences = data?.diff.differences;
  const found = useMemo(() => (differences ? sorted(differences.edges.map((edge) => edge.node)) : null), [differences]);
  if (error && !data) return <Failed error={error} again={again} />;
  if (!differences || !found) return <Loading />;
  const more = differences.totalCount - differences.edges.length;
  return (
    <div aria-busy={fetching} class={fetching ? "waiting" : undefined}>
      <Summary cycle={cycle} found={found} />
      <Turned name="Turned worse" goals={found.worse} />
      <Turned name="Turned better" goals={found.better} />
      <Decided cycle={cycle} since={since} />
      {found.teams.length === 0 && <State title="Nothing moved"><p>No goal of {cycle.name} changed in that time.</p></State>}
      {found.teams.map(([team, groups]) => (
        <section key={team} class="team" aria-label={team}>
          <h2>{team}</h2>
          {groups.toSorted((one, other) => Math.abs(shift(other)) - Math.abs(shift(one))).map((group) => <Row key={group.id} group={group} from={since} to={moment.at} />)}
        </section>
      ))}
      {more > 0 && <p class="more"><button type="button" onClick={() => setFirst(first + FIRST)}>Show {Math.min(more, FIRST)} more of {differences.totalCount} differences</button></p>}
    </div>
  );
}

/** How the cycle stands against then, and how many of its goals turned. */
function Summary({ cycle, found }: { cycle: Cycle; found: Sorted }) {
  const { progress, expected, health } = found.cycle ?? {};
  const objectives = found.teams.reduce((sum, [, groups]) => sum + groups.length, 0);
  const counts = [[found.worse.length, "turned worse"], [found.better.length, "turned better"], [found.added.length, "new"], [objectives, objectives === 1 ? "objective moved" : "objectives moved"]] as const;
  return (
    <section class="summary" aria-label="In short">
      <p class="from-to">
        <span>{cycle.name}</span>
        {progress ? <><s>{percent(progress.before)}</s> → <strong>{percent(progress.after)}</strong></> : <strong>unchanged</strong>}
        {health && <HealthLabel health={health.after} />}
        {expected && <small>planned {percent(expected.before)} → {percent(expected.after)}</small>}
      </p>
      <p>{counts.filter(([count]) => count > 0).map(([count, name]) => <span key={name}><b>{count}</b> {name}</span>)}</p>
    </section>
  );
}

/** Goals whose health changed, each with the latest note. */
function Turned({ name, goals }: { name: string; goals: GoalDifference[] }) {
  const { link } = useMoment();
  if (goals.length === 0) return null;
  return (
    <section class="turned" aria-label={name}>
      <h2>{name} <span class="count">{goals.length}</span></h2>
      <ul>
        {goals.map((one) => (
          <li key={one.now.id}>
            <span class="turn"><HealthMark health={one.health?.before} /> → <HealthMark health={one.health?.after} /></span>
            <div>
              <p><Link href={link(`/objective/${homeOf(one.now).entityId}`)}>{one.now.title}</Link>{one.now.__typename === "KeyResult" && <small> in {one.now.objective.title}</small>}</p>
              <Note of={one.now} />
            </div>
            <div class="against"><Moved difference={one} />{one.expected && <small>planned {percent(one.expected.after)}</small>}</div>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Note({ of }: { of: Goal }) {
  const said = of.__typename === "KeyResult" ? of.checkIns.edges[0]?.node : undefined;
  if (!said?.note) return null;
  return <small>“{said.note.length > 160 ? `${said.note.slice(0, 159)}…` : said.note}” {authorOf(said.by)}, {atTime(said.measuredAt)}</small>;
}

/** What people decided in that time: targets, plans, scope and ends, with their reasons. */
function Decided({ cycle, since }: { cycle: Cycle; since: string }) {
  const { moment } = useMoment();
  const filter = { cycle: { key: cycle.key }, types: DECISIONS, effectiveFrom: since, effectiveTo: moment.at };
  const [{ data, error }, again] = useQuery({ query: DECIDED, variables: { filter } });
  const changes = data?.changes?.edges.map((edge) => edge.node) ?? [];
  if (error && !data) return <Failed error={error} again={again} />;
  if (changes.length === 0) return null;
  const more = (data?.changes?.totalCount ?? 0) - changes.length;
  return (
    <section aria-label="Decisions">
      <h2>Decisions <span class="count">{data?.changes?.totalCount}</span></h2>
      <Lines changes={changes.toReversed()} here={null} />
      {more > 0 && <p class="help">{more} earlier ones are in the histories of their objectives.</p>}
    </section>
  );
}

/** An objective before and after; its key results unfold below it. */
function Row({ group, from, to }: { group: Group; from: string; to: string | null }) {
  const { link } = useMoment();
  const { itself, keyResults } = group;
  return (
    <details class="objective difference">
      <summary>
        <HealthMark health={itself?.health?.after} />
        <h3>{group.title}{itself?.then === null && <span class="tag">new</span>}</h3>
        {itself ? <Moved difference={itself} /> : <span class="delta">{counted(keyResults.length, "key result")}</span>}
      </summary>
      <p><Link href={link(`/objective/${group.id}`)}>Open {group.title}</Link></p>
      {itself?.then && <Fields fields={itself.fields} without={MEASURED} most={3} />}
      <ul class="differences">
        {keyResults.map((one) => (
          <li key={one.now.id}>
            <HealthMark health={one.health?.after} />
            <span>{one.now.title}{one.then === null && <span class="tag">new</span>}{one.then !== null && <Fields fields={one.fields} without={MEASURED} most={3} />}</span>
            <Value difference={one} />
            <Moved difference={one} />
          </li>
        ))}
      </ul>
      <Provable subject={group.id} from={from} to={to} />
    </details>
  );
}

/** The progress before and after, with the difference in points. */
function Moved({ difference }: { difference: GoalDifference }) {
  const { progress, health } = difference;
  const points = Math.round((progress?.after ?? 0) * 100) - Math.round((progress?.before ?? 0) * 100);
  const isTurned = health && health.before !== health.after && difference.then !== null;
  return (
    <span class={`delta${points > 0 ? " up" : points < 0 ? " down" : ""}`}>
      {isTurned && <span class="turn"><HealthMark health={health.before} /> → <HealthMark health={health.after} /></span>}
      {progress ? <>{percent(progress.before)} → <b>{percent(progress.after)}</b></> : "no progress"}
      <i>{signed(points)}</i>
    </span>
  );
}

function Value({ difference: { current, now } }: { difference: GoalDifference }) {
  if (!current || current.before === current.after || now.__typename !== "KeyResult") return <span />;
  return <span class="key-result-value">{amount(current.before)} → {amount(current.after, now.metric.unit)}</span>;
}

const MEASURED = new Set(["current", "measuredAt", "reached", "confidence", "description"]);

const homeOf = (goal: Goal) => (goal.__typename === "Objective" ? goal : goal.objective);

/** How far an objective moved; one that did not, by its key results. */
const shift = ({ itself, keyResults }: Group): number => (itself ? moved(itself) : Math.max(0, ...keyResults.map((one) => Math.abs(moved(one))))/ 10);
