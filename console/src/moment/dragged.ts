// Where the slider is while somebody drags it, for the parts of a page that follow it without being asked for anew.
import { useEffect, useState } from "preact/hooks";

/** A moment while somebody drags the slider there, or while a page waits for its answer; null for now, undefined
 * while pages show what they were answered. */
export type Dragged = string | null | undefined;

const listeners = new Set<() => void>();
let dragged: Dragged;
let awaited: Dragged;

const current = (): Dragged => (dragged === undefined ? awaited : dragged);

/** Say where the slider is dragged to; undefined when it rests. */
export function drag(to: Dragged): void {
  dragged = to;
  for (const listen of listeners) listen();
}

/** Say for which moment a page waits; undefined when it has its answer. */
export function wait(until: Dragged): void {
  awaited = until;
  for (const listen of listeners) listen();
}

/** Call a function with the moment of the frame to show, now and at most once in a frame of the screen. */
export const follow = (listener: (to: Dragged) => void): (() => void) => following(current, listener);

/** Where the slider is dragged to, without what a page waits for. */
export function useDragged(): Dragged {
  const [to, setTo] = useState<Dragged>(undefined);
  useEffect(() => following(() => dragged, setTo), []);
  return to;
}

function following(read: () => Dragged, listener: (to: Dragged) => void): () => void {
  let asked = 0;
  const listen = () => {
    cancelAnimationFrame(asked);
    asked = requestAnimationFrame(() => listener(read()));
  };
  listeners.add(listen);
  listener(read());
  return () => {
    cancelAnimationFrame(asked);
    listeners.delete(listen);
  };
}
