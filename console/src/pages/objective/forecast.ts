// What the forecast of a key result says: when it reaches its target, or how far it gets until it is due.
import type { ObjectivePageFragment } from "../../generated/graphql";
import { onDay, percent } from "../../parts/words";

type KeyResult = ObjectivePageFragment["keyResults"][number];

/** `forecast: reached on 3 Dec`, or `forecast: 87 % on 18 Dec, not enough`. */
export function forecastOf({ forecast, due }: KeyResult): string | null {
  if (!forecast) return null;
  if (!forecast.willHit) return `forecast: ${percent(Math.min(forecast.progress, 0.99))} on ${onDay(due)}, not enough`;
  return forecast.hitOn && forecast.hitOn <= due ? `forecast: reached on ${onDay(forecast.hitOn)}` : "forecast: reached";
}
