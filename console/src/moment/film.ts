// The frames that pages show while somebody drags the slider: figures of one loaded document, by day.
import { useEffect, useMemo, useState } from "preact/hooks";
import { useQuery } from "@urql/preact";

import type { FilmOfKeyResultsQuery, FilmQuery, Health } from "../generated/graphql";
import { FILM, FILM_OF_KEY_RESULTS } from "../pages/documents";
import { placeOf } from "./slider";

export interface Figures {
  value?: number | null;
  expected?: number | null;
  health?: Health | null;
}

export interface Frame {
  at: string;
  cycle: Figures;
  counts: ReadonlyArray<{ health: Health; count: number }>;
  /** The figures of each objective by its id; one that is absent had no progress yet. */
  objectives: ReadonlyMap<string, Figures>;
  /** The value and the progress of each key result by its id. */
  keyResults: ReadonlyMap<string, Measured>;
}

export interface Measured {
  actual?: number | null;
  progress?: number | null;
}

/** Undefined while nobody drags; null for now. */
type Dragged = string | null | undefined;

const LATER_MS = 400;

const listeners = new Set<(dragged: Dragged) => void>();
let current: Dragged;

/** Say where the slider is dragged to. */
export function announce(dragged: Dragged): void {
  current = dragged;
  for (const listen of listeners) listen(dragged);
}

/** Call a function with where the slider is dragged to, at most once in a frame of the screen. */
function follow(listener: (dragged: Dragged) => void): () => void {
  let asked = 0;
  const listen = () => {
    cancelAnimationFrame(asked);
    asked = requestAnimationFrame(() => listener(current));
  };
  listeners.add(listen);
  return () => {
    cancelAnimationFrame(asked);
    listeners.delete(listen);
  };
}

/** The frames of a cycle by day, or by week for a big one; empty until they are loaded, after the page itself. */
export function useFilm(cycle: string, isBig: boolean): Frame[] {
  const [wanted, setWanted] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setWanted(true), LATER_MS);
    return () => clearTimeout(timer);
  }, []);
  const [{ data }] = useQuery({ query: FILM, variables: { cycle, every: isBig ? "WEEK" : "DAY" }, pause: !wanted });
  const [{ data: details }] = useQuery({ query: FILM_OF_KEY_RESULTS, variables: { cycle }, pause: !data || isBig });
  return useMemo(() => (data ? framesOf(data, details) : []), [data, details]);
}

/** The frame at which somebody drags the slider; null while nobody does, or `isShown` is false. */
export function useFrame(film: Frame[], isShown = true): Frame | null {
  const [frame, setFrame] = useState<Frame | null>(null);
  useEffect(() => {
    const moments = film.map((one) => one.at);
    const show = (dragged: Dragged) => setFrame(dragged && film.length > 0 ? (film[placeOf(dragged, moments)] ?? null) : null);
    if (!isShown) return;
    show(current);
    return follow(show);
  }, [film, isShown]);
  return frame;
}

/** Whether an element is on the screen, or nearly. */
export function useShown(): [(element: HTMLElement | null) => void, boolean] {
  const [element, setElement] = useState<HTMLElement | null>(null);
  const [isShown, setShown] = useState(false);
  useEffect(() => {
    if (element === null) return;
    const observer = new IntersectionObserver(([entry]) => setShown(entry!.isIntersecting));
    observer.observe(element);
    return () => observer.disconnect();
  }, [element]);
  return [setElement, isShown];
}

function framesOf(film: FilmQuery, details: FilmOfKeyResultsQuery | undefined): Frame[] {
  const points = film.cycle?.progressOverTime ?? [];
  const moments = points.map((point) => Date.parse(point.at));
  const objectives = film.cycle?.objectives.edges.map((edge) => edge.node) ?? [];
  const keyResults = details?.cycle?.objectives.edges.flatMap((edge) => edge.node.keyResults) ?? [];
  const figures = latest(moments, objectives, (one) => one.progressOverTime);
  const measured = latest(moments, keyResults, (one) => one.trajectory);
  return points.map(({ at, value, expected, health, healthCounts }, place) => ({
    at,
    cycle: { value, expected, health },
    counts: healthCounts,
    objectives: figures[place]!,
    keyResults: measured[place]!,
  }));
}

/** For each moment, the last point of each goal that is not after it, by the goal's id. A curve ends where its goal
 * does, whose figures stand still from then on. */
function latest<Goal extends { entityId: string }, Point extends { at: string }>(
  moments: ReadonlyArray<number>,
  goals: ReadonlyArray<Goal>,
  curve: (goal: Goal) => ReadonlyArray<Point>,
): Map<string, Point>[] {
  const found = moments.map(() => new Map<string, Point>());
  for (const goal of goals) {
    const points = curve(goal);
    let next = 0;
    moments.forEach((moment, place) => {
      while (next < points.length && Date.parse(points[next]!.at) <= moment) next += 1;
      if (next > 0) found[place]!.set(goal.entityId, points[next - 1]!);
    });
  }
  return found;
}
