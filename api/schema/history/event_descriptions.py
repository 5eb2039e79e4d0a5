"""What every kind of event means, and every part of it, one sentence each: told by the schema, kept apart from it."""

from typing import Final

from domain.model import cycle, discussion, key_result, kpi, objective, people
from domain.model.event import Event

EVENTS: Final[dict[type[Event], str]] = {
    people.PersonAdded: "A person was added.",
    people.PersonRenamed: "A person's name or email was changed.",
    people.PersonDeactivated: "A person left; what they did stays.",
    people.PersonErased: "A person was forgotten: nobody can read any more what they were called.",
    people.TeamFormed: "A team was formed.",
    people.TeamRenamed: "A team got another name.",
    people.TeamMoved: "A team was put under another, or at the top.",
    people.TeamLeadAppointed: "Somebody, or nobody, was made to lead a team.",
    people.TeamJoined: "A person became a member of a team.",
    people.TeamLeft: "A person's membership in a team ended.",
    people.TeamDisbanded: "A team came to its end; its past goals stay with it.",
    cycle.CycleOpened: "A cycle was opened, for goals to be set in it.",
    cycle.CycleActivated: "A cycle began: what stood in it then is its plan.",
    cycle.CycleClosed: "A cycle ended: what stood in it then is its outcome.",
    cycle.ScoringPolicyAdopted: "The bands by which health and scores are judged were changed.",
    objective.ObjectiveDrafted: "An objective was drafted.",
    objective.ObjectiveReworded: "An objective's title or description was changed.",
    objective.ObjectiveAssigned: "An objective was given to another owner, team or circle of contributors.",
    objective.ObjectiveVisibilitySet: "It was said who sees an objective.",
    objective.ObjectiveAligned: "An objective came to support another goal.",
    objective.ObjectiveUnaligned: "An objective no longer supports a goal.",
    objective.ObjectiveCommitted: "A draft was committed to: the objective became ACTIVE.",
    objective.ObjectiveClosed: "An objective was closed with its verdict.",
    objective.ObjectiveDropped: "An objective was given up.",
    objective.ObjectiveReopened: "An objective's closing or dropping was taken back.",
    key_result.KeyResultAdded: "A key result was added to an objective.",
    key_result.KeyResultReworded: "A key result's title or description was changed.",
    key_result.KeyResultAssigned: "A key result was given to another owner.",
    key_result.KeyResultRetargeted: "The goalposts were moved: what a key result is measured by was changed.",
    key_result.KeyResultRescheduled: "A key result is due on another day.",
    key_result.KeyResultReweighed: "A key result counts more or less within its objective.",
    key_result.KeyResultLinked: "A key result is measured by a KPI since then.",
    key_result.KeyResultUnlinked: "A key result is measured by its own check-ins again.",
    key_result.KeyResultScored: "A key result was scored, which ends it.",
    key_result.KeyResultReopened: "A key result's score was taken back, with its objective's closing.",
    key_result.KeyResultDropped: "A key result was given up: it no longer counts in its objective.",
    key_result.KeyResultCheckedIn: "Somebody said where a key result stands.",
    key_result.CheckInCorrected: "What a check-in said was corrected.",
    kpi.KpiDefined: "A KPI was defined.",
    kpi.KpiRedefined: "A KPI's definition was changed.",
    kpi.KpiRetired: "A KPI is no longer watched.",
    kpi.ReadingRecorded: "A KPI was read.",
    kpi.ReadingCorrected: "What a reading said was corrected, or a reading that was taken back was recorded anew.",
    kpi.ReadingRetracted: "A reading was taken back.",
    discussion.InitiativePlanned: "A piece of work was planned.",
    discussion.InitiativeMoved: "A piece of work got ahead, or was given up.",
    discussion.CommentAdded: "Somebody said something about something.",
    discussion.Reflected: "Somebody looked back on a cycle or an objective.",
}

PARTS: Final[dict[str, str]] = {
    "handle": "A short name for the person, unique in the workspace.",
    "email": "Where to write to, if it was said; null for one who was erased.",
    "name": "What it, or the person, is called.",
    "key": "A short name, unique in the workspace.",
    "parent_team": "The team above.",
    "parent_cycle": "The cycle it lies in.",
    "lead": "Who leads.",
    "person": "The person.",
    "starts_on": "Its first day.",
    "ends_on": "Its last day.",
    "check_in_cadence": "How often its key results are expected to be checked in on.",
    "policy": "The bands.",
    "title": "What it says, in one line.",
    "description": "More about it.",
    "kind": "Whether it must be reached in full.",
    "owner": "Who answers for it.",
    "team": "The team whose it is.",
    "visibility": "Who it is meant for.",
    "contributors": "Who works on it beside the owner.",
    "supports": "The goals it supports.",
    "to": "The goal it came to support.",
    "from_": "The goal it no longer supports.",
    "carried_from": "The objective of an earlier cycle that it goes on with.",
    "carried_from_key_result": "The key result of an earlier cycle that it goes on with.",
    "verdict": "What it came to.",
    "score": "How it was scored, in [0, 1].",
    "reflection": "What there was to say about how it ended.",
    "objective": "The objective it proves.",
    "metric": "What it is measured by.",
    "before": "What it was measured by before.",
    "after": "What it is measured by since then.",
    "weight": "How much it counts within its objective.",
    "due": "The day it is due.",
    "kpi": "The KPI.",
    "key_result": "The key result that was spoken of.",
    "check_in": "The check-in, in the version that this event made.",
    "value": "What was measured, in the unit of the metric or KPI; null where nothing of it was said.",
    "reached": "The keys of all milestones reached by then; null where nothing of it was said.",
    "confidence": "How sure its people were, in [0, 1]; null where nothing of it was said.",
    "note": "What there was to say about it.",
    "unit": "What its readings count.",
    "goal": "What it is watched against.",
    "cadence": "How often a reading is expected.",
    "reading": "The reading, in the version that this event made or took back.",
    "planned_for": "The goal it is for.",
    "state": "Where it is.",
    "body": "What was said.",
    "comment": "The comment.",
    "reflected": "The reflection.",
    "reflection_kind": "What kind of thought it is.",
    "days_before_close": "How many days of its cycle were left, this one included; 0 or less after its end.",
    "previous_value": "Where the key result stood before, at the moment this check-in speaks of; null for nowhere yet.",
    "previous_confidence": "How sure its people were before, at the moment this check-in speaks of.",
}
"""By the name that a part has in the types."""


def meaning(name: str) -> str:
    """What a field of this name means: a part's own sentence, or that of what it was before or is since then."""
    if name in PARTS:
        return PARTS[name]
    side, _, part = name.partition("_")
    words = PARTS[part]
    return f"{_SIDES[side]}: {words[0].lower()}{words[1:]}"


_SIDES = {"before": "Before", "after": "Since then"}
