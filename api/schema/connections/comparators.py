"""Comparators of filters: ranges of days, times and numbers, and their translation to the projections."""

from datetime import date, datetime, timedelta
from math import isfinite

import strawberry

from api.snapshot.snapshot import View
from domain.primitives.errors import invalid
from domain.primitives.values import EARLIEST
from projections.store.keyset import Range

DAYS_MAX = 36_600
"""The most days of `withinDays`: a hundred years."""


@strawberry.input(
    description="A range of days; a day must match every field that is set. Both ends are included. Days are those of "
    "the workspace's calendar."
)
class DayRange:
    gte: date | None = strawberry.field(default=None, description="The first day.")
    lte: date | None = strawberry.field(default=None, description="The last day.")
    within_days: int | None = strawberry.field(
        default=None,
        description="From the day of the basis up to this number of days later; if it is negative, from this number of "
        "days earlier up to the day of the basis.",
    )


@strawberry.input(
    description="A range of times; a time must match every field that is set. Both ends are included. What has no time "
    "matches no range."
)
class TimeRange:
    gte: datetime | None = strawberry.field(default=None, description="The earliest time.")
    lte: datetime | None = strawberry.field(default=None, description="The latest time.")
    within_days: int | None = strawberry.field(
        default=None, description="From this number of days of 24 hours before the basis up to the basis; 0 or more."
    )


@strawberry.input(
    description="A range of numbers; a number must match every field that is set. Both ends are included. What has no "
    "number matches no range."
)
class NumberRange:
    gte: float | None = strawberry.field(default=None, description="The lowest number.")
    lte: float | None = strawberry.field(default=None, description="The highest number.")


def day_range(view: View, given: DayRange | None, field: str) -> Range | None:
    """The days of a range at the basis. Raises `INVALID` for too many days."""
    if given is None or given.within_days is None:
        return None if given is None else Range(given.gte, given.lte)
    today, days = view.calendar.day_of(view.basis.at), _days(given.within_days, -DAYS_MAX, field)
    other = _shifted(today, days)
    first, last = min(today, other), max(today, other)
    return Range(
        first if given.gte is None else max(first, given.gte), last if given.lte is None else min(last, given.lte)
    )


def _shifted(day: date, days: int) -> date:
    return date.fromordinal(min(max(day.toordinal() + days, 1), date.max.toordinal()))


def time_range(view: View, given: TimeRange | None, field: str) -> Range | None:
    """The times of a range at the basis. Raises `INVALID` for a negative number of days, or too many."""
    if given is None or given.within_days is None:
        return None if given is None else Range(given.gte, given.lte)
    last = view.basis.at
    first = last - timedelta(days=min(_days(given.within_days, 0, field), (last - EARLIEST).days))
    return Range(
        first if given.gte is None else max(first, given.gte), last if given.lte is None else min(last, given.lte)
    )


def number_range(given: NumberRange | None, field: str) -> Range | None:
    """The numbers of a range. Raises `INVALID` for an infinite bound."""
    for name, bound in () if given is None else (("gte", given.gte), ("lte", given.lte)):
        if bound is not None and not isfinite(bound):
            raise invalid("Must be a finite number.", field, name)
    return None if given is None else Range(given.gte, given.lte)


def _days(days: int, lowest: int, field: str) -> int:
    if not lowest <= days <= DAYS_MAX:
        raise invalid(f"Must be a number of days from {lowest:,} to {DAYS_MAX:,}.", field, "withinDays")
    return days
