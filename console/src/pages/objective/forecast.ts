// What the forecast of a key result says: when it reaches its target, or how far it gets until it is due.
import type { ObjectivePageFragment } from "../../generated/graphql";
import { onDay, percent } from "../../parts/words";

type KeyResult = ObjectivePageFragment["keyResults"][number];

/** `forecast: reached on 3 Dec`, or `forecast: 87 % of the way on 18 Dec`. None for a key result that is where it should
 * be, and for milestones, which nobody reaches by a trend and nobody takes back. */
export function forecastOf({ forecast, due, progress, metric }: KeyResult): string | null {
  if (!forecast || metric.direction === "MILESTONES" || progress.value === 1) return null;
  if (!forecast.willHit) return `forecast: ${percent(Math.min(forecast.progress, 0.99))} of the way on ${onDay(due)}`;
  return forecast.hitOn ? `forecast: reached on ${onDay(forecast.hitOn)}` : "forecast: reached";
}
