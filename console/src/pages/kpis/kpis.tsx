// The board of KPIs: status, value and goal, a year by month, and this month against others.
import { useEffect, useMemo, useState } from "preact/hooks";
import { Link } from "wouter-preact";

import type { KpiCourseFragment, KpiHeadFragment, KpiStatus } from "../../generated/graphql";
import { useAnswer } from "../../moment/answer";
import { useMoment } from "../../moment/moment";
import { useShown } from "../../moment/shown";
import { Comparisons, goalOf, Months, StatusLabel, StatusMark, yearBefore } from "../../parts/kpi";
import { against, valueOf } from "../../parts/kpi-values";
import { Failed, Loading, State } from "../../parts/states";
import { STATUS } from "../../parts/words";
import { usePageTitle } from "../../title";
import { KPI_COURSES, KPI_COURSES_THEN, KPIS, KPIS_THEN } from "./documents";

/** How many KPIs are asked for their courses at once, as soon as one of them is on the screen. */
const PART = 12;
/** The height of the year by month. */
const HEIGHT = 70;
const STATUSES = Object.keys(STATUS) as KpiStatus[];

export function Kpis() {
  usePageTitle("KPIs");
  const { now, then, error, again } = useAnswer(KPIS, KPIS_THEN, {});
  const found = now?.kpis ?? then?.asOf.kpis;
  if (error && !found) return <Failed error={error} again={again} />;
  if (!found) return <Loading />;
  return <Board kpis={found.edges.map((edge) => edge.node)} total={found.totalCount} />;
}

function Board({ kpis, total }: { kpis: KpiHeadFragment[]; total: number }) {
  const [chosen, choose] = useState<KpiStatus | null>(null);
  const counts = STATUSES.map((status) => [status, kpis.filter((one) => one.status === status).length] as const).filter(([, count]) => count > 0);
  const ordered = useMemo(() => kpis.toSorted((one, other) => STATUSES.indexOf(one.status) - STATUSES.indexOf(other.status) || one.name.localeCompare(other.name)), [kpis]);
  const parts = ordered.flatMap((_, place) => (place % PART === 0 ? [ordered.slice(place, place + PART)] : []));
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
      <ul class="kpis">{parts.map((part, place) => <Part key={place} kpis={part} chosen={chosen} />)}</ul>
      {total > kpis.length && <p class="help">The first {kpis.length} of {total} KPIs are shown.</p>}
    </article>
  );
}

/** Some cards, whose courses are asked for when one of them is shown. */
function Part({ kpis, chosen }: { kpis: KpiHeadFragment[]; chosen: KpiStatus | null }) {
  const { moment } = useMoment();
  const [isWanted, setWanted] = useState(false);
  const ids = kpis.map((kpi) => kpi.entityId);
  const { now, then } = useAnswer(KPI_COURSES, KPI_COURSES_THEN, { ids, from: yearBefore(moment.at) }, !isWanted);
  const courses = new Map((now?.kpis ?? then?.asOf.kpis)?.edges.map(({ node }) => [node.entityId, node]));
  const shown = kpis.filter((one) => chosen === null || one.status === chosen);
  return <>{shown.map((kpi) => <Card key={kpi.entityId} kpi={kpi} course={courses.get(kpi.entityId)} onShown={() => setWanted(true)} />)}</>;
}

function Card({ kpi, course, onShown }: { kpi: KpiHeadFragment; course: KpiCourseFragment | undefined; onShown: () => void }) {
  const { link } = useMoment();
  const [measure, isShown] = useShown();
  useEffect(() => void (isShown && onShown()), [isShown]);
  return (
    <li class="kpi" ref={measure}>
      <h2><Link href={link(`/kpi/${kpi.entityId}`)}>{kpi.name}</Link></h2>
      <p class="kpi-value"><strong>{valueOf(kpi, kpi.explain?.value)}</strong> <StatusLabel status={kpi.status} />{against(kpi) && <small>{against(kpi)}</small>}</p>
      {course ? <Months kpi={{ ...kpi, ...course }} height={HEIGHT} /> : <div style={{ height: `${HEIGHT}px` }} aria-hidden="true" />}
      <p class="legend"><span>{goalOf(kpi)}</span>{course && <Comparisons kpi={{ ...kpi, ...course }} />}</p>
    </li>
  );
}
