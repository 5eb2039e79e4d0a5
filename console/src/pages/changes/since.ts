// The moment that "what changed" compares with: last Monday, the last visit, a month ago or a day, by the workspace's
// calendar and relative to the moment that the page shows. It is part of the address.
import { useMemo } from "preact/hooks";
import { useLocation } from "wouter-preact";

import { useAddress, useParameter } from "../../address";
import { dayIn, dayStart, next } from "../../moment/days";
import { useMoment } from "../../moment/moment";
import { atTime, onWeekday } from "../../parts/words";
import { useLooking } from "../../viewer";
import { visit } from "./visits";

export interface Since {
  /** The moment, in ISO 8601. */
  at: string;
  /** The moment in words. */
  name: string;
}

const CHOICES = { monday: "Last Monday", visit: "My last visit", month: "A month ago" } as const;
type Choice = keyof typeof CHOICES;

/** The Monday before a day; a week before, if it is one. */
function lastMonday(day: string): string {
  const weekday = (new Date(`${day}T12:00:00Z`).getUTCDay() + 6) % 7;
  return next(day, weekday === 0 ? -7 : -weekday);
}

/** The same day of the month before a day, or the last one of that month. */
function monthBefore(day: string): string {
  const [year, month, date] = day.split("-").map(Number) as [number, number, number];
  const last = new Date(Date.UTC(year, month - 1, 0)).getUTCDate();
  return new Date(Date.UTC(year, month - 2, Math.min(date, last))).toISOString().slice(0, 10);
}

/** The moment that the address names, and the choice of another one. */
export function useSince(): { since: Since; chosen: string; choose: (choice: string) => void; choices: [string, string][]; today: string } {
  const { zone } = useLooking();
  const { moment } = useMoment();
  const [, navigate] = useLocation();
  const address = useAddress();
  const wanted = useParameter("since") ?? "monday";
  const visited = useMemo(() => visit(), []);
  const today = dayIn(moment.at === null ? Date.now() : Date.parse(moment.at), zone);
  const chosen = isDay(wanted) || (Object.hasOwn(CHOICES, wanted) && (wanted !== "visit" || visited)) ? wanted : "monday";
  const choose = (choice: string) => navigate(address({ since: choice }), { replace: true });
  const since = useMemo(() => momentOf(chosen, today, visited, zone), [chosen, today, visited, zone]);
  const choices = (Object.keys(CHOICES) as Choice[]).filter((one) => one !== "visit" || visited).map((one): [string, string] => [one, CHOICES[one]]);
  return { since, chosen, choose, choices, today };
}

const isDay = (text: string): boolean => /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text));

function momentOf(chosen: string, today: string, visited: string | null, zone: string): Since {
  if (chosen === "visit" && visited !== null) return { at: visited, name: `your last visit, ${atTime(visited)}` };
  const day = isDay(chosen) ? chosen : chosen === "month" ? monthBefore(today) : lastMonday(today);
  return { at: new Date(dayStart(day, zone)).toISOString(), name: onWeekday(day) };
}
