"""A KPI against its plan: for each period the goal as scheduled first, as scheduled last, and the value."""

from collections.abc import Sequence
from datetime import datetime

from domain.metrics.formulas import Fact
from domain.metrics.kpi_series import KpiStatus, SeriesPoint, variance
from domain.primitives.calendar import INSTANT, Calendar
from domain.primitives.goal_schedule import GoalSchedule
from domain.primitives.values import KpiGoal


class KpiPlanPoint(Fact, frozen=True, gc=False):
    """A period, half-open [start, end). `planned_goal` judges it by the schedule of the plan, `goal` by that of the
    outcome, as does `status`; both are None without a goal. `planned_variance` and `variance`: from the value to the
    bound of each."""

    start: datetime
    end: datetime
    label: str
    planned_goal: KpiGoal | None
    goal: KpiGoal | None
    value: float | None
    planned_variance: float | None
    variance: float | None
    status: KpiStatus
    is_partial: bool

    @property
    def planned(self) -> float | None:
        """The target as planned first; None for WITHIN."""
        return None if self.planned_goal is None else self.planned_goal.target

    @property
    def replanned(self) -> float | None:
        """The target as planned last; None for WITHIN."""
        return None if self.goal is None else self.goal.target


class KpiPlanCurve(Fact, frozen=True, gc=False):
    """The periods, oldest first, and the complete ones that were farthest from the first and from the last plan."""

    points: tuple[KpiPlanPoint, ...]
    from_planned: KpiPlanPoint | None
    from_replanned: KpiPlanPoint | None


def kpi_curve(planned: GoalSchedule | None, last: Sequence[SeriesPoint], calendar: Calendar) -> KpiPlanCurve:
    """The curve from the goals of a KPI as known at the plan, and its series as known at the outcome, both by the days
    of one calendar. `planned` is None for a KPI that was defined after the plan."""
    points = tuple(_point(_planned_goal(planned, point, calendar), point) for point in last)
    complete = [point for point in points if not point.is_partial]
    return KpiPlanCurve(
        points,
        max((one for one in complete if one.planned_variance is not None), key=_planned_distance, default=None),
        max((one for one in complete if one.variance is not None), key=_distance, default=None),
    )


def _planned_goal(planned: GoalSchedule | None, point: SeriesPoint, calendar: Calendar) -> KpiGoal | None:
    """The goal of the last day of a period."""
    return None if planned is None else planned.on(calendar.day_of(point.end - INSTANT))


def _point(planned: KpiGoal | None, of: SeriesPoint) -> KpiPlanPoint:
    from_planned = None if planned is None or of.value is None else variance(planned, of.value)
    return KpiPlanPoint(
        of.start, of.end, of.label, planned, of.goal, of.value, from_planned, of.variance, of.status, of.is_partial
    )


def _planned_distance(point: KpiPlanPoint) -> float:
    return abs(point.planned_variance or 0.0)


def _distance(point: KpiPlanPoint) -> float:
    return abs(point.variance or 0.0)
