// One change as a line: who did what, when, why, and what it did to progress.
import { Link } from "wouter-preact";

import type { ChangeLineFragment } from "../generated/graphql";
import { useMoment } from "../moment/moment";
import { Fields } from "./fields";
import { Markdown } from "./markdown";
import { ProveLink } from "./prove";
import { authorOf, clock, onDay, percent, told } from "./words";
import { verbOf } from "./verbs";

/** `isNewDay`: whether its day differs from that of the line above. `here`: the id of what the page is about. */
export function ChangeLine({ change, isNewDay, here }: { change: ChangeLineFragment; isNewDay: boolean; here: string | null }) {
  const { subject, effect, actor } = change;
  const unit = subject && ("metric" in subject ? subject.metric.unit : "unit" in subject ? subject.unit : null);
  const said = saidIn(change);
  return (
    <li class={`change cause-${effect?.cause ?? "NONE"}`}>
      <time dateTime={change.effectiveAt}>{isNewDay && <b>{onDay(change.effectiveAt)}</b>} {clock(change.effectiveAt)}</time>
      <div>
        <p><b>{authorOf(actor)}</b> <Did change={change} here={here} />{change.late && <span class="tag">late</span>}{change.backdated && <span class="tag">backdated</span>}<ProveLink position={change.position} /></p>
        <Fields fields={change.fields} unit={unit ?? undefined} without={isBeginning(change) ? AT_FIRST : undefined} />
        {change.reason && <p class="why"><small>Why</small> {change.reason}</p>}
        {said && <div class="said"><Markdown text={said} /></div>}
      </div>
      <Effect change={change} />
    </li>
  );
}

/** What was done to what: `checked in Gross margin`. */
function Did({ change, here }: { change: ChangeLineFragment; here: string | null }) {
  const { link } = useMoment();
  const { subject } = change;
  const title = !subject || subject.id === here ? "this objective" : "title" in subject ? subject.title : "name" in subject ? subject.name : "this objective";
  const verb = verbOf(change.__typename);
  if (verb === null) return <>{told(change.__typename).toLowerCase()}</>;
  const [before, after] = verb;
  const home = subject && ("objective" in subject ? subject.objective.entityId : subject.__typename === "Objective" ? subject.entityId : null);
  return <>{before}{home && home !== here ? <Link href={link(`/objective/${home}`)}>{title}</Link> : subject?.id === here ? title : <i>{title}</i>}{after}</>;
}

/** What a change did to the progress of the objective, if anything. */
function Effect({ change: { effect } }: { change: ChangeLineFragment }) {
  if (!effect || effect.before === effect.after) return null;
  const isUp = (effect.after ?? 0) >= (effect.before ?? 0);
  const isSame = percent(effect.before) === percent(effect.after);
  if (isSame) return null;
  return (
    <span class={`delta ${effect.cause === "MOVEMENT" ? (isUp ? "up" : "down") : "asked"}`} title="Progress of the objective before and after">
      <span aria-hidden="true">{isUp ? "▲" : "▼"}</span> {percent(effect.before)} → <b>{percent(effect.after)}</b>
    </span>
  );
}

export const hasMoved = ({ effect }: ChangeLineFragment): boolean => !!effect && effect.before !== effect.after;

/** The note or comment that a change recorded. */
export const saidIn = ({ fields }: ChangeLineFragment): string | null => fields.find(({ field, after }) => SAID.has(field) && after)?.after ?? null;

const SAID = new Set(["note", "body", "reflection"]);

/** Whether it began something: of its many first values, few are worth a line. */
const isBeginning = ({ __typename }: ChangeLineFragment): boolean => /(Added|Drafted|Planned|Defined)$/.test(__typename);

const AT_FIRST = new Set([
  "note", "title", "description", "body", "measuredAt", "objective", "cycle", "subject", "kind", "visibility", "labels", "state",
  "metric.direction", "metric.unit.kind", "metric.unit.symbol", "weight",
]);
