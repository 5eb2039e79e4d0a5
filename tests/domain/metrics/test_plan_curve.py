"""Plans: the planned value at a moment, and plans on other terms."""

from datetime import date
from typing import Any

import pytest

from domain.metrics.plan_curve import Planned, mapped, turning_point, value_at
from domain.primitives.checks.plan_checks import Terms
from domain.primitives.values import Direction, Metric
from tests.domain.metrics.builders import (
    CLOSING,
    DAY,
    FROM_0_TO_100,
    MILESTONES,
    OPENING,
    QUARTER_END,
    QUARTER_START,
    metric,
)
from tests.domain.metrics.planned_quarter import LAST, TERMS, point, terms


def risen(start: float) -> Metric:
    """A metric from this start to 100."""
    return Metric(Direction.INCREASE, start=start, target=100.0)


# ── the curve ────────────────────────────────────────────────────────────────────────────────────

CURVE = (Planned(OPENING + 30 * DAY, 10.0), Planned(OPENING + 50 * DAY, 60.0), Planned(CLOSING, 100.0))


@pytest.mark.parametrize(
    ("day", "value"),
    [(-5, 0), (0, 0), (15, 5), (30, 10), (40, 35), (50, 60), (70, 80), (90, 100), (120, 100)],
)
def test_a_plan_is_linear_between_its_points_and_constant_outside_of_them(day: int, value: float) -> None:
    assert value_at(CURVE, risen(0.0), OPENING, OPENING + day * DAY) == pytest.approx(value)


def test_a_plan_runs_from_the_start_at_the_beginning_to_its_first_point() -> None:
    assert value_at(CURVE, risen(4.0), OPENING + 10 * DAY, OPENING + 20 * DAY) == pytest.approx(7)


def test_points_until_the_beginning_do_not_count() -> None:
    begins_at = OPENING + 30 * DAY
    assert value_at(CURVE, risen(20.0), begins_at, begins_at) == 20
    assert value_at(CURVE, risen(20.0), begins_at, begins_at + 10 * DAY) == pytest.approx(40)
    assert value_at(CURVE, risen(20.0), CLOSING, OPENING) == 100


def test_a_plan_ends_exactly_on_its_last_value() -> None:
    assert value_at((Planned(CLOSING, 0.3),), risen(0.1), OPENING, CLOSING) == 0.3


# ── other terms ──────────────────────────────────────────────────────────────────────────────────

PLAN = (point(1, 30, 10), point(2, 28, 60), LAST)
"""After 30, 59 and 90 of the 90 days."""


def test_another_target_maps_values_and_keeps_days() -> None:
    doubled = terms(metric(Direction.INCREASE, start=0, target=200))
    assert mapped(PLAN, TERMS, doubled) == (point(1, 30, 20), point(2, 28, 120), point(3, 31, 200))


def test_another_start_maps_values() -> None:
    later = terms(metric(Direction.INCREASE, start=50, target=100))
    assert mapped(PLAN, TERMS, later) == (point(1, 30, 55), point(2, 28, 80), LAST)


def test_another_due_day_maps_days_and_keeps_values() -> None:
    assert mapped(PLAN, TERMS, terms(due=date(2026, 6, 29))) == (
        point(3, 1, 10), point(4, 28, 60), point(6, 29, 100),
    )  # fmt: skip


def test_of_points_that_fall_on_one_day_the_later_stays() -> None:
    given = point(1, 1, 1), point(1, 2, 2), point(1, 3, 3), LAST
    assert mapped(given, TERMS, terms(due=date(2026, 1, 30))) == (point(1, 1, 3), point(1, 30, 100))


def test_a_span_of_one_day_keeps_the_target_alone() -> None:
    assert mapped(PLAN, TERMS, terms(due=QUARTER_START)) == (point(1, 1, 100),)


def test_the_same_terms_keep_the_plan() -> None:
    given = (point(1, 1, 0.1 + 0.2), point(2, 3, 1 / 3), LAST)
    assert mapped(given, TERMS, TERMS) == given


@pytest.mark.parametrize(
    "after",
    [
        terms(metric(Direction.DECREASE, start=100, target=0)),
        terms(metric(Direction.AT_LEAST, start=0, target=100)),
        terms(MILESTONES),
        terms(metric(Direction.DONE)),
        terms(due=date(2025, 12, 31)),
    ],
)
def test_a_plan_ends_with_another_direction_and_with_a_due_day_before_the_beginning(after: Terms) -> None:
    assert mapped(PLAN, TERMS, after) == ()


def test_a_plan_ends_when_its_start_is_no_longer_stated() -> None:
    before, after = metric(Direction.AT_LEAST, start=0, target=100), metric(Direction.AT_LEAST, target=100)
    assert mapped(PLAN, terms(before), terms(after)) == ()


def test_a_plan_without_distance_keeps_its_distance_from_the_target() -> None:
    before, after = (metric(Direction.AT_LEAST, start=one, target=one) for one in (100, 120))
    assert mapped((point(2, 1, 90), LAST), terms(before), terms(after)) == (point(2, 1, 110), point(3, 31, 120))


def test_a_plan_whose_days_another_calendar_took_becomes_the_straight_line_on_other_terms() -> None:
    after_due = Terms(FROM_0_TO_100, date(2026, 4, 1), QUARTER_END)
    assert after_due.days == 0
    later = after_due._replace(due=date(2026, 4, 10))
    assert mapped((LAST,), after_due, later) == (point(4, 10, 100),)


def test_mapped_values_stay_finite() -> None:
    tiny, huge = (metric(Direction.INCREASE, start=0, target=one) for one in (1e-300, 1e300))
    (first, last) = mapped((point(2, 1, 5), point(3, 31, 1e-300)), terms(tiny), terms(huge))
    assert (first.value, last.value) == (1.7976931348623157e308, 1e300)


# ── against the direction ────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("given", "values", "turning"),
    [
        (FROM_0_TO_100, [10, 60, 100], None),
        (FROM_0_TO_100, [60, 10, 100], 10),
        (FROM_0_TO_100, [-5, 60, 100], -5),
        (FROM_0_TO_100, [0, 0, 100], None),
        (metric(Direction.DECREASE, start=30, target=20), [25, 28, 20], 28),
        (metric(Direction.DECREASE, start=30, target=20), [25, 22, 20], None),
        (metric(Direction.AT_LEAST, start=10, target=90), [50, 95, 90], None),
        (metric(Direction.AT_LEAST, start=95, target=90), [80, 92, 90], 80),
        (metric(Direction.AT_LEAST, start=95, target=90), [93, 91, 90], None),
        (MILESTONES, [0.5, 0.25, 1], 0.25),
    ],
)
def test_a_point_with_less_progress_than_the_one_before_turns_the_plan(
    given: Metric, values: list[float], turning: Any
) -> None:
    plan = [point(month, 1, value) for month, value in enumerate(values, 1)]
    found = turning_point(plan, given)
    assert (found and found.value) == turning
