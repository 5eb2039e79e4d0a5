// A goalpost that moved: what was asked before and after, who moved it, when, why, and what that did to progress.
import type { ObjectivePageFragment } from "../../generated/graphql";
import { aim, amount, authorOf, counted, isGiven, onDay, percent } from "../../parts/words";

type Revision = ObjectivePageFragment["keyResults"][number]["targets"][number];

export function Goalposts({ revisions }: { revisions: ReadonlyArray<Revision> }) {
  return <>{revisions.slice(1).map((revision, index) => <Goalpost key={revision.since} before={revisions[index]!} after={revision} />)}</>;
}

function Goalpost({ before, after }: { before: Revision; after: Revision }) {
  const isProgressChanged = isGiven(after.progressBefore) && percent(after.progressBefore) !== percent(after.progressAfter);
  return (
    <p class="goalpost">
      <b>{moved(before, after)}</b>, by {authorOf(after.by)} on {onDay(after.since)}, {days(after.daysBeforeClose)}
      {isProgressChanged && <>; its progress became {percent(after.progressAfter)} instead of {percent(after.progressBefore)}</>}
      {after.reason && <q>{after.reason}</q>}
    </p>
  );
}

/** What moved, as `Target moved from 25 to 45 h` and `due day from 4 Dec to 18 Jan`. */
function moved(before: Revision, after: Revision): string {
  const said = [
    change("target", aim(before.metric, before.metric.unit), aim(after.metric, after.metric.unit)),
    change("start", amount(before.metric.start, before.metric.unit), amount(after.metric.start, after.metric.unit)),
    change("due day", onDay(before.due), onDay(after.due)),
    change("weight", String(before.weight), String(after.weight)),
  ].filter((one) => one !== null);
  if (said.length === 0) return JSON.stringify(before.plan) === JSON.stringify(after.plan) ? "The way of measuring changed" : "The plan in between changed";
  const text = said.join(", ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

const change = (name: string, before: string, after: string): string | null => (before === after ? null : `${name} moved from ${before} to ${after}`);

function days(left: number): string {
  if (left <= 0) return "after the end of the cycle";
  return left === 1 ? "on the last day of the cycle" : `${counted(left, "day")} before the end of the cycle`;
}
