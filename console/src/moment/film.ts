// The film of a cycle: the figures of all its goals by day, from one loaded document. While somebody drags the slider,
// pages show its frames; where it stops, they show the answer as of that moment, which has the same figures.
import { useQuery } from "@urql/preact";
import { createContext } from "preact";
import { useContext, useEffect, useMemo, useState } from "preact/hooks";

import { isBusy } from "../api/client";
import { useChanged } from "../api/live";
import type { FilmQuery, Health } from "../generated/graphql";
import type { Cycle } from "../viewer";
import { BURN_UP, FILM, SIZE } from "./documents";
import { type Dragged, follow } from "./dragged";
import { useMoment } from "./moment";

export interface Figures {
  value?: number | null;
  expected?: number | null;
  health?: Health | null;
  confidence?: number | null;
  /** The latest value of a key result. */
  current?: number | null;
}

export interface Point extends Figures {
  at: string;
  healthCounts?: ReadonlyArray<{ health: Health; count: number }>;
}

type Columns = NonNullable<FilmQuery["cycle"]>["film"]["objectives"][number] & { currents?: ReadonlyArray<number | null> };

export interface Film {
  /** The cycle over time, with its planned line after now. */
  points: ReadonlyArray<Point>;
  /** The moments of the columns, in milliseconds. */
  moments: ReadonlyArray<number>;
  goals: ReadonlyMap<string, Columns>;
  /** How many objectives the cycle has at each moment of the columns; null where the film has some of them only. */
  counts: ReadonlyArray<number> | null;
}

/** A film at one moment. */
export interface Frame {
  film: Film;
  place: number;
  /** The cycle at that moment. */
  cycle: Point | null;
}

/** The most objectives of a cycle whose film is loaded whole and by day. */
const BIG = 100;
const LATER_MS = 300;
const FRESH_MS = 4000;
const EMPTY: Film = { points: [], moments: [], goals: new Map(), counts: null };

interface Shown {
  film: Film;
  /** Say which objectives a page shows: those are filmed where a cycle has very many. */
  setRows: (rows: ReadonlyArray<string>) => void;
}

export const FilmContext = createContext<Shown>({ film: EMPTY, setRows: () => {} });

/** The film of a cycle, loaded after the page itself: of a big one the cycle and the rows of the page, by week. */
export function useLoadedFilm(cycle: Cycle | null): Shown {
  const [rows, setRows] = useState<ReadonlyArray<string>>([]);
  const isLater = useLater(cycle?.key);
  const key = cycle?.key ?? "";
  const [size] = useQuery({ query: SIZE, variables: { cycle: key }, pause: !isLater });
  const count = size.data?.cycle?.objectives.totalCount;
  const isBig = (count ?? 0) > BIG;
  const [{ data }, again] = useQuery({ query: FILM, variables: { cycle: key, every: isBig ? "WEEK" : "DAY", objectives: isBig ? [...rows] : null }, pause: count === undefined || (isBig && rows.length === 0) });
  const [{ data: burnUp }] = useQuery({ query: BURN_UP, variables: { cycle: key }, pause: !isBig });
  useChanged(() => again({ requestPolicy: "network-only" }), FRESH_MS, data !== undefined && !isBig);
  const film = useMemo(() => {
    const found = data?.cycle?.film;
    const points = isBig ? burnUp?.cycle?.progressOverTime : found?.points;
    if (!cycle || (data?.cycle && data.cycle.key !== cycle.key)) return EMPTY;
    return { points: points ?? [], moments: (found?.at ?? []).map((at) => Date.parse(at)), goals: goalsOf(found), counts: isBig || !found ? null : countsOf(found) };
  }, [data, burnUp, isBig, key]);
  return useMemo(() => ({ film, setRows }), [film]);
}

/** Whether what a page itself asks for has been answered. */
function useLater(cycle: string | undefined): boolean {
  const [isLater, setLater] = useState(false);
  useEffect(() => {
    const timer = setInterval(() => {
      if (isBusy()) return;
      setLater(cycle !== undefined);
      clearInterval(timer);
    }, LATER_MS);
    return () => clearInterval(timer);
  }, [cycle]);
  return isLater;
}

function goalsOf(found: Found | undefined): ReadonlyMap<string, Columns> {
  return new Map([...(found?.objectives ?? []), ...(found?.keyResults ?? [])].map((one) => [one.entityId, one]));
}

type Found = NonNullable<FilmQuery["cycle"]>["film"];

const countsOf = ({ at, objectives }: Found): number[] => at.map((_, place) => objectives.filter((one) => isThere(one, place)).length);

/** Whether a goal is in the cycle at a moment of the film. */
const isThere = (of: Pick<Columns, "healths" | "expecteds">, place: number): boolean => of.healths[place] !== null || of.expecteds[place] !== null;

/** Film the objectives of a page, where a cycle has very many. */
export function useFilmed(rows: ReadonlyArray<string>): void {
  const { setRows } = useContext(FilmContext);
  const all = rows.join();
  useEffect(() => setRows(all ? all.split(",") : []), [all]);
}

/** The frame that a page shows in place of its answer: null unless somebody drags the slider, or the answer is on its
 * way; and by what was known then, which the film does not have. `isFollowing`: false for what nobody sees. */
export function useFrame(isFollowing = true): Frame | null {
  const { film } = useContext(FilmContext);
  const { asKnownThen } = useMoment().moment;
  const [frame, setFrame] = useState<Frame | null>(null);
  useEffect(() => {
    if (isFollowing && !asKnownThen) return follow((to) => setFrame((before) => same(before, frameOf(film, to))));
    if (asKnownThen) setFrame(null);
  }, [film, isFollowing, asKnownThen]);
  return frame;
}

/** How many objectives the cycle has in a frame, which counts drafts; null where the film does not say. */
export function countIn({ film, place, cycle }: Frame): number | null {
  if (film.counts !== null) return place < 0 ? 0 : (film.counts[place] ?? null);
  return cycle?.healthCounts?.reduce((sum, { count }) => sum + count, 0) ?? null;
}

/** The cycle over time, with its planned line after now. */
export const usePoints = (): ReadonlyArray<Point> => useContext(FilmContext).film.points;

function frameOf(film: Film, to: Dragged): Frame | null {
  if (!to || film.points.length + film.moments.length === 0) return null;
  const at = Date.parse(to);
  return { film, place: placeAt(film.moments, at), cycle: film.points.findLast((point) => Date.parse(point.at) <= at) ?? null };
}

const same = (before: Frame | null, next: Frame | null): Frame | null =>
  before && next && before.film === next.film && before.place === next.place && before.cycle === next.cycle ? before : next;

/** The place of the last moment that is not after another one; -1 before the first. */
export function placeAt(moments: ReadonlyArray<number>, at: number): number {
  return moments.findLastIndex((moment) => moment <= at);
}

/** The figures of a goal in a frame; null if it was not in the cycle then, or the film does not have it. */
export function figuresIn({ film, place }: Frame, id: string): Figures | null {
  const of = film.goals.get(id);
  if (of === undefined || place < 0 || !isThere(of, place)) return null;
  return { value: of.values[place], expected: of.expecteds[place], health: of.healths[place], confidence: of.confidences[place], current: of.currents?.[place] };
}

/** Whether a film has a goal at any moment. */
export const isFilmed = ({ film }: Frame, id: string): boolean => film.goals.has(id);
