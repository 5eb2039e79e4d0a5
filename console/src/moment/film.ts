// The frames that pages show while somebody drags the slider: figures of one loaded document, by day.
import { useEffect, useMemo, useState } from "preact/hooks";
import { useQuery } from "@urql/preact";

import type { FilmOfKeyResultsQuery, FilmQuery, Health } from "../generated/graphql";
import { FILM, FILM_OF_KEY_RESULTS } from "../pages/documents";
import { placeOf } from "./slider";

export interface Figures {
  value: number | null;
  expected: number | null;
  health: Health | null;
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
  actual: number | null;
  progress: number | null;
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
  const measured = measuredByMoment(details);
  const objectives = film.cycle?.objectives.edges.map((edge) => edge.node) ?? [];
  const byMoment = new Map<string, Map<string, Figures>>();
  for (const objective of objectives) {
    for (const { at, value, expected, health } of objective.progressOverTime) {
      let figures = byMoment.get(at);
      if (figures === undefined) byMoment.set(at, (figures = new Map()));
      figures.set(objective.entityId, { value, expected, health });
    }
  }
  return (film.cycle?.progressOverTime ?? []).map(({ at, value, expected, health, healthCounts }) => ({
    at,
    cycle: { value, expected, health },
    counts: healthCounts,
    objectives: byMoment.get(at) ?? new Map(),
    keyResults: measured.get(at) ?? new Map(),
  }));
}

function measuredByMoment(details: FilmOfKeyResultsQuery | undefined): Map<string, Map<string, Measured>> {
  const byMoment = new Map<string, Map<string, Measured>>();
  const keyResults = details?.cycle?.objectives.edges.flatMap((edge) => edge.node.keyResults) ?? [];
  for (const keyResult of keyResults) {
    for (const { at, actual, progress } of keyResult.trajectory) {
      let measured = byMoment.get(at);
      if (measured === undefined) byMoment.set(at, (measured = new Map()));
      measured.set(keyResult.entityId, { actual: actual ?? null, progress: progress ?? null });
    }
  }
  return byMoment;
}
