"""Effective times in the past: closing and carrying as of a moment need goals that have not changed since."""

from datetime import datetime

import pytest

from domain.commands.command import Command
from domain.commands.cycle_commands import ActivateCycle, CloseCycle
from domain.commands.key_result_commands import AddKeyResult, RetargetKeyResult, ReweighKeyResult, ScoreKeyResult
from domain.commands.objective_commands import (
    CarryObjective,
    CloseObjective,
    DropObjective,
    KeyResultScore,
    RewordObjective,
)
from domain.model.key_result import KeyResult, KeyResultAdded, KeyResultScored
from domain.model.objective import ObjectiveClosed
from domain.primitives.rules import Rule
from domain.primitives.values import KeyResultState, Verdict
from tests.domain.given_goals import (
    KEY_RESULT,
    OBJECTIVE,
    Q1,
    Q2,
    ZERO_TO_TEN,
    ZERO_TO_TWENTY,
    added,
    checked_in,
    drafted,
    dropped_key_result,
    opened,
    opened_q2,
)
from tests.domain.scenario import Then, called, given, made, on
from tests.metric_input import as_input

history = (on(1, 5), opened, drafted, added, ActivateCycle(cycle=Q1), on(2, 10), checked_in(5), on(3, 10))
"""A quarter since 5 January, with one key result at 0.5; now it is 10 March."""

BEFORE = on(1, 2)
reweighed = ReweighKeyResult(key_result=KEY_RESULT, weight=2, reason="twice as much", effective_at=on(3, 1))


def closing(at: datetime, scores: list[KeyResultScore] | None = None) -> CloseObjective:
    return CloseObjective(objective=OBJECTIVE, effective_at=at, scores=scores or [])


def rule_of(then: Then) -> str:
    """The rule by which the effective time is refused."""
    (problem,) = then.then_refused("INVALID", "effectiveAt").problems
    return problem.rule


# ── closing ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "change",
    [
        reweighed,
        ScoreKeyResult(key_result=KEY_RESULT, score=0.9),
        dropped_key_result,
        called("second", AddKeyResult(objective=OBJECTIVE, title="Replies", metric=as_input(ZERO_TO_TEN))),
    ],
)
def test_objective_is_not_closed_before_the_last_change_of_a_key_result(change: Command) -> None:
    then = given(*history, change).when(closing(on(2, 20)))
    assert rule_of(then) is Rule.BEFORE_LAST_CHANGE


def test_objective_is_not_dropped_before_the_last_change_of_a_key_result() -> None:
    dropped = DropObjective(objective=OBJECTIVE, reason="No time", effective_at=on(2, 20))
    assert rule_of(given(*history, reweighed).when(dropped)) is Rule.BEFORE_LAST_CHANGE


def test_scores_given_by_a_closing_before_the_key_result_was_added_are_refused() -> None:
    second = called("second", AddKeyResult(objective=OBJECTIVE, title="Replies", metric=as_input(ZERO_TO_TEN)))
    scored = closing(on(2, 20), [KeyResultScore(made("second"), 0.5)])
    given(*history, second).when(scored).then_refused("INVALID", "effectiveAt")


def test_closing_after_the_last_change_scores_the_key_results_as_of_the_closing() -> None:
    then = given(*history, reweighed).when(closing(on(3, 2)))
    then.then(KeyResultScored(score=0.5), ObjectiveClosed(verdict=Verdict.MISSED, score=0.5))
    then.effective(on(3, 2), on(3, 2))
    assert then.aggregate(KeyResult, KEY_RESULT).state is KeyResultState.SCORED


def test_cycle_is_not_closed_with_its_objectives_before_the_last_change_of_a_key_result() -> None:
    as_of_february = CloseCycle(cycle=Q1, close_objectives=True, effective_at=on(2, 20))
    given(*history, reweighed).when(as_of_february).then_refused("INVALID", "effectiveAt")


@pytest.mark.parametrize("command", [closing(BEFORE), CloseCycle(cycle=Q1, close_objectives=True, effective_at=BEFORE)])
@pytest.mark.parametrize("measures", [(), (added,)])
def test_objective_is_not_closed_before_its_cycle_was_opened(command: Command, measures: tuple[Command, ...]) -> None:
    base = given(on(1, 5), opened, drafted, *measures, ActivateCycle(cycle=Q1), on(3, 10))
    assert rule_of(base.when(command)) is Rule.BEFORE_PARENT


def test_objective_is_not_closed_before_its_own_last_change() -> None:
    base = given(on(1, 5), opened, drafted, on(2, 1), ActivateCycle(cycle=Q1), on(3, 10))
    assert rule_of(base.when(closing(on(1, 20)))) is Rule.BEFORE_LAST_CHANGE


def test_cycle_without_objectives_is_not_closed_before_it_was_opened() -> None:
    base = given(on(1, 5), opened, ActivateCycle(cycle=Q1), on(3, 10))
    base.when(CloseCycle(cycle=Q1, effective_at=BEFORE)).then_refused("INVALID", "effectiveAt")


# ── carrying ─────────────────────────────────────────────────────────────────────────────────────

raised = RetargetKeyResult(
    key_result=KEY_RESULT, metric=as_input(ZERO_TO_TWENTY), reason="more is needed", effective_at=on(3, 1)
)
reworded = RewordObjective(objective=OBJECTIVE, title="Delight everyone who uses us", effective_at=on(3, 1))


@pytest.mark.parametrize("change", [raised, reworded, dropped_key_result])
def test_objective_is_not_carried_before_its_last_change_or_that_of_a_key_result(change: Command) -> None:
    carrying = CarryObjective(objective=OBJECTIVE, into=Q2, effective_at=on(2, 20))
    base = given(on(1, 5), opened_q2, *history, change)
    assert rule_of(base.when(carrying)) is Rule.BEFORE_LAST_CHANGE


def test_objective_is_carried_as_of_a_time_after_its_last_change() -> None:
    carrying = CarryObjective(objective=OBJECTIVE, into=Q2, effective_at=on(3, 2))
    then = given(on(1, 5), opened_q2, *history, raised).when(carrying)
    assert (then.the(KeyResultAdded).metric.start, then.the(KeyResultAdded).metric.target) == (5.0, 20.0)
    then.effective(on(3, 2), on(3, 2))
