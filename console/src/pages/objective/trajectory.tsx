// A key result's values over time: actual, by the first plan, and by the last one.
import { useDragged } from "../../moment/dragged";
import type { ObjectivePageFragment } from "../../generated/graphql";
import { corners, useWidth } from "../../parts/chart";
import { forecastOf } from "./forecast";
import { amount, isGiven, onDay, percent } from "../../parts/words";

type KeyResult = ObjectivePageFragment["keyResults"][number];

const HEIGHT = 170;
const LEFT = 8;
const RIGHT = 84;

/** Whether the plan changed after the first one. */
export const isReplanned = ({ trajectory }: KeyResult): boolean => trajectory.some((point) => point.planned !== point.replanned);

export function Trajectory(props: { keyResult: KeyResult; endsOn: string }) {
  const [measure, width] = useWidth();
  return <div ref={measure}><Drawn {...props} width={width} /></div>;
}

function Drawn({ keyResult, endsOn, width }: { keyResult: KeyResult; endsOn: string; width: number }) {
  const points = keyResult.trajectory;
  const values = points.flatMap((point) => [point.planned, point.replanned, point.actual]).filter(isGiven);
  if (values.length === 0) return null;
  const { start, target, lower, upper, unit } = keyResult.metric;
  const ends = [start, target, lower, upper].filter(isGiven);
  const [least, most] = [Math.min(...values, ...ends), Math.max(...values, ...ends)];
  const [begin, end] = [Date.parse(points[0]!.at), Math.max(Date.parse(endsOn), Date.parse(points.at(-1)!.at))];
  const x = (at: string) => LEFT + ((Date.parse(at) - begin) / (end - begin || 1)) * (width - LEFT - RIGHT);
  const y = (value: number) => 12 + (1 - (value - least) / (most - least || 1)) * (HEIGHT - 36);
  const line = (name: "planned" | "replanned" | "actual") => corners(points, (point) => x(point.at), y, (point) => point[name]).join(" ");
  const hasBand = isGiven(lower) && isGiven(upper);
  const last = points.findLast((point) => isGiven(point.actual));
  const read = keyResult.metric.direction === "MILESTONES" ? percent : (value: number | null | undefined) => amount(value, unit);
  const goal = hasBand ? `${amount(lower)}–${amount(upper, unit)}` : read(target);
  return (
    <svg class="trajectory" viewBox={`0 0 ${width} ${HEIGHT}`} role="img" aria-label={`${keyResult.title}: ${read(last?.actual)} by ${last ? onDay(last.at) : "now"}, planned to reach ${goal}`}>
      {hasBand && <rect class="band" x={LEFT} width={width - LEFT - RIGHT} y={y(upper!)} height={Math.max(1, y(lower!) - y(upper!))} />}
      <line class="axis" x1={LEFT} x2={width - RIGHT} y1={HEIGHT - 18} y2={HEIGHT - 18} />
      <text x={LEFT} y={HEIGHT - 4}>{onDay(points[0]!.at)}{isGiven(start) && `, from ${read(start)}`}</text>
      <text x={width - RIGHT} y={HEIGHT - 4} text-anchor="end">{onDay(endsOn)}</text>
      {isReplanned(keyResult) && <polyline class="replanned" points={line("replanned")} />}
      <polyline class="planned" points={line("planned")} />
      <polyline class="actual" points={line("actual")} />
      {last && <circle class="dot" cx={x(last.at)} cy={y(last.actual!)} r="3.5" />}
      {last && keyResult.forecast && forecastOf(keyResult) && (
        <line class="forecast" x1={x(last.at)} y1={y(last.actual!)} x2={x(keyResult.due)} y2={y(Math.min(Math.max(keyResult.forecast.value, least), most))} />
      )}
      <Cursor x={x} />
      {points.filter((point) => isGiven(point.actual)).map((point) => (
        <circle key={point.at} class="hit" cx={x(point.at)} cy={y(point.actual!)} r="8"><title>{`${onDay(point.at)}: ${read(point.actual)}, planned ${read(point.replanned)}`}</title></circle>
      ))}
      {isGiven(target) && <text class="goal" x={width - RIGHT + 6} y={y(target) + 4}>{goal}</text>}
      {hasBand && <text class="goal" x={width - RIGHT + 6} y={(y(lower!) + y(upper!)) / 2 + 4}>{goal}</text>}
    </svg>
  );
}

/** Where somebody drags the slider. */
function Cursor({ x }: { x: (at: string) => number }) {
  const at = useDragged();
  return at ? <line class="cursor" x1={x(at)} x2={x(at)} y1={0} y2={HEIGHT - 18} /> : null;
}
