// Alignment: which goals lead to which, as a tree that is folded and unfolded, loaded a level at a time.
import { useMemo, useState } from "preact/hooks";

import { useParameter } from "../../address";
import { useLive } from "../../api/live";
import type { ObjectiveFilter, ObjectiveState, TreeOpenedFragment, TreeRowFragment } from "../../generated/graphql";
import { useAnswer } from "../../moment/answer";
import { useFilmed } from "../../moment/film";
import { basis, useMoment } from "../../moment/moment";
import { CycleAndTeam, useTeams } from "../../parts/choices";
import { Failed, Loading, State } from "../../parts/states";
import { toggled } from "../../parts/sets";
import { type Cycle, useLooking } from "../../viewer";
import { usePageTitle } from "../../title";
import { TREE, TREE_BRANCHES, TREE_BRANCHES_THEN, TREE_THEN } from "./documents";
import { hasBelow, Tree, type Level } from "./tree";

const FIRST = 50;
const FIRST_MAX = 200;
/** The tops that something supports are unfolded at first if there are so few. */
const FEW = 12;
/** So many objectives are unfolded at once. */
const OPENED_MAX = 40;
const STATES: ObjectiveState[] = ["DRAFT", "ACTIVE", "CLOSED"];

export function Alignment() {
  const { cycle } = useLooking();
  usePageTitle("Alignment");
  if (cycle === null) return <State title="There is no cycle yet"><p>Goals are aligned within a cycle: a quarter or a year.</p></State>;
  return <OfCycle key={cycle.key} cycle={cycle} />;
}

function OfCycle({ cycle }: { cycle: Cycle }) {
  const team = useParameter("team") ?? "";
  return (
    <article class="page wide-page">
      <header class="page-head">
        <h1>Alignment</h1>
        <CycleAndTeam teams={useTeams()} />
      </header>
      <Goals key={team} cycle={cycle} team={team} />
    </article>
  );
}

function Goals({ cycle, team }: { cycle: Cycle; team: string }) {
  const { cycles } = useLooking();
  const { among, roots } = useMemo(() => filtersOf(cycle, cycles, team), [cycle, cycles, team]);
  const [first, setFirst] = useState(FIRST);
  const { now, then, error, again } = useAnswer(TREE, TREE_THEN, { roots, among, first });
  const found = now?.objectives ?? then?.asOf.objectives;
  const tops = useMemo(() => (found ? topsOf(found.edges.map((edge) => edge.node), cycle.key) : null), [found, cycle]);
  const [opened, setOpened] = useState<ReadonlySet<string> | null>(null);
  const open = useMemo(() => opened ?? fewOf(tops ?? []), [opened, tops]);
  const branches = useBranches([...open], Math.min(first, FIRST), among);
  useFilmed(useMemo(() => shownIn(tops ?? [], branches), [tops, branches]));
  if (error && !found) return <Failed error={error} again={again} />;
  if (!found || !tops) return <Loading />;
  if (tops.length === 0) return <State title="No goals here"><p>{team ? "This team and the teams inside it have no objectives in this cycle." : "Nobody has drafted an objective in this cycle at this moment."}</p></State>;
  const top: Level = { rows: tops, total: tops.length + found.totalCount - found.edges.length };
  return (
    <>
      <p class="help tree-help">
        {sentence(tops, team)}
        <button type="button" class="quiet" disabled={!tops.some(hasBelow) || open.size >= OPENED_MAX} onClick={() => setOpened(oneMore(tops, open, branches))}>Unfold a level</button>
        <button type="button" class="quiet" disabled={open.size === 0} onClick={() => setOpened(new Set())}>Fold all</button>
      </p>
      <Tree
        top={top} cycle={cycle.key} branches={branches} opened={open}
        onToggle={(id) => setOpened(toggled(open, id))}
        onMore={first < FIRST_MAX ? () => setFirst(first + FIRST) : null}
      />
    </>
  );
}

function sentence(tops: TreeRowFragment[], team: string): string {
  if (tops.some(hasBelow)) return "Each goal leads to the goals that support it: through one of its key results, or as a whole.";
  return team ? "No other goal supports those of this team." : "No goal supports another at this moment.";
}

/** What is loaded below the objectives that are unfolded, by their ids. What was loaded stays until the answer is there. */
function useBranches(ids: string[], first: number, among: ObjectiveFilter): ReadonlyMap<string, TreeOpenedFragment> {
  const { moment } = useMoment();
  const isNow = moment.at === null;
  const variables = { ids: ids.toSorted(), count: ids.length, first, among };
  const [now] = useLive({ query: TREE_BRANCHES, variables, pause: !isNow || ids.length === 0 });
  const [then] = useLive({ query: TREE_BRANCHES_THEN, variables: { ...variables, ...basis(moment) }, pause: isNow || ids.length === 0 });
  const found = isNow ? now.data?.objectives : then.data?.asOf.objectives;
  return useMemo(() => new Map(found?.edges.map(({ node }) => [node.entityId, node])), [found]);
}

/** The goals of the cycle and of cycles that overlap it; at the top those that support nothing, or those of a team. */
function filtersOf(cycle: Cycle, cycles: Cycle[], team: string): { among: ObjectiveFilter; roots: ObjectiveFilter } {
  const overlapping = cycles.filter((one) => one.startsOn <= cycle.endsOn && one.endsOn >= cycle.startsOn);
  const among = { cycles: overlapping.map(({ key }) => ({ key })), state: STATES };
  return { among, roots: team ? { ...among, team: { key: team } } : { ...among, aligned: false } };
}

/** The rows that support none of the others: first those of longer cycles and those that something supports. */
function topsOf(rows: TreeRowFragment[], cycle: string): TreeRowFragment[] {
  const ids = new Set(rows.map((row) => row.entityId));
  const rank = (row: TreeRowFragment) => (hasBelow(row) ? 0 : 2) + (row.cycle.key === cycle ? 1 : 0);
  return rows.filter((row) => !row.supports.some((goal) => ids.has(objectiveOf(goal)))).toSorted((one, other) => rank(one) - rank(other));
}

const objectiveOf = (goal: TreeRowFragment["supports"][number]): string => (goal.__typename === "KeyResult" ? goal.objective.entityId : goal.entityId);

/** The objectives that are unfolded at first. */
function fewOf(tops: TreeRowFragment[]): ReadonlySet<string> {
  const supported = tops.filter(hasBelow);
  return new Set(supported.length <= FEW ? supported.map((one) => one.entityId) : []);
}

/** The objectives that are unfolded after one more level, as far as there is room. */
function oneMore(tops: TreeRowFragment[], opened: ReadonlySet<string>, branches: ReadonlyMap<string, TreeOpenedFragment>): ReadonlySet<string> {
  const more = [...tops, ...below(branches)].filter(hasBelow).map((one) => one.entityId);
  return new Set([...opened, ...more].slice(0, OPENED_MAX));
}

/** The objectives of the tree, the tops first. */
const shownIn = (tops: TreeRowFragment[], branches: ReadonlyMap<string, TreeOpenedFragment>): string[] => [...new Set([...tops, ...below(branches)].map((one) => one.entityId))];

const below = (branches: ReadonlyMap<string, TreeOpenedFragment>): TreeRowFragment[] =>
  [...branches.values()].flatMap((one) => [one, ...one.keyResults].flatMap(({ supportedBy }) => supportedBy.edges.map((edge) => edge.node)));

