// What a change did, as the verb of a sentence whose subject is the person who made it.

/** By the type of the change; {} is the title of what was changed. */
const VERBS: Record<string, string> = {
  CheckInCorrected: "corrected a check-in of {}",
  CommentAdded: "commented on {}",
  InitiativeEdited: "edited the initiative {}",
  InitiativeMoved: "moved the initiative {}",
  InitiativePlanned: "planned the initiative {}",
  KeyResultAdded: "added the key result {}",
  KeyResultAssigned: "changed the owner of {}",
  KeyResultCheckedIn: "checked in {}",
  KeyResultDropped: "dropped the key result {}",
  KeyResultLabelled: "labelled {}",
  KeyResultLinked: "linked {} to a KPI",
  KeyResultMoved: "moved the key result {} here or away",
  KeyResultPlanned: "planned the values of {}",
  KeyResultReopened: "took back the score of {}",
  KeyResultRescheduled: "moved the due day of {}",
  KeyResultRetargeted: "moved the target of {}",
  KeyResultReweighed: "changed the weight of {}",
  KeyResultReworded: "reworded {}",
  KeyResultScored: "scored {}",
  KeyResultUnlinked: "unlinked {} from its KPI",
  KpiRedefined: "redefined the KPI {}",
  KpiTargetsSet: "set targets of the KPI {}",
  ObjectiveAligned: "aligned {} with another goal",
  ObjectiveAssigned: "changed the owner or team of {}",
  ObjectiveClosed: "closed {}",
  ObjectiveCommitted: "committed to {}",
  ObjectiveDrafted: "drafted {}",
  ObjectiveDropped: "dropped {}",
  ObjectiveLabelled: "labelled {}",
  ObjectiveMoved: "moved {} to another cycle",
  ObjectiveReopened: "reopened {}",
  ObjectiveReworded: "reworded {}",
  ObjectiveUnaligned: "ended an alignment of {}",
  ObjectiveVisibilitySet: "changed who sees {}",
  ReadingCorrected: "corrected a reading of {}",
  ReadingRecorded: "recorded a reading of {}",
  ReadingRetracted: "took back a reading of {}",
  Reflected: "reflected on {}",
  WorkHandedOver: "handed over {}",
};

/** The words before and after the title of what was changed; null for a type without a verb. */
export function verbOf(type: string): readonly [before: string, after: string] | null {
  const [before, after] = (VERBS[type] ?? "").split("{}");
  return before ? [before, after ?? ""] : null;
}
