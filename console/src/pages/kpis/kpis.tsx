// The board of KPIs: status, value and goal, a year by month, and this month against others.
import { useState } from "preact/hooks";
import { Link } from "wouter-preact";

import type { KpiCardFragment, KpiStatus } from "../../generated/graphql";
import { useAnswer } from "../../moment/answer";
import { useMoment } from "../../moment/moment";
import { Compared, goalOf, Months, StatusLabel, StatusMark, yearBefore } from "../../parts/kpi";
import { Failed, Loading, State } from "../../parts/states";
import { amount, STATUS } from "../../parts/words";
import { usePageTitle } from "../../title";
import { KPIS, KPIS_THEN } from "./documents";

const STATUSES = Object.keys(STATUS) as KpiStatus[];

export function Kpis() {
  const { moment } = useMoment();
  usePageTitle("KPIs");
  const { now, then, error, again } = useAnswer(KPIS, KPIS_THEN, { from: yearBefore(moment.at) });
  const found = now?.kpis ?? then?.asOf.kpis;
  if (error && !found) return <Failed error={error} again={again} />;
  if (!found) return <Loading />;
  return <Board kpis={found.edges.map((edge) => edge.node)} total={found.totalCount} />;
}

function Board({ kpis, total }: { kpis: KpiCardFragment[]; total: number }) {
  const [chosen, choose] = useState<KpiStatus | null>(null);
  const counts = STATUSES.map((status) => [status, kpis.filter((one) => one.status === status).length] as const).filter(([, count]) => count > 0);
  const shown = kpis.filter((one) => chosen === null || one.status === chosen).toSorted((one, other) => STATUSES.indexOf(one.status) - STATUSES.indexOf(other.status) || one.name.localeCompare(other.name));
  return (
    <article class="page wide-page">
      <header class="page-head"><h1>KPIs</h1></header>
      {kpis.length === 0 && <State title="No KPIs yet"><p>Nobody has defined one at this moment.</p></State>}
      <ul class="since">
        {counts.map(([status, count]) => (
          <li key={status}>
            <button type="button" class="chip" aria-pressed={chosen === status} onClick={() => choose(chosen === status ? null : status)}><StatusMark status={status} /><b>{count}</b> {STATUS[status]}</button>
          </li>
        ))}
      </ul>
      <ul class="kpis">{shown.map((kpi) => <Card key={kpi.entityId} kpi={kpi} />)}</ul>
      {total > kpis.length && <p class="help">The first {kpis.length} of {total} KPIs are shown.</p>}
    </article>
  );
}

function Card({ kpi }: { kpi: KpiCardFragment }) {
  const { link } = useMoment();
  return (
    <li class="kpi">
      <h2><Link href={link(`/kpi/${kpi.entityId}`)}>{kpi.name}</Link></h2>
      <p class="kpi-value"><strong>{amount(kpi.explain?.value, kpi.unit)}</strong> <StatusLabel status={kpi.status} /></p>
      <Months kpi={kpi} height={70} />
      <p class="legend"><span>{goalOf(kpi)}</span><Compared of={kpi.lastMonth} to="last month" unit={kpi.unit} /><Compared of={kpi.lastYear} to="a year before" unit={kpi.unit} /></p>
    </li>
  );
}
