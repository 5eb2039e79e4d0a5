// Which objectives a page shows, and in which order. Both are part of the address.
import { withParameters } from "../../address";
import type { Health, ObjectiveFilter, ObjectiveRowFragment } from "../../generated/graphql";
import { HEALTH } from "../../parts/words";

export const ORDERS = {
  team: "By team",
  gap: "Furthest behind first",
  progress: "Most progress first",
  title: "By title",
} as const;

export interface Filters {
  search: string;
  team: string;
  owner: string;
  label: string;
  health: ReadonlySet<Health>;
  order: keyof typeof ORDERS;
}

export function fromSearch(search: string): Filters {
  const given = new URLSearchParams(search);
  const order = given.get("order") ?? "team";
  return {
    search: given.get("search") ?? "",
    team: given.get("team") ?? "",
    owner: given.get("owner") ?? "",
    label: given.get("label") ?? "",
    health: new Set((given.get("health") ?? "").split(",").filter((one): one is Health => Object.hasOwn(HEALTH, one))),
    order: Object.hasOwn(ORDERS, order) ? (order as Filters["order"]) : "team",
  };
}

export function toSearch(search: string, filters: Filters): string {
  return withParameters(search, { ...filters, health: [...filters.health].join(","), order: filters.order === "team" ? "" : filters.order });
}

export function filtered(objectives: ReadonlyArray<ObjectiveRowFragment>, filters: Filters): ObjectiveRowFragment[] {
  const words = plain(filters.search).split(/\s+/).filter(Boolean);
  return objectives
    .filter((one) => !filters.team || one.team?.name === filters.team)
    .filter((one) => !filters.owner || one.owner?.name === filters.owner)
    .filter((one) => !filters.label || one.labels.includes(filters.label))
    .filter((one) => filters.health.size === 0 || (one.progress.health && filters.health.has(one.progress.health)))
    .filter((one) => {
      const text = plain([one.title, ...one.keyResults.map((keyResult) => keyResult.title)].join(" "));
      return words.every((word) => text.includes(word));
    })
    .toSorted(COMPARE[filters.order]);
}

/** Whether they leave objectives out. */
export const isFiltered = ({ search, team, owner, label, health }: Filters): boolean => [search, team, owner, label].some(Boolean) || health.size > 0;

/** The same conditions as a filter of the server, for a cycle that has more objectives than a page loads. Teams and owners
 * are chosen from the loaded objectives. */
export function asked(filters: Filters, objectives: ReadonlyArray<ObjectiveRowFragment>): ObjectiveFilter | null {
  const team = objectives.find((one) => one.team?.name === filters.team)?.team;
  const owner = objectives.find((one) => one.owner?.name === filters.owner)?.owner;
  const filter: ObjectiveFilter = {
    ...(filters.search && { search: filters.search }),
    ...(filters.team && team && { team: { key: team.key }, includeSubteams: false }),
    ...(filters.owner && owner && { owner: owner.entityId }),
    ...(filters.label && { labels: [filters.label] }),
    ...(filters.health.size > 0 && { health: [...filters.health] }),
  };
  return Object.keys(filter).length > 0 ? filter : null;
}

type Compare = (one: ObjectiveRowFragment, other: ObjectiveRowFragment) => number;

const gap = ({ progress }: ObjectiveRowFragment) => (progress.expected ?? 0) - (progress.value ?? 0);

const COMPARE: Record<Filters["order"], Compare> = {
  team: (one, other) => gap(other) - gap(one),
  gap: (one, other) => gap(other) - gap(one),
  progress: (one, other) => (other.progress.value ?? -1) - (one.progress.value ?? -1),
  title: (one, other) => one.title.localeCompare(other.title),
};

/** Text as the server's search compares it: without case, accents and Unicode form. */
function plain(text: string): string {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLocaleLowerCase("en").replaceAll("ß", "ss");
}
