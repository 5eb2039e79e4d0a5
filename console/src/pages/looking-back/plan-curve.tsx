// The progress of a whole over time: as planned first, as planned last, and as measured.
import type { RetrospectivePartsFragment } from "../../generated/graphql";
import { DAY_MS } from "../../moment/days";
import { corners, PlanKeys, Shares, useWidth } from "../../parts/chart";
import { isGiven, onDay, percent } from "../../parts/words";

type Curve = RetrospectivePartsFragment["planCurve"];

const HEIGHT = 220;
const LEFT = 44;
const RIGHT = 10;
const BOTTOM = 24;
const SHARES = [0, 0.25, 0.5, 0.75, 1];
const DATE_WIDTH = 64;

/** Whether the plan changed after the first one. */
const isReplanned = ({ points }: Curve): boolean => points.some((point) => point.planned !== point.replanned);

export function PlanCurveLegend({ curve }: { curve: Curve }) {
  const isFar = (curve.largestDistance ?? curve.largestDistanceFromLast) !== null;
  return <figcaption class="legend"><PlanKeys isReplanned={isReplanned(curve)} /><span class="key actual">actual</span>{isFar && <span class="key gap">farthest from the plan</span>}</figcaption>;
}

export function PlanCurve(props: { curve: Curve; title: string }) {
  const [measure, width] = useWidth();
  return <div ref={measure}><Drawn {...props} width={width} /></div>;
}

function Drawn({ curve, title, width }: { curve: Curve; title: string; width: number }) {
  const points = curve.points;
  if (points.length === 0) return null;
  const [begin, end] = [Date.parse(points[0]!.at), Date.parse(points.at(-1)!.at)];
  const x = (at: string | number) => LEFT + (((typeof at === "string" ? Date.parse(at) : at) - begin) / (end - begin || 1)) * (width - LEFT - RIGHT);
  const y = (share: number) => 8 + (1 - share) * (HEIGHT - BOTTOM - 8);
  const line = (name: "planned" | "replanned" | "actual") => corners(points, (point) => x(point.at), y, (point) => point[name]).join(" ");
  const last = points.findLast((point) => isGiven(point.actual));
  const far = curve.largestDistance ?? curve.largestDistanceFromLast;
  return (
    <svg class="trajectory plan-curve" viewBox={`0 0 ${width} ${HEIGHT}`} role="img" aria-label={`${title}: ${last ? `${percent(last.actual)} on ${onDay(last.at)}` : "nothing measured"}`}>
      <Shares shares={SHARES} from={LEFT} to={width - RIGHT} y={y} />
      {dates(begin, end, (width - LEFT - RIGHT) / DATE_WIDTH).map((at) => <text key={at} x={x(at)} y={HEIGHT - 5} text-anchor={x(at) < LEFT + 20 ? "start" : x(at) > width - RIGHT - 20 ? "end" : "middle"}>{onDay(new Date(at + DAY_MS / 2))}</text>)}
      {isReplanned(curve) && <polyline class="replanned" points={line("replanned")} />}
      <polyline class="planned" points={line("planned")} />
      <polyline class="actual" points={line("actual")} />
      {far && typeof far.planned === "number" && Math.round(far.distance * 100) !== 0 && <line class="gap" x1={x(far.at)} x2={x(far.at)} y1={y(far.planned)} y2={y(far.actual ?? 0)} />}
      {last && <circle class="dot" cx={x(last.at)} cy={y(last.actual!)} r="3.5" />}
    </svg>
  );
}

/** Moments at weeks, at even distances, so many as fit. */
function dates(begin: number, end: number, most: number): number[] {
  const weeks = Math.max(1, Math.ceil((end - begin) / DAY_MS / 7 / Math.max(1, most - 1)));
  const found: number[] = [];
  for (let at = begin; at <= end; at += weeks * 7 * DAY_MS) found.push(at);
  return found;
}
