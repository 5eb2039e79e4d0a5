"""The calendar of the demo company: two years, two quarters, and working hours.

The active quarter is the calendar quarter that contains the day `LIVED_DAYS_MIN` days before today, so that it has run
for three weeks or more. During the first three weeks of a calendar quarter this is the previous quarter, with the key
and dates of the calendar. The closed quarter is the one before. The parents of the quarters are the active quarter's
year and the year before it, which is closed (and is the parent of the closed quarter if the active one is a first
quarter).
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from typing import Self

LIVED_DAYS_MIN = 21
HISTORY_DAYS = 91
"""Days of daily and weekly readings before the closed quarter."""

_DAY_STARTS = time(7, 30)
_WORKDAY = timedelta(hours=9)


def is_workday(day: date) -> bool:
    return day.weekday() < 5


def workday_from(day: date) -> date:
    """The day itself, or the Monday after it."""
    return day if is_workday(day) else day + timedelta(days=7 - day.weekday())


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


def _quarter_of(day: date) -> date:
    return date(day.year, (day.month - 1) // 3 * 3 + 1, 1)


def _quarter(start: date, today: date, closed: bool) -> Season:
    number, after = (start.month + 2) // 3, _quarter_of(start + timedelta(days=95))
    reviewed = after + timedelta(days=10)
    return Season(
        key=f"{start.year}-q{number}",
        name=f"Q{number} {start.year}",
        starts_on=start,
        ends_on=after - timedelta(days=1),
        parent=str(start.year),
        planning=Window(start - timedelta(days=16), start + timedelta(days=4)),
        running=Window(start + timedelta(days=4), after if closed else today),
        review=Window(after, reviewed) if closed else None,
        after=Window(reviewed, today) if closed else None,
    )


def _year(number: int, today: date, closed: bool) -> Season:
    start, after = date(number, 1, 1), date(number + 1, 1, 1)
    return Season(
        key=str(number),
        name=f"The year {number}",
        starts_on=start,
        ends_on=after - timedelta(days=1),
        parent=None,
        planning=Window(start - timedelta(days=60), start + timedelta(days=7)),
        running=Window(start + timedelta(days=7), after if closed else today),
        review=Window(after, after + timedelta(days=14)) if closed else None,
        drafting=0.5,
    )


@dataclass(frozen=True)
class Calendar:
    """All dates of the demo, derived from the day for which it is generated."""

    today: date
    founding: Window
    last_year: Season
    year: Season
    closed: Season
    active: Season

    @classmethod
    def of(cls, today: date) -> Self:
        active = _quarter_of(today - timedelta(days=LIVED_DAYS_MIN))
        return cls(
            today=today,
            founding=Window(date(active.year - 2, 9, 14), date(active.year - 2, 10, 9)),
            last_year=_year(active.year - 1, today, closed=True),
            year=_year(active.year, today, closed=False),
            closed=_quarter(_quarter_of(active - timedelta(days=1)), today, closed=True),
            active=_quarter(active, today, closed=False),
        )

    @property
    def first_reading(self) -> date:
        return self.closed.starts_on - timedelta(days=HISTORY_DAYS)
