// What changed since a moment: by team and objective, with progress and health before and after.
import type { ComponentChildren } from "preact";
import { useMemo, useState } from "preact/hooks";
import { Link } from "wouter-preact";

import { useLive } from "../api/live";
import type { ChangedQuery } from "../generated/graphql";
import { useMoment } from "../moment/moment";
import { Fields } from "../parts/fields";
import { HealthMark } from "../parts/health";
import { Failed, Loading, State } from "../parts/states";
import { amount, onDayAndYear, percent } from "../parts/words";
import { useLooking } from "../viewer";
import { CHANGED } from "./documents";
import { Provable } from "./provable";

type Difference = ChangedQuery["diff"]["differences"]["edges"][number]["node"];
type Goal = Extract<NonNullable<Difference["now"]>, { __typename: "Objective" | "KeyResult" }>;

const DAY_MS = 86_400_000;
const VISIT = "keyframe.visit";

/** Last Monday, at the beginning of that day. */
function lastMonday(now = new Date()): Date {
  const day = new Date(now.getFullYear(), now.getMonth(), now.getDate());
  const since = (day.getDay() + 6) % 7;
  return new Date(day.getTime() - (since === 0 ? 7 : since) * DAY_MS);
}

export function Changes() {
  const { cycle } = useLooking();
  const { moment } = useMoment();
  const visit = useMemo(() => localStorage.getItem(VISIT), []);
  useMemo(() => localStorage.setItem(VISIT, new Date().toISOString()), []);
  const [since, setSince] = useState(() => lastMonday().toISOString());
  const to = moment.at === null ? null : { time: moment.at };
  const isBackward = moment.at !== null && Date.parse(moment.at) <= Date.parse(since);
  const variables = { from: since, to, cycle: cycle && { key: cycle.key } };
  const [{ data, error }, again] = useLive({ query: CHANGED, variables, pause: isBackward });
  const choices = [
    { name: "Last Monday", at: lastMonday().toISOString() },
    ...(visit ? [{ name: "My last visit", at: visit }] : []),
    { name: "A month ago", at: new Date(lastMonday().getTime() - 28 * DAY_MS).toISOString() },
  ];
  return (
    <article class="page">
      <header class="page-head"><h1>What changed since {onDayAndYear(since)}</h1></header>
      <div class="since" role="group" aria-label="Since">
        {choices.map((choice) => (
          <button key={choice.name} type="button" class="chip" aria-pressed={choice.at === since} onClick={() => setSince(choice.at)}>{choice.name}</button>
        ))}
        <label class="choice"><span>A date</span>
          <input type="date" value={since.slice(0, 10)} max={new Date().toISOString().slice(0, 10)}
            onChange={(event) => event.currentTarget.value && setSince(new Date(`${event.currentTarget.value}T00:00`).toISOString())} />
        </label>
      </div>
      {isBackward ? <State title="The slider is before that date"><p>Move it to a later day, or choose an earlier date.</p></State>
        : error && !data ? <Failed error={error} again={again} />
        : !data ? <Loading />
        : <Differences differences={data.diff.differences.edges.map((edge) => edge.node)} from={since} to={moment.at} />}
    </article>
  );
}

function Differences({ differences, from, to }: { differences: Difference[]; from: string; to: string | null }) {
  const teams = useMemo(() => grouped(differences), [differences]);
  if (teams.size === 0) return <State title="Nothing changed"><p>No goal of this cycle moved in that time.</p></State>;
  return (
    <>
      {[...teams].sort(([one], [other]) => one.localeCompare(other)).map(([team, objectives]) => (
        <section key={team} class="team" aria-label={team}>
          <h2>{team}</h2>
          {[...objectives.values()].map((group) => <Group key={group.id} group={group}><Provable subject={group.id} from={from} to={to} /></Group>)}
        </section>
      ))}
    </>
  );
}

interface Group {
  id: string;
  title: string;
  itself: Difference | null;
  keyResults: Difference[];
}

function Group({ group, children }: { group: Group; children: ComponentChildren }) {
  const { link } = useMoment();
  return (
    <article class="objective">
      <header>
        <HealthMark health={group.itself?.health?.after} />
        <h3><Link href={link(`/objective/${group.id}`)}>{group.title}</Link></h3>
        {group.itself?.then === null && <span class="tag">new</span>}
        {group.itself && <Moved difference={group.itself} />}
      </header>
      {group.itself?.then && <Fields fields={group.itself.fields} without={MEASURED} most={3} />}
      <ul class="differences">
        {group.keyResults.map((difference) => (
          <li key={difference.now?.id}>
            <HealthMark health={difference.health?.after} />
            <span>{titleOf(difference)}{difference.then === null && <span class="tag">new</span>}{difference.then !== null && <Fields fields={difference.fields} without={MEASURED} most={3} />}</span>
            <Value difference={difference} />
            <Moved difference={difference} />
          </li>
        ))}
      </ul>
      {children}
    </article>
  );
}

function Moved({ difference: { progress, health } }: { difference: Difference }) {
  if (!progress || progress.before === progress.after) return <span class="delta" />;
  const isUp = (progress.after ?? 0) >= (progress.before ?? 0);
  return (
    <span class={`delta ${isUp ? "up" : "down"}`}>
      {health && health.before !== health.after && <><HealthMark health={health.before} /> → <HealthMark health={health.after} /> </>}
      {percent(progress.before)} → <b>{percent(progress.after)}</b>
    </span>
  );
}

function Value({ difference: { current, now } }: { difference: Difference }) {
  if (!current || current.before === current.after || now?.__typename !== "KeyResult") return <span />;
  return <span class="key-result-value">{amount(current.before, { symbol: "" })} → {amount(current.after, now.metric.unit)}</span>;
}

const MEASURED = new Set(["current", "measuredAt", "reached", "confidence", "description"]);

function titleOf(difference: Difference): string {
  return (difference.now as Goal).title;
}

/** The differences of objectives and key results, by team and objective. */
function grouped(differences: Difference[]): Map<string, Map<string, Group>> {
  const teams = new Map<string, Map<string, Group>>();
  for (const difference of differences) {
    const goal = difference.now;
    if (goal?.__typename !== "Objective" && goal?.__typename !== "KeyResult") continue;
    const objective = goal.__typename === "Objective" ? goal : goal.objective;
    const team = objective.team?.name ?? "Without a team";
    const objectives = teams.get(team) ?? teams.set(team, new Map()).get(team)!;
    const group = objectives.get(objective.entityId) ?? { id: objective.entityId, title: objective.title, itself: null, keyResults: [] };
    objectives.set(objective.entityId, group);
    if (goal.__typename === "Objective") group.itself = difference;
    else group.keyResults.push(difference);
  }
  return teams;
}
