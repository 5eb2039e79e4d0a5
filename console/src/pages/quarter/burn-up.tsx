// The burn-up of a cycle: its progress over its days beside the planned one, with the distance between them.
import { useState } from "preact/hooks";

import { DAY_MS } from "../../moment/days";
import type { Point } from "../../moment/film";
import { corners, Shares, useWidth } from "../../parts/chart";
import { counted, dayOf, isGiven, onDay, percent } from "../../parts/words";

interface Props {
  points: ReadonlyArray<Point>;
  startsOn: string;
  endsOn: string;
  /** The moment that the page shows; null for now. */
  at: string | null;
  /** Whether the page shows what was known then, which the burn-up does not. */
  asKnownThen: boolean;
  confidence: number | null | undefined;
  confidenceLowest: number | null | undefined;
}

const HEIGHT = 150;
const [LEFT, RIGHT, TOP, BOTTOM] = [44, 8, 8, 20];
const SHARES = [0, 0.5, 1];
/** The least width of the label of a month. */
const LABEL = 64;

export function BurnUp(props: Props) {
  const [measure, width] = useWidth();
  const [pointed, setPointed] = useState<Point | null>(null);
  const actual = props.points.filter((point) => isGiven(point.value));
  const shown = pointed ?? (props.at === null ? actual.at(-1) : actual.findLast((point) => Date.parse(point.at) <= Date.parse(props.at!)));
  if (actual.length < 2) return null;
  return (
    <figure class="burn-up" aria-label="Progress over the days of the cycle">
      <div ref={measure}><Drawn {...props} actual={actual} shown={shown} width={width} onPoint={setPointed} /></div>
      <figcaption class="legend">
        <span class="key actual">actual {percent(shown?.value)}</span>
        <span class="key planned">planned {percent(shown?.expected)}</span>
        {shown && <b>{distance(shown)}</b>}
        {shown && <span>{pointed || props.at !== null ? `at the end of ${onDay(dayOf(shown.at))}` : "now"}{props.asKnownThen && ", as known now"}</span>}
        {!pointed && isGiven(props.confidence) && (
          <span title="How sure people are that the targets are reached">confidence {percent(props.confidence)}{isGiven(props.confidenceLowest) && <>, lowest {percent(props.confidenceLowest)}</>}</span>
        )}
      </figcaption>
    </figure>
  );
}

/** How far progress is from the plan: `5 points behind plan`. */
function distance({ value, expected }: Point): string {
  const points = Math.round((value ?? 0) * 100) - Math.round((expected ?? 0) * 100);
  if (points === 0) return "as planned";
  return `${counted(Math.abs(points), "point")} ${points < 0 ? "behind" : "ahead of"} plan`;
}

interface DrawnProps extends Props {
  actual: Point[];
  shown: Point | undefined;
  width: number;
  onPoint: (point: Point | null) => void;
}

function Drawn({ points, actual, shown, startsOn, endsOn, width, onPoint }: DrawnProps) {
  const [begin, end] = [Date.parse(startsOn), Date.parse(endsOn) + DAY_MS];
  const x = (at: number) => LEFT + ((Math.min(end, Math.max(begin, at)) - begin) / (end - begin)) * (width - LEFT - RIGHT);
  const y = (share: number) => TOP + (1 - share) * (HEIGHT - TOP - BOTTOM);
  const line = (name: "value" | "expected") => corners(points, (point) => x(Date.parse(point.at)), y, (point) => point[name]).join(" ");
  const point = (event: PointerEvent) => {
    const share = (event.offsetX - LEFT) / (width - LEFT - RIGHT);
    onPoint(actual.findLast((one) => Date.parse(one.at) <= begin + share * (end - begin)) ?? null);
  };
  const [first, last] = [x(Date.parse(actual[0]!.at)), x(Date.parse(actual.at(-1)!.at))];
  return (
    <svg class="trajectory" viewBox={`0 0 ${width} ${HEIGHT}`} role="img" aria-label={`Progress ${percent(shown?.value)}, planned ${percent(shown?.expected)}`} onPointerMove={point} onPointerLeave={() => onPoint(null)}>
      <Shares shares={SHARES} from={LEFT} to={width - RIGHT} y={y} />
      {ticks(startsOn, endsOn, (width - LEFT - RIGHT) / LABEL).map((day) => <text key={day} x={x(Date.parse(day))} y={HEIGHT - 4}>{onDay(day)}</text>)}
      <polygon class="burnt" points={`${first},${y(0)} ${line("value")} ${last},${y(0)}`} />
      <polyline class="planned" points={line("expected")} />
      <polyline class="actual" points={line("value")} />
      {shown && (
        <>
          <line class="at" x1={x(Date.parse(shown.at))} x2={x(Date.parse(shown.at))} y1={TOP} y2={y(0)} />
          <circle class="dot" cx={x(Date.parse(shown.at))} cy={y(shown.value!)} r="3.5" />
        </>
      )}
    </svg>
  );
}

/** The first days of the months of a cycle, or of every second or later one where they would not fit. */
function ticks(startsOn: string, endsOn: string, most: number): string[] {
  const days = [startsOn];
  const month = new Date(`${startsOn.slice(0, 7)}-01T00:00:00Z`);
  for (month.setUTCMonth(month.getUTCMonth() + 1); month.toISOString().slice(0, 10) <= endsOn; month.setUTCMonth(month.getUTCMonth() + 1)) days.push(month.toISOString().slice(0, 10));
  const step = Math.max(1, Math.ceil(days.length / Math.max(1, most)));
  return days.filter((_, place) => place % step === 0);
}
