"""The end of a key result: what is measured after it is refused, and what is known later about the time before."""

from datetime import date

import pytest

from domain.commands.command import Command, verb
from domain.commands.cycle_commands import CloseCycle
from domain.commands.key_result_commands import (
    AddKeyResult,
    AssignKeyResult,
    CheckIn,
    CorrectCheckIn,
    DropKeyResult,
    MetricInput,
    RescheduleKeyResult,
    RetargetKeyResult,
    ReweighKeyResult,
    RewordKeyResult,
    ScoreKeyResult,
    UnlinkKpi,
)
from domain.commands.objective_commands import CloseObjective, ReopenObjective
from domain.model.key_result import KeyResult
from domain.model.measurements.check_in import CheckInCorrected, KeyResultCheckedIn
from domain.model.objective import Objective, ObjectiveClosed
from domain.primitives.values import Direction, Verdict
from tests.domain.given_goals import (
    ADA,
    CHECK_IN,
    KEY_RESULT,
    OBJECTIVE,
    Q1,
    ZERO_TO_TWENTY,
    ada,
    checked_in,
    closed,
    defined,
    drafted,
    dropped,
    dropped_key_result,
    finished,
    linked,
    opened,
    read,
    working,
)
from tests.domain.scenario import called, given, on
from tests.metric_input import as_input

ENDINGS: list[Command] = [dropped_key_result, finished, dropped, closed]
ENDED = on(2, 20)
AFTER = on(3, 1)


def late(value: float = 5, month: int = 2, day: int = 15, reason: str | None = None) -> CheckIn:
    return CheckIn(key_result=KEY_RESULT, value=value, measured_at=on(month, day), reason=reason)


# ── the end ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("ending", ENDINGS, ids=lambda command: verb(type(command)))
def test_check_in_measured_after_the_end_is_refused_with_the_time_of_the_end(ending: Command) -> None:
    ended = given(*working, ENDED, ending, AFTER)
    ended.when(late(5, 2, 25, "found it")).then_refused("CLOSED", "measuredAt", ENDED.isoformat())
    ended.when(CheckIn(key_result=KEY_RESULT, value=5, reason="now")).then_refused("CLOSED", "keyResult")


def test_window_ends_at_the_first_of_its_ends() -> None:
    ended = given(*working, ENDED, finished, on(2, 25), CloseCycle(cycle=Q1), AFTER)
    ended.when(late(5, 2, 22, "found it")).then_refused("CLOSED", "measuredAt", ENDED.isoformat())
    assert ended.when(late(reason="found it")).the(KeyResultCheckedIn).late


def test_check_in_measured_at_the_end_is_within_the_window() -> None:
    ended = given(*working, ENDED, finished, AFTER)
    at_the_end = CheckIn(key_result=KEY_RESULT, value=5, measured_at=ENDED)
    assert ended.when(at_the_end).topics() == ["key-result-checked-in"]


def test_correction_of_a_check_in_measured_after_the_end_is_refused() -> None:
    closed_before = CloseObjective(objective=OBJECTIVE, effective_at=on(2, 15))
    corrected = CorrectCheckIn(check_in=CHECK_IN, value=4, reason="miscounted")
    given(*working, ENDED, checked_in(3, 2, 18), AFTER, closed_before).when(corrected).then_refused("CLOSED", "checkIn")


# ── facts about the window that arrive late ──────────────────────────────────────────────────────


@pytest.mark.parametrize("ending", [dropped_key_result, finished, dropped], ids=lambda command: verb(type(command)))
def test_check_in_within_the_window_needs_no_reason_while_the_cycle_is_open(ending: Command) -> None:
    then = given(*working, ENDED, ending, AFTER).when(late())
    then.then(KeyResultCheckedIn(key_result=KEY_RESULT, value=5.0))
    then.effective(on(2, 15))


def test_check_in_within_the_window_of_a_closed_cycle_needs_a_reason_and_is_late() -> None:
    ended = given(*working, checked_in(4), ENDED, closed, AFTER)
    ended.when(late()).then_refused("INVALID", "reason")
    ended.when(late(reason="found it")).then(KeyResultCheckedIn(key_result=KEY_RESULT, value=5.0, late=True))


def test_correction_within_the_window_of_a_closed_cycle_is_late() -> None:
    corrected = CorrectCheckIn(check_in=CHECK_IN, value=5, reason="miscounted")
    given(*working, checked_in(4), ENDED, closed, AFTER).when(corrected).then(CheckInCorrected(value=5.0, late=True))


def test_late_facts_change_no_score_and_no_outcome() -> None:
    then = given(*working, checked_in(4), ENDED, closed, AFTER, late(9, reason="found it")).when(late(10, 2, 16, "too"))
    assert then.aggregate(KeyResult, KEY_RESULT).score == 0.4
    assert then.aggregate(Objective, OBJECTIVE).outcome == ("MISSED", 0.4, None)


def test_readings_of_a_linked_kpi_need_no_reason_after_the_end() -> None:
    then = given(defined, *working, linked, ENDED, closed, AFTER).when(read(5, 2, 15))
    assert then.topics() == ["reading-recorded"]


def test_check_ins_go_on_after_the_objective_is_reopened() -> None:
    reopened = ReopenObjective(objective=OBJECTIVE, reason="closed too soon")
    then = given(*working, ENDED, finished, AFTER, reopened).when(late(5, 2, 25))
    then.then(KeyResultCheckedIn(key_result=KEY_RESULT, value=5.0))


def test_measurements_between_closing_and_reopening_count_again() -> None:
    reopened = ReopenObjective(objective=OBJECTIVE, reason="closed too soon")
    history = (defined, *working, linked, read(2), ENDED, finished, AFTER, read(9, 2, 25))
    assert given(*history, reopened).when(finished).the(ObjectiveClosed).score == 0.9


# ── scored by a person before the end ────────────────────────────────────────────────────────────

SCORED = ScoreKeyResult(key_result=KEY_RESULT, score=0.5)


@pytest.mark.parametrize(
    "command",
    [
        CheckIn(key_result=KEY_RESULT, value=6),
        CorrectCheckIn(check_in=CHECK_IN, value=6, reason="miscounted"),
        RewordKeyResult(key_result=KEY_RESULT, title="Otherwise"),
        AssignKeyResult(key_result=KEY_RESULT, owner=ADA),
        RetargetKeyResult(key_result=KEY_RESULT, metric=as_input(ZERO_TO_TWENTY), reason="more"),
        RescheduleKeyResult(key_result=KEY_RESULT, due=date(2026, 3, 1), reason="sooner"),
        ReweighKeyResult(key_result=KEY_RESULT, weight=2, reason="matters more"),
        ScoreKeyResult(key_result=KEY_RESULT, score=0.6),
        DropKeyResult(key_result=KEY_RESULT, reason="no"),
        linked,
    ],
    ids=lambda command: verb(type(command)),
)
def test_key_result_scored_by_a_person_goes_on(command: Command) -> None:
    then = given(ada, defined, *working, checked_in(3), SCORED).when(command)
    assert len(then.topics()) == 1


def test_scored_key_result_can_be_unlinked() -> None:
    then = given(defined, *working, linked, SCORED).when(UnlinkKpi(key_result=KEY_RESULT))
    assert then.topics() == ["key-result-unlinked"]


def test_score_of_a_person_stays_when_measurements_follow() -> None:
    then = given(*working, SCORED, checked_in(9)).when(finished)
    then.then(ObjectiveClosed(verdict=Verdict.MISSED, score=0.5))


# ── DONE ─────────────────────────────────────────────────────────────────────────────────────────

done = called("key result", AddKeyResult(objective=OBJECTIVE, title="Shipped", metric=MetricInput(Direction.DONE)))


@pytest.mark.parametrize("value", [-0.1, 1.1, 100, float("nan")])
def test_value_of_done_is_between_0_and_1(value: float) -> None:
    base = given(opened, drafted, done, called("check-in", CheckIn(key_result=KEY_RESULT, value=0.5)))
    base.when(CheckIn(key_result=KEY_RESULT, value=value)).then_refused("INVALID", "value")
    base.when(CorrectCheckIn(check_in=CHECK_IN, value=value, reason="why not")).then_refused("INVALID", "value")


@pytest.mark.parametrize("value", [0, 0.5, 1])
def test_done_may_be_partly_done(value: float) -> None:
    then = given(opened, drafted, done).when(CheckIn(key_result=KEY_RESULT, value=value))
    assert then.the(KeyResultCheckedIn).value == value
