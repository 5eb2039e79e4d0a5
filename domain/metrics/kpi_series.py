"""Calendar series of a KPI's readings, each period with its goal and its status, and the comparison of two periods.

Readings are passed as of the basis: those known, none after `at`, oldest first.
"""

from bisect import bisect_left
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from math import fsum
from typing import Final, TypeAlias

from domain.metrics.formulas import (
    FIGURE_TOLERANCE,
    Fact,
    NumericMeasurement,
    difference,
    finite,
    total,
    without_noise,
)
from domain.metrics.kpi_schedule import KpiSchedule, KpiTerms
from domain.primitives.calendar import INSTANT, Calendar, Step, bounded
from domain.primitives.values import EARLIEST, Aggregation, EarlierPeriod, GoalDirection, KpiGoal

_FIRST: Final = datetime.min.replace(tzinfo=UTC) + INSTANT

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


class SeriesPoint(Fact, frozen=True, gc=False):
    """One bucket, half-open [start, end); without a reading its value is None. `is_partial`: it has not ended at the
    basis. `goal` is the one by which it is judged, `label` the name of the period."""

    start: datetime
    end: datetime
    value: float | None
    count: int
    status: KpiStatus
    is_partial: bool = False
    goal: KpiGoal | None = None
    label: str = ""

    @property
    def planned(self) -> float | None:
        """The target of the goal; None without a goal, and for WITHIN."""
        return None if self.goal is None else self.goal.target

    @property
    def variance(self) -> float | None:
        """The value's distance from the goal, as by `variance`; None without a value or a goal."""
        return None if self.value is None or self.goal is None else variance(self.goal, self.value)


class Comparison(Fact, frozen=True, gc=False):
    """A bucket compared with another one, called previous: change = current - previous, change_ratio = change /
    |previous|.

    `is_partial`: the current bucket has not ended at the basis. Then `previous_to_date` is the value of the same
    elapsed part of the other bucket, change_to_date = current - previous_to_date, and
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


def variance(goal: KpiGoal, value: float) -> float:
    """The signed distance of a value from the bound of its goal: value - target, positive above it.

    WITHIN has two bounds: the distance is that from the missed one, or inside from the nearer one, the lower one if
    both are equally near.
    """
    if goal.lower is None or goal.upper is None:
        return difference(value, goal.target or 0.0)
    return min(difference(value, goal.lower), difference(value, goal.upper), key=abs)


def point(
    readings: Sequence[NumericMeasurement],
    bucket: Bucket,
    terms: KpiTerms,
    at: datetime,
    aggregation: Aggregation | None = None,
    label: str = "",
) -> SeriesPoint:
    """The bucket's value by these terms (or by another aggregation), and its status.

    A sum over a bucket that has not ended at the basis is not judged: its status is NO_DATA.
    """
    by = aggregation or terms.aggregation
    values = _values(readings, bucket)
    value = aggregated(values, by) if values else None
    can_judge = bucket[1] <= at or by is not Aggregation.SUM
    return judged_point(bucket, value, len(values), terms, at, label, can_judge=can_judge)


def judged_point(
    bucket: Bucket, value: float | None, count: int, terms: KpiTerms, at: datetime, label: str, *, can_judge: bool
) -> SeriesPoint:
    """A bucket with its value and status: NO_DATA without a value, and for one that cannot be judged."""
    start, end = bucket
    status = judged(terms.goal, value) if can_judge and value is not None else KpiStatus.NO_DATA
    return SeriesPoint(start, end, value, count, status, at < end, terms.goal, label)


def _values(readings: Sequence[NumericMeasurement], bucket: Bucket) -> list[float]:
    first, beyond = (bisect_left(readings, edge, key=measured_at) for edge in bucket)
    return [reading.value for reading in readings[first:beyond] if reading.value is not None]


def measured_at(reading: NumericMeasurement) -> datetime:
    return reading.measured_at


# ── series ───────────────────────────────────────────────────────────────────────────────────────


def series(
    readings: Sequence[NumericMeasurement],
    every: Step,
    schedule: KpiSchedule,
    at: datetime,
    *,
    aggregation: Aggregation | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    include_planned: bool = False,
) -> list[SeriesPoint]:
    """The readings in buckets of the calendar, oldest first, with empty buckets.

    From the bucket with `since` (default: the first reading) to the bucket with the last instant before `until`
    (default: the basis), at most up to the basis. With `include_planned` it goes on beyond the basis: to `until`, by
    default to the bucket in which the last goal or target begins; and without a reading it begins at the basis. Buckets
    are never cut, so that a bucket's value does not depend on the window. Each bucket has the value, the goal and the
    status by the terms in force on its last day; `aggregation` replaces theirs. CHANGE makes one bucket per reading, up
    to the next one, by the terms in force on the day of the reading; none of them is partial or beyond the basis.
    Raises `TOO_LARGE`.
    """
    first = since or (readings[0].measured_at if readings else at if include_planned else None)
    if first is None:
        return []
    calendar = schedule.calendar
    if every is Step.CHANGE:
        edges = _between(readings, first, until, at)
        days = [calendar.day_of(start) for start, _ in edges]
        return [
            point(readings, edge, schedule.on(day), edge[1], aggregation, day.isoformat())
            for edge, day in zip(edges, days, strict=True)
        ]
    return [
        point(readings, edge, schedule.of_period(edge[1]), at, aggregation, calendar.label(every, edge[0]))
        for edge in periods(every, schedule, first, at, until, include_planned=include_planned)
    ]


def periods(
    every: Step, schedule: KpiSchedule, first: datetime, at: datetime, until: datetime | None, *, include_planned: bool
) -> list[Bucket]:
    """The calendar periods that a series at `at` shows, from the one with `first` on; for the last one see `series`.
    Raises `TOO_LARGE`."""
    last = min(at, until or at)
    if include_planned:
        last = until or max(at, schedule.calendar.day_start(schedule.last_day))
    return [edge for edge in schedule.calendar.buckets(every, first, last) if until is None or edge[0] < until]


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
            return total(values)
        case Aggregation.MEAN:
            return _mean(values)


def _mean(values: Sequence[float]) -> float:
    try:
        return without_noise(fsum(values) / len(values))
    except OverflowError:
        return finite(sum(value / len(values) for value in values))


# ── comparison ───────────────────────────────────────────────────────────────────────────────────


def comparison(
    readings: Sequence[NumericMeasurement],
    every: Step,
    schedule: KpiSchedule,
    at: datetime,
    aggregation: Aggregation | None = None,
    to: EarlierPeriod = EarlierPeriod.PREVIOUS,
) -> Comparison:
    """The bucket of the basis compared with another one; with CHANGE, the latest reading with another one.

    Each bucket has the value by the terms in force on its last day; `aggregation` replaces theirs. The bucket of the
    basis is partial, so its ratio is on the same elapsed part of the other one, at most all of it. A change is None if
    one of its two values is missing; the ratio is also None if the value that it is on is 0.
    """
    if every is Step.CHANGE:
        return _of_readings(readings, schedule.calendar, to)
    current = schedule.calendar.period(every, at)
    other = earlier(schedule.calendar, every, current[0], to)
    elapsed = (other[0], elapsed_until(schedule.calendar, current[0], other, at))
    before = schedule.of_period(other[1])
    return compared_to_date(
        point(readings, current, schedule.of_period(current[1]), at, aggregation).value,
        point(readings, other, before, at, aggregation).value,
        point(readings, elapsed, before, at, aggregation).value,
    )


def compared_since(calendar: Calendar, every: Step, at: datetime, to: EarlierPeriod) -> datetime:
    """The moment from which on a comparison needs the readings."""
    if every is Step.CHANGE:
        return EARLIEST
    return earlier(calendar, every, calendar.period(every, at)[0], to)[0]


def earlier(calendar: Calendar, every: Step, start: datetime, over: EarlierPeriod) -> Bucket:
    """The bucket that the one that begins at `start` is compared with.

    YEAR_BEFORE is the same day, month, quarter or year of the year before, 28 February for 29 February; for a week or a
    pair of weeks it is the one 52 weeks before, which begins on the same day of the week.
    """
    within = max(start, _FIRST) - INSTANT
    if over is EarlierPeriod.YEAR_BEFORE:
        day = calendar.day_of(start)
        in_weeks = every in (Step.WEEK, Step.BIWEEKLY)
        within = calendar.day_start(_weeks_before(day) if in_weeks else a_year_before(day))
    return calendar.period(every, within)


def a_year_before(day: date) -> date:
    """The same day of the year before; 28 February for 29 February."""
    last = 28 if (day.month, day.day) == (2, 29) else day.day
    return day.replace(year=max(day.year - 1, date.min.year), day=last)


def _weeks_before(day: date) -> date:
    """The day 52 weeks before."""
    return day - min(timedelta(weeks=52), day - date.min)


def elapsed_until(calendar: Calendar, start: datetime, other: Bucket, at: datetime) -> datetime:
    """The end of the part of the other bucket that has elapsed at `at` of the bucket that begins at `start`: as many
    days, and the same time since the beginning of the day."""
    today = calendar.day_of(at)
    then = calendar.day_of(other[0]) + (today - calendar.day_of(start))
    same_time = calendar.day_start(then) + (at - calendar.day_start(today)) + INSTANT
    return min(other[1], calendar.day_end(then), same_time)


def _of_readings(readings: Sequence[NumericMeasurement], calendar: Calendar, to: EarlierPeriod) -> Comparison:
    """The latest reading compared with the one before, or with the last one by the end of its day a year before."""
    if not readings:
        return compared(None, None)
    *others, latest = readings
    if to is EarlierPeriod.YEAR_BEFORE:
        end = calendar.day_end(a_year_before(calendar.day_of(latest.measured_at)))
        others = others[: bisect_left(others, end, key=measured_at)]
    return compared(latest.value, others[-1].value if others else None)


def compared_to_date(current: float | None, previous: float | None, to_date: float | None) -> Comparison:
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
    change = difference(current, previous)
    ratio = finite(without_noise(change / abs(previous))) if previous else None
    return Comparison(current, previous, change, ratio)
