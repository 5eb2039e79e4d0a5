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

/** The cycle that a page shows unless another is chosen: the shortest active one, else the newest. */
export function usualCycle(cycles: Cycle[]): Cycle | null {
  const days = (cycle: Cycle) => Date.parse(cycle.endsOn) - Date.parse(cycle.startsOn);
  const active = cycles.filter((cycle) => cycle.state === "ACTIVE").sort((one, other) => days(one) - days(other));
  return active[0] ?? cycles.toSorted((one, other) => other.startsOn.localeCompare(one.startsOn))[0] ?? null;
}
