// The fields that a change altered, before and after, by name rather than by id.
import type { NamedFragment } from "../generated/graphql";
import { amount, isGiven, onDay, percent, told } from "./words";

export interface Field {
  field: string;
  before?: string | null;
  after?: string | null;
  beforeNode?: NamedFragment | null;
  afterNode?: NamedFragment | null;
}

const LONG = new Set(["note", "title", "description", "body", "measuredAt"]);
const LENGTH_MAX = 60;

interface Props {
  fields: ReadonlyArray<Field>;
  /** The unit of the values. */
  unit?: { symbol: string } | undefined;
  without?: ReadonlySet<string> | undefined;
  most?: number;
}

export function Fields({ fields, unit = { symbol: "" }, without = LONG, most = 4 }: Props) {
  const shown = fields.filter((one) => one.before !== one.after && !without.has(one.field)).slice(0, most);
  if (shown.length === 0) return null;
  return (
    <p class="change-fields">
      {shown.map((one) => (
        <span key={one.field}>
          <i>{words(one.field)}</i> {hasValue(one.before) && <><s>{name(one.field, one.before, one.beforeNode, unit)}</s> → </>}
          {hasValue(one.after) ? name(one.field, one.after, one.afterNode, unit) : "none"}
        </span>
      ))}
    </p>
  );
}

const hasValue = (text: string | null | undefined): text is string => isGiven(text) && text !== "";

function name(field: string, text: string, node: NamedFragment | null | undefined, unit: { symbol: string }): string {
  const named = node && ("title" in node ? node.title : "name" in node ? node.name : null);
  const plain = named ?? readable(field.split(".").at(-1)!, text, unit);
  return plain.length > LENGTH_MAX ? `${plain.slice(0, LENGTH_MAX - 1)}…` : plain;
}

/** The text of a value as people read it: shares in per cent, amounts in their unit, days, and names of states in words. */
function readable(field: string, text: string, unit: { symbol: string }): string {
  if (SHARES.has(field)) return percent(Number(text));
  if (AMOUNTS.has(field)) return amount(Number(text), unit);
  if (/^\d{4}-\d{2}-\d{2}$/.test(text)) return onDay(text);
  return /^[A-Z][A-Z_]+$/.test(text) ? text.replaceAll("_", " ").toLowerCase() : text;
}

const SHARES = new Set(["confidence", "score"]);
const AMOUNTS = new Set(["value", "start", "target", "lower", "upper", "current"]);

/** The path of a field as words: `metric.target` is “target”. */
function words(field: string): string {
  return told(field.split(".").at(-1) ?? field);
}
