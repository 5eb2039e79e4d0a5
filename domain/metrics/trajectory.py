"""The planned values of a key result, and a forecast of its value."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from itertools import combinations, takewhile
from math import isfinite
from statistics import median
from typing import TypeAlias

from domain.metrics.formulas import Fact, Measured, clamped, share_at, unclamped
from domain.metrics.plan_curve import Planned, value_at
from domain.metrics.progress import expected, is_level
from domain.metrics.rating import SHARE_TOLERANCE
from domain.primitives.calendar import INSTANT, Calendar
from domain.primitives.checks.plan_checks import SHARES, in_numbers
from domain.primitives.values import Direction, Metric

FORECAST_METHOD = "theil-sen"
FORECAST_DAYS_MIN = 3
FORECAST_SPAN_MIN = 0.1
"""The share of the time from the beginning to the due day that measurements must span for a forecast."""
FORECAST_POINTS_MAX = 200
"""The number of points that a forecast compares in pairs. Of more points it takes this many, evenly spread."""


class TrajectoryPoint(Fact, frozen=True, gc=False):
    """A key result at one moment. `planned`, `replanned` and `actual` are in the metric's unit.

    For MILESTONES they are the share of the milestones' weight. `actual`, `progress` and `confidence` are None before
    the first measurement, and after the basis.
    """

    at: datetime
    planned: float
    replanned: float
    actual: float | None
    progress: float | None
    confidence: float | None


class Forecast(Fact, frozen=True, gc=False):
    """A forecast: value and progress at the due date, and the day on which the target is reached.

    `value` is in the metric's unit; for MILESTONES it is the share of their weight. `will_hit` is true if and only if
    `hit_on` is not after the due date.
    """

    value: float
    progress: float
    will_hit: bool
    hit_on: date | None
    method: str


# ── the plan ─────────────────────────────────────────────────────────────────────────────────────


def planned(metric: Metric, begins_at: datetime, due_at: datetime, at: datetime, plan: Sequence[Planned] = ()) -> float:
    """The planned value of a key result at a moment, in the metric's unit: that of its plan, else with linear progress.

    Linear progress runs from the start to the target, or to the nearer bound of WITHIN. Without a start, and for a
    start inside the goal, it is always the target, or the middle of the bounds. MILESTONES, DONE: the elapsed share of
    the time.
    """
    if plan:
        return value_at(plan, in_numbers(metric), begins_at, at)
    share, goal = expected(metric, begins_at, due_at, at), _goal(metric)
    if goal is None:
        return share
    if metric.start is None or share == 1 or is_level(metric):
        return goal
    return metric.start * (1 - share) + goal * share


def _goal(metric: Metric) -> float | None:
    if metric.lower is None or metric.upper is None:
        return metric.target
    if metric.start is None or is_level(metric):
        return metric.lower / 2 + metric.upper / 2
    return metric.lower if metric.start < metric.lower else metric.upper


# ── forecast ─────────────────────────────────────────────────────────────────────────────────────

_Point: TypeAlias = tuple[datetime, float]


def forecast(
    measurements: Sequence[Measured],
    metric: Metric,
    begins_at: datetime,
    due_at: datetime,
    at: datetime,
    calendar: Calendar,
) -> Forecast | None:
    """The line through the start and the values measured from the beginning on, extrapolated to `due_at`, the end of
    the due day. Days are those of `calendar`.

    The line is the Theil-Sen estimator (Theil 1950, Sen 1968): its slope is the median of the slopes between all pairs
    of points, which makes it robust against outliers. The start, if the metric has one, is the first point, at
    `begins_at`. The value differs from the last measured one by at most |target - start| (for WITHIN: by at most the
    distance from start to the nearer bound). MILESTONES are extrapolated as the share of their weight.

    `hit_on`: if the value meets the target, the day since which the measurements meet it or else the day on which the
    line does, the due day at the latest; otherwise the day after it on which the line meets it, or None.

    Returns None for DONE, after the due date, and unless there are values on three days that span a tenth of the time
    from the beginning to the due date; the start is not one of them. `measurements` are oldest first, and none is after
    `at`.
    """
    measured = _measured(measurements, metric, begins_at)
    if metric.direction is Direction.DONE or at >= due_at or not _suffice(measured, due_at - begins_at, calendar):
        return None
    goal = in_numbers(metric)
    return _extrapolated(measured, _spread(_with_start(measured, goal, begins_at)), goal, due_at, at, calendar)


def _measured(measurements: Sequence[Measured], metric: Metric, begins_at: datetime) -> list[_Point]:
    """The values measured from the beginning on, the last one of each instant."""
    values = [
        (one.measured_at, unclamped(metric, one) if metric.milestones else one.value)
        for one in measurements
        if one.measured_at >= begins_at
    ]
    return list({measured_at: value for measured_at, value in values if value is not None}.items())


def _suffice(measured: list[_Point], duration: timedelta, calendar: Calendar) -> bool:
    if len({calendar.day_of(measured_at) for measured_at, _ in measured}) < FORECAST_DAYS_MIN:
        return False
    return measured[-1][0] - measured[0][0] >= duration * FORECAST_SPAN_MIN


def _with_start(measured: list[_Point], goal: Metric, begins_at: datetime) -> list[_Point]:
    """The points of the line; a value measured at the beginning takes the place of the start."""
    if goal.start is None or measured[0][0] == begins_at:
        return measured
    return [(begins_at, goal.start), *measured]


def _spread(points: list[_Point]) -> list[_Point]:
    """Up to `FORECAST_POINTS_MAX` of the points, evenly spread, with the first and the last."""
    last, most = len(points) - 1, FORECAST_POINTS_MAX - 1
    return points if last <= most else [points[place * last // most] for place in range(most + 1)]


def _extrapolated(
    measured: list[_Point], points: list[_Point], goal: Metric, due_at: datetime, at: datetime, calendar: Calendar
) -> Forecast | None:
    slope, now = _line(points, at)
    value = _limited(now + slope * (due_at - at).total_seconds(), measured[-1][1], goal)
    if not isfinite(value) or not isfinite(now):
        return None
    will_hit, meets_at = _is_met(goal, value), _meets_at(goal, now, slope, at)
    last = due_at - INSTANT
    hit_at = min(_reached_at(measured, goal) or meets_at or last, last) if will_hit else _after(last, meets_at)
    hit_on = None if hit_at is None else calendar.day_of(hit_at)
    return Forecast(value, clamped(share_at(goal, value)) or 0.0, will_hit, hit_on, FORECAST_METHOD)


def _after(last: datetime, moment: datetime | None) -> datetime | None:
    return moment if moment is not None and moment > last else None


def _line(points: list[_Point], at: datetime) -> tuple[float, float]:
    """The line's slope per second, and its value at `at`."""
    seconds = [((measured_at - at).total_seconds(), value) for measured_at, value in points]
    slope = median((w - v) / (u - t) for (t, v), (u, w) in combinations(seconds, 2))
    return slope, median(value - slope * t for t, value in seconds)


def _limited(value: float, last: float, goal: Metric) -> float:
    """The value, at most the distance from start to goal away from the last one; without a start unlimited. A share of
    milestones stays in [0, 1]."""
    if goal is SHARES:
        return clamped(value) or 0.0
    if goal.start is None:
        return value
    bounds = [bound for bound in (goal.target, goal.lower, goal.upper) if bound is not None]
    most = min(abs(bound - goal.start) for bound in bounds)
    return last + min(max(value - last, -most), most)


def _is_met(goal: Metric, value: float) -> bool:
    return share_at(goal, value) >= 1 - SHARE_TOLERANCE


def _reached_at(measured: list[_Point], goal: Metric) -> datetime | None:
    """The moment since which all measurements reach the target; None if the latest does not."""
    run = list(takewhile(lambda point: _is_met(goal, point[1]), reversed(measured)))
    return run[-1][0] if run else None


def _meets_at(goal: Metric, now: float, slope: float, at: datetime) -> datetime | None:
    """The moment at which a line with the value `now` at `at` reaches the target or the next bound."""
    if _is_met(goal, now):
        return at
    bound = goal.target
    if goal.lower is not None and goal.upper is not None:
        bound = goal.lower if now < goal.lower else goal.upper
    assert bound is not None
    seconds = (bound - now) / slope if slope else -1.0
    try:
        return at + timedelta(seconds=seconds) if seconds >= 0 else None
    except OverflowError:
        return None
