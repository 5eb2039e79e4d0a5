"""The periods of a KPI against its goals as scheduled first and last."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.metrics.kpi_against_plan import kpi_curve
from domain.metrics.kpi_series import KpiStatus, SeriesPoint
from domain.primitives.calendar import Calendar
from domain.primitives.goal_schedule import GoalSchedule
from domain.primitives.values import GoalDirection, KpiGoal

UTC_CALENDAR = Calendar()
START = datetime(2026, 1, 1, tzinfo=UTC)


def goal(target: float) -> KpiGoal:
    return KpiGoal(direction=GoalDirection.AT_LEAST, target=target)


def period(number: int, of: KpiGoal | None, value: float | None, *, is_partial: bool = False) -> SeriesPoint:
    start = START + timedelta(days=30 * number)
    end = start + timedelta(days=30)
    return SeriesPoint(start, end, value, 1, KpiStatus.HEALTHY, is_partial, of, f"{number}")


def scheduled(goals: dict[int, KpiGoal | None]) -> GoalSchedule:
    """The goals by the number of the period in which they begin."""
    return GoalSchedule({period(number, None, None).start.date(): of for number, of in goals.items()}, {})


def test_each_period_has_its_first_and_its_last_goal() -> None:
    last = [period(0, goal(10), 12), period(1, goal(15), 16), period(2, goal(30), None)]
    points = kpi_curve(scheduled({0: goal(10), 1: goal(20), 2: None}), last, UTC_CALENDAR).points
    assert [(one.planned, one.replanned, one.value) for one in points] == [(10, 10, 12), (20, 15, 16), (None, 30, None)]
    assert [one.planned_variance for one in points] == [2, -4, None]
    assert [one.variance for one in points] == [2, 1, None]


def test_complete_period_farthest_from_each_plan_is_named() -> None:
    last = [period(0, goal(10), 12), period(1, goal(10), 5), period(2, goal(90), 0, is_partial=True)]
    found = kpi_curve(scheduled({0: goal(20)}), last, UTC_CALENDAR)
    assert found.from_planned is not None
    assert found.from_replanned is not None
    assert (found.from_planned.label, found.from_planned.planned_variance) == ("1", -15)
    assert (found.from_replanned.label, found.from_replanned.variance) == ("1", -5)


@pytest.mark.parametrize("value", [None, 3.0])
def test_kpi_without_goal_has_no_distance(value: float | None) -> None:
    found = kpi_curve(None, [period(0, None, value)], UTC_CALENDAR)
    assert (found.from_planned, found.from_replanned, len(found.points)) == (None, None, 1)
