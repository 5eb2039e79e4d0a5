"""Objectives: texts, assignments, visibility, and lifecycle."""

from uuid import uuid4

import pytest

from domain.commands.command import Command, CycleBy, verb
from domain.commands.cycle_commands import CloseCycle
from domain.commands.discussion_commands import PlanInitiative
from domain.commands.key_result_commands import AddKeyResult, CheckIn, RetargetKeyResult, ScoreKeyResult
from domain.commands.kpi_commands import DefineKpi
from domain.commands.objective_commands import (
    AlignObjective,
    AssignObjective,
    CarryObjective,
    CloseObjective,
    CommitObjective,
    DraftObjective,
    ReopenObjective,
    RewordObjective,
    SetObjectiveVisibility,
)
from domain.commands.people_commands import DisbandTeam
from domain.model.key_result import KeyResult, KeyResultReopened
from domain.model.objective import (
    Objective,
    ObjectiveAssigned,
    ObjectiveClosed,
    ObjectiveCommitted,
    ObjectiveDrafted,
    ObjectiveDropped,
    ObjectiveReopened,
    ObjectiveReworded,
    ObjectiveVisibilitySet,
)
from domain.primitives.values import KeyResultState, ObjectiveKind, ObjectiveState, Visibility
from tests.domain.given_goals import (
    ADA,
    BEN,
    KEY_RESULT,
    OBJECTIVE,
    OTHER,
    Q1,
    Q1_ID,
    Q2,
    SALES,
    activated,
    ada,
    ada_left,
    added,
    ben,
    checked_in,
    closed,
    committed,
    drafted,
    dropped,
    finished,
    objective_ref,
    opened,
    opened_q2,
    other,
    sales,
    working,
)
from tests.domain.scenario import called, given

TITLE = "Delight the people who use us"


# ── drafting and rewording ───────────────────────────────────────────────────────────────────────


def test_a_new_objective_is_a_draft_of_kind_committed() -> None:
    then = given(opened).when(drafted)
    then.then(ObjectiveDrafted(cycle=Q1_ID, title=TITLE, kind=ObjectiveKind.COMMITTED))
    assert then.aggregate(Objective, OBJECTIVE).state is ObjectiveState.DRAFT


def test_an_objective_needs_an_existing_cycle() -> None:
    given().when(drafted).then_refused("NOT_FOUND", "cycle.key")


def test_an_objective_may_be_drafted_with_owner_team_contributors_and_alignment() -> None:
    whole = DraftObjective(
        cycle=Q1, title=TITLE, owner=ADA, team=SALES, contributors=[BEN, BEN], supports=[objective_ref(OTHER)]
    )
    given(ada, ben, sales, opened, other).when(whole).then(
        ObjectiveDrafted(
            cycle=Q1_ID,
            title=TITLE,
            kind=ObjectiveKind.COMMITTED,
            owner=ADA,
            team=SALES,
            contributors=(BEN,),
            supports=(objective_ref(OTHER),),
        )
    )


def test_rewording_keeps_omitted_fields() -> None:
    given(opened, drafted).when(RewordObjective(objective=OBJECTIVE, description="How: by listening")).then(
        ObjectiveReworded(title=TITLE, description="How: by listening")
    )


def test_null_clears_a_description() -> None:
    described = RewordObjective(objective=OBJECTIVE, description="How")
    given(opened, drafted, described).when(RewordObjective(objective=OBJECTIVE, description=None)).then(
        ObjectiveReworded(title=TITLE)
    )


def test_unknown_objective_is_not_found() -> None:
    given(opened).when(committed).then_refused("NOT_FOUND", "objective")


def test_id_of_another_aggregate_type_is_not_found() -> None:
    given(opened).when(CommitObjective(objective=Q1_ID)).then_refused("NOT_FOUND", "objective")


# ── assignments ──────────────────────────────────────────────────────────────────────────────────


def test_assigning_keeps_omitted_fields() -> None:
    history = (ada, ben, sales, opened, drafted, AssignObjective(objective=OBJECTIVE, owner=ADA))
    given(*history).when(AssignObjective(objective=OBJECTIVE, team=SALES, contributors=[BEN])).then(
        ObjectiveAssigned(owner=ADA, team=SALES, contributors=(BEN,))
    )
    given(*history).when(AssignObjective(objective=OBJECTIVE, owner=None)).then(ObjectiveAssigned())


@pytest.mark.parametrize(
    ("command", "field"),
    [
        (AssignObjective(objective=OBJECTIVE, owner=ADA), "owner"),
        (AssignObjective(objective=OBJECTIVE, contributors=[BEN, ADA]), "contributors"),
        (DraftObjective(cycle=Q1, title=TITLE, owner=ADA), "owner"),
        (AddKeyResult(objective=OBJECTIVE, title="Sessions", metric=added.metric, owner=ADA), "owner"),
        (DefineKpi(key="k", name="K", owner=ADA), "owner"),
        (PlanInitiative(title="Work", subject=objective_ref(), owner=ADA), "owner"),
    ],
)
def test_deactivated_person_cannot_be_assigned(command: Command, field: str) -> None:
    given(ada, ben, opened, drafted, ada_left).when(command).then_refused("CONFLICT", field)


def test_objective_of_a_deactivated_owner_can_be_changed() -> None:
    history = (ada, ben, opened, drafted, AssignObjective(objective=OBJECTIVE, owner=ADA), ada_left)
    given(*history).when(AssignObjective(objective=OBJECTIVE, contributors=[BEN])).then(
        ObjectiveAssigned(owner=ADA, contributors=(BEN,))
    )


def test_unknown_person_is_not_found() -> None:
    given(opened, drafted).when(AssignObjective(objective=OBJECTIVE, owner=uuid4())).then_refused("NOT_FOUND", "owner")


def test_disbanded_team_cannot_be_assigned() -> None:
    history = (sales, DisbandTeam(team=SALES), opened, drafted)
    given(*history).when(AssignObjective(objective=OBJECTIVE, team=SALES)).then_refused("CONFLICT", "team")


def test_an_objective_has_at_most_100_contributors() -> None:
    many = AssignObjective(objective=OBJECTIVE, contributors=[uuid4() for _ in range(101)])
    given(opened, drafted).when(many).then_refused("TOO_LARGE", "contributors")


# ── visibility ───────────────────────────────────────────────────────────────────────────────────

private = called("objective", DraftObjective(cycle=Q1, title=TITLE, team=SALES, visibility=Visibility.TEAM))
shown = SetObjectiveVisibility(objective=OBJECTIVE, visibility=Visibility.WORKSPACE)
hidden = SetObjectiveVisibility(objective=OBJECTIVE, visibility=Visibility.TEAM)


def test_default_visibility_is_the_workspace() -> None:
    visible = DraftObjective(cycle=Q1, title=TITLE, visibility=Visibility.WORKSPACE)
    given(opened).when(visible).then(ObjectiveDrafted(cycle=Q1_ID, title=TITLE, kind=ObjectiveKind.COMMITTED))


def test_visibility_can_be_changed_in_both_directions() -> None:
    given(sales, opened, private, shown).when(hidden).then(ObjectiveVisibilitySet(visibility=Visibility.TEAM))
    given(sales, opened, private).when(shown).then(ObjectiveVisibilitySet(visibility=Visibility.WORKSPACE))


def test_objective_without_a_team_cannot_be_private() -> None:
    teamless = DraftObjective(cycle=Q1, title=TITLE, visibility=Visibility.TEAM)
    given(opened).when(teamless).then_refused("INVALID", "visibility")
    given(opened, drafted).when(hidden).then_refused("INVALID", "visibility")


def test_private_objective_must_keep_a_team() -> None:
    without_team = AssignObjective(objective=OBJECTIVE, team=None)
    given(sales, opened, private).when(without_team).then_refused("INVALID", "team")
    given(sales, opened, private, shown).when(without_team).then(ObjectiveAssigned())


def test_visibility_of_a_dropped_objective_in_a_closed_cycle_can_be_changed() -> None:
    history = (sales, opened, private, activated, dropped, closed)
    given(*history).when(shown).then(ObjectiveVisibilitySet(visibility=Visibility.WORKSPACE))


def test_carried_objective_keeps_its_visibility() -> None:
    carried = CarryObjective(objective=OBJECTIVE, into=Q2)
    new = given(sales, opened, opened_q2, private).when(carried).the(ObjectiveDrafted)
    assert new.visibility is Visibility.TEAM


# ── lifecycle ────────────────────────────────────────────────────────────────────────────────────


def test_a_draft_is_committed() -> None:
    given(opened, drafted).when(committed).then(ObjectiveCommitted())


def test_a_draft_cannot_be_closed() -> None:
    given(opened, drafted).when(finished).then_refused("CONFLICT", "objective")


def test_a_draft_may_be_dropped() -> None:
    given(opened, drafted).when(dropped).then(ObjectiveDropped())


@pytest.mark.parametrize("ending", [finished, dropped])
@pytest.mark.parametrize(
    "command",
    [
        RewordObjective(objective=OBJECTIVE, title="Otherwise"),
        AssignObjective(objective=OBJECTIVE, owner=ADA),
        AlignObjective(objective=OBJECTIVE, to=objective_ref(OTHER)),
        CommitObjective(objective=OBJECTIVE),
        CloseObjective(objective=OBJECTIVE, score=0.9),
        AddKeyResult(objective=OBJECTIVE, title="Sessions", metric=added.metric),
        RetargetKeyResult(key_result=KEY_RESULT, metric=added.metric, reason="why not"),
        ScoreKeyResult(key_result=KEY_RESULT, score=0.9),
    ],
    ids=lambda command: verb(type(command)),
)
def test_ended_objective_refuses_changes_until_reopened(command: Command, ending: Command) -> None:
    field = "keyResult" if hasattr(command, "key_result") else "objective"
    given(ada, *working, other, ending).when(command).then_refused("CLOSED", field, "reopen it first")


def test_closed_cycle_is_reported_at_the_field_of_the_subject() -> None:
    closed = (ada, *working, finished, CloseCycle(cycle=CycleBy(key="2026-q1")))
    reworded = RewordObjective(objective=OBJECTIVE, title="Otherwise")
    given(*closed).when(reworded).then_refused("CLOSED", "objective", "closed")


def test_a_closed_objective_cannot_be_dropped() -> None:
    given(*working, finished).when(dropped).then_refused("CLOSED", "objective")


def test_reopening_removes_the_outcome_and_the_scores() -> None:
    reopened = ReopenObjective(objective=OBJECTIVE, reason="closed too soon")
    then = given(*working, checked_in(5), finished).when(reopened)
    then.then(KeyResultReopened(), ObjectiveReopened())
    assert then.aggregate(Objective, OBJECTIVE).state is ObjectiveState.ACTIVE
    assert then.aggregate(KeyResult, KEY_RESULT).state is KeyResultState.ACTIVE
    assert then.aggregate(KeyResult, KEY_RESULT).score is None


def test_a_dropped_objective_may_be_reopened() -> None:
    given(*working, dropped).when(ReopenObjective(objective=OBJECTIVE, reason="after all")).then(ObjectiveReopened())


def test_a_reopened_objective_is_closed_again_with_a_new_outcome() -> None:
    reopened = ReopenObjective(objective=OBJECTIVE, reason="closed too soon")
    then = given(*working, checked_in(5), finished, reopened, CheckIn(key_result=KEY_RESULT, value=9)).when(finished)
    assert then.the(ObjectiveClosed).score == 0.9
