// How goals differ between two moments, sorted out: what turned worse or better, and the rest by team and objective.
import type { DifferenceFragment, Health } from "../../generated/graphql";

export type Goal = Extract<NonNullable<DifferenceFragment["now"]>, { __typename: "Objective" | "KeyResult" }>;
export type GoalDifference = DifferenceFragment & { now: Goal };

/** The differences of an objective and its key results. */
export interface Group {
  id: string;
  title: string;
  team: string;
  itself: GoalDifference | null;
  keyResults: GoalDifference[];
}

export interface Sorted {
  cycle: DifferenceFragment | null;
  worse: GoalDifference[];
  better: GoalDifference[];
  added: GoalDifference[];
  teams: [team: string, groups: Group[]][];
}

/** How bad a health is; goals that were dropped or had not begun are not compared. */
const RANK: Partial<Record<Health, number>> = { ACHIEVED: 0, ON_TRACK: 0, OUTDATED: 1, AT_RISK: 2, PARTIAL: 2, OFF_TRACK: 3, MISSED: 3 };

export function sorted(differences: ReadonlyArray<DifferenceFragment>): Sorted {
  const goals = differences.filter(isGoal);
  const turned = (isWorse: boolean) => goals.filter((one) => (isWorse ? turn(one) > 0 : turn(one) < 0)).toSorted((one, other) => Math.abs(turn(other)) - Math.abs(turn(one)) || Math.abs(moved(other)) - Math.abs(moved(one)));
  return {
    cycle: differences.find((one) => one.now?.__typename === "Cycle") ?? null,
    worse: turned(true),
    better: turned(false),
    added: goals.filter((one) => one.then === null),
    teams: byTeam(goals),
  };
}

const isGoal = (one: DifferenceFragment): one is GoalDifference => one.now?.__typename === "Objective" || one.now?.__typename === "KeyResult";

/** How many steps the health went down; negative if it went up. */
function turn({ health, then }: DifferenceFragment): number {
  if (then === null || !health?.before || !health.after) return 0;
  const [before, after] = [RANK[health.before], RANK[health.after]];
  return before === undefined || after === undefined ? 0 : after - before;
}

/** How far the progress moved. */
export const moved = ({ progress }: DifferenceFragment): number => (progress?.after ?? 0) - (progress?.before ?? 0);

function byTeam(goals: GoalDifference[]): [string, Group[]][] {
  const groups = new Map<string, Group>();
  for (const difference of goals) {
    const goal = difference.now;
    const objective = goal.__typename === "Objective" ? goal : goal.objective;
    const known = groups.get(objective.entityId) ?? { id: objective.entityId, title: objective.title, team: objective.team?.name ?? "Without a team", itself: null, keyResults: [] };
    groups.set(objective.entityId, known);
    if (goal.__typename === "Objective") known.itself = difference;
    else known.keyResults.push(difference);
  }
  const teams = Map.groupBy(groups.values(), (group) => group.team);
  return [...teams].toSorted(([one], [other]) => one.localeCompare(other));
}
