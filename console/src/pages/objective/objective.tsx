// One objective: its key results over time, what moved its goalposts, what people say, and its whole history.
import { useState } from "preact/hooks";
import { Link } from "wouter-preact";

import type { ObjectivePageFragment } from "../../generated/graphql";
import { useAnswer } from "../../moment/answer";
import { useFilmed, useFrame } from "../../moment/film";
import { useMoment } from "../../moment/moment";
import { filmed } from "../../moment/shown";
import { Bar } from "../../parts/bar";
import { PlanKeys } from "../../parts/chart";
import { forecastOf } from "./forecast";
import { Goalposts } from "./goalposts";
import { HealthLabel } from "../../parts/health";
import { History, MORE } from "../../parts/history";
import { KeyResultHead } from "../../parts/key-result";
import { Markdown } from "../../parts/markdown";
import { useMayEdit } from "../../parts/may";
import { Failed, Loading, NotYet, State } from "../../parts/states";
import { isReplanned, Trajectory } from "./trajectory";
import { ago, amount, authorOf, isGiven, onDay, percent } from "../../parts/words";
import { usePageTitle } from "../../title";
import { CheckInForm } from "../recording/check-in-form";
import { OBJECTIVE, OBJECTIVE_THEN } from "./documents";
import { Aligned } from "./aligned";
import { Closing, Outcome, ScoreForm } from "./closing";
import { Comments } from "./comments";
import { Initiatives } from "./initiatives";

const CHANGES = 40;

export function ObjectivePage({ id }: { id: string }) {
  const { moment } = useMoment();
  const [history, setHistory] = useState(CHANGES);
  const { now, then, isAnswered, error, again } = useAnswer(OBJECTIVE, OBJECTIVE_THEN, { id, history });
  const objective = now?.objective ?? then?.asOf.objective ?? null;
  usePageTitle(objective?.title ?? null);
  const frame = useFrame();
  useFilmed([id]);
  if (error && !objective) return <Failed error={error} again={again} />;
  if (objective) return <Page objective={frame ? filmed(frame, objective) : objective} onMore={(count = history + MORE) => setHistory(count)} />;
  if (!isAnswered) return <Loading />;
  if (moment.at !== null) return <NotYet what="This objective" />;
  return <State title="There is no such objective"><p>It may be visible to a team only.</p></State>;
}

function Page({ objective, onMore }: { objective: ObjectivePageFragment; onMore: (count?: number) => void }) {
  const { link } = useMoment();
  return (
    <article class="page">
      <p class="crumbs"><Link href={link("/")}>{objective.cycle.name}</Link> · {objective.team?.name ?? "Without a team"} · {objective.owner?.name ?? "No owner"}</p>
      <header class="page-head">
        <h1>{objective.title}</h1>
        <div class="headline-figure">
          <strong>{percent(objective.progress.value)}</strong>
          <span><HealthLabel health={objective.progress.health} />planned {percent(objective.progress.expected)}</span>
        </div>
      </header>
      <Bar figures={objective.progress} label="Progress" />
      <Outcome objective={objective} />
      {objective.description && <Markdown text={objective.description} />}
      <section>
        <h2>Key results</h2>
        {objective.keyResults.length === 0 && <p class="help">It has none of its own: its progress is that of the objectives that support it.</p>}
        {objective.keyResults.map((keyResult) => <KeyResult key={keyResult.entityId} keyResult={keyResult} objective={objective} />)}
      </section>
      <Closing objective={objective} />
      <Initiatives objective={objective} />
      <Aligned objective={objective} />
      <Comments objective={objective} />
      <History changes={objective.changes.edges.map(({ node }) => node)} total={objective.changes.totalCount} here={objective.entityId} onMore={onMore} />
    </article>
  );
}

function KeyResult({ keyResult, objective }: { keyResult: ObjectivePageFragment["keyResults"][number]; objective: ObjectivePageFragment }) {
  const notes = keyResult.checkIns.edges.map((edge) => edge.node).filter((one) => one.note).toReversed();
  const unit = keyResult.metric.unit;
  const forecast = forecastOf(keyResult);
  return (
    <section class="key-result-card">
      <KeyResultHead keyResult={keyResult} />
      <Trajectory keyResult={keyResult} endsOn={objective.cycle.endsOn} />
      <p class="legend">
        <PlanKeys isReplanned={isReplanned(keyResult)} /><span class="key actual">actual</span>
        {forecast && <span class="key forecast">{forecast}</span>}
        {keyResult.progress.health === "OUTDATED" && isGiven(keyResult.measuredAt) && <span class="late-text">last measured {onDay(keyResult.measuredAt)}, {ago(keyResult.measuredAt)}</span>}
        {isGiven(keyResult.confidence) && <span>confidence {percent(keyResult.confidence)}</span>}
        <span>due {onDay(keyResult.due)}</span>
        {keyResult.owner && <span>{keyResult.owner.name}</span>}
        {isGiven(keyResult.score) && <span>scored {percent(keyResult.score)}</span>}
      </p>
      <Goalposts revisions={keyResult.targets} />
      <Acts keyResult={keyResult} objective={objective} previous={notes[0]?.note ?? null} />
      {notes.slice(0, 3).map((checkIn) => (
        <figure key={checkIn.id} class="said">
          <Markdown text={checkIn.note ?? ""} />
          <figcaption>{authorOf(checkIn.by)}, {onDay(checkIn.measuredAt)}{checkIn.value !== null && `: ${amount(checkIn.value, unit)}`}</figcaption>
        </figure>
      ))}
    </section>
  );
}

type Act = "check-in" | "score" | "recorded" | null;

/** What may be done with a key result of an active objective, each with its form. */
function Acts({ keyResult, objective, previous }: { keyResult: ObjectivePageFragment["keyResults"][number]; objective: ObjectivePageFragment; previous: string | null }) {
  const may = useMayEdit()(objective.owner, ...objective.contributors, objective.team?.lead, keyResult.owner);
  const [act, setAct] = useState<Act>(null);
  if (!may || objective.state !== "ACTIVE" || objective.cycle.state !== "ACTIVE") return null;
  const done = () => setAct("recorded");
  const toggle = (one: Act) => setAct(act === one ? null : one);
  return (
    <>
      <p class="acts">
        <button type="button" class="quiet" aria-expanded={act === "check-in"} onClick={() => toggle("check-in")}>Check in</button>
        <button type="button" class="quiet" aria-expanded={act === "score"} onClick={() => toggle("score")}>Score</button>
        {act === "recorded" && <span class="saved" role="status">Recorded.</span>}
      </p>
      {act === "check-in" && <CheckInForm keyResult={keyResult} previous={previous} onRecorded={done} />}
      {act === "score" && <ScoreForm keyResult={keyResult} onScored={done} />}
    </>
  );
}
