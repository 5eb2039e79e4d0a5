"""Days and periods by the calendar of the workspace."""

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import count

from domain.primitives import time_zones
from domain.primitives.calendar import Calendar, Step
from tests.reference.entities import End
from tests.reference.fold import View

DAY = timedelta(days=1)
FIRST_FORTNIGHT = date(1970, 1, 5)
"""Periods of two weeks are counted on from the week of this day."""


def calendar_in_force(view: View, end: End | None) -> Calendar:
    """The calendar at the basis; for what has ended, the one at its end, which no later change moves."""
    known = view.calendars
    if end is not None:
        known = [one for one in known if one.at <= end.at and one.position <= end.position]
    return known[-1].calendar if known else Calendar()


def day_of(calendar: Calendar, at: datetime) -> date:
    """The day that the clocks of the calendar's zone show at a moment."""
    return at.astimezone(time_zones.zone(calendar.time_zone)).date()


@cache
def first_instant(time_zone: str, day: date) -> datetime:
    """The first second at which the clocks of a zone show this day or a later one, by search."""
    zone, midnight = time_zones.zone(time_zone), datetime.combine(day, time(), UTC)
    before, after = midnight - 2 * DAY, midnight + 2 * DAY
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(after - before) // timedelta(seconds=2))
        before, after = (before, middle) if middle.astimezone(zone).date() >= day else (middle, after)
    return after


def starts(calendar: Calendar, day: date) -> datetime:
    return first_instant(calendar.time_zone, day)


def ends(calendar: Calendar, day: date) -> datetime:
    """A day ends at its midnight: with the first instant of the next one."""
    return first_instant(calendar.time_zone, day + DAY)


def period_of(calendar: Calendar, every: Step, at: datetime) -> tuple[datetime, datetime]:
    """The period that holds a moment, half-open."""
    return period_with(calendar, every, day_of(calendar, at))


@cache
def period_with(calendar: Calendar, every: Step, today: date) -> tuple[datetime, datetime]:
    """The period that holds a day, half-open."""
    first = next(day for day in (today - passed * DAY for passed in count()) if begins(calendar, every, day))
    last = next(day for day in (today + left * DAY for left in count(1)) if begins(calendar, every, day))
    return starts(calendar, first), starts(calendar, last)


def begins(calendar: Calendar, every: Step, day: date) -> bool:
    """Whether a day is the first one of a period."""
    match every:
        case Step.WEEK:
            return day.strftime("%A").upper() == calendar.week_starts_on
        case Step.BIWEEKLY:
            return begins(calendar, Step.WEEK, day) and (day - FIRST_FORTNIGHT + 6 * DAY).days // 7 % 2 == 0
        case Step.MONTH:
            return day.day == 1
        case Step.QUARTER:
            return day.day == 1 and (day.month - calendar.fiscal_year_start_month) % 3 == 0
        case Step.YEAR:
            return day.day == 1 and day.month == calendar.fiscal_year_start_month
    return True
