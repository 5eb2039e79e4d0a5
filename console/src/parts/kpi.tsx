// How KPIs look: their status by colour and by shape, their goal in short, a year by month, and comparisons.
import type { ComparedFragment, Health, KpiCardFragment, KpiStatus } from "../generated/graphql";
import { useWidth } from "./chart";
import { HealthMark } from "./health";
import { ahead, aim, amount, inMonth, isGiven, signed, STATUS } from "./words";

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
export function goalOf({ goal, unit }: Pick<KpiCardFragment, "goal" | "unit">): string {
  return goal ? `goal ${aim(goal, unit)}` : "no goal";
}

/** How far a value may miss the goal before it is breached: `warning up to 9.5 %`. */
export function toleranceOf({ goal, unit }: Pick<KpiCardFragment, "goal" | "unit">): string | null {
  if (!goal?.tolerance) return null;
  if (goal.direction === "WITHIN") return `warning within ${amount(goal.tolerance, unit)} of it`;
  const target = goal.target ?? 0;
  return goal.direction === "AT_LEAST" ? `warning down to ${amount(target - goal.tolerance, unit)}` : `warning up to ${amount(target + goal.tolerance, unit)}`;
}

/** A year before a moment, to the day, so that it stays the same during a day. */
export function yearBefore(at: string | null): string {
  return `${ahead(-DAYS, at === null ? Date.now() : Date.parse(at))}T00:00:00Z`;
}

/** The change against an earlier month; of a month that has not ended, against the same part of the earlier one. */
export function Compared({ of, to, unit }: { of: ComparedFragment | null | undefined; to: string; unit: { symbol: string } }) {
  const change = of?.isPartial ? of.changeToDate : of?.change;
  if (!of || !isGiven(of.changeRatio) || !isGiven(change)) return null;
  return <span>{unit.symbol === "%" ? `${signed(change, 1)} points` : `${signed(of.changeRatio * 100, 1)} %`} against {to}{of.isPartial && ", to date"}</span>;
}

/** Whether the goal is one for a month, too: what a month adds up has another size than a day's or a week's goal. */
export const hasMonthlyPlan = ({ aggregation, cadence }: Pick<KpiCardFragment, "aggregation" | "cadence">): boolean => aggregation !== "SUM" || cadence === "MONTHLY";

/** Its months, without plan and status where the goal is not one for a month. */
export function monthsOf(kpi: KpiCardFragment): KpiCardFragment["series"] {
  return hasMonthlyPlan(kpi) ? kpi.series : kpi.series.map((one) => ({ ...one, planned: null, variance: null, status: "NO_DATA" }));
}

/** The values of months as a line with dots, and the planned values as a dashed line. */
export function Months(props: { kpi: KpiCardFragment; height: number }) {
  const [measure, width] = useWidth();
  return <div ref={measure}><Drawn {...props} width={width} /></div>;
}

function Drawn({ kpi, height, width }: { kpi: KpiCardFragment; height: number; width: number }) {
  const months = monthsOf(kpi);
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
    <svg class="trajectory sparkline" viewBox={`0 0 ${width} ${height}`} role="img" aria-label={`${kpi.name} by month: ${last ? `${amount(last.value, kpi.unit)} in ${inMonth(last.start)}` : "no value"}, ${goalOf(kpi)}`}>
      <polyline class="planned" points={line(points("planned"))} />
      <polyline class="actual" points={line(ended)} />
      {values.at(-1)?.month.isPartial && <polyline class="actual partial" points={line(values.slice(-2))} />}
      {values.map(({ month, cx, cy }) => (
        <circle key={month.start} class={`health-${LIKE[month.status]}${month.isPartial ? " partial" : ""}`} cx={cx} cy={cy} r="2.5"><title>{`${inMonth(month.start)}: ${amount(month.value, kpi.unit)}${month.isPartial ? " so far" : ""}`}</title></circle>
      ))}
      <text x="4" y={height - 1}>{inMonth(months[0]!.start)}</text>
      <text x={width - 4} y={height - 1} text-anchor="end">{inMonth(months.at(-1)!.start)}{months.at(-1)!.isPartial ? ", so far" : ""}</text>
    </svg>
  );
}
