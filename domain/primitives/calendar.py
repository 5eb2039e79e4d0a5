"""The calendar of a workspace: its days, weeks, months, quarters and years as instants, and the steps of time series.

A day begins at its first instant in the time zone of the calendar: an hour later where midnight does not exist, at the
first of two midnights, and together with the next day where the zone skipped it. It ends where the next one begins, so
that each instant belongs to one day, which lasts 23, 24 or 25 hours where clocks change.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Annotated, Final, TypeVar
from zoneinfo import ZoneInfo

from domain.primitives import time_zones
from domain.primitives.documentation import doc
from domain.primitives.errors import Code, CommandRejected
from domain.primitives.values import Value

INSTANT = timedelta(microseconds=1)
POINTS_MAX = 10_000
"""The largest number of points or buckets of a series: 27 years of days."""
FIRST_FORTNIGHT = date(1970, 1, 5)
"""A day of the first week of a pair of weeks, from which all pairs are counted."""
OFFSETS_FROM, OFFSETS_TO = date(1900, 1, 1), date(2100, 1, 1)
_APART = 4
_ENDLESS: Final = datetime.max.replace(tzinfo=UTC)

_T = TypeVar("_T")


class Step(StrEnum):
    """The distance between the points of a series. CHANGE: one point per change. BIWEEKLY: pairs of weeks, counted on
    from the week of 5 January 1970."""

    DAY = "DAY"
    WEEK = "WEEK"
    BIWEEKLY = "BIWEEKLY"
    MONTH = "MONTH"
    QUARTER = "QUARTER"
    YEAR = "YEAR"
    CHANGE = "CHANGE"


class Weekday(StrEnum):
    MONDAY = "MONDAY"
    TUESDAY = "TUESDAY"
    WEDNESDAY = "WEDNESDAY"
    THURSDAY = "THURSDAY"
    FRIDAY = "FRIDAY"
    SATURDAY = "SATURDAY"
    SUNDAY = "SUNDAY"

    @property
    def place(self) -> int:
        """Its place in the ISO week: 0 for MONDAY."""
        return _WEEK.index(self)


_WEEK: Final = list(Weekday)


class Calendar(Value, frozen=True):
    """The calendar of a workspace: its days begin and end by the time zone, its quarters and years by the month in
    which the fiscal year starts, and its weeks by their first day."""

    time_zone: Annotated[str, doc("The time zone, a name of the IANA database such as Europe/Lisbon.")] = "UTC"
    fiscal_year_start_month: Annotated[int, doc("The month in which the fiscal year starts, from 1 to 12.")] = 1
    week_starts_on: Annotated[Weekday, doc("The first day of a week.")] = Weekday.MONDAY

    # ── days ─────────────────────────────────────────────────────────────────────────────────────

    def day_start(self, day: date) -> datetime:
        """The first instant of a day."""
        return _first_instant(self.time_zone, day)

    def day_end(self, day: date) -> datetime:
        """The first instant after a day, the deadline of a due date."""
        return _end(self.time_zone, day)

    def last_instant(self, day: date) -> datetime:
        """The last instant of a day, to the microsecond."""
        return _end(self.time_zone, day) - INSTANT

    def day_of(self, at: datetime) -> date:
        """The day that contains an instant."""
        day = _local(self.time_zone, at)
        return _later(day, 1) if at >= _end(self.time_zone, day) else day

    def offsets(self) -> tuple[tuple[date, int], ...]:
        """The days from which on days begin so many seconds after midnight in UTC, from `OFFSETS_FROM` to `OFFSETS_TO`;
        the last offset holds on."""
        return _offsets(self.time_zone)

    # ── periods ──────────────────────────────────────────────────────────────────────────────────

    def floor(self, every: Step, at: datetime) -> datetime:
        """The start of the period that contains `at`. Raises `ValueError` for CHANGE."""
        return self.day_start(self._first_day(every, self.day_of(at)))

    def following(self, every: Step, start: datetime) -> datetime:
        """The start of the period after the one that contains `start`."""
        first = self._first_day(every, self.day_of(start))
        try:
            return self.day_start(_next(every, first))
        except OverflowError:
            return _ENDLESS

    def period(self, every: Step, at: datetime) -> tuple[datetime, datetime]:
        """The period that contains `at`, half-open [start, end). Raises `ValueError` for CHANGE."""
        start = self.floor(every, at)
        return start, self.following(every, start)

    def steps(self, every: Step, start: datetime, end: datetime, changes: Iterable[datetime] = ()) -> list[datetime]:
        """`start`, every boundary (or change) between, and `end`, in order and without duplicates.

        Empty if `end` is before `start`. Raises `TOO_LARGE` beyond `POINTS_MAX` points.
        """
        if end < start:
            return []
        between = sorted(set(changes)) if every is Step.CHANGE else self._boundaries(every, start, end)
        inner = [instant for instant in between if start < instant < end]
        return bounded([start, *inner, end] if start < end else [start])

    def buckets(self, every: Step, first: datetime, last: datetime) -> list[tuple[datetime, datetime]]:
        """Whole periods, half-open [start, end), from the one with `first` to the one with `last`.

        Empty if `last` is before the period of `first`. Raises `TOO_LARGE` beyond `POINTS_MAX` periods.
        """
        starts = [self.floor(every, first), *self._boundaries(every, first, last)]
        return [(start, self.following(every, start)) for start in bounded(starts) if start <= last]

    def _boundaries(self, every: Step, first: datetime, last: datetime) -> Iterator[datetime]:
        boundary = self.following(every, first)
        for _ in range(POINTS_MAX + 1):
            if boundary > last or boundary == _ENDLESS:
                return
            yield boundary
            boundary = self.following(every, boundary)

    def _first_day(self, every: Step, day: date) -> date:
        """The first day of the period that contains a day. Raises `ValueError` for CHANGE."""
        match every:
            case Step.DAY:
                return day
            case Step.WEEK:
                return self._week_of(day)
            case Step.BIWEEKLY:
                week = self._week_of(day)
                return _earlier(week, (week - self._week_of(FIRST_FORTNIGHT)).days % 14)
            case Step.MONTH:
                return day.replace(day=1)
            case Step.QUARTER:
                return _month_before(day, self._fiscal_month(day) % 3)
            case Step.YEAR:
                return _month_before(day, self._fiscal_month(day))
        raise ValueError(every)

    def _week_of(self, day: date) -> date:
        return _earlier(day, (day.weekday() - self.week_starts_on.place) % 7)

    def _fiscal_month(self, day: date) -> int:
        """The month within the fiscal year, from 0 to 11."""
        return (day.month - self.fiscal_year_start_month) % 12

    # ── labels ───────────────────────────────────────────────────────────────────────────────────

    def label(self, every: Step, start: datetime) -> str:
        """The name of the period that contains `start`: FY27, FY27-Q1, 2027-02, 2026-W53, 2027-02-01.

        A fiscal year is named by the calendar year in which it ends. Weeks are ISO weeks if they start on Monday;
        otherwise week 1 holds 1 January. A pair of weeks is named by its first week. CHANGE: the day of `start`.
        """
        day = self.day_of(start)
        match every:
            case Step.WEEK | Step.BIWEEKLY:
                return self._label_of_week(self._first_day(every, day))
            case Step.MONTH:
                return day.isoformat()[:7]
            case Step.QUARTER:
                return f"{self._label_of_year(day)}-Q{self._fiscal_month(day) // 3 + 1}"
            case Step.YEAR:
                return self._label_of_year(day)
        return day.isoformat()

    def _label_of_week(self, first: date) -> str:
        if self.week_starts_on is Weekday.MONDAY:
            year, week, _ = first.isocalendar()
            return f"{year}-W{week:02}"
        last = _later(first, 6)
        return f"{last.year}-W{(last.timetuple().tm_yday - 1) // 7 + 1:02}"

    def _label_of_year(self, day: date) -> str:
        starts_earlier = self.fiscal_year_start_month > 1 and day.month >= self.fiscal_year_start_month
        return f"FY{(day.year + starts_earlier) % 100:02}"


def bounded(points: list[_T]) -> list[_T]:
    """The points, if there are at most `POINTS_MAX`. Raises `TOO_LARGE`."""
    if len(points) > POINTS_MAX:
        raise CommandRejected(
            Code.TOO_LARGE, f"The result has more than {POINTS_MAX} points; choose a longer step or a shorter period."
        )
    return points


# ── instants of a zone ───────────────────────────────────────────────────────────────────────────


@lru_cache(maxsize=16_384)
def _first_instant(time_zone: str, day: date) -> datetime:
    """The first instant whose local day is this day or a later one; of the first day, the first instant there is."""
    if day == date.min:
        return datetime.min.replace(tzinfo=UTC)
    zone = time_zones.zone(time_zone)
    midnight = datetime.combine(day, time.min, zone)
    at = midnight.astimezone(UTC)
    exists = at.astimezone(zone).replace(tzinfo=None) == midnight.replace(tzinfo=None)
    return at if exists else _end_of_gap(zone, day, midnight.replace(fold=1).astimezone(UTC), at)


@lru_cache(maxsize=16_384)
def _end(time_zone: str, day: date) -> datetime:
    """The first instant after a day; the end of time after the last day of the calendar."""
    return _ENDLESS if day == date.max else _first_instant(time_zone, day + timedelta(days=1))


@lru_cache(maxsize=64)
def _offsets(time_zone: str) -> tuple[tuple[date, int], ...]:
    """Compares days that are a few days apart, and looks at the days between them only where they differ: a zone keeps
    an offset for longer than that."""
    found = [(OFFSETS_FROM, _offset(time_zone, OFFSETS_FROM))]
    for days in range(_APART, (OFFSETS_TO - OFFSETS_FROM).days, _APART):
        last = OFFSETS_FROM + timedelta(days=days)
        if _offset(time_zone, last) != found[-1][1]:
            between = (last - timedelta(days=left) for left in reversed(range(_APART)))
            found += ((day, offset) for day in between if (offset := _offset(time_zone, day)) != found[-1][1])
    return tuple(found)


def _offset(time_zone: str, day: date) -> int:
    """The seconds from midnight in UTC to the first instant of a day."""
    start = _first_instant.__wrapped__(time_zone, day)
    return int((start - datetime.combine(day, time.min, UTC)).total_seconds())


def _end_of_gap(zone: ZoneInfo, day: date, before: datetime, after: datetime) -> datetime:
    """The instant between two, to the second, at which the clocks of a zone skip the midnight of a day."""
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) // timedelta(seconds=2) * timedelta(seconds=1)
        if middle.astimezone(zone).date() >= day:
            after = middle
        else:
            before = middle
    return after


def _local(time_zone: str, at: datetime) -> date:
    """The day of the local clock at an instant."""
    try:
        return at.astimezone(time_zones.zone(time_zone)).date()
    except OverflowError:
        return at.date()


# ── days of the calendar ─────────────────────────────────────────────────────────────────────────


def _later(day: date, days: int) -> date:
    """So many days later, at most the last day of the calendar."""
    return date.fromordinal(min(day.toordinal() + days, date.max.toordinal()))


def _earlier(day: date, days: int) -> date:
    """So many days earlier, at least the first day of the calendar."""
    return date.fromordinal(max(day.toordinal() - days, date.min.toordinal()))


def _month_before(day: date, months: int) -> date:
    """The first day of the month so many months earlier, at least the first day of the calendar."""
    years, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(years, month + 1, 1) if years >= date.min.year else date.min


def _next(every: Step, first: date) -> date:
    """The first day of the period after the one that begins on a day. Raises `OverflowError` beyond the calendar."""
    days = {Step.DAY: 1, Step.WEEK: 7, Step.BIWEEKLY: 14}.get(every)
    if days is not None:
        return first + timedelta(days=days)
    months = {Step.MONTH: 1, Step.QUARTER: 3, Step.YEAR: 12}[every]
    years, month = divmod(first.year * 12 + first.month - 1 + months, 12)
    if years > date.max.year:
        raise OverflowError
    return date(years, month + 1, 1)
