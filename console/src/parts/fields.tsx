// The fields that a change altered, before and after, by name rather than by id.
import type { NamedFragment } from "../generated/graphql";
import { told } from "./words";

export interface Field {
  field: string;
  before?: string | null;
  after?: string | null;
  beforeNode?: NamedFragment | null;
  afterNode?: NamedFragment | null;
}

const LONG = new Set(["note", "title", "description", "body", "measuredAt"]);
const LENGTH_MAX = 60;

export function Fields({ fields, without = LONG, most = 4 }: { fields: ReadonlyArray<Field>; without?: ReadonlySet<string>; most?: number }) {
  const shown = fields.filter((one) => one.before !== one.after && !without.has(one.field)).slice(0, most);
  if (shown.length === 0) return null;
  return (
    <p class="change-fields">
      {shown.map((one) => (
        <span key={one.field}>
          <i>{words(one.field)}</i> {hasValue(one.before) && <><s>{name(one.before, one.beforeNode)}</s> → </>}
          {hasValue(one.after) ? name(one.after, one.afterNode) : "none"}
        </span>
      ))}
    </p>
  );
}

const hasValue = (text: string | null | undefined): text is string => text !== null && text !== undefined && text !== "";

function name(text: string, node: NamedFragment | null | undefined): string {
  const named = node && ("title" in node ? node.title : "name" in node ? node.name : null);
  const plain = named ?? text;
  return plain.length > LENGTH_MAX ? `${plain.slice(0, LENGTH_MAX - 1)}…` : plain;
}

/** The path of a field as words: `metric.target` is “target”. */
function words(field: string): string {
  return told(field.split(".").at(-1) ?? field);
}
