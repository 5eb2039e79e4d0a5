// One KPI: its value and status, plan against actual by month, its formula's tree, and the key results it measures.
import type { ComponentChildren } from "preact";
import { Link } from "wouter-preact";

import type { Cadence, KpiNodeFragment, KpiPageFragment } from "../../generated/graphql";
import { useAnswer } from "../../moment/answer";
import { useMoment } from "../../moment/moment";
import { PlanKeys } from "../../parts/chart";
import { HealthMark } from "../../parts/health";
import { Comparisons, goalOf, hasMonthlyPlan, isDrawn, isJudged, Months, monthsOf, StatusLabel, StatusMark, toleranceOf, yearBefore } from "../../parts/kpi";
import { against, PERIODS, unitOf, valueOf } from "../../parts/kpi-values";
import { Markdown } from "../../parts/markdown";
import { Failed, Loading, NotYet, State } from "../../parts/states";
import { amount, inMonth, percent, within } from "../../parts/words";
import { usePageTitle } from "../../title";
import { KPI, KPI_THEN } from "./documents";
import { Readings } from "../recording/readings";

const CADENCES: Record<Cadence, string> = { DAILY: "daily", WEEKLY: "weekly", BIWEEKLY: "every two weeks", MONTHLY: "monthly", QUARTERLY: "quarterly" };

type Branch = KpiNodeFragment & { inputs?: Branch[] };

export function KpiPage({ id }: { id: string }) {
  const { moment } = useMoment();
  const { now, then, isAnswered, error, again } = useAnswer(KPI, KPI_THEN, { id, from: yearBefore(moment.at) });
  const kpi = now?.kpi ?? then?.asOf.kpi ?? null;
  usePageTitle(kpi?.name ?? null);
  if (error && !kpi) return <Failed error={error} again={again} />;
  if (kpi) return <Page kpi={kpi} />;
  if (!isAnswered) return <Loading />;
  if (moment.at !== null) return <NotYet what="This KPI" />;
  return <State title="There is no such KPI"><p>Look for it on the board.</p></State>;
}

function Page({ kpi }: { kpi: KpiPageFragment }) {
  const { link } = useMoment();
  return (
    <article class="page">
      <p class="crumbs"><Link href={link("/kpis")}>KPIs</Link> · {kpi.team?.name ?? "Without a team"} · {kpi.owner?.name ?? "No owner"} · read {CADENCES[kpi.cadence]}</p>
      <header class="page-head">
        <h1>{kpi.name}</h1>
        <div class="headline-figure"><strong>{valueOf(kpi, kpi.explain?.value)}</strong><span><StatusLabel status={kpi.status} />{[against(kpi), goalOf(kpi)].filter(Boolean).join("; ")}</span></div>
      </header>
      {kpi.description && <Markdown text={kpi.description} />}
      <p class="legend">{toleranceOf(kpi) && <span>{toleranceOf(kpi)}</span>}<Comparisons kpi={kpi} /></p>
      <section class="key-result-card">
        <Months kpi={kpi} height={164} />
        <p class="legend">{hasMonthlyPlan(kpi) && <PlanKeys isReplanned={false} />}<span class="key actual">actual, by month</span></p>
      </section>
      {kpi.inputs.length > 0 && (
        <section><h2>Formula</h2><p class="help"><code>{kpi.formula?.text}</code></p><Tree of={kpi.inputs} /></section>
      )}
      {kpi.dependents.length > 0 && <section><h2>Goes into</h2><Tree of={kpi.dependents} /></section>}
      <ByMonth kpi={kpi} />
      {kpi.keyResults.length > 0 && (
        <section>
          <h2>Measures</h2>
          <ul class="aligned two">
            {kpi.keyResults.map((one) => (
              <li key={one.id}><HealthMark health={one.progress.health} /><span><Link href={link(`/objective/${one.objective.entityId}`)}>{one.title}</Link><small>{one.objective.title} · {one.objective.cycle.name}</small></span><span class="share">{percent(one.progress.value)}</span></li>
            ))}
          </ul>
        </section>
      )}
      {!kpi.formula && <Readings kpi={kpi} />}
    </article>
  );
}

/** KPIs with those that their formulas name, three levels deep. */
function Tree({ of }: { of: Branch[] }) {
  const { link } = useMoment();
  return (
    <ul class="tree">
      {of.map((one) => (
        <li key={one.entityId}>
          <p><StatusMark status={one.status} /><Link href={link(`/kpi/${one.entityId}`)}>{one.name}</Link><b>{valueOf(one, one.explain?.value)}</b>{one.formula && <code>{one.formula.text}</code>}</p>
          {one.inputs && one.inputs.length > 0 && <Tree of={one.inputs} />}
        </li>
      ))}
    </ul>
  );
}

function ByMonth({ kpi }: { kpi: KpiPageFragment }) {
  const isPlanned = hasMonthlyPlan(kpi);
  const unit = unitOf(kpi);
  return (
    <section>
      <h2>{isPlanned ? "Plan against actual" : "By month"}</h2>
      {against(kpi) && <p class="help">Growth {against(kpi)}.</p>}
      {!isPlanned && <p class="help">A month adds up its readings, so the goal of a {PERIODS[kpi.cadence]} is not compared with it.</p>}
      <table class="months">
        <thead><tr><Head>Month</Head>{isPlanned && <Head>{within("Planned", unit)}</Head>}<Head>{within("Actual", unit)}</Head>{isPlanned && <><Head>Variance</Head><Head>Status</Head></>}</tr></thead>
        <tbody>
          {monthsOf(kpi).toReversed().map((one) => (
            <tr key={one.start}>
              <th scope="row">{inMonth(one.start)}{one.isPartial && <small> so far</small>}</th>
              {isPlanned && <td>{amount(one.planned)}</td>}
              <td>{isDrawn(kpi, one) ? amount(one.value) : <small>none yet</small>}</td>
              {isPlanned && <><td>{isDrawn(kpi, one) ? amount(one.variance) : ""}</td><td>{isJudged(one) ? <StatusLabel status={one.status} /> : <small>not judged yet</small>}</td></>}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

const Head = ({ children }: { children: ComponentChildren }) => <th scope="col">{children}</th>;
