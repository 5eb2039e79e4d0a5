// What charts over time share: their width, their lines, and an axis of shares.
import { useEffect, useState } from "preact/hooks";

import { isGiven, percent } from "./words";

/** The width of an element, followed as it changes. */
export function useWidth(): [(element: HTMLElement | null) => void, number] {
  const [element, setElement] = useState<HTMLElement | null>(null);
  const [width, setWidth] = useState(640);
  useEffect(() => {
    if (element === null) return;
    const observer = new ResizeObserver(([entry]) => entry && setWidth(Math.max(240, Math.round(entry.contentRect.width))));
    observer.observe(element);
    return () => observer.disconnect();
  }, [element]);
  return [setElement, width];
}

/** The corners of a line through the points that have a value, to a tenth of a unit. */
export function corners<Point>(points: ReadonlyArray<Point>, x: (point: Point) => number, y: (value: number) => number, value: (point: Point) => number | null | undefined): string[] {
  return points.flatMap((point) => {
    const given = value(point);
    return isGiven(given) ? [`${x(point).toFixed(1)},${y(given).toFixed(1)}`] : [];
  });
}

/** The keys of the plans in a legend: the one plan, or the first and the last one. */
export function PlanKeys({ isReplanned }: { isReplanned: boolean }) {
  return isReplanned ? <><span class="key planned">first plan</span><span class="key replanned">last plan</span></> : <span class="key planned">plan</span>;
}

interface AxisProps {
  shares: ReadonlyArray<number>;
  from: number;
  to: number;
  y: (share: number) => number;
}

/** Lines across a chart at some shares, each with its name. */
export function Shares({ shares, from, to, y }: AxisProps) {
  return (
    <>
      {shares.map((share) => (
        <g key={share}>
          <line class="axis" x1={from} x2={to} y1={y(share)} y2={y(share)} />
          <text x={from - 8} y={y(share) + 4} text-anchor="end">{percent(share)}</text>
        </g>
      ))}
    </>
  );
}
