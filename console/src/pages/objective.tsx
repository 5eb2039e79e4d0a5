// One objective: its key results over time, what moved its goalposts, what people say, and its whole history.
import { Link } from "wouter-preact";

import { useLive } from "../api/live";
import type { ObjectivePageFragment } from "../generated/graphql";
import { basis, useMoment } from "../moment/moment";
import { Bar } from "../parts/bar";
import { ChangeLine } from "../parts/change";
import { forecastOf } from "../parts/forecast";
import { Goalposts } from "../parts/goalpost";
import { HealthLabel, HealthMark } from "../parts/health";
import { standing } from "../parts/key-result";
import { Markdown } from "../parts/markdown";
import { Failed, Loading, State } from "../parts/states";
import { Trajectory } from "../parts/trajectory";
import { amount, atTime, onDay, percent } from "../parts/words";
import { OBJECTIVE, OBJECTIVE_THEN } from "./documents";

export function ObjectivePage({ id }: { id: string }) {
  const { moment } = useMoment();
  const isNow = moment.at === null;
  const [now, again] = useLive({ query: OBJECTIVE, variables: { id }, pause: !isNow });
  const [then, againThen] = useLive({ query: OBJECTIVE_THEN, variables: { id, ...basis(moment) }, pause: isNow });
  const answer = isNow ? now : then;
  const objective = (isNow ? now.data?.objective : then.data?.asOf.objective) ?? null;
  if (answer.error && !objective) return <Failed error={answer.error} again={isNow ? again : againThen} />;
  if (answer.data && !objective) {
    return (
      <State title={isNow ? "There is no such objective" : "This objective did not exist yet"}>
        <p>{isNow ? "It may be visible to a team only." : "Move the slider to a later day."}</p>
      </State>
    );
  }
  return objective ? <Page objective={objective} /> : <Loading />;
}

function Page({ objective }: { objective: ObjectivePageFragment }) {
  const { link } = useMoment();
  const up = objective.supports;
  const down = objective.supportedBy.edges.map((edge) => edge.node);
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
      {objective.description && <Markdown text={objective.description} />}
      <section>
        <h2>Key results</h2>
        {objective.keyResults.length === 0 && <p class="help">It has none of its own: its progress is that of the objectives that support it.</p>}
        {objective.keyResults.map((keyResult) => <KeyResult key={keyResult.id} keyResult={keyResult} endsOn={objective.cycle.endsOn} />)}
      </section>
      {(up.length > 0 || down.length > 0) && (
        <section>
          <h2>Alignment</h2>
          <ul class="aligned">
            {up.map((one) => (
              <li key={one.id}>
                <span class="direction">supports</span><HealthMark health={one.progress.health} />
                <Link href={link(`/objective/${one.__typename === "KeyResult" ? one.objective.entityId : one.entityId}`)}>{one.title}</Link>
                <span class="share">{percent(one.progress.value)}</span>
              </li>
            ))}
            {down.map((one) => (
              <li key={one.id}>
                <span class="direction">supported by</span><HealthMark health={one.progress.health} />
                <Link href={link(`/objective/${one.entityId}`)}>{one.title}</Link>
                <span class="share">{percent(one.progress.value)}</span>
              </li>
            ))}
          </ul>
        </section>
      )}
      {objective.initiatives.length > 0 && (
        <section>
          <h2>Initiatives</h2>
          <ul class="board">
            {objective.initiatives.map((one) => (
              <li key={one.id}><span class="state-name">{one.state.toLowerCase()}</span>{one.title}<small>{[one.owner?.name, one.due && `due ${onDay(one.due)}`].filter(Boolean).join(" · ")}</small></li>
            ))}
          </ul>
        </section>
      )}
      {objective.comments.edges.length > 0 && (
        <section>
          <h2>Comments</h2>
          {objective.comments.edges.map(({ node }) => (
            <figure key={node.id} class="said"><Markdown text={node.body} /><figcaption>{node.by.person?.name ?? node.by.handle}, {atTime(node.recordedAt)}</figcaption></figure>
          ))}
        </section>
      )}
      <section>
        <h2>History</h2>
        <ol class="history">
          {objective.changes.edges.map(({ node }) => <ChangeLine key={node.id} change={node} />).toReversed()}
        </ol>
      </section>
    </article>
  );
}

function KeyResult({ keyResult, endsOn }: { keyResult: ObjectivePageFragment["keyResults"][number]; endsOn: string }) {
  const notes = keyResult.checkIns.edges.map((edge) => edge.node).filter((one) => one.note).toReversed();
  const unit = keyResult.metric.unit;
  return (
    <section class="key-result-card">
      <header>
        <HealthMark health={keyResult.progress.health} />
        <h3>{keyResult.title}</h3>
        <span class="key-result-value">{standing(keyResult)}</span>
        <span class="share">{percent(keyResult.progress.value)}</span>
      </header>
      <Trajectory keyResult={keyResult} endsOn={endsOn} />
      <p class="legend">
        <span class="key actual">actual</span><span class="key planned">planned</span>
        {keyResult.forecast && <span class="key forecast">{forecastOf(keyResult)}</span>}
        {keyResult.confidence !== null && keyResult.confidence !== undefined && <span>confidence {percent(keyResult.confidence)}</span>}
        <span>due {onDay(keyResult.due)}</span>
        {keyResult.owner && <span>{keyResult.owner.name}</span>}
      </p>
      <Goalposts revisions={keyResult.targets} />
      {notes.slice(0, 3).map((checkIn) => (
        <figure key={checkIn.id} class="said">
          <Markdown text={checkIn.note ?? ""} />
          <figcaption>{checkIn.by.person?.name ?? checkIn.by.handle}, {onDay(checkIn.measuredAt)}{checkIn.value !== null && `: ${amount(checkIn.value, unit)}`}</figcaption>
        </figure>
      ))}
    </section>
  );
}
