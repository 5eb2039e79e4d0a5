"""The days that label a time axis: first days of weeks, months or years, as many as fit."""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import Final

_WEEKS: Final = (1, 2)
_MONTHS: Final = (1, 2, 3, 6, 12, 24, 60, 120)
_WEEK: Final = timedelta(weeks=1)


def day_ticks(first: date, last: date, most: int) -> list[date]:
    """The days between two days that label an axis with room for so many: Mondays, each one or each second one, else
    the first days of months or years. None if even those are more."""
    for days in _candidates(first, last):
        found = [day for day in days if first <= day <= last]
        if len(found) <= most:
            return found
    return []


def _candidates(first: date, last: date) -> Iterator[Iterable[date]]:
    monday = first + timedelta(days=-first.weekday() % 7)
    for weeks in _WEEKS:
        yield (monday + n * weeks * _WEEK for n in range((last - monday) // _WEEK // weeks + 1))
    for months in _MONTHS:
        yield _months(first, last, months)


def _months(first: date, last: date, every: int) -> Iterator[date]:
    month = 12 * first.year + first.month - 1
    for number in range(month - month % every, 12 * last.year + last.month):
        if number % every == 0:
            yield date(number // 12, number % 12 + 1, 1)
