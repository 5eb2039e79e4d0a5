"""What may be done with objectives: their life, their words, their people."""

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


# ── drafting and wording ─────────────────────────────────────────────────────────────────────────


def test_an_objective_begins_as_a_committed_kind_of_draft() -> None:
    then = given(opened).when(drafted)
    then.then(ObjectiveDrafted(cycle=Q1_ID, title=TITLE, kind=ObjectiveKind.COMMITTED))
    assert then.thing(Objective, OBJECTIVE).state is ObjectiveState.DRAFT


def test_an_objective_needs_a_cycle_that_is_there() -> None:
    given().when(drafted).then_refused("NOT_FOUND", "cycle.key")


def test_an_objective_may_be_owned_shared_and_aligned_from_the_beginning() -> None:
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


def test_rewording_changes_what_is_said_and_keeps_what_is_left_out() -> None:
    given(opened, drafted).when(RewordObjective(objective=OBJECTIVE, description="How: by listening")).then(
        ObjectiveReworded(title=TITLE, description="How: by listening")
    )


def test_null_clears_a_description() -> None:
    described = RewordObjective(objective=OBJECTIVE, description="How")
    given(opened, drafted, described).when(RewordObjective(objective=OBJECTIVE, description=None)).then(
        ObjectiveReworded(title=TITLE)
    )


def test_an_objective_that_is_not_there_is_not_found() -> None:
    given(opened).when(committed).then_refused("NOT_FOUND", "objective")


def test_the_id_of_another_kind_is_not_found() -> None:
    given(opened).when(CommitObjective(objective=Q1_ID)).then_refused("NOT_FOUND", "objective")


# ── people ───────────────────────────────────────────────────────────────────────────────────────


def test_an_objective_is_assigned_part_by_part() -> None:
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
def test_who_has_left_is_given_nothing_new(command: Command, field: str) -> None:
    given(ada, ben, opened, drafted, ada_left).when(command).then_refused("CONFLICT", field)


def test_what_somebody_owned_before_they_left_can_still_be_changed() -> None:
    history = (ada, ben, opened, drafted, AssignObjective(objective=OBJECTIVE, owner=ADA), ada_left)
    given(*history).when(AssignObjective(objective=OBJECTIVE, contributors=[BEN])).then(
        ObjectiveAssigned(owner=ADA, contributors=(BEN,))
    )


def test_a_person_who_is_not_there_is_not_found() -> None:
    given(opened, drafted).when(AssignObjective(objective=OBJECTIVE, owner=uuid4())).then_refused("NOT_FOUND", "owner")


def test_a_disbanded_team_is_given_nothing_new() -> None:
    history = (sales, DisbandTeam(team=SALES), opened, drafted)
    given(*history).when(AssignObjective(objective=OBJECTIVE, team=SALES)).then_refused("CONFLICT", "team")


def test_an_objective_takes_a_hundred_contributors_and_no_more() -> None:
    many = AssignObjective(objective=OBJECTIVE, contributors=[uuid4() for _ in range(101)])
    given(opened, drafted).when(many).then_refused("TOO_LARGE", "contributors")


# ── who sees it ──────────────────────────────────────────────────────────────────────────────────

private = called("objective", DraftObjective(cycle=Q1, title=TITLE, team=SALES, visibility=Visibility.TEAM))
shown = SetObjectiveVisibility(objective=OBJECTIVE, visibility=Visibility.WORKSPACE)
hidden = SetObjectiveVisibility(objective=OBJECTIVE, visibility=Visibility.TEAM)


def test_an_objective_is_for_everybody_unless_it_says_otherwise() -> None:
    everybodys = DraftObjective(cycle=Q1, title=TITLE, visibility=Visibility.WORKSPACE)
    given(opened).when(everybodys).then(ObjectiveDrafted(cycle=Q1_ID, title=TITLE, kind=ObjectiveKind.COMMITTED))


def test_an_objective_is_hidden_and_shown_again() -> None:
    given(sales, opened, private, shown).when(hidden).then(ObjectiveVisibilitySet(visibility=Visibility.TEAM))
    given(sales, opened, private).when(shown).then(ObjectiveVisibilitySet(visibility=Visibility.WORKSPACE))


def test_what_is_no_teams_is_not_hidden() -> None:
    teamless = DraftObjective(cycle=Q1, title=TITLE, visibility=Visibility.TEAM)
    given(opened).when(teamless).then_refused("INVALID", "visibility")
    given(opened, drafted).when(hidden).then_refused("INVALID", "visibility")


def test_what_is_hidden_keeps_a_team_that_sees_it() -> None:
    nobodys = AssignObjective(objective=OBJECTIVE, team=None)
    given(sales, opened, private).when(nobodys).then_refused("INVALID", "team")
    given(sales, opened, private, shown).when(nobodys).then(ObjectiveAssigned())


def test_who_sees_it_can_be_said_of_what_has_ended() -> None:
    history = (sales, opened, private, activated, dropped, closed)
    given(*history).when(shown).then(ObjectiveVisibilitySet(visibility=Visibility.WORKSPACE))


def test_what_is_carried_over_is_seen_by_the_same() -> None:
    carried = CarryObjective(objective=OBJECTIVE, into=Q2)
    new = given(sales, opened, opened_q2, private).when(carried).the(ObjectiveDrafted)
    assert new.visibility is Visibility.TEAM


# ── life ─────────────────────────────────────────────────────────────────────────────────────────


def test_a_draft_is_committed() -> None:
    given(opened, drafted).when(committed).then(ObjectiveCommitted())


def test_a_draft_is_not_closed() -> None:
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
def test_what_has_ended_is_reopened_before_it_is_changed(command: Command, ending: Command) -> None:
    field = "keyResult" if hasattr(command, "key_result") else "objective"
    given(ada, *working, other, ending).when(command).then_refused("CLOSED", field, "reopen it first")


def test_a_closed_cycle_is_named_by_the_field_that_leads_to_it() -> None:
    closed = (ada, *working, finished, CloseCycle(cycle=CycleBy(key="2026-q1")))
    reworded = RewordObjective(objective=OBJECTIVE, title="Otherwise")
    given(*closed).when(reworded).then_refused("CLOSED", "objective", "closed")


def test_a_closed_objective_is_not_dropped() -> None:
    given(*working, finished).when(dropped).then_refused("CLOSED", "objective")


def test_reopening_takes_the_scores_back_with_the_outcome() -> None:
    reopened = ReopenObjective(objective=OBJECTIVE, reason="closed too soon")
    then = given(*working, checked_in(5), finished).when(reopened)
    then.then(KeyResultReopened(), ObjectiveReopened())
    assert then.thing(Objective, OBJECTIVE).state is ObjectiveState.ACTIVE
    assert then.thing(KeyResult, KEY_RESULT).state is KeyResultState.ACTIVE
    assert then.thing(KeyResult, KEY_RESULT).score is None


def test_a_dropped_objective_may_be_reopened() -> None:
    given(*working, dropped).when(ReopenObjective(objective=OBJECTIVE, reason="after all")).then(ObjectiveReopened())


def test_a_reopened_objective_is_closed_again_with_a_new_outcome() -> None:
    reopened = ReopenObjective(objective=OBJECTIVE, reason="closed too soon")
    then = given(*working, checked_in(5), finished, reopened, CheckIn(key_result=KEY_RESULT, value=9)).when(finished)
    assert then.the(ObjectiveClosed).score == 0.9
