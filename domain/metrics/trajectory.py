"""The planned values of a key result, and a forecast of its value."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from itertools import combinations, takewhile
from math import isfinite
from statistics import median

from domain.metrics.formulas import Fact, NumericMeasurement, clamped, share_at
from domain.metrics.health import SHARE_TOLERANCE
from domain.metrics.progress import expected, is_level
from domain.primitives.calendar import day_end
from domain.primitives.values import Direction, Metric

FORECAST_METHOD = "theil-sen"
FORECAST_MEASUREMENTS_MAX = 60
"""The number of latest measurements that a forecast uses. It compares all pairs of them."""


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
    """A forecast: value and progress at the due date, and the day on which the target is reached."""

    value: float
    progress: float
    will_hit: bool
    hit_on: date | None
    method: str


# ── the plan ─────────────────────────────────────────────────────────────────────────────────────


def planned(metric: Metric, begins_at: datetime, due: date, at: datetime) -> float:
    """The planned value of a key result at a moment, with linear progress, in the metric's unit.

    From the start to the target, or to the nearer bound of WITHIN. Without a start, and for a start inside the goal,
    always the target, or the middle of the bounds. MILESTONES, DONE: the elapsed share of the time.
    """
    share, goal = expected(metric, begins_at, due, at), _goal(metric)
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


def forecast(measurements: Sequence[NumericMeasurement], metric: Metric, due: date, at: datetime) -> Forecast | None:
    """The line through the measurements, extrapolated to the end of the due date.

    The line is the Theil-Sen estimator (Theil 1950, Sen 1968): its slope is the median of the slopes between all pairs
    of measurements, which makes it robust against outliers. `hit_on` is the day since which the target is reached, or
    else the day (UTC) on which the line reaches it; None if it never does. Returns None for MILESTONES and DONE, for
    measurements at fewer than two instants, and after the due date.
    """
    ends_at = day_end(due)
    if metric.direction in (Direction.MILESTONES, Direction.DONE) or at >= ends_at:
        return None
    known = {figure.measured_at: figure.value for figure in measurements if figure.value is not None}
    figures = list(known.items())[-FORECAST_MEASUREMENTS_MAX:]
    return _extrapolated(figures, metric, due, at) if len(figures) > 1 else None


def _extrapolated(figures: list[tuple[datetime, float]], metric: Metric, due: date, at: datetime) -> Forecast | None:
    slope, now = _line(figures, at)
    value = now + slope * (day_end(due) - at).total_seconds()
    if not isfinite(value) or not isfinite(now):
        return None
    will_hit = _is_met(metric, value)
    hit_on = _reached_on(figures, metric) or _meets_on(metric, now, slope, at)
    if will_hit and hit_on is not None:
        hit_on = min(hit_on, due)
    return Forecast(value, clamped(share_at(metric, value)) or 0.0, will_hit, hit_on, FORECAST_METHOD)


def _line(figures: list[tuple[datetime, float]], at: datetime) -> tuple[float, float]:
    """The line's slope per second, and its value at `at`."""
    seconds = [((measured_at - at).total_seconds(), value) for measured_at, value in figures]
    slope = median((w - v) / (u - t) for (t, v), (u, w) in combinations(seconds, 2))
    return slope, median(value - slope * t for t, value in seconds)


def _is_met(metric: Metric, value: float) -> bool:
    return share_at(metric, value) >= 1 - SHARE_TOLERANCE


def _reached_on(figures: list[tuple[datetime, float]], metric: Metric) -> date | None:
    """The day since which all measurements reach the target; None if the latest does not."""
    run = list(takewhile(lambda figure: _is_met(metric, figure[1]), reversed(figures)))
    return run[-1][0].date() if run else None


def _meets_on(metric: Metric, now: float, slope: float, at: datetime) -> date | None:
    """The day on which a line with the value `now` at `at` reaches the target or the next bound."""
    if _is_met(metric, now):
        return at.date()
    bound = metric.target
    if metric.lower is not None and metric.upper is not None:
        bound = metric.lower if now < metric.lower else metric.upper
    assert bound is not None
    seconds = (bound - now) / slope if slope else -1.0
    try:
        return (at + timedelta(seconds=seconds)).date() if seconds >= 0 else None
    except OverflowError:
        return None
