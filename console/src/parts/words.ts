// How values read: percentages, amounts, days, people and their roles.
import type { Health, KpiStatus } from "../generated/graphql";
import { DAY_MS } from "../moment/days";

const number = new Intl.NumberFormat("en", { maximumFractionDigits: 2 });
const small = new Intl.NumberFormat("en", { maximumSignificantDigits: 2 });
const short = new Intl.NumberFormat("en", { maximumFractionDigits: 1, notation: "compact" });

let zone: string | undefined;
let formats = formatsOf();

/** Show days and times by the calendar of the workspace. */
export function showIn(timeZone: string): void {
  if (timeZone === zone) return;
  zone = timeZone;
  formats = formatsOf();
}

function formatsOf() {
  const format = (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat("en-GB", { timeZone: zone, ...options });
  return {
    day: format({ day: "numeric", month: "short" }),
    dayAndYear: format({ day: "numeric", month: "short", year: "numeric" }),
    weekday: format({ weekday: "long", day: "numeric", month: "long", year: "numeric" }),
    month: format({ month: "short", year: "numeric" }),
    time: format({ day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" }),
    clock: format({ hour: "2-digit", minute: "2-digit" }),
  };
}

const NOTHING = "–";

/** Whether a value of the API is there. */
export const isGiven = <Value>(value: Value | null | undefined): value is Value => value !== null && value !== undefined;

/** A share as whole per cent. */
export function percent(share: number | null | undefined): string {
  return isGiven(share) ? negative(`${Math.round(share * 100)} %`) : NOTHING;
}

/** A value in the unit of its metric, or without one. */
export function amount(value: number | null | undefined, unit = { symbol: "" }): string {
  if (!isGiven(value)) return NOTHING;
  const size = Math.abs(value);
  const text = negative((size >= 100_000 ? short : size < 1 ? small : number).format(value));
  return unit.symbol ? `${text} ${unit.symbol}` : text;
}

/** What a field asks for, with its unit: `Value in %`. */
export const within = (name: string, unit: { symbol: string }): string => (unit.symbol ? `${name} in ${unit.symbol}` : name);

/** With a minus sign instead of a hyphen. */
const negative = (text: string): string => text.replace(/^-/, "−");

/** A difference with its sign: `+3`, `−0.5` or `±0`; with so many digits after the point. */
export function signed(difference: number, digits = 0): string {
  const size = Math.abs(difference).toFixed(digits);
  if (Number(size) === 0) return `±${size}`;
  return `${difference > 0 ? "+" : "−"}${size}`;
}

/** A number with its noun: `1 day`, `2 days`. */
export const counted = (count: number, noun: string): string => `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;

/** Who did something: the person it was done for, the person who did it, or the handle of a machine. */
export const authorOf = (actor: { handle: string; person?: Named; onBehalfOf?: Named }): string => actor.onBehalfOf?.name ?? actor.person?.name ?? actor.handle;

type Named = { name: string } | null;

/** The value or the range that a metric aims at: `60 %`, `≥ 85 %` or `2–5 h`. */
export function aim({ direction, target, lower, upper }: Aim, unit = { symbol: "" }): string {
  if (isGiven(lower) && isGiven(upper)) return `${amount(lower)}–${amount(upper, unit)}`;
  const sign = direction === "AT_LEAST" ? "≥ " : direction === "AT_MOST" ? "≤ " : "";
  return `${sign}${amount(target, unit)}`;
}

export interface Aim {
  direction?: string | undefined;
  target?: number | null;
  lower?: number | null;
  upper?: number | null;
}

/** A day without a time, like 2026-10-01, is the same day in each zone. */
function dated(at: string | Date): Date {
  return typeof at === "string" && at.length === 10 ? new Date(`${at}T12:00:00Z`) : new Date(at);
}

export const onDay = (at: string | Date): string => formats.day.format(dated(at));
export const onDayAndYear = (at: string | Date): string => formats.dayAndYear.format(dated(at));
export const onWeekday = (at: string | Date): string => formats.weekday.format(dated(at));
export const inMonth = (at: string): string => formats.month.format(dated(at));
export const atTime = (at: string | Date): string => formats.time.format(dated(at));
export const clock = (at: string | Date): string => formats.clock.format(dated(at));

/** The name of a month by its number, from 1 on. */
export const monthName = (month: number): string => new Date(Date.UTC(2000, month - 1)).toLocaleString("en", { month: "long", timeZone: "UTC" });

/** The day that is so many days after today, by the calendar of the workspace, like 2026-10-01. */
export function ahead(days: number, now = Date.now()): string {
  const today = new Intl.DateTimeFormat("en-CA", { timeZone: zone }).format(now);
  return new Date(Date.parse(`${today}T12:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10);
}

/** Noon of a day, by the calendar of the workspace. */
export function noonOf(day: string): string {
  const noon = Date.parse(`${day}T12:00:00Z`);
  const there = new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short", timeStyle: "medium" }).format(noon);
  return new Date(2 * noon - Date.parse(`${there.replace(" ", "T")}Z`)).toISOString();
}

/** Whether a moment is the midnight at which a day ends. */
export const isEndOfDay = (at: string): boolean => clock(at) === "00:00" && new Date(at).getUTCSeconds() === 0;

/** The day that a frame of the film shows: the one that ends with it, or in which it is. */
export const dayOf = (at: string): Date => (isEndOfDay(at) ? new Date(Date.parse(at) - 1) : new Date(at));

/** How long ago a moment was, in days. */
export function ago(at: string, now = Date.now()): string {
  const days = Math.round((now - Date.parse(at)) / DAY_MS);
  if (days <= 0) return "today";
  return days === 1 ? "yesterday" : `${counted(days, "day")} ago`;
}

export const HEALTH: Record<Health, string> = {
  ON_TRACK: "On track",
  AT_RISK: "At risk",
  OFF_TRACK: "Off track",
  OUTDATED: "No news",
  PENDING: "Not begun",
  ACHIEVED: "Achieved",
  PARTIAL: "Partly achieved",
  MISSED: "Missed",
  DROPPED: "Dropped",
};
/** The order in which counts are shown: from what is well to what is over. */
export const HEALTHS = Object.keys(HEALTH) as Health[];

export const STATUS: Record<KpiStatus, string> = {
  BREACHED: "Breached",
  WARNING: "Warning",
  STALE: "No news",
  NO_DATA: "No data",
  HEALTHY: "Healthy",
  RETIRED: "Retired",
};

export const ROLES: Record<string, string> = {
  ADMIN: "Administrator",
  LEAD: "Lead",
  MEMBER: "Member",
  AUDITOR: "Auditor",
  METRICS: "Metrics",
};

/** The name of an event's type as words: `KeyResultRetargeted` is “key result retargeted”. */
export function told(type: string): string {
  const words = type.replace(/([a-z])([A-Z])/g, "$1 $2").toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** The first letters of a name. */
export function initials(name: string): string {
  const words = name.split(/\s+/).filter(Boolean);
  return ((words[0]?.[0] ?? "") + (words.length > 1 ? (words.at(-1)?.[0] ?? "") : "")).toUpperCase();
}
