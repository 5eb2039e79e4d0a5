"""The checks of plans: points between start and target, on days between the beginning and the due day."""

from datetime import date, timedelta

import pytest

from domain.primitives.checks.plan_checks import POINTS_MAX, Terms, checked
from domain.primitives.errors import CommandRejected
from domain.primitives.values import Direction, Metric, PlanPoint
from tests.domain.metrics.builders import (
    MILESTONES,
    QUARTER_START,
    metric,
)
from tests.domain.metrics.planned_quarter import LAST, TERMS, point, terms


def problems(*points: PlanPoint, on: Terms = TERMS) -> list[tuple[str, str]]:
    """The fields and rules of the problems of a plan."""
    with pytest.raises(CommandRejected) as refused:
        checked(points, on, "points")
    return [(".".join(one.field), one.rule) for one in refused.value.problems]


def test_the_target_on_the_due_day_is_filled_in() -> None:
    assert checked([point(2, 1, 10)], TERMS) == (point(2, 1, 10), LAST)
    assert checked([point(2, 1, 10), LAST], TERMS) == (point(2, 1, 10), LAST)
    assert checked([LAST], TERMS) == (LAST,)


def test_no_points_are_no_plan() -> None:
    assert checked([], TERMS) == ()
    assert checked([], terms(metric(Direction.DONE))) == ()


def test_another_value_than_the_target_on_the_due_day_is_rejected() -> None:
    assert problems(point(2, 1, 10), point(3, 31, 90)) == [("points.1.value", "PLAN_MISSES_TARGET")]


def test_a_rounding_error_of_the_target_is_corrected() -> None:
    tenths = terms(metric(Direction.INCREASE, start=0, target=0.3))
    assert checked([point(3, 31, 0.1 + 0.2)], tenths) == (point(3, 31, 0.3),)


def test_days_must_be_strictly_increasing() -> None:
    given = point(2, 1, 10), point(2, 1, 20), point(1, 15, 5)
    assert problems(*given) == [
        ("points.1.on", "PLAN_POINTS_NOT_ORDERED"), ("points.2.on", "PLAN_POINTS_NOT_ORDERED"),
    ]  # fmt: skip


def test_days_must_be_from_the_beginning_to_the_due_day() -> None:
    given = PlanPoint(date(2025, 12, 31), 0), point(1, 1, 0), point(3, 30, 99), point(4, 1, 100)
    assert problems(*given) == [
        ("points.0.on", "PLAN_POINT_OUTSIDE_SPAN"), ("points.3.on", "PLAN_POINT_OUTSIDE_SPAN"),
    ]  # fmt: skip


def test_all_wrong_points_are_named_at_once() -> None:
    given = PlanPoint(date(2025, 1, 1), 1.5), point(2, 1, -0.5), point(2, 1, 0.5), point(3, 31, 0.9)
    assert problems(*given, on=terms(MILESTONES)) == [
        ("points.0.on", "PLAN_POINT_OUTSIDE_SPAN"), ("points.0.value", "SHARE_OUT_OF_RANGE"),
        ("points.1.value", "SHARE_OUT_OF_RANGE"), ("points.2.on", "PLAN_POINTS_NOT_ORDERED"),
        ("points.3.value", "PLAN_MISSES_TARGET"),
    ]  # fmt: skip


def test_a_plan_has_at_most_400_points_with_that_on_the_due_day() -> None:
    long = terms(due=QUARTER_START + timedelta(days=POINTS_MAX))
    given = [PlanPoint(QUARTER_START + timedelta(days=day), float(day)) for day in range(POINTS_MAX)]
    assert len(checked(given[1:], long)) == POINTS_MAX
    assert problems(*given, on=long) == [("points", "PLAN_POINTS_TOO_MANY")]


@pytest.mark.parametrize(
    ("given", "rule"),
    [
        (metric(Direction.WITHIN, lower=1, upper=2, start=0), "PLAN_NOT_POSSIBLE"),
        (metric(Direction.DONE), "PLAN_NOT_POSSIBLE"),
        (metric(Direction.AT_LEAST, target=90), "PLAN_WITHOUT_START"),
        (metric(Direction.AT_MOST, target=2), "PLAN_WITHOUT_START"),
    ],
)
def test_a_plan_needs_a_direction_with_values_between_and_a_stated_start(given: Metric, rule: str) -> None:
    assert problems(point(2, 1, 1), on=terms(given)) == [("points", rule)]


@pytest.mark.parametrize(
    "given",
    [
        metric(Direction.DECREASE, start=30, target=20),
        metric(Direction.AT_LEAST, target=90, start=10),
        metric(Direction.AT_MOST, target=2, start=10),
    ],
)
def test_other_directions_with_a_start_can_be_planned(given: Metric) -> None:
    assert checked([point(2, 1, 15)], terms(given)) == (point(2, 1, 15), point(3, 31, given.target or 0))


def test_milestones_are_planned_in_shares() -> None:
    assert checked([point(2, 1, 0.25)], terms(MILESTONES)) == (point(2, 1, 0.25), point(3, 31, 1))


def test_there_is_no_plan_without_days() -> None:
    assert problems(point(1, 1, 1), on=terms(due=date(2025, 12, 31))) == [("points", "PLAN_WITHOUT_DAYS")]
    assert checked([point(1, 1, 100)], terms(due=QUARTER_START)) == (point(1, 1, 100),)
