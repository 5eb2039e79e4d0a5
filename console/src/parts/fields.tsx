// The fields that a change altered, before and after, by name rather than by id.
import type { NamedFragment } from "../generated/graphql";
import { amount, atTime, isGiven, onDay, percent, told } from "./words";

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

export function Fields({ fields, unit, without = LONG, most = 4 }: Props) {
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

function name(field: string, text: string, node: NamedFragment | null | undefined, unit: { symbol: string } | undefined): string {
  const named = node && ("title" in node ? node.title : "name" in node ? node.name : null);
  const plain = named ?? readable(field.split(".").at(-1)!, text, unit);
  return plain.length > LENGTH_MAX ? `${plain.slice(0, LENGTH_MAX - 1)}…` : plain;
}

/** The text of a value as people read it: shares in per cent, amounts in their unit, days, and names of states in words. */
function readable(field: string, text: string, unit: { symbol: string } | undefined): string {
  if (SHARES.has(field)) return percent(Number(text));
  if (AMOUNTS.has(field) || DAY.test(field)) return amount(Number(text), unit);
  if (CODES.has(field)) return NAMES[text] ?? text.replaceAll("_", " ").toLowerCase();
  if (DAY.test(text)) return onDay(text);
  if (/^\d{4}-\d{2}-\d{2}T/.test(text)) return atTime(text);
  return text === "true" ? "yes" : text === "false" ? "no" : text;
}

/** The fields that hold a name of an enum. Units and keys may be in capitals, too, and stay as they are. */
const CODES = new Set(["aggregate", "aggregation", "cadence", "checkInCadence", "direction", "kind", "over", "state", "verdict", "visibility", "weekStartsOn"]);
/** The names of enums that read otherwise than in lower case. */
const NAMES: Record<string, string> = {
  BIWEEKLY: "every two weeks", DOING: "in progress", LAST: "latest", MAX: "highest", MIN: "lowest", PARTIAL: "partly achieved", TEAM: "its team",
  TODO: "to do", WORKSPACE: "everyone",
};
const SHARES = new Set(["confidence", "score"]);
const AMOUNTS = new Set(["value", "start", "target", "lower", "upper", "current", "changeBy", "tolerance"]);
const DAY = /^\d{4}-\d{2}-\d{2}$/;

/** The path of a field as words: `metric.target` is “Target”, and `plan.2026-11-02` “Plan on 2 Nov”. */
function words(field: string): string {
  const [last = field, parent = ""] = field.split(".").reverse();
  return DAY.test(last) ? `${told(parent)} on ${onDay(last)}` : told(last);
}
