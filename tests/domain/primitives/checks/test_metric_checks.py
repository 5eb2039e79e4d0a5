"""Checks of metrics and goals: the code and the field of each rejection."""

import math
import sys

import pytest

from domain.primitives.checks import metric_checks
from domain.primitives.errors import Code, CommandRejected
from domain.primitives.values import Direction, GoalDirection, KpiGoal, Metric, Milestone, Unit
from tests.domain.metrics.builders import metric

HUGE = sys.float_info.max


def refusal_of(given: Metric) -> CommandRejected:
    with pytest.raises(CommandRejected) as refused:
        metric_checks.metric(given, None, "metric")
    return refused.value


REFUSED_METRICS = {
    "increase without start": (Metric(Direction.INCREASE, target=1), "start"),
    "increase without target": (Metric(Direction.INCREASE, start=1), "target"),
    "increase from its target": (Metric(Direction.INCREASE, start=5, target=5), "target"),
    "increase downwards": (Metric(Direction.INCREASE, start=6, target=5), "target"),
    "increase with bounds": (Metric(Direction.INCREASE, start=0, target=1, lower=0), "lower"),
    "decrease without start": (Metric(Direction.DECREASE, target=1), "start"),
    "decrease without target": (Metric(Direction.DECREASE, start=1), "target"),
    "decrease from its target": (Metric(Direction.DECREASE, start=5, target=5), "start"),
    "decrease upwards": (Metric(Direction.DECREASE, start=5, target=6), "start"),
    "at least without target": (Metric(Direction.AT_LEAST, start=1), "target"),
    "at most without target": (Metric(Direction.AT_MOST), "target"),
    "at most with an upper bound": (Metric(Direction.AT_MOST, target=1, upper=2), "upper"),
    "within without lower": (Metric(Direction.WITHIN, upper=1), "lower"),
    "within without upper": (Metric(Direction.WITHIN, lower=1), "upper"),
    "within one point": (Metric(Direction.WITHIN, lower=1, upper=1), "upper"),
    "within crossed bounds": (Metric(Direction.WITHIN, lower=2, upper=1), "upper"),
    "within with a target": (Metric(Direction.WITHIN, lower=1, upper=2, target=1), "target"),
    "within with changeBy": (Metric(Direction.WITHIN, lower=1, upper=2, start=1, change_by=0.1), "changeBy"),
    "no milestones": (Metric(Direction.MILESTONES), "milestones"),
    "milestones with a start": (Metric(Direction.MILESTONES, start=0, milestones=(Milestone("a", "A"),)), "start"),
    "done with a target": (Metric(Direction.DONE, target=1), "target"),
    "done with milestones": (Metric(Direction.DONE, milestones=(Milestone("a", "A"),)), "milestones"),
    "NaN": (Metric(Direction.AT_LEAST, target=math.nan), "target"),
    "infinity": (Metric(Direction.INCREASE, start=-math.inf, target=1), "start"),
    "an integer beyond floats": (Metric(Direction.AT_LEAST, target=10**400), "target"),
    "a span too large to compute": (Metric(Direction.INCREASE, start=-HUGE, target=HUGE), "target"),
    "a bound too far to compute": (Metric(Direction.WITHIN, start=-HUGE, lower=HUGE / 2, upper=HUGE), "lower"),
    "changeBy without start": (Metric(Direction.INCREASE, change_by=0.2), "changeBy"),
    "changeBy of nothing": (Metric(Direction.INCREASE, start=0, change_by=0.2), "changeBy"),
    "changeBy the wrong way": (Metric(Direction.DECREASE, start=20, change_by=0.05), "changeBy"),
    "changeBy beyond floats": (Metric(Direction.AT_LEAST, start=HUGE, change_by=1), "changeBy"),
    "changeBy against target": (Metric(Direction.INCREASE, start=10, target=13, change_by=0.2), "target"),
    "a symbol too long": (Metric(Direction.DONE, unit=Unit(symbol="x" * 65)), "unit.symbol"),
    "a symbol with NUL": (Metric(Direction.DONE, unit=Unit(symbol="\0")), "unit.symbol"),
}


@pytest.mark.parametrize(("given", "field"), REFUSED_METRICS.values(), ids=REFUSED_METRICS.keys())
def test_an_invalid_metric_is_refused_with_its_field(given: Metric, field: str) -> None:
    refused = refusal_of(given)
    assert refused.code is Code.INVALID
    assert ".".join(refused.field) == f"metric.{field}"
    assert refused.message.endswith(".")


REFUSED_MILESTONES = {
    "a key with a space": (Milestone("a b", "A"), ("1", "key")),
    "no key": (Milestone("", "A"), ("1", "key")),
    "a blank title": (Milestone("a", "  "), ("1", "title")),
    "a title too long": (Milestone("a", "x" * 301), ("1", "title")),
    "no weight": (Milestone("a", "A", 0), ("1", "weight")),
    "a negative weight": (Milestone("a", "A", -1), ("1", "weight")),
    "an infinite weight": (Milestone("a", "A", math.inf), ("1", "weight")),
    "the same key again": (Milestone("first", "A"), ("1", "key")),
    "a weight whose sum overflows": (Milestone("a", "A", HUGE), ()),
}


@pytest.mark.parametrize(("milestone", "field"), REFUSED_MILESTONES.values(), ids=REFUSED_MILESTONES.keys())
def test_an_invalid_milestone_is_refused_with_its_field(milestone: Milestone, field: tuple[str, ...]) -> None:
    refused = refusal_of(Metric(Direction.MILESTONES, milestones=(Milestone("first", "First", HUGE), milestone)))
    assert (refused.code, refused.field) == (Code.INVALID, ("metric", "milestones", *field))


def test_milestone_titles_are_trimmed() -> None:
    stored = metric(Direction.MILESTONES, milestones=(Milestone("a", "  Pilot live "),))
    assert stored.milestones == (Milestone("a", "Pilot live", 1.0),)


@pytest.mark.parametrize(
    ("direction", "start", "change_by", "target"),
    [
        (Direction.INCREASE, 200, 0.2, 240),
        (Direction.INCREASE, 0.1, 0.2, 0.12),
        (Direction.INCREASE, 1000, 0.1, 1100),
        (Direction.INCREASE, -50, 0.2, -40),
        (Direction.DECREASE, 20, -0.05, 19),
        (Direction.DECREASE, -50, -0.2, -60),
        (Direction.AT_LEAST, 80, 0.1, 88),
        (Direction.AT_MOST, 0.3, -0.1, 0.27),
    ],
)
def test_change_by_computes_the_target_from_the_start(
    direction: Direction, start: float, change_by: float, target: float
) -> None:
    stored = metric(direction, start=start, change_by=change_by)
    assert (stored.target, stored.change_by) == (target, change_by)


def test_change_by_with_the_wrong_sign_explains_how_to_write_a_decrease() -> None:
    assert "20 % less is -0.2" in refusal_of(Metric(Direction.DECREASE, start=20, change_by=0.05)).message


def test_validating_a_stored_metric_returns_it_unchanged() -> None:
    stored = metric(Direction.INCREASE, start=3, change_by=0.1)
    assert metric_checks.metric(stored, 99.0) == stored


@pytest.mark.parametrize("direction", [Direction.INCREASE, Direction.AT_LEAST])
def test_the_kpi_reading_is_the_default_start(direction: Direction) -> None:
    assert metric(direction, baseline=200, change_by=0.2) == Metric(direction, start=200, target=240, change_by=0.2)


def test_a_given_start_takes_precedence_over_the_kpi_reading() -> None:
    assert metric(Direction.INCREASE, baseline=200, start=100, change_by=0.5).target == 150


def test_a_baseline_is_ignored_by_metrics_without_a_start() -> None:
    assert metric(Direction.DONE, baseline=3) == Metric(Direction.DONE)


REFUSED_GOALS = {
    "at least without target": (KpiGoal(GoalDirection.AT_LEAST), "target"),
    "at most with a bound": (KpiGoal(GoalDirection.AT_MOST, target=1, upper=2), "upper"),
    "within without lower": (KpiGoal(GoalDirection.WITHIN, upper=2), "lower"),
    "within without upper": (KpiGoal(GoalDirection.WITHIN, lower=2), "upper"),
    "within with a target": (KpiGoal(GoalDirection.WITHIN, target=1, lower=1, upper=2), "target"),
    "within one point": (KpiGoal(GoalDirection.WITHIN, lower=2, upper=2), "upper"),
    "NaN": (KpiGoal(GoalDirection.AT_LEAST, target=math.nan), "target"),
    "an infinite bound": (KpiGoal(GoalDirection.WITHIN, lower=1, upper=math.inf), "upper"),
    "a negative tolerance": (KpiGoal(GoalDirection.AT_LEAST, target=1, tolerance=-0.1), "tolerance"),
    "a tolerance of NaN": (KpiGoal(GoalDirection.AT_LEAST, target=1, tolerance=math.nan), "tolerance"),
}


@pytest.mark.parametrize(("goal", "field"), REFUSED_GOALS.values(), ids=REFUSED_GOALS.keys())
def test_an_invalid_kpi_goal_is_refused_with_its_field(goal: KpiGoal, field: str) -> None:
    with pytest.raises(CommandRejected) as refused:
        metric_checks.kpi_goal(goal, "goal")
    assert (refused.value.code, refused.value.field) == (Code.INVALID, ("goal", field))


@pytest.mark.parametrize(
    "goal",
    [
        KpiGoal(GoalDirection.AT_LEAST, target=80, tolerance=5),
        KpiGoal(GoalDirection.AT_MOST, target=0),
        KpiGoal(GoalDirection.WITHIN, lower=-1, upper=1),
    ],
)
def test_a_valid_kpi_goal_is_returned_unchanged(goal: KpiGoal) -> None:
    assert metric_checks.kpi_goal(goal) == goal
