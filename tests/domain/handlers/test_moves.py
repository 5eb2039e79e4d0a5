"""Moving key results to other objectives, and objectives to other cycles."""

from datetime import date

import pytest
from msgspec import structs

from domain.commands.command import Command
from domain.commands.cycle_commands import AbandonCycle, CloseCycle, OpenCycle
from domain.commands.key_result_commands import (
    AddKeyResult,
    CheckIn,
    MoveKeyResult,
    PlanKeyResult,
    RescheduleKeyResult,
    ScoreKeyResult,
)
from domain.commands.objective_commands import (
    AlignObjective,
    AssignObjective,
    CloseObjective,
    CommitObjective,
    DraftObjective,
    DropObjective,
    MoveObjective,
)
from domain.commands.permissions import Author, Role
from domain.handlers.unit_of_work import keyed_id
from domain.model.key_result import KeyResult, KeyResultMoved, KeyResultScored
from domain.model.objective import Objective, ObjectiveMoved, ObjectiveUnaligned
from domain.primitives.values import Kind, ObjectiveKind, PlanPoint, Source, Verdict
from tests.domain.given_goals import (
    ADA,
    BEN,
    KEY_RESULT,
    OBJECTIVE,
    OTHER,
    Q1,
    Q2,
    THIRD,
    YEAR,
    ZERO_TO_TEN,
    ada,
    ben,
    checked_in,
    closed,
    dropped_key_result,
    finished,
    key_result_ref,
    objective_ref,
    opened_q2,
    opened_year,
    other,
    third,
    working,
)
from tests.domain.scenario import called, given, made, on
from tests.metric_input import as_input

Q2_ID = keyed_id(Kind.CYCLE, "2026-q2")
MARCH_31, JUNE_30 = date(2026, 3, 31), date(2026, 6, 30)
to_other = MoveKeyResult(key_result=KEY_RESULT, to=OTHER)
to_q2 = MoveObjective(objective=OBJECTIVE, to=Q2)
later = called("later", DraftObjective(cycle=Q2, title="Last in the south"))
LATER = made("later")
moved = KeyResultMoved(objective=OTHER, due=MARCH_31)
company = (*working, other, opened_q2, later, opened_year)

# ── key results ──────────────────────────────────────────────────────────────────────────────────


def test_a_key_result_moves_to_another_objective() -> None:
    then = given(*company).when(to_other)
    then.then(moved)
    assert then.aggregate(KeyResult, KEY_RESULT).objective == OTHER


def test_moving_to_where_it_is_records_nothing() -> None:
    given(*company).when(structs.replace(to_other, to=OBJECTIVE)).then_nothing()
    given(*company, to_other).when(to_other).then_nothing()


@pytest.mark.parametrize(
    ("ended", "field"),
    [
        (finished, "keyResult"),
        (DropObjective(objective=OBJECTIVE, reason="no"), "keyResult"),
        (dropped_key_result, "keyResult"),
        (closed, "keyResult"),
        (DropObjective(objective=OTHER, reason="no"), "to"),
    ],
)
def test_a_key_result_is_not_moved_from_or_to_what_has_ended(ended: Command, field: str) -> None:
    given(*company, ended).when(to_other).then_refused("CLOSED", field)


def test_a_key_result_is_not_moved_into_a_closed_cycle() -> None:
    gone = AbandonCycle(cycle=Q2, reason="mistyped")
    given(*company, gone).when(structs.replace(to_other, to=LATER)).then_refused("CLOSED", "to")


def test_due_day_and_plan_follow_into_another_cycle() -> None:
    planned = PlanKeyResult(key_result=KEY_RESULT, points=[PlanPoint(date(2026, 2, 14), 4.0)], reason="slowly")
    to_later = structs.replace(to_other, to=LATER)
    plan = (PlanPoint(date(2026, 5, 13), 4.0), PlanPoint(JUNE_30, 10.0))
    given(*company, planned).when(to_later).then(KeyResultMoved(objective=LATER, due=JUNE_30, plan=plan))
    own = RescheduleKeyResult(key_result=KEY_RESULT, due=date(2026, 3, 1), reason="early")
    given(*company, own).when(to_later).then(KeyResultMoved(objective=LATER, due=date(2026, 3, 1)))


def test_a_moved_key_result_ends_with_its_new_objective() -> None:
    base = given(*company, CommitObjective(objective=OTHER), checked_in(5), to_other)
    assert base.when(finished).topics() == ["objective-closed"]
    closing = CloseObjective(objective=OTHER)
    then = base.when(closing)
    assert then.the(KeyResultScored).score == 0.5
    assert then.aggregate(Objective, OTHER).outcome == (Verdict.MISSED, 0.5, None)
    late = CheckIn(key_result=KEY_RESULT, value=9, measured_at=on(2, 20))
    given(*company, CommitObjective(objective=OTHER), to_other, closing, on(2, 21)).when(late).then_refused("CLOSED")


def test_a_moved_key_result_ends_by_the_kind_of_its_new_objective() -> None:
    bold = called("bold", DraftObjective(cycle=Q1, title="Fly to the moon", kind=ObjectiveKind.ASPIRATIONAL))
    steps = (bold, CommitObjective(objective=made("bold")), checked_in(7), MoveKeyResult(KEY_RESULT, made("bold")))
    then = given(*company, *steps).when(CloseObjective(objective=made("bold")))
    assert then.aggregate(Objective, made("bold")).outcome == (Verdict.ACHIEVED, 0.7, None)


def test_a_score_moves_along() -> None:
    base = given(*company, ScoreKeyResult(key_result=KEY_RESULT, score=0.3), CommitObjective(objective=OTHER), to_other)
    assert base.when(CloseObjective(objective=OTHER)).aggregate(Objective, OTHER).outcome == (Verdict.MISSED, 0.3, None)


def test_moving_back_and_forth() -> None:
    back = structs.replace(to_other, to=OBJECTIVE)
    base = given(*company, to_other, back, to_other, back)
    assert base.when(finished).topics() == ["key-result-scored", "objective-closed"]


def test_a_closing_as_of_before_the_move_is_refused() -> None:
    early = structs.replace(finished, effective_at=on(2, 11))
    given(*company, on(2, 12), to_other, on(2, 13)).when(early).then_refused("INVALID", "effectiveAt")


def test_a_member_moves_only_between_own_objectives() -> None:
    lead = Author(f"person:{ADA}", Source.API, frozenset({Role.MEMBER}))
    base = (ada, ben, *company, AssignObjective(objective=OBJECTIVE, owner=ADA))
    given(*base).when(to_other, lead).then_refused("FORBIDDEN")
    given(*base, AssignObjective(objective=OTHER, owner=BEN)).when(to_other, lead).then_refused("FORBIDDEN")
    given(*base, AssignObjective(objective=OTHER, owner=ADA)).when(to_other, lead).then(moved)


def test_alignments_to_a_key_result_go_along() -> None:
    aligned = AlignObjective(objective=THIRD, to=key_result_ref())
    given(*company, third, aligned).when(to_other).then(structs.replace(moved, supported_by=(THIRD,)))
    then = given(*company, third, aligned).when(structs.replace(to_other, to=LATER))
    then.then(KeyResultMoved(objective=LATER, due=JUNE_30), ObjectiveUnaligned(to=key_result_ref()))


def test_a_key_result_is_not_moved_into_an_objective_that_supports_it() -> None:
    aligned = AlignObjective(objective=OTHER, to=key_result_ref())
    refused = given(*company, aligned).when(to_other).then_refused("CIRCULAR", "to")
    assert (
        refused.message
        == "'Be known in the north' supports this key result, directly or indirectly; choose another objective."
    )
    above = AlignObjective(objective=OTHER, to=objective_ref(THIRD))
    through = AlignObjective(objective=THIRD, to=key_result_ref())
    given(*company, third, through, above).when(to_other).then_refused("CIRCULAR", "to")


def test_a_key_result_that_is_moved_in_meanwhile_is_scored_too() -> None:
    base = given(*company, CommitObjective(objective=OTHER)).meanwhile("append", to_other)
    topics = base.when(CloseObjective(objective=OTHER)).topics()
    assert topics == ["key-result-moved", "key-result-scored", "objective-closed"]


def test_an_objective_that_closes_meanwhile_takes_nothing() -> None:
    base = given(*company, CommitObjective(objective=OTHER)).meanwhile("append", DropObjective(OTHER, reason="no"))
    refused = base.when(to_other).refused
    assert refused is not None
    assert refused.code == "CLOSED"


# ── objectives ───────────────────────────────────────────────────────────────────────────────────


def test_an_objective_moves_whole() -> None:
    extra = AddKeyResult(objective=OBJECTIVE, title="Calls", metric=as_input(ZERO_TO_TEN), due=date(2026, 3, 15))
    here = KeyResultMoved(objective=OBJECTIVE, due=JUNE_30)
    then = given(*company, called("extra", extra)).when(to_q2)
    then.then(ObjectiveMoved(cycle=Q2_ID), here, structs.replace(here, due=date(2026, 3, 15)))
    assert then.aggregate(Objective, OBJECTIVE).cycle == Q2_ID


def test_dropped_key_results_move_along_as_they_are() -> None:
    then = given(*company, dropped_key_result).when(to_q2)
    then.then(ObjectiveMoved(cycle=Q2_ID), KeyResultMoved(objective=OBJECTIVE, due=MARCH_31))


def test_moving_an_objective_to_where_it_is_records_nothing() -> None:
    given(*company).when(structs.replace(to_q2, to=Q1)).then_nothing()
    given(*company, to_q2).when(to_q2).then_nothing()


def test_an_objective_is_not_moved_from_or_to_what_has_ended() -> None:
    given(*company, closed).when(to_q2).then_refused("CLOSED", "objective")
    given(*company, finished).when(to_q2).then_refused("CLOSED", "objective")
    given(*company, AbandonCycle(cycle=Q2, reason="mistyped")).when(to_q2).then_refused("CLOSED", "to")


def test_alignments_to_goals_of_cycles_that_do_not_overlap_end() -> None:
    yearly = called("yearly", DraftObjective(cycle=YEAR, title="Be known everywhere"))
    above = objective_ref(made("yearly"))
    aligned = (
        AlignObjective(objective=OBJECTIVE, to=objective_ref(THIRD)),
        AlignObjective(objective=OBJECTIVE, to=above),
        AlignObjective(objective=OTHER, to=key_result_ref()),
    )
    then = given(*company, third, yearly, *aligned).when(to_q2)
    then.then(
        ObjectiveUnaligned(to=objective_ref(THIRD)),
        ObjectiveMoved(cycle=Q2_ID, supports=(above,)),
        KeyResultMoved(objective=OBJECTIVE, due=JUNE_30),
        ObjectiveUnaligned(to=key_result_ref()),
    )


def test_the_closing_of_a_cycle_covers_what_was_moved_into_it() -> None:
    month = OpenCycle(key="m2", name="M2", starts_on=date(2026, 2, 1), ends_on=date(2026, 2, 28))
    base = given(*company, month, to_q2)
    assert base.when(CloseCycle(cycle=Q1)).topics() == ["cycle-closed"]
    refused = base.when(CloseCycle(cycle=Q2)).then_refused("CONFLICT", "cycle")
    assert "Delight" in refused.message
