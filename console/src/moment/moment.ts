// The moment that every page shows. It is part of the address, so that a link leads to the same answer.
import { createContext } from "preact";
import { useContext } from "preact/hooks";

import { withParameters } from "../address";

export interface Moment {
  /** A moment in the past; null is now. */
  at: string | null;
  /** Whether to show what was known then, rather than what is known now of then. */
  asKnownThen: boolean;
}

export const NOW: Moment = { at: null, asKnownThen: false };

/** The moment of an address: `?at=…&known=then`. */
export function fromSearch(search: string): Moment {
  const given = new URLSearchParams(search);
  const at = given.get("at");
  if (at === null || Number.isNaN(Date.parse(at))) return NOW;
  return { at: new Date(at).toISOString(), asKnownThen: given.get("known") === "then" };
}

/** The same address at another moment. */
export function withMoment(search: string, moment: Moment): string {
  return withParameters(search, { at: moment.at, known: moment.at !== null && moment.asKnownThen ? "then" : null });
}

/** The arguments of `asOf` for a moment in the past. */
export function basis(moment: Moment): { at: string; known: string | null } {
  return { at: moment.at ?? "", known: moment.asKnownThen ? moment.at : null };
}

export interface Moments {
  moment: Moment;
  /** Show another moment. */
  show: (moment: Moment) => void;
  /** The address of a page at the same moment. */
  link: (path: string) => string;
}

export const MomentContext = createContext<Moments>({ moment: NOW, show: () => {}, link: (path) => path });

export const useMoment = (): Moments => useContext(MomentContext);
