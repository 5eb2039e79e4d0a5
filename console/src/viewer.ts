// Who looks at the console, at which cycle, and with which permissions.
import { createContext } from "preact";
import { useContext } from "preact/hooks";

import type { WhoQuery } from "./generated/graphql";

export type Cycle = WhoQuery["cycles"]["edges"][number]["node"];

export interface Looking {
  viewer: WhoQuery["viewer"];
  /** The time zone of the workspace, whose days all pages show. */
  zone: string;
  /** When the log of the workspace began; null while it is empty. */
  since: string | null;
  cycles: Cycle[];
  cycle: Cycle | null;
}

export const LookingContext = createContext<Looking | null>(null);

export function useLooking(): Looking {
  const looking = useContext(LookingContext);
  if (looking === null) throw new Error("This is shown within the frame only.");
  return looking;
}

type Days = Pick<Cycle, "startsOn" | "endsOn">;

const length = ({ startsOn, endsOn }: Days): number => Date.parse(endsOn) - Date.parse(startsOn);

/** How much the lengths of two quarters or of two years may differ, as a share. */
const ALIKE = 0.2;

/** Whether two cycles are about as long, so that their scores compare. */
export const isAsLong = (one: Days, other: Days): boolean => Math.abs(length(one) / length(other) - 1) < ALIKE;

/** The cycle that a page shows unless another is chosen: the shortest active one, else the newest. */
export function usualCycle(cycles: Cycle[]): Cycle | null {
  const active = cycles.filter((cycle) => cycle.state === "ACTIVE").toSorted((one, other) => length(one) - length(other));
  return active[0] ?? cycles.toSorted((one, other) => other.startsOn.localeCompare(one.startsOn))[0] ?? null;
}
