// The sections of looking back: goalposts, silences, what people wrote, teams, and the cycles before.
import { useState } from "preact/hooks";
import { Link } from "wouter-preact";

import { useAddress } from "../../address";
import type { CountedFragment, MovedGoalpostFragment, TrendQuery, WriterFragment } from "../../generated/graphql";
import { DAY_MS } from "../../moment/days";
import { useMoment } from "../../moment/moment";
import { Bar } from "../../parts/bar";
import { HealthMark } from "../../parts/health";
import { Markdown } from "../../parts/markdown";
import { authorOf, counted, onDay, percent } from "../../parts/words";
import { isAsLong, useLooking } from "../../viewer";
import { moved } from "./goalposts";
import type { Retrospective } from "./sentences";

const SHOWN = 8;

const KINDS = { WENT_WELL: "What went well", TO_IMPROVE: "What to improve", LEARNED: "What was learned", NEXT: "What comes next" } as const;

// ── goalposts ────────────────────────────────────────────────────────────────────────────────────

export function Goalposts({ of }: { of: Retrospective }) {
  const changes = of.goalpostChanges.edges.map((edge) => edge.node);
  return (
    <section id="goalposts" aria-labelledby="goalposts-title">
      <h2 id="goalposts-title">Moved goalposts <span class="count">{of.goalpostChanges.totalCount}</span></h2>
      {changes.length === 0 && <p class="help">None: every target, due day, plan and measure is the original one.</p>}
      <ol class="history">{changes.map((change) => <Moved key={change.id} change={change} />)}</ol>
      {of.goalpostChanges.totalCount > changes.length && <p class="help">The first {changes.length} are shown.</p>}
    </section>
  );
}

function Moved({ change }: { change: MovedGoalpostFragment }) {
  const { link } = useMoment();
  const { subject, effect } = change;
  const days = "daysBeforeClose" in change ? change.daysBeforeClose : null;
  const isMoved = effect && percent(effect.before) !== percent(effect.after);
  return (
    <li class="change cause-GOALPOST">
      <time dateTime={change.effectiveAt}>{onDay(change.effectiveAt)}</time>
      <div>
        <p>
          {subject?.__typename === "KeyResult" ? <Link href={link(`/objective/${subject.objective.entityId}`)}>{subject.title}</Link>
            : subject?.__typename === "Kpi" ? <Link href={link(`/kpi/${subject.entityId}`)}>{subject.name}</Link>
            : subject?.__typename === "Cycle" ? subject.name : subject === null ? "The calendar of the workspace" : null}
        </p>
        <p><b>{moved(change)}</b></p>
        {change.reason && <q>{change.reason}</q>}
        <small>{[authorOf(change.actor), typeof days === "number" && days >= 0 && `${counted(days, "day")} before the end`].filter(Boolean).join(", ")}</small>
      </div>
      {isMoved && <span class={`delta ${(effect.after ?? 0) >= (effect.before ?? 0) ? "up" : "down"}`}>progress {percent(effect.before)} → {percent(effect.after)}</span>}
    </li>
  );
}

// ── silences ─────────────────────────────────────────────────────────────────────────────────────

export function Silences({ of }: { of: Retrospective }) {
  const { link } = useMoment();
  const [isAll, setAll] = useState(false);
  const periods = of.silentPeriods.edges.map((edge) => edge.node);
  const byKeyResult = [...Map.groupBy(periods, (one) => one.keyResult.entityId).values()].map((found) => ({ found, days: found.reduce((sum, one) => sum + one.days, 0) })).toSorted((one, other) => other.days - one.days);
  const shown = isAll ? byKeyResult : byKeyResult.slice(0, SHOWN);
  const [begin, end] = [Date.parse(of.cycle.startsOn), Date.parse(of.cycle.endsOn) + DAY_MS];
  const share = (at: string) => Math.min(100, Math.max(0, ((Date.parse(at) - begin) / (end - begin)) * 100));
  return (
    <section id="silences" aria-labelledby="silences-title">
      <h2 id="silences-title">Silences <span class="count">{of.silentKeyResults}</span></h2>
      <p class="help">{periods.length === 0 ? "None: every key result was updated in time." : `Times without an update for longer than the cadence allows, from ${onDay(of.cycle.startsOn)} to ${onDay(of.cycle.endsOn)}.`}</p>
      <ul class="silences">
        {shown.map(({ found, days }) => (
          <li key={found[0]!.keyResult.entityId}>
            <Link href={link(`/objective/${found[0]!.keyResult.objective.entityId}`)}>{found[0]!.keyResult.title}</Link>
            <span class="silence-track" role="img" aria-label={found.map((one) => `${onDay(one.from)} to ${onDay(one.to)}`).join(", ")}>
              {found.map((one) => <span key={one.from} title={`${onDay(one.from)} to ${onDay(one.to)}`} style={{ left: `${share(one.from)}%`, width: `${Math.max(1, share(one.to) - share(one.from))}%` }} />)}
            </span>
            <span class="share">{counted(days, "day")}</span>
          </li>
        ))}
      </ul>
      {byKeyResult.length > SHOWN && <button type="button" class="quiet" aria-expanded={isAll} onClick={() => setAll(!isAll)}>{isAll ? `Show the longest ${SHOWN}` : `Show all ${byKeyResult.length}`}</button>}
    </section>
  );
}

// ── what people wrote ────────────────────────────────────────────────────────────────────────────

export function Reflections({ of }: { of: Retrospective }) {
  const closings = of.closingReflections.map(({ position, body, by, objective }) => ({ id: String(position), body, by, objective }));
  const others = of.reflections.map(({ id, kind, body, by, subject }) => ({ id, kind, body, by, objective: subject.__typename === "Objective" ? subject : null }));
  const groups = [
    ...Object.entries(KINDS).map(([kind, name]) => ({ name, said: others.filter((one) => one.kind === kind) })),
    { name: "At the closing of objectives", said: closings },
  ].filter((group) => group.said.length > 0);
  return (
    <section id="reflections" aria-labelledby="reflections-title">
      <h2 id="reflections-title">Reflections <span class="count">{closings.length + others.length}</span></h2>
      {groups.length === 0 && <p class="help">Nobody has written one{of.isFinal ? "" : " yet: they are usually written when the cycle ends"}.</p>}
      <div class="reflections">{groups.map((group) => <Reflected key={group.name} {...group} />)}</div>
    </section>
  );
}

interface Said {
  id: string;
  body: string;
  by: WriterFragment;
  objective: { entityId: string; title: string } | null;
}

function Reflected({ name, said }: { name: string; said: Said[] }) {
  const { link } = useMoment();
  const [isAll, setAll] = useState(false);
  const ordered = said.toSorted((one, other) => Number(one.objective !== null) - Number(other.objective !== null));
  return (
    <div class="reflected">
      <h3>{name}</h3>
      {(isAll ? ordered : ordered.slice(0, SHOWN / 2)).map((one) => (
        <figure key={one.id} class="said">
          <Markdown text={one.body} />
          <figcaption>{authorOf(one.by)}{one.objective && <>, on <Link href={link(`/objective/${one.objective.entityId}`)}>{one.objective.title}</Link></>}</figcaption>
        </figure>
      ))}
      {said.length > SHOWN / 2 && <button type="button" class="quiet" aria-expanded={isAll} onClick={() => setAll(!isAll)}>{isAll ? "Show fewer" : `Show all ${said.length}`}</button>}
    </div>
  );
}

// ── teams ────────────────────────────────────────────────────────────────────────────────────────

export function Teams({ of }: { of: Retrospective }) {
  const address = useAddress();
  const teams = of.teams.edges.map((edge) => edge.node).toSorted((one, other) => Number(one.team === null) - Number(other.team === null) || (one.team?.name ?? "").localeCompare(other.team?.name ?? ""));
  const isScored = teams.some((one) => one.attainment.score !== null);
  if (teams.length < 2) return null;
  return (
    <section id="teams" aria-labelledby="teams-title">
      <h2 id="teams-title">By team</h2>
      <table class="months attained">
        <thead><tr><th scope="col">Team</th><th scope="col">Objectives</th><th scope="col" class="wide-only">Of the final targets</th><th scope="col" class="wide-only">Original</th><th scope="col">Final</th>{isScored && <th scope="col">Score</th>}</tr></thead>
        <tbody>
          {teams.map(({ team, objectives, attainment }) => (
            <tr key={team?.key ?? ""}>
              <th scope="row">{team ? <Link href={address({ team: team.key })}>{team.name}</Link> : "Without a team"}</th>
              <td>{goals(objectives)}</td>
              <td class="wide-only"><Bar small figures={{ value: attainment.againstFinal ?? null, health: "PENDING" }} label={team?.name ?? "Without a team"} /></td>
              <td class="wide-only">{percent(attainment.againstOriginal)}</td>
              <td>{percent(attainment.againstFinal)}</td>
              {isScored && <td>{percent(attainment.score)}</td>}
            </tr>
          ))}
        </tbody>
      </table>
      {of.teams.totalCount > teams.length && <p class="help">The first {teams.length} of {of.teams.totalCount} teams are shown.</p>}
    </section>
  );
}

const goals = ({ planned, addedLater, dropped }: CountedFragment): string => [String(planned), addedLater > 0 && `+${addedLater}`, dropped > 0 && `−${dropped}`].filter(Boolean).join(" ");

// ── the cycles before ────────────────────────────────────────────────────────────────────────────

type Before = TrendQuery["cycles"]["edges"][number]["node"];

/** Cycles that are about as long as the one that is shown, oldest first. */
export function Trend({ cycles }: { cycles: ReadonlyArray<Before> }) {
  const address = useAddress();
  const { cycle } = useLooking();
  const alike = cycles.filter((one) => cycle && isAsLong(one, cycle)).toSorted((one, other) => one.startsOn.localeCompare(other.startsOn));
  if (alike.length < 2) return null;
  return (
    <section id="trend" aria-labelledby="trend-title">
      <h2 id="trend-title">Cycle by cycle</h2>
      <p class="help">The score of each cycle of this length; of one that goes on, its progress so far.</p>
      <ol class="trend">
        {alike.map((one) => {
          const share = one.score ?? one.progress.value ?? null;
          return (
            <li key={one.key} class={`health-${one.progress.health ?? "PENDING"}${one.state === "CLOSED" ? "" : " open"}`}>
              <Link href={address({ cycle: one.key, at: "", known: "" })} aria-current={one.key === cycle?.key ? "page" : undefined}>
                <span class="share">{percent(share)}</span>
                <span class="column" aria-hidden="true"><span style={{ height: `${(share ?? 0) * 100}%` }} /></span>
                <span><HealthMark health={one.progress.health} /> {one.name}</span>
              </Link>
            </li>
          );
        })}
      </ol>
    </section>
  );
}
