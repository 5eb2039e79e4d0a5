"""The trajectory of one key result: planned values, actual values and a forecast."""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from itertools import combinations, takewhile
from math import isfinite
from operator import attrgetter
from statistics import median

from domain.metrics.formulas import Fact, Measured, NumericMeasurement, attained, clamped, share_at
from domain.metrics.progress import SHARE_TOLERANCE, expected
from domain.primitives.calendar import Step, day_end, day_start, steps
from domain.primitives.values import Direction, Metric

FORECAST_METHOD = "theil-sen"
FORECAST_MEASUREMENTS_MAX = 60
"""The number of latest measurements that a forecast uses. It compares all pairs of them."""


class Revision(Fact, frozen=True, gc=False):
    """The metric and due date of a key result since a moment."""

    since: datetime
    metric: Metric
    due: date


class Source(Fact, frozen=True, gc=False):
    """The source of a key result's value since a moment: its own check-ins, or the readings of its linked KPI.
    `measured` has all of its measurements, oldest first."""

    since: datetime
    measured: Sequence[Measured]


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


# ── trajectory ───────────────────────────────────────────────────────────────────────────────────


def trajectory(
    revisions: Sequence[Revision],
    sources: Sequence[Source],
    confidences: Sequence[tuple[datetime, float]],
    *,
    created_at: datetime,
    cycle_start: date,
    every: Step,
    at: datetime,
    ended_at: datetime | None = None,
) -> list[TrajectoryPoint]:
    """The key result at its creation, at every step, at the basis and at its due date (the first or the last, whichever
    is later).

    `planned` follows the first revision, `replanned` the one in force at that moment. `progress` uses the metric and
    the source in force at that moment. Measurements between the due date and the end are included. Every input is
    oldest first and has nothing after the basis.
    Raises `TOO_LARGE` for more points than `calendar.POINTS_MAX`.
    """
    begins_at = max(created_at, day_start(cycle_start))
    measured = [one.measured_at for one in history(sources) if one.measured_at <= (ended_at or at)]
    due = max(day_end(revisions[0].due), day_end(revisions[-1].due), created_at, *measured[-1:])
    now = min(max(at, created_at), due)
    changed = [revision.since for revision in revisions]
    stated = [stated_at for stated_at, _ in confidences]

    def point(instant: datetime) -> TrajectoryPoint:
        plan = revisions[max(bisect_right(changed, instant) - 1, 0)]
        known = instant <= at
        latest = _latest(sources, instant) if known else None
        return TrajectoryPoint(
            at=instant,
            planned=planned(revisions[0], begins_at, instant),
            replanned=planned(plan, begins_at, instant),
            actual=_actual(plan.metric, latest),
            progress=attained(plan.metric, latest),
            confidence=confidences[count - 1][1] if known and (count := bisect_right(stated, instant)) else None,
        )

    switched = [source.since for source in sources]
    past = steps(every, created_at, now, [*changed, *switched, *measured, *stated])
    return [point(instant) for instant in [*past, *steps(every, now, due)[1:]]]


def history(sources: Sequence[Source]) -> list[Measured]:
    """The measurements of each source while it was in force, oldest first. A baseline may be older than the first
    source."""
    ends: list[datetime | None] = [*(source.since for source in sources[1:]), None]
    return [
        one
        for number, (source, end) in enumerate(zip(sources, ends, strict=True))
        for one in source.measured
        if (number == 0 or one.measured_at >= source.since) and (end is None or one.measured_at < end)
    ]


def _latest(sources: Sequence[Source], instant: datetime) -> Measured | None:
    """The latest measurement at a moment, from the source in force then."""
    since = [source.since for source in sources]
    measured = sources[max(bisect_right(since, instant) - 1, 0)].measured
    count = bisect_right(measured, instant, key=attrgetter("measured_at"))
    return measured[count - 1] if count else None


def planned(plan: Revision, begins_at: datetime, at: datetime) -> float:
    """The planned value of a key result at a moment, with linear progress.

    INCREASE, DECREASE: linear from start to target. AT_LEAST, AT_MOST: always the target. WITHIN: the middle of the
    bounds. MILESTONES, DONE: the elapsed share of the time.
    """
    metric, share = plan.metric, expected(plan.metric.direction, begins_at, plan.due, at)
    if metric.direction is Direction.WITHIN:
        assert metric.lower is not None
        assert metric.upper is not None
        return metric.lower / 2 + metric.upper / 2
    if metric.target is None:
        return share
    return metric.target if share == 1 or metric.start is None else metric.start * (1 - share) + metric.target * share


def _actual(metric: Metric, latest: Measured | None) -> float | None:
    if metric.milestones or latest is None:
        return attained(metric, latest)
    return latest.value


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
