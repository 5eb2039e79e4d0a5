"""The calendar of the demo company: a fiscal year of four quarters, of which the last is open, and working hours.

The open quarter began on the first day of last month, so that it is in its middle, whatever the day is: a third to two
thirds of it have passed. The three quarters before it are closed; the fiscal year that the four make up is open.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from typing import Self

HISTORY_DAYS = 21
"""Days of readings before the first quarter."""

_DAY_STARTS = time(7, 30)
_WORKDAY = timedelta(hours=9)


def is_workday(day: date) -> bool:
    return day.weekday() < 5


def workday_from(day: date) -> date:
    """The day itself, or the Monday after it."""
    return day if is_workday(day) else day + timedelta(days=7 - day.weekday())


def months_after(first: date, months: int) -> date:
    """The first day of the month that is so many months after (before, if negative) the one that begins on `first`."""
    years, month = divmod(first.month - 1 + months, 12)
    return date(first.year + years, month + 1, 1)


@dataclass(frozen=True)
class Window:
    """A range of days (`end` excluded), of which only the working hours count."""

    start: date
    end: date

    @cached_property
    def workdays(self) -> list[date]:
        days = (self.start + timedelta(days=passed) for passed in range((self.end - self.start).days))
        return [day for day in days if is_workday(day)]

    def at(self, share: float) -> datetime:
        """The moment at which this share (0 to 1) of the working time has passed; a larger share is later."""
        passed = min(share, 0.9999) * len(self.workdays)
        day = self.workdays[int(passed)]
        moment = datetime.combine(day, _DAY_STARTS, UTC) + (passed - int(passed)) * _WORKDAY
        return moment.replace(microsecond=0)


@dataclass(frozen=True)
class Season:
    """A cycle with its phases: planning, running, `review`, and the time `after` it."""

    key: str
    name: str
    starts_on: date
    ends_on: date
    parent: str | None
    planning: Window
    running: Window
    review: Window | None = None
    after: Window | None = None
    drafting: float = 0.9
    """The share of the planning after which every goal is drafted."""

    @property
    def activated(self) -> datetime:
        return self.planning.at(0.998)

    @property
    def is_year(self) -> bool:
        return self.parent is None

    def at(self, share: float, *, in_review: bool = False) -> datetime:
        """The moment at which this share of the running time, or of the review, has passed."""
        window = self.review if in_review and self.review else self.running
        return window.at(share)

    def elapsed(self, at: datetime) -> float:
        """The share of the cycle's days that has passed, from 0 to 1."""
        passed = (at - datetime.combine(self.starts_on, time(), UTC)) / timedelta(days=1)
        return min(max(passed / ((self.ends_on - self.starts_on).days + 1), 0.0), 1.0)

    def day(self, share: float) -> date:
        """The day on which this share of the cycle's days has passed; a share above 1 is after its end."""
        return self.starts_on + timedelta(days=round(share * (self.ends_on - self.starts_on).days))

    def ref(self, name: str) -> str:
        """The name in the file for a name of the tables, such as `checkout/o1/kr2`, `year:o1` or `kpi/nps`."""
        if name.startswith("year:"):
            return f"{self.parent}/kettlewren/{name.removeprefix('year:')}"
        return name if name.startswith(("kpi/", "team/")) else f"{self.key}/{name}" if name else self.key


def _quarter(number: int, start: date, today: date, year: str) -> Season:
    after, is_closed = months_after(start, 3), number < 4
    reviewed = after + timedelta(days=10)
    return Season(
        key=f"{year}-q{number}",
        name=f"{year.upper()}-Q{number}",
        starts_on=start,
        ends_on=after - timedelta(days=1),
        parent=year,
        planning=Window(start - timedelta(days=16), start + timedelta(days=4)),
        running=Window(start + timedelta(days=4), after if is_closed else today),
        review=Window(after, reviewed) if is_closed else None,
        after=Window(reviewed, today) if is_closed else None,
    )


def _year(key: str, start: date, today: date) -> Season:
    return Season(
        key=key,
        name=f"Fiscal year {key.upper()}",
        starts_on=start,
        ends_on=months_after(start, 12) - timedelta(days=1),
        parent=None,
        planning=Window(start - timedelta(days=45), start),
        running=Window(start, today),
        drafting=0.5,
    )


@dataclass(frozen=True)
class Calendar:
    """All dates of the demo, derived from the day for which it is generated. Like Keyframe, it names a fiscal year by
    the calendar year in which it ends."""

    today: date
    founding: Window
    year: Season
    quarters: tuple[Season, ...]

    @classmethod
    def of(cls, today: date) -> Self:
        opened = months_after(today, -1)
        start = months_after(opened, -9)
        key = f"fy{months_after(start, 11).year % 100:02}"
        return cls(
            today=today,
            founding=Window(start - timedelta(days=80), start - timedelta(days=55)),
            year=_year(key, start, today),
            quarters=tuple(_quarter(n + 1, months_after(start, 3 * n), today, key) for n in range(4)),
        )

    @property
    def closed(self) -> Season:
        """The quarter that closed last."""
        return self.quarters[2]

    @property
    def active(self) -> Season:
        return self.quarters[3]

    @property
    def first_reading(self) -> date:
        return self.year.starts_on - timedelta(days=HISTORY_DAYS)
