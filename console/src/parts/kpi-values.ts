// The values of a KPI in words. A growth is a share of the value before: it reads in per cent, with what it is compared with.
import type { Cadence, EarlierPeriod } from "../generated/graphql";
import { aim, amount, isGiven, type Aim } from "./words";

export interface Measured {
  unit: { symbol: string };
  cadence: Cadence;
  formula?: { growth?: { over: EarlierPeriod } | null } | null;
}

const PER_CENT = { symbol: "%" };

export const PERIODS: Record<Cadence, string> = { DAILY: "day", WEEKLY: "week", BIWEEKLY: "fortnight", MONTHLY: "month", QUARTERLY: "quarter" };

export const isGrowth = ({ formula }: Pick<Measured, "formula">): boolean => isGiven(formula?.growth);

/** The unit in which its values are shown. */
export const unitOf = (kpi: Measured): { symbol: string } => (isGrowth(kpi) ? PER_CENT : kpi.unit);

/** A value, or a difference of values, in the unit in which it is shown. */
export const scaled = (kpi: Measured, value: number | null | undefined): number | null => (isGiven(value) ? value * (isGrowth(kpi) ? 100 : 1) : null);

/** A value with its unit, a growth with its sign: `62 orders`, `+0.59 %`. */
export function valueOf(kpi: Measured, value: number | null | undefined): string {
  const text = amount(scaled(kpi, value), unitOf(kpi));
  return isGrowth(kpi) && isGiven(value) && value > 0 ? `+${text}` : text;
}

/** What a growth is compared with: `against the month before`, `against the same month of last year`. */
export function against(kpi: Measured): string | null {
  const growth = kpi.formula?.growth;
  if (!growth) return null;
  const period = PERIODS[kpi.cadence];
  return growth.over === "YEAR_BEFORE" ? `against the same ${period} of last year` : `against the ${period} before`;
}

/** A goal with its unit: `≥ 85 %`. */
export function goalText(kpi: Measured, { direction, target, lower, upper }: Aim): string {
  return aim({ direction, target: scaled(kpi, target), lower: scaled(kpi, lower), upper: scaled(kpi, upper) }, unitOf(kpi));
}
