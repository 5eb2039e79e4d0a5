"""Calendar series of a KPI's readings, each period with its status, and the comparison of two periods.

Readings are passed as of the basis: those known, none after `at`, oldest first.
"""

from bisect import bisect_left
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from itertools import pairwise
from math import fsum
from sys import float_info
from typing import TypeAlias

from domain.metrics.formulas import FIGURE_TOLERANCE, Fact, NumericMeasurement
from domain.primitives.calendar import INSTANT, Calendar, Step, bounded
from domain.primitives.values import Aggregation, GoalDirection, KpiGoal

Bucket: TypeAlias = tuple[datetime, datetime]
"""A period, half-open [start, end)."""


class KpiStatus(StrEnum):
    """The status of a KPI, or of one period of its series."""

    NO_DATA = "NO_DATA"
    STALE = "STALE"
    HEALTHY = "HEALTHY"
    WARNING = "WARNING"
    BREACHED = "BREACHED"
    RETIRED = "RETIRED"


class KpiTerms(Fact, frozen=True, gc=False):
    """How a definition of a KPI, effective since a moment, works out a period's value and judges it."""

    since: datetime
    goal: KpiGoal | None = None
    aggregation: Aggregation = Aggregation.LAST


class SeriesPoint(Fact, frozen=True, gc=False):
    """One bucket, half-open [start, end); without a reading its value is None. `is_partial`: it has not ended at the
    basis."""

    start: datetime
    end: datetime
    value: float | None
    count: int
    status: KpiStatus
    is_partial: bool = False


class Comparison(Fact, frozen=True, gc=False):
    """A bucket compared with the previous one: change = current - previous, change_ratio = change / |previous|.

    `is_partial`: the current bucket has not ended at the basis. Then `previous_to_date` is the value of the same
    elapsed part of the previous bucket, change_to_date = current - previous_to_date, and
    change_ratio = change_to_date / |previous_to_date|.
    """

    current: float | None
    previous: float | None
    change: float | None
    change_ratio: float | None
    is_partial: bool = False
    previous_to_date: float | None = None
    change_to_date: float | None = None


# ── judging ──────────────────────────────────────────────────────────────────────────────────────


def in_force(terms: Sequence[KpiTerms], end: datetime) -> KpiTerms:
    """The terms in force on the last day of a period that ends at `end`, of terms in order of time.

    Terms that take effect during a day hold for all of it. The first terms also hold before they take effect, because
    readings may be older than their KPI's definition.
    """
    return terms[max(bisect_left(terms, end, key=_since) - 1, 0)]


def _since(terms: KpiTerms) -> datetime:
    return terms.since


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


def point(
    readings: Sequence[NumericMeasurement],
    bucket: Bucket,
    terms: KpiTerms,
    at: datetime,
    aggregation: Aggregation | None = None,
) -> SeriesPoint:
    """The bucket's value by these terms (or by another aggregation), and its status.

    A sum over a bucket that has not ended at the basis is not judged: its status is NO_DATA.
    """
    start, end = bucket
    by, is_partial = aggregation or terms.aggregation, at < end
    values = _values(readings, bucket)
    if not values:
        return SeriesPoint(start, end, None, 0, KpiStatus.NO_DATA, is_partial)
    value = aggregated(values, by)
    can_judge = not is_partial or by is not Aggregation.SUM
    status = judged(terms.goal, value) if can_judge else KpiStatus.NO_DATA
    return SeriesPoint(start, end, value, len(values), status, is_partial)


def _values(readings: Sequence[NumericMeasurement], bucket: Bucket) -> list[float]:
    first, beyond = (bisect_left(readings, edge, key=measured_at) for edge in bucket)
    return [reading.value for reading in readings[first:beyond] if reading.value is not None]


def measured_at(reading: NumericMeasurement) -> datetime:
    return reading.measured_at


# ── series ───────────────────────────────────────────────────────────────────────────────────────


def series(
    readings: Sequence[NumericMeasurement],
    every: Step,
    terms: Sequence[KpiTerms],
    at: datetime,
    calendar: Calendar,
    *,
    aggregation: Aggregation | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> list[SeriesPoint]:
    """The readings in the periods of the calendar, oldest first, with empty buckets.

    From the bucket with `since` (default: the first reading) to the bucket with the last instant before `until`
    (default: the basis), at most up to the basis. Buckets are never cut, so that a bucket's value does not depend on
    the window. Each bucket has the value and the status by the terms in force on its last day; `aggregation` replaces
    theirs. CHANGE makes one bucket per reading, up to the next one, by the terms in force on the day of the reading;
    none of them is partial. Raises `TOO_LARGE`.
    """
    first = since or (readings[0].measured_at if readings else None)
    if first is None:
        return []
    if every is Step.CHANGE:
        edges = _between(readings, first, until, at)
        ends = [calendar.day_end(calendar.day_of(edge[0])) for edge in edges]
        return [
            point(readings, edge, in_force(terms, end), edge[1], aggregation)
            for edge, end in zip(edges, ends, strict=True)
        ]
    edges = calendar.buckets(every, first, min(at, until or at))
    shown = [edge for edge in edges if until is None or edge[0] < until]
    return [point(readings, edge, in_force(terms, edge[1]), at, aggregation) for edge in shown]


def _between(
    readings: Sequence[NumericMeasurement], first: datetime, until: datetime | None, at: datetime
) -> list[Bucket]:
    """One bucket per reading in [first, until), each up to the next reading."""
    instants = [reading.measured_at for reading in readings]
    edges = [*instants, *(max(at, instant + INSTANT) for instant in instants[-1:])]
    shown = [(start, end) for start, end in pairwise(edges) if first <= start and (until is None or start < until)]
    return bounded(shown)


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


# ── comparison ───────────────────────────────────────────────────────────────────────────────────


def comparison(
    readings: Sequence[NumericMeasurement],
    every: Step,
    terms: Sequence[KpiTerms],
    at: datetime,
    calendar: Calendar,
    aggregation: Aggregation | None = None,
) -> Comparison:
    """The bucket of the basis compared with the previous one; with CHANGE, the latest two readings.

    Each bucket has the value by the terms in force on its last day; `aggregation` replaces theirs. The bucket of the
    basis is partial, so its ratio is on the same elapsed part of the previous one, at most all of it. A change is None
    if one of its two values is missing; the ratio is also None if the value that it is on is 0.
    """
    if every is Step.CHANGE:
        *_, before, latest = None, None, *(reading.value for reading in readings[-2:])
        return compared(latest, before)
    (current,) = calendar.buckets(every, at, at)
    (other,) = calendar.buckets(every, current[0] - INSTANT, current[0] - INSTANT)
    elapsed = (other[0], min(other[1], other[0] + (at - current[0]) + INSTANT))
    now, before = in_force(terms, current[1]), in_force(terms, other[1])
    return _to_date(
        point(readings, current, now, at, aggregation).value,
        point(readings, other, before, at, aggregation).value,
        point(readings, elapsed, before, at, aggregation).value,
    )


def _to_date(current: float | None, previous: float | None, to_date: float | None) -> Comparison:
    """A bucket that has not ended, compared with the whole of the other and with the same elapsed part of it."""
    whole, part = compared(current, previous), compared(current, to_date)
    return Comparison(
        current,
        previous,
        whole.change,
        part.change_ratio,
        is_partial=True,
        previous_to_date=to_date,
        change_to_date=part.change,
    )


def compared(current: float | None, previous: float | None) -> Comparison:
    """A value compared with the previous one."""
    if current is None or previous is None:
        return Comparison(current, previous, None, None)
    change = _finite(current - previous)
    return Comparison(current, previous, change, _finite(change / abs(previous)) if previous else None)
