// The days of a cycle, each as the moment at which it ends by the calendar of the workspace.

export const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

/** The moments of a slider: the end of each day of a cycle that is over, and now, which is the last. */
export function daysOf(cycle: { startsOn: string; endsOn: string }, zone: string, now = Date.now()): string[] {
  const found: string[] = [];
  for (let day = cycle.startsOn; day <= cycle.endsOn; day = next(day)) {
    const end = dayStart(next(day), zone);
    if (end >= now) break;
    found.push(new Date(end).toISOString());
  }
  return dayStart(cycle.startsOn, zone) < now ? [...found, new Date(now).toISOString()] : [];
}

/** The first instant of a day like 2026-10-01 in a time zone, as the server has it. */
export function dayStart(day: string, zone: string): number {
  const midnight = Date.parse(`${day}T00:00:00Z`);
  const first = midnight - offset(midnight - offset(midnight, zone), zone);
  return dayIn(first, zone) < day ? first + HOUR_MS : first; // clocks that skip midnight
}

/** The day of a moment in a time zone, like 2026-10-01. */
export const dayIn = (at: number, zone: string): string => formatOf(zone).format(at).slice(0, 10);

/** The day after one. */
export const next = (day: string, days = 1): string => new Date(Date.parse(`${day}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10);

/** How far local time is ahead of UTC, in milliseconds. */
function offset(at: number, zone: string): number {
  return Date.parse(`${formatOf(zone).format(at).replace(" ", "T")}Z`) - Math.floor(at / 1000) * 1000;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone) ?? new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short", timeStyle: "medium" });
  formats.set(zone, known);
  return known;
}
