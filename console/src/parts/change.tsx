// One change as a line: who did what, when, why, and what it did to progress.
import type { ChangeLineFragment } from "../generated/graphql";
import { Fields } from "./fields";
import { ProveLink } from "./prove";
import { atTime, percent, told } from "./words";

export function ChangeLine({ change }: { change: ChangeLineFragment }) {
  const subject = change.subject && "title" in change.subject ? change.subject.title : null;
  const effect = change.effect;
  const isMoved = effect && effect.before !== effect.after;
  return (
    <li class={`change cause-${effect?.cause ?? "NONE"}`}>
      <time dateTime={change.effectiveAt}>{atTime(change.effectiveAt)}</time>
      <div>
        <p><b>{told(change.__typename)}</b>{subject && <> · {subject}</>}</p>
        <Fields fields={change.fields} />
        {change.reason && <q>{change.reason}</q>}
        <small>{change.actor.person?.name ?? change.actor.handle}{change.late && ", late"}{change.backdated && ", backdated"}<ProveLink position={change.position} /></small>
      </div>
      {isMoved && <span class={`delta ${(effect.after ?? 0) >= (effect.before ?? 0) ? "up" : "down"}`}>{percent(effect.before)} → {percent(effect.after)}</span>}
    </li>
  );
}
