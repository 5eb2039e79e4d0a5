// The burn-up of a cycle: actual progress as an area, and the planned line.
import { useMemo } from "preact/hooks";
import { corners } from "../parts/chart";

interface Point {
  at: string;
  value?: number | null;
  expected?: number | null;
}

const WIDTH = 1000;
const HEIGHT = 100;

export function Curve({ points, startsOn, endsOn, at }: { points: ReadonlyArray<Point>; startsOn: number; endsOn: number; at: string | null }) {
  const [begin, end] = [startsOn, endsOn];
  const x = (moment: string) => ((Math.min(end, Math.max(begin, Date.parse(moment))) - begin) / (end - begin)) * WIDTH;
  const drawn = useMemo(() => {
    const y = (share: number) => HEIGHT - share * HEIGHT;
    const line = (name: "value" | "expected") => corners(points, (point) => x(point.at), y, (point) => point[name]);
    return { actual: line("value"), planned: line("expected") };
  }, [points, startsOn, endsOn]);
  if (drawn.actual.length === 0) return <svg class="curve" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} aria-hidden="true" />;
  const first = drawn.actual[0]!.split(",")[0];
  const last = drawn.actual.at(-1)!.split(",")[0];
  return (
    <svg class="curve" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
      <polygon class="curve-area" points={`${first},${HEIGHT} ${drawn.actual.join(" ")} ${last},${HEIGHT}`} />
      <polyline class="curve-planned" points={drawn.planned.join(" ")} />
      <polyline class="curve-actual" points={drawn.actual.join(" ")} />
      {at !== null && <line class="curve-at" x1={x(at)} x2={x(at)} y1={0} y2={HEIGHT} />}
    </svg>
  );
}
