"""Status, calendar series and period comparison of a KPI's readings.

Readings are passed as of the basis: those known, none after `at`, oldest first.
"""

from bisect import bisect_left
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from math import fsum
from sys import float_info
from typing import TypeAlias

from domain.metrics.formulas import FIGURE_TOLERANCE, Fact, NumericMeasurement
from domain.metrics.health import is_outdated
from domain.primitives.calendar import Step, bounded, buckets
from domain.primitives.values import Aggregation, Cadence, GoalDirection, KpiGoal, ScoringPolicy

INSTANT = timedelta(microseconds=1)


class KpiStatus(StrEnum):
    """The status of a KPI."""

    NO_DATA = "NO_DATA"
    STALE = "STALE"
    HEALTHY = "HEALTHY"
    WARNING = "WARNING"
    BREACHED = "BREACHED"
    RETIRED = "RETIRED"


class KpiFacts(Fact, frozen=True, gc=False):
    """A KPI at a basis, with its latest reading."""

    goal: KpiGoal | None
    cadence: Cadence
    retired: bool = False
    latest_value: float | None = None
    latest_at: datetime | None = None


class SeriesPoint(Fact, frozen=True, gc=False):
    """One bucket, half-open [start, end); without a reading its value is None and its status NO_DATA."""

    start: datetime
    end: datetime
    value: float | None
    count: int
    status: KpiStatus


class Comparison(Fact, frozen=True, gc=False):
    """A bucket compared with the previous one: change = current - previous, change_ratio = change / |previous|."""

    current: float | None
    previous: float | None
    change: float | None
    change_ratio: float | None


# ── status ───────────────────────────────────────────────────────────────────────────────────────


def status(kpi: KpiFacts, at: datetime, policy: ScoringPolicy) -> KpiStatus:
    """The first that applies: RETIRED, NO_DATA, STALE, or else the status of the latest reading by the goal."""
    if kpi.retired:
        return KpiStatus.RETIRED
    if kpi.latest_value is None or kpi.latest_at is None:
        return KpiStatus.NO_DATA
    if is_outdated(kpi.latest_at, kpi.cadence, at, policy):
        return KpiStatus.STALE
    return judged(kpi.goal, kpi.latest_value)


def judged(goal: KpiGoal | None, value: float) -> KpiStatus:
    """HEALTHY if the goal is met (bounds are inclusive), WARNING if it is missed by at most its tolerance."""
    if goal is None:
        return KpiStatus.HEALTHY
    missed_by, bound = max(_shortfalls(goal, value))
    noise = FIGURE_TOLERANCE * bound
    if missed_by <= noise:
        return KpiStatus.HEALTHY
    return KpiStatus.WARNING if missed_by <= goal.tolerance + noise else KpiStatus.BREACHED


def _shortfalls(goal: KpiGoal, value: float) -> list[tuple[float, float]]:
    """For each bound of the goal: by how much it is missed (negative if it is met), and the bound's size."""
    low, high = goal.lower, goal.upper
    if goal.direction is GoalDirection.AT_LEAST:
        low = goal.target
    elif goal.direction is GoalDirection.AT_MOST:
        high = goal.target
    below = [] if low is None else [(low - value, abs(low))]
    above = [] if high is None else [(value - high, abs(high))]
    return below + above


# ── series ───────────────────────────────────────────────────────────────────────────────────────


def series(
    readings: Sequence[NumericMeasurement],
    every: Step,
    aggregation: Aggregation,
    goal: KpiGoal | None,
    at: datetime,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
) -> list[SeriesPoint]:
    """The readings in calendar buckets (UTC, ISO weeks), oldest first, with empty buckets.

    From the bucket with `since` (default: the first reading) to the bucket with the last instant before `until`
    (default: the basis), at most up to the basis. Buckets are never cut, so that a bucket's value does not depend on
    the window. CHANGE makes one bucket per reading, up to the next reading. `goal` gives the status of each bucket.
    Raises `TOO_LARGE`.
    """
    first = since or (readings[0].measured_at if readings else None)
    if first is None:
        return []
    edges = _between(readings, first, at) if every is Step.CHANGE else buckets(every, first, min(at, until or at))
    return [_point(readings, edge, aggregation, goal) for edge in edges if until is None or edge[0] < until]


def comparison(
    readings: Sequence[NumericMeasurement], every: Step, aggregation: Aggregation, at: datetime
) -> Comparison:
    """The bucket of the basis compared with the previous one; with CHANGE, the latest two readings.

    The change is None if one of the two is missing. The ratio is also None if the previous value is 0.
    """
    if every is Step.CHANGE:
        *_, before, latest = None, None, *(reading.value for reading in readings[-2:])
        return compared(latest, before)
    (current,) = buckets(every, at, at)
    (previous,) = buckets(every, current[0] - INSTANT, current[0] - INSTANT)
    return compared(*(_point(readings, bucket, aggregation, None).value for bucket in (current, previous)))


_Bucket: TypeAlias = tuple[datetime, datetime]


def _between(readings: Sequence[NumericMeasurement], first: datetime, at: datetime) -> list[_Bucket]:
    instants = [reading.measured_at for reading in readings]
    edges = [*instants, *(max(at, instant + INSTANT) for instant in instants[-1:])]
    return bounded([(start, end) for start, end in pairwise(edges) if first <= start])


def _point(
    readings: Sequence[NumericMeasurement], bucket: _Bucket, aggregation: Aggregation, goal: KpiGoal | None
) -> SeriesPoint:
    start, end = bucket
    first, beyond = (bisect_left(readings, edge, key=_measured_at) for edge in bucket)
    values = [reading.value for reading in readings[first:beyond] if reading.value is not None]
    if not values:
        return SeriesPoint(start, end, None, 0, KpiStatus.NO_DATA)
    value = aggregated(values, aggregation)
    return SeriesPoint(start, end, value, len(values), judged(goal, value))


def _measured_at(reading: NumericMeasurement) -> datetime:
    return reading.measured_at


def aggregated(values: Sequence[float], aggregation: Aggregation) -> float:
    """The aggregate of at least one value, oldest first, limited to finite numbers."""
    match aggregation:
        case Aggregation.LAST:
            return values[-1]
        case Aggregation.FIRST:
            return values[0]
        case Aggregation.MIN:
            return min(values)
        case Aggregation.MAX:
            return max(values)
        case Aggregation.SUM:
            return _sum(values)
        case Aggregation.MEAN:
            return _mean(values)


def _sum(values: Sequence[float]) -> float:
    try:
        return fsum(values)
    except OverflowError:
        return _finite(sum(values))


def _mean(values: Sequence[float]) -> float:
    try:
        return fsum(values) / len(values)
    except OverflowError:
        return _finite(sum(value / len(values) for value in values))


def _finite(value: float) -> float:
    return min(max(value, -float_info.max), float_info.max)


def compared(current: float | None, previous: float | None) -> Comparison:
    """A value compared with the previous one."""
    if current is None or previous is None:
        return Comparison(current, previous, None, None)
    change = _finite(current - previous)
    return Comparison(current, previous, change, _finite(change / abs(previous)) if previous else None)
