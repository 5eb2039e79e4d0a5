// The summary of a retrospective in sentences: what was planned and reached, what moved, and how honest people were.
import type { CountedFragment, FarFragment, RetrospectivePartsFragment } from "../../generated/graphql";
import { counted, isGiven, onDay, percent } from "../../parts/words";

/** Up to this many percentage points, the mean confidence is close to the share that came true. */
const HONEST_POINTS = 5;
const LATE_DAYS = 21;

export type Retrospective = RetrospectivePartsFragment;

export function sentences(of: Retrospective): string[] {
  return [planned(of), reached(of), course(of), goalposts(of), confidence(of), silences(of), of.recordedAfterwards.summary].filter((one) => typeof one === "string");
}

export const wasMeasured = ({ attainment }: Retrospective): boolean => isGiven(attainment.againstOriginal) || isGiven(attainment.againstFinal);

/** Whether any stated confidence can be compared with how its key result ended. */
export const isCalibrated = ({ calibration }: Retrospective): boolean => calibration.buckets.some((bucket) => bucket.count > 0);

export const farthest = ({ planCurve }: Retrospective): FarFragment | null => planCurve.largestDistance ?? planCurve.largestDistanceFromLast ?? null;

function planned({ objectiveCounts, keyResultCounts }: Retrospective): string {
  const goals = (name: keyof CountedFragment) =>
    [[objectiveCounts[name], "objective"] as const, [keyResultCounts[name], "key result"] as const].filter(([count]) => Number(count) > 0).map(([count, noun]) => counted(Number(count), noun)).join(" and ");
  const later = [["added later", goals("addedLater")], ["dropped", goals("dropped")]].filter(([, text]) => text).map(([how, text]) => `; ${text} ${how}`);
  return `Planned: ${goals("planned") || "nothing"}${later.join("")}.`;
}

function reached(of: Retrospective): string {
  if (!wasMeasured(of)) return "Nothing was measured.";
  const { againstOriginal, againstFinal, score } = of.attainment;
  const text = `${percent(againstOriginal)} of the original targets was reached, ${percent(againstFinal)} of the final ones`;
  if (of.isFinal) return `${text}${isGiven(score) ? `; the score is ${percent(score)}` : ""}.`;
  return `So far ${text}.`;
}

function course(of: Retrospective): string | null {
  const far = farthest(of);
  if (!far || Math.round(far.distance * 100) === 0) return null;
  const side = far.distance < 0 ? "behind" : "ahead of";
  return `Progress was farthest ${side} the plan on ${onDay(far.at)}: ${percent(far.actual ?? 0)}, planned ${percent(far.planned)}.`;
}

function goalposts({ goalpostChanges }: Retrospective): string {
  const moved = goalpostChanges.totalCount;
  if (moved === 0) return "No goalpost was moved.";
  const late = goalpostChanges.edges.filter(({ node }) => "daysBeforeClose" in node && isGiven(node.daysBeforeClose) && node.daysBeforeClose <= LATE_DAYS).length;
  return `${counted(moved, "goalpost")} ${moved === 1 ? "was" : "were"} moved${late ? `, ${late} of them in the last ${LATE_DAYS} days` : ""}.`;
}

function confidence({ calibration }: Retrospective): string | null {
  if (!isGiven(calibration.stated) || !isGiven(calibration.hit)) return null;
  const gap = Math.round((calibration.stated - calibration.hit) * 100);
  if (Math.abs(gap) <= HONEST_POINTS) return "Confidence was honest.";
  return `Confidence was ${counted(Math.abs(gap), "percentage point")} too ${gap > 0 ? "high" : "low"}.`;
}

function silences({ silentKeyResults }: Retrospective): string | null {
  return silentKeyResults ? `${counted(silentKeyResults, "key result")} had no update for longer than the cadence allows.` : null;
}
