// Looking back: what a cycle planned, what came of it and why, how honest people were, and what they wrote.
import type { CombinedError } from "@urql/core";
import { useQuery } from "@urql/preact";
import { useState } from "preact/hooks";
import { Link } from "wouter-preact";

import { useAddress, useParameter } from "../../address";
import { useChanged, useLive } from "../../api/live";
import type { LookingBackCausesQuery } from "../../generated/graphql";
import { basis, useMoment, type Moment } from "../../moment/moment";
import { CycleAndTeam, useTeams } from "../../parts/choices";
import { HealthCounts, HealthLabel } from "../../parts/health";
import { PlanCurve, PlanCurveLegend } from "./plan-curve";
import { Failed, Loading, State } from "../../parts/states";
import { atTime, onDay, onDayAndYear, percent } from "../../parts/words";
import { type Cycle, isAsLong, useLooking } from "../../viewer";
import { usePageTitle } from "../../title";
import { Causes, Confidence } from "./causes";
import { CAUSES, LOOKING_BACK, TREND, TREND_THEN } from "./documents";
import { Goalposts, Reflections, Silences, Teams, Trend } from "./sections";
import { isCalibrated, sentences, wasMeasured, type Retrospective } from "./sentences";

const OBJECTIVES = 100;

export function LookingBack() {
  const { cycle } = useLooking();
  usePageTitle(cycle && `Looking back on ${cycle.name}`);
  if (cycle === null) return <State title="There is no cycle yet"><p>A retrospective looks back on a quarter or a year.</p></State>;
  return <OfCycle key={cycle.key} cycle={cycle} />;
}

function OfCycle({ cycle }: { cycle: Cycle }) {
  const { moment } = useMoment();
  const team = useParameter("team");
  const teams = useTeams();
  const variables = { cycle: cycle.key, known: knownAt(moment), team: team ? { key: team } : null };
  const [{ data, error }, again] = useQuery({ query: LOOKING_BACK, variables });
  const [causes, againCauses] = useQuery({ query: CAUSES, variables: { ...variables, first: OBJECTIVES }, pause: !data });
  const refresh = () => {
    again({ requestPolicy: "network-only" });
    againCauses({ requestPolicy: "network-only" });
  };
  return (
    <article class="page wide-page looking-back">
      <header class="page-head">
        <h1>Looking back</h1>
        <CycleAndTeam teams={teams} />
      </header>
      {error && !data ? <NotKnown error={error} again={refresh} />
        : !data ? <Loading />
        : <Page of={data.retrospective} causes={causes.data?.retrospective ?? null} causesError={causes.error} team={teams.find(([key]) => key === team)} refresh={refresh} />}
      <CyclesBefore />
    </article>
  );
}

interface Props {
  of: Retrospective;
  causes: LookingBackCausesQuery["retrospective"] | null;
  causesError: CombinedError | undefined;
  team: readonly [key: string, name: string] | undefined;
  refresh: () => void;
}

function Page({ of, causes, causesError, team, refresh }: Props) {
  return (
    <>
      <Standing of={of} team={team?.[0]} refresh={refresh} />
      <Summary of={of} team={team?.[1]} />
      {wasMeasured(of) && (causes ? <Causes causes={causes} title={team?.[1] ?? of.cycle.name} /> : causesError ? <Failed error={causesError} again={refresh} /> : <Loading />)}
      <Goalposts of={of} />
      <div class={`halves${isCalibrated(of) ? "" : " one"}`}>
        <Confidence of={of} />
        <Silences of={of} />
      </div>
      <Reflections of={of} />
      <Teams of={of} />
    </>
  );
}

/** Whether the figures are final, and the way to the printable report of the same. */
function Standing({ of, team, refresh }: { of: Retrospective; team: string | undefined; refresh: () => void }) {
  const { cycle, isFinal, outcome } = of;
  const { viewer } = useLooking();
  const { moment } = useMoment();
  const ended = useLastEnded();
  const known = knownAt(moment);
  const given = new URLSearchParams({ ...(known && { known }), ...(team && { team }) });
  return (
    <div class={`standing${isFinal ? "" : " open"}`}>
      <p>
        {onDay(cycle.startsOn)} – {onDayAndYear(cycle.endsOn)}.{" "}
        {isFinal ? <>Closed on {onDay(outcome.at)}: the figures are final.</>
          : cycle.state === "CLOSED" ? <>With everything that was recorded until {atTime(known ?? outcome.at)}, after the closing too.</>
          : <><b>It has not ended yet.</b> This is what is known so far, as of {atTime(outcome.at)}.</>}
        {moment.at !== null && known === null && <> The slider moves this page only by what was known then: otherwise it looks back from now.</>}
        {!isFinal && cycle.state !== "CLOSED" && ended && <> <Link href={ended.address}>Look back on {ended.name}, which has ended</Link>.</>}
      </p>
      <p class="standing-links">
        {!isFinal && known === null && <Refresh key={outcome.at} refresh={refresh} />}
        <a class="report-link" href={`/report/${encodeURIComponent(cycle.key)}${given.size ? `?${given}` : ""}`} target="_blank" rel="noopener">Printable report{viewer.can.includes("READ_LEDGER") ? ", signed" : ""}</a>
      </p>
    </div>
  );
}

/** A retrospective is not computed anew with each change of the log: people say when. */
function Refresh({ refresh }: { refresh: () => void }) {
  const [hasChanged, setChanged] = useState(false);
  useChanged(() => setChanged(true), 0, true);
  if (!hasChanged) return null;
  return <button type="button" class="quiet" onClick={() => { setChanged(false); refresh(); }}>Something changed since: show it</button>;
}

function Summary({ of, team }: { of: Retrospective; team: string | undefined }) {
  const { attainment, cycle } = of;
  const figures = [
    { name: "of the original targets", share: attainment.againstOriginal },
    { name: "of the final targets", share: attainment.againstFinal },
    ...(of.isFinal || cycle.state === "CLOSED" ? [{ name: "score", share: attainment.score }] : team ? [] : [{ name: "expected by now", share: cycle.progress.expected }]),
  ];
  return (
    <section class="summary" aria-label="Summary">
      <div>
        <h2>{cycle.name}{team && <> · {team}</>} {!team && <HealthLabel health={cycle.progress.health} />}</h2>
        <dl class="summary-figures">{figures.map(({ name, share }) => <div key={name}><dt>{name}</dt><dd>{percent(share)}</dd></div>)}</dl>
        <ul class="sentences">{sentences(of).map((one) => <li key={one}>{unbroken(one)}</li>)}</ul>
        {!team && cycle.healthCounts.some((one) => one.count > 0) && <HealthCounts counts={cycle.healthCounts} />}
      </div>
      {wasMeasured(of) && (
        <figure>
          <PlanCurve curve={of.planCurve} title={cycle.name} />
          <PlanCurveLegend curve={of.planCurve} />
        </figure>
      )}
    </section>
  );
}

function NotKnown({ error, again }: { error: CombinedError; again: () => void }) {
  const { moment } = useMoment();
  const ended = useLastEnded();
  const code = error.graphQLErrors[0]?.extensions?.["code"];
  if (code !== "CONFLICT" && code !== "NOT_FOUND") return <Failed error={error} again={again} />;
  return (
    <State title={knownAt(moment) === null ? "There is nothing to look back on yet" : "Nothing was known of it at this moment"}>
      <p>{knownAt(moment) === null ? "A retrospective compares a plan with what came of it. The plan is made when the cycle is activated." : "The cycle was recorded or activated later. Choose what is known now, or go back to now."}</p>
      {ended && <p><Link href={ended.address}>Look back on {ended.name}, which has ended</Link></p>}
    </State>
  );
}

function CyclesBefore() {
  const { moment } = useMoment();
  const isNow = moment.at === null;
  const [now] = useLive({ query: TREND, pause: !isNow });
  const [then] = useLive({ query: TREND_THEN, variables: basis(moment), pause: isNow });
  const found = isNow ? now.data?.cycles : then.data?.asOf.cycles;
  return found ? <Trend cycles={found.edges.map((edge) => edge.node)} /> : null;
}

/** The cycle that ended last, of about the length of the one that is shown where there is one. */
function useLastEnded(): { name: string; address: string } | null {
  const { cycles, cycle } = useLooking();
  const address = useAddress();
  const ended = cycles.filter((one) => one.state === "CLOSED").toSorted((one, other) => other.endsOn.localeCompare(one.endsOn));
  const found = ended.find((one) => cycle && isAsLong(one, cycle)) ?? ended[0];
  return found ? { name: found.name, address: address({ cycle: found.key, at: "", known: "" }) } : null;
}

/** With numbers that stay beside their per cent sign. */
const unbroken = (text: string): string => text.replaceAll(" %", "\u00a0%");

/** The moment up to whose knowledge a retrospective is made; null for now. It has no other moment: it is about a whole cycle. */
const knownAt = (moment: Moment): string | null => (moment.asKnownThen ? moment.at : null);
