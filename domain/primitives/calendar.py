"""Calendar steps of time series: days, ISO weeks, pairs of weeks, months and quarters in UTC."""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import TypeVar

from domain.primitives.errors import Code, CommandRejected

INSTANT = timedelta(microseconds=1)
POINTS_MAX = 10_000
"""The largest number of points or buckets of a series: 27 years of days."""


FIRST_MONDAY = date(1970, 1, 5)
"""The first day of a pair of weeks, from which all pairs are counted."""

_T = TypeVar("_T")


class Step(StrEnum):
    """The distance between the points of a series. CHANGE: one point per change. BIWEEKLY: pairs of ISO weeks, counted
    on from the week of 5 January 1970."""

    DAY = "DAY"
    WEEK = "WEEK"
    BIWEEKLY = "BIWEEKLY"
    MONTH = "MONTH"
    QUARTER = "QUARTER"
    CHANGE = "CHANGE"


@lru_cache(maxsize=4096)
def day_start(day: date) -> datetime:
    """The first instant of a day."""
    return datetime.combine(day, time.min, UTC)


@lru_cache(maxsize=4096)
def day_end(day: date) -> datetime:
    """The first instant after a day, the deadline of a due date."""
    if day == date.max:
        return datetime.max.replace(tzinfo=UTC)
    return datetime.combine(day + timedelta(days=1), time.min, UTC)


@lru_cache(maxsize=4096)
def last_instant(day: date) -> datetime:
    """The last instant of a day, to the microsecond."""
    return datetime.combine(day, time.max, UTC)


def floor(every: Step, at: datetime) -> datetime:
    """The start of the calendar period that contains `at`. Raises `ValueError` for CHANGE."""
    day = at.replace(hour=0, minute=0, second=0, microsecond=0)
    match every:
        case Step.DAY:
            return day
        case Step.WEEK:
            return day - timedelta(days=day.weekday())
        case Step.BIWEEKLY:
            return day - timedelta(days=(day.date() - FIRST_MONDAY).days % 14)
        case Step.MONTH:
            return day.replace(day=1)
        case Step.QUARTER:
            return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
    raise ValueError(every)


def following(every: Step, start: datetime) -> datetime:
    """The start of the calendar period after the one that starts at `start`."""
    days = {Step.DAY: 1, Step.WEEK: 7, Step.BIWEEKLY: 14, Step.MONTH: 31, Step.QUARTER: 92}[every]
    try:
        return floor(every, start + timedelta(days=days))
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC)


def steps(every: Step, start: datetime, end: datetime, changes: Iterable[datetime] = ()) -> list[datetime]:
    """`start`, every boundary (or change) between, and `end`, in order and without duplicates.

    Empty if `end` is before `start`. Raises `TOO_LARGE` beyond `POINTS_MAX` points.
    """
    if end < start:
        return []
    between = sorted(set(changes)) if every is Step.CHANGE else _boundaries(every, start, end)
    inner = [instant for instant in between if start < instant < end]
    return bounded([start, *inner, end] if start < end else [start])


def buckets(every: Step, first: datetime, last: datetime) -> list[tuple[datetime, datetime]]:
    """Whole calendar buckets, half-open [start, end), from the one with `first` to the one with `last`.

    Empty if `last` is before the bucket of `first`. Raises `TOO_LARGE` beyond `POINTS_MAX` buckets.
    """
    starts = [floor(every, first), *_boundaries(every, first, last)]
    return [(start, following(every, start)) for start in bounded(starts) if start <= last]


def bounded(points: list[_T]) -> list[_T]:
    """The points, if there are at most `POINTS_MAX`. Raises `TOO_LARGE`."""
    if len(points) > POINTS_MAX:
        raise CommandRejected(
            Code.TOO_LARGE, f"The result has more than {POINTS_MAX} points; choose a longer step or a shorter period."
        )
    return points


def _boundaries(every: Step, first: datetime, last: datetime) -> Iterator[datetime]:
    boundary = following(every, floor(every, first))
    for _ in range(POINTS_MAX + 1):
        if boundary > last:
            return
        yield boundary
        boundary = following(every, boundary)
