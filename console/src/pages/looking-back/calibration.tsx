// How honest confidence was: what people stated against what came true.
import type { RetrospectivePartsFragment } from "../../generated/graphql";
import { Shares } from "../../parts/chart";
import { percent } from "../../parts/words";

type Bucket = RetrospectivePartsFragment["calibration"]["buckets"][number];

const WIDTH = 360;
const HEIGHT = 250;
const LEFT = 48;
const TOP = 24;
const BOTTOM = 40;
const SHARES = [0, 0.25, 0.5, 0.75, 1];

export function Calibration({ buckets }: { buckets: ReadonlyArray<Bucket> }) {
  const stated = buckets.filter((bucket) => bucket.count > 0);
  const most = Math.max(1, ...stated.map((bucket) => bucket.count));
  const x = (share: number) => LEFT + share * (WIDTH - LEFT - 14);
  const y = (share: number) => TOP + (1 - share) * (HEIGHT - BOTTOM - TOP);
  return (
    <svg class="trajectory calibration" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label="Share of statements that came true, by the confidence that was stated">
      <Shares shares={SHARES} from={x(0)} to={x(1)} y={y} />
      {SHARES.map((share) => <text key={share} x={x(share)} y={y(0) + 17} text-anchor={share === 1 ? "end" : "middle"}>{percent(share)}</text>)}
      <text x="0" y="11">came true</text>
      <text x={x(1)} y={HEIGHT - 5} text-anchor="end">confidence stated</text>
      <polyline class="planned" points={`${x(0)},${y(0)} ${x(1)},${y(1)}`} />
      {stated.map((bucket) => (
        <circle key={bucket.lower} class="dot" cx={x(bucket.stated)} cy={y(bucket.hit)} r={3 + 7 * Math.sqrt(bucket.count / most)}>
          <title>{`${percent(bucket.stated)} stated, ${percent(bucket.hit)} came true, of ${bucket.count}`}</title>
        </circle>
      ))}
    </svg>
  );
}
