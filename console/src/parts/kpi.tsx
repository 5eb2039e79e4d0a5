// How KPIs look: their status by colour and by shape, their goal in short, a year by month, and comparisons.
import type { ComparedFragment, Health, KpiCourseFragment, KpiHeadFragment, KpiStatus } from "../generated/graphql";
import { useWidth } from "./chart";
import { HealthMark } from "./health";
import { goalText, isGrowth, type Measured, scaled, unitOf } from "./kpi-values";
import { ahead, amount, inMonth, isGiven, signed, STATUS } from "./words";

export type Kpi = KpiHeadFragment & KpiCourseFragment;
export type Month = KpiCourseFragment["series"][number];

/** Statuses have the colours and shapes of health. */
const LIKE: Record<KpiStatus, Health> = { HEALTHY: "ON_TRACK", WARNING: "AT_RISK", BREACHED: "OFF_TRACK", STALE: "OUTDATED", NO_DATA: "PENDING", RETIRED: "DROPPED" };
const DAYS = 365;
/** The height of the names of the first and last month. */
const LABELS = 14;

export const StatusMark = ({ status }: { status: KpiStatus }) => <HealthMark health={LIKE[status]} silent />;

export function StatusLabel({ status }: { status: KpiStatus }) {
  return <span class={`health health-${LIKE[status]}`}><StatusMark status={status} />{STATUS[status]}</span>;
}

/** The goal of a KPI: `goal ≥ 85 %`. */
export function goalOf(kpi: KpiHeadFragment): string {
  return kpi.goal ? `goal ${goalText(kpi, kpi.goal)}` : "no goal";
}

/** How far a value may miss the goal before it is breached: `warning up to 9.5 %`. */
export function toleranceOf(kpi: KpiHeadFragment): string | null {
  const { goal } = kpi;
  if (!goal?.tolerance) return null;
  const read = (value: number) => amount(scaled(kpi, value), unitOf(kpi));
  if (goal.direction === "WITHIN") return `warning within ${read(goal.tolerance)} of it`;
  const target = goal.target ?? 0;
  return goal.direction === "AT_LEAST" ? `warning down to ${read(target - goal.tolerance)}` : `warning up to ${read(target + goal.tolerance)}`;
}

/** A year before a moment, to the day, so that it stays the same during a day. */
export function yearBefore(at: string | null): string {
  return `${ahead(-DAYS, at === null ? Date.now() : Date.parse(at))}T00:00:00Z`;
}

/** The change against an earlier month; of a month that has not ended, against the same days of the earlier one. Nothing
 * for a growth, which is a comparison itself. */
export function Compared({ of, to, kpi }: { of: ComparedFragment | null | undefined; to: string; kpi: Measured }) {
  const change = of?.isPartial ? of.changeToDate : of?.change;
  if (!of || isGrowth(kpi) || !isGiven(of.changeRatio) || !isGiven(change)) return null;
  const text = kpi.unit.symbol === "%" ? `${signed(change, 1)} points` : `${signed(of.changeRatio * 100, 1)} %`;
  return <span>{text} against {of.isPartial ? "the same days of " : ""}{to}</span>;
}

/** The comparisons of a month with the one before and with that of the year before; without a reading in the running
 * month, that it has none yet. */
export function Comparisons({ kpi }: { kpi: Kpi }) {
  const running = kpi.series.at(-1);
  if (running && isEmpty(running)) return kpi.series.some((one) => isGiven(one.value)) && kpi.status !== "RETIRED" ? <span>no value in {inMonth(running.start)} yet</span> : null;
  return <><Compared of={kpi.lastMonth} to="the month before" kpi={kpi} /><Compared of={kpi.lastYear} to="the month a year before" kpi={kpi} /></>;
}

/** Whether the goal is one for a month, too: what a month adds up has another size than a day's or a week's goal. */
export const hasMonthlyPlan = ({ aggregation, cadence }: Pick<Kpi, "aggregation" | "cadence">): boolean => aggregation !== "SUM" || cadence === "MONTHLY";

/** Its months in the unit in which it is shown, without plan and status where the goal is not one for a month. */
export function monthsOf(kpi: Kpi): Month[] {
  const months = kpi.series.map((one) => ({ ...one, value: scaled(kpi, one.value), planned: scaled(kpi, one.planned), variance: scaled(kpi, one.variance) }));
  return hasMonthlyPlan(kpi) ? months : months.map((one) => ({ ...one, planned: null, variance: null, status: "NO_DATA" }));
}

/** Whether a month has its status: a sum and a formula are judged when it has ended. */
export const isJudged = ({ isPartial, status }: Month): boolean => !(isPartial && status === "NO_DATA");

/** Whether it is the running month, and has no value yet. */
export const isEmpty = ({ isPartial, value }: Month): boolean => isPartial && !isGiven(value);

/** Whether a month is drawn: not the running one before it has a value, nor its growth before it can be judged, which
 * would compare a part with a whole. */
export const isDrawn = (kpi: Kpi, month: Month): boolean => !isEmpty(month) && (!isGrowth(kpi) || isJudged(month));

/** The values of months as a line with dots, and the planned values as a dashed line. */
export function Months(props: { kpi: Kpi; height: number }) {
  const [measure, width] = useWidth();
  return <div ref={measure}><Drawn {...props} width={width} /></div>;
}

function Drawn({ kpi, height, width }: { kpi: Kpi; height: number; width: number }) {
  const months = monthsOf(kpi).filter((one) => isDrawn(kpi, one));
  const unit = unitOf(kpi);
  const numbers = months.flatMap((one) => [one.value, one.planned]).filter(isGiven);
  if (numbers.length === 0) return <p class="help">No values in the last twelve months.</p>;
  const [least, most] = [Math.min(...numbers), Math.max(...numbers)];
  const bottom = height - LABELS;
  const x = (index: number) => 4 + (index / Math.max(1, months.length - 1)) * (width - 8);
  const y = (value: number) => (most === least ? bottom / 2 : 5 + (1 - (value - least) / (most - least)) * (bottom - 10));
  const points = (name: "value" | "planned") =>
    months.flatMap((one, index) => (isGiven(one[name]) ? [{ month: one, text: `${x(index).toFixed(1)},${y(one[name]).toFixed(1)}`, cx: x(index), cy: y(one[name]) }] : []));
  const line = (of: ReturnType<typeof points>) => of.map(({ text }) => text).join(" ");
  const values = points("value");
  const ended = values.filter(({ month }) => !month.isPartial);
  const last = values.at(-1)?.month;
  return (
    <svg class="trajectory sparkline" viewBox={`0 0 ${width} ${height}`} role="img" aria-label={`${kpi.name} by month: ${last ? `${amount(last.value, unit)} in ${inMonth(last.start)}` : "no value"}, ${goalOf(kpi)}`}>
      <polyline class="planned" points={line(points("planned"))} />
      <polyline class="actual" points={line(ended)} />
      {values.at(-1)?.month.isPartial && <polyline class="actual partial" points={line(values.slice(-2))} />}
      {values.map(({ month, cx, cy }) => (
        <circle key={month.start} class={`health-${LIKE[month.status]}${month.isPartial ? " partial" : ""}`} cx={cx} cy={cy} r="2.5"><title>{`${inMonth(month.start)}: ${amount(month.value, unit)}${month.isPartial ? " so far" : ""}`}</title></circle>
      ))}
      <text x="4" y={height - 1}>{inMonth(months[0]!.start)}</text>
      <text x={width - 4} y={height - 1} text-anchor="end">{inMonth(months.at(-1)!.start)}{months.at(-1)!.isPartial ? ", so far" : ""}</text>
    </svg>
  );
}
