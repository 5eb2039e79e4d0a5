// Goals as a frame of the film shows them, and whether somebody sees them.
import { useEffect, useState } from "preact/hooks";

import type { KeyResultRowFragment, ObjectiveRowFragment } from "../generated/graphql";
import { figuresIn, type Figures, type Frame, isFilmed } from "./film";

/** The figures of a goal that was not there yet. */
export const NO_FIGURES: Figures = { value: null, expected: null, health: null, confidence: null, current: null };

/** A key result with its figures in a frame. */
export function inFrame<Row extends Pick<KeyResultRowFragment, "entityId" | "current" | "confidence" | "progress">>(frame: Frame, row: Row): Row {
  const { value, expected, health, confidence, current } = figuresIn(frame, row.entityId) ?? NO_FIGURES;
  return { ...row, current, confidence, progress: { ...row.progress, value, expected, health, confidence } };
}

/** An objective with its figures and those of its key results in a frame, if the film has it. */
export function filmed<Row extends Pick<ObjectiveRowFragment, "entityId" | "progress" | "keyResults">>(frame: Frame, row: Row): Row {
  if (!isFilmed(frame, row.entityId)) return row;
  const { value, expected, health, confidence } = figuresIn(frame, row.entityId) ?? NO_FIGURES;
  return { ...row, progress: { ...row.progress, value, expected, health, confidence }, keyResults: row.keyResults.map((one) => inFrame(frame, one)) };
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
