// What a moved goalpost was before and after, in words.
import type { BoundsFragment, DatedFragment, MeasureFragment, MovedGoalpostFragment } from "../../generated/graphql";
import { aim, amount, monthName, onDay, told } from "../../parts/words";

type Plan = ReadonlyArray<{ on: string; value: number }>;

const TARGETS = 3;

/** As `Goal moved from 0 → 25 h to 0 → 45 h`, or `Due day moved from 4 Dec to 18 Jan`. */
export function moved(change: MovedGoalpostFragment): string {
  switch (change.__typename) {
    case "KeyResultRetargeted":
      return fromTo("Goal", metric(change.before), metric(change.after));
    case "KeyResultRescheduled":
      return fromTo("Due day", onDay(change.beforeDue), onDay(change.afterDue));
    case "KeyResultPlanned":
      return fromTo("Plan in between", plan(change.beforePlan), plan(change.afterPlan));
    case "KeyResultLinked":
      return fromTo("Measure", measuredBy(change.beforeKpi), measuredBy(change.afterKpi));
    case "KeyResultUnlinked":
      return fromTo("Measure", measuredBy(change.beforeKpi), measuredBy(null));
    case "CalendarSet":
      return fromTo("Calendar", dated(change.beforeCalendar), dated(change.afterCalendar));
    case "CycleRescheduled":
      return fromTo("Cycle", `${onDay(change.beforeStartsOn)} – ${onDay(change.beforeEndsOn)}`, `${onDay(change.afterStartsOn)} – ${onDay(change.afterEndsOn)}`);
    case "KpiTargetsSet":
      return `${change.targets.slice(0, TARGETS).map((one) => fromTo(`Goal from ${onDay(one.from)} on`, bounds(one.before), bounds(one.after))).join("; ")}${change.targets.length > TARGETS ? `; ${change.targets.length - TARGETS} more` : ""}`;
    case "KpiRedefined":
      return change.beforeFormula?.text === change.afterFormula?.text ? fromTo("Goal", bounds(change.beforeGoal), bounds(change.afterGoal)) : fromTo("Formula", change.beforeFormula?.text ?? "none", change.afterFormula?.text ?? "none");
    default:
      return told(change.__typename);
  }
}

const fromTo = (what: string, before: string, after: string): string => (before === after ? `${what} changed` : `${what} moved from ${before} to ${after}`);

function metric(measure: MeasureFragment): string {
  const { direction, start, unit } = measure;
  if (direction === "DONE") return "done";
  if (direction === "MILESTONES") return "milestones";
  const isFromStart = direction === "INCREASE" || direction === "DECREASE";
  return `${isFromStart ? `${amount(start)} → ` : ""}${aim(measure, unit)}`;
}

const measuredBy = (kpi: { name: string } | null | undefined): string => (kpi ? `the KPI “${kpi.name}”` : "check-ins");

/** The days of a calendar: `Europe/Lisbon, years from February, weeks from Monday`. */
const dated = ({ timeZone, fiscalYearStartMonth, weekStartsOn }: DatedFragment): string =>
  `${timeZone}, years from ${monthName(fiscalYearStartMonth)}, weeks from ${weekStartsOn.charAt(0)}${weekStartsOn.slice(1).toLowerCase()}`;

const bounds = (goal: BoundsFragment | null | undefined): string => (goal ? aim(goal) : "none");

const plan = (points: Plan | null | undefined): string => (points ?? []).map((one) => `${amount(one.value)} by ${onDay(one.on)}`).join(", ") || "a straight line";
