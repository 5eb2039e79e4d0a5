"""Days, weeks, quarters and years of calendars in other time zones; every instant was worked out by hand."""

from datetime import UTC, date, datetime, timedelta

import pytest

from domain.primitives import time_zones
from domain.primitives.calendar import Calendar, Step, Weekday

LISBON = Calendar("Europe/Lisbon")
FROM_FEBRUARY = Calendar(fiscal_year_start_month=2)
FROM_SUNDAY = Calendar(week_starts_on=Weekday.SUNDAY)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def day(text: str) -> date:
    return date.fromisoformat(text)


# ── days ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("zone", "on", "start", "end", "hours"),
    [
        ("Europe/Lisbon", "2026-03-29", "2026-03-29T00:00Z", "2026-03-29T23:00Z", 23),
        ("Europe/Lisbon", "2026-10-25", "2026-10-24T23:00Z", "2026-10-26T00:00Z", 25),
        ("Europe/Lisbon", "2026-07-01", "2026-06-30T23:00Z", "2026-07-01T23:00Z", 24),
        ("America/New_York", "2026-11-01", "2026-11-01T04:00Z", "2026-11-02T05:00Z", 25),
        ("Pacific/Tongatapu", "2027-02-01", "2027-01-31T11:00Z", "2027-02-01T11:00Z", 24),
        ("Australia/Lord_Howe", "2026-04-05", "2026-04-04T13:00Z", "2026-04-05T13:30Z", 24.5),
    ],
)
def test_a_day_lasts_as_long_as_the_clocks_say(zone: str, on: str, start: str, end: str, hours: float) -> None:
    calendar = Calendar(zone)
    assert (calendar.day_start(day(on)), calendar.day_end(day(on))) == (at(start), at(end))
    assert calendar.day_end(day(on)) - calendar.day_start(day(on)) == timedelta(hours=hours)
    assert calendar.last_instant(day(on)) == at(end) - timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("zone", "on", "start", "end"),
    [
        ("America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00Z", "2018-11-05T02:00Z"),
        ("Asia/Beirut", "2026-03-29", "2026-03-28T22:00Z", "2026-03-29T21:00Z"),
        ("America/Toronto", "1919-03-31", "1919-03-31T04:30Z", "1919-04-01T04:00Z"),
    ],
)
def test_a_day_without_midnight_begins_at_its_first_instant(zone: str, on: str, start: str, end: str) -> None:
    calendar = Calendar(zone)
    assert (calendar.day_start(day(on)), calendar.day_end(day(on))) == (at(start), at(end))
    assert calendar.day_of(at(start)) == day(on)
    assert calendar.day_of(at(start) - timedelta(microseconds=1)) == day(on) - timedelta(days=1)


@pytest.mark.parametrize(
    ("zone", "on", "start", "end", "within"),
    [
        ("Atlantic/Azores", "2026-10-25", "2026-10-25T00:00Z", "2026-10-26T01:00Z", "2026-10-25T01:30Z"),
        ("America/St_Johns", "2006-10-29", "2006-10-29T02:30Z", "2006-10-30T03:30Z", "2006-10-29T02:45Z"),
    ],
    ids=["at 01:00 back to midnight", "at 00:01 back to the day before"],
)
def test_a_day_with_two_midnights_begins_at_the_first(zone: str, on: str, start: str, end: str, within: str) -> None:
    calendar = Calendar(zone)
    assert (calendar.day_start(day(on)), calendar.day_end(day(on))) == (at(start), at(end))
    assert calendar.day_of(at(within)) == day(on)


def test_a_day_that_the_zone_skipped_holds_no_instant() -> None:
    samoa = Calendar("Pacific/Apia")
    skipped = at("2011-12-30T10:00Z")
    assert samoa.day_start(day("2011-12-30")) == samoa.day_end(day("2011-12-30")) == skipped
    assert (samoa.day_of(skipped - timedelta(microseconds=1)), samoa.day_of(skipped)) == (
        day("2011-12-29"), day("2011-12-31"),
    )  # fmt: skip


def test_a_skipped_day_has_no_period_of_its_own() -> None:
    samoa = Calendar("Pacific/Apia")
    found = samoa.buckets(Step.DAY, at("2011-12-29T12:00Z"), at("2011-12-31T12:00Z"))
    assert found == [
        (at("2011-12-29T10:00Z"), at("2011-12-30T10:00Z")),
        (at("2011-12-30T10:00Z"), at("2011-12-31T10:00Z")),
        (at("2011-12-31T10:00Z"), at("2012-01-01T10:00Z")),
    ]
    assert [samoa.label(Step.DAY, start) for start, _ in found] == ["2011-12-29", "2011-12-31", "2012-01-01"]


def test_steps_of_days_follow_the_clocks() -> None:
    assert LISBON.steps(Step.DAY, at("2026-10-24T12:00Z"), at("2026-10-27T00:00Z")) == [
        at("2026-10-24T12:00Z"), at("2026-10-24T23:00Z"), at("2026-10-26T00:00Z"), at("2026-10-27T00:00Z"),
    ]  # fmt: skip


def test_a_reading_belongs_to_the_month_of_the_company() -> None:
    tonga, reading = Calendar("Pacific/Tongatapu"), at("2027-02-01T00:30+13:00")
    assert (tonga.label(Step.MONTH, reading), Calendar().label(Step.MONTH, reading)) == ("2027-02", "2027-01")
    assert tonga.floor(Step.MONTH, reading) == at("2027-01-31T11:00Z")


# ── quarters and years ───────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("calendar", "on", "year", "quarter", "start", "end"),
    [
        (FROM_FEBRUARY, "2026-02-01", "FY27", "FY27-Q1", "2026-02-01", "2026-05-01"),
        (FROM_FEBRUARY, "2026-04-30", "FY27", "FY27-Q1", "2026-02-01", "2026-05-01"),
        (FROM_FEBRUARY, "2026-12-31", "FY27", "FY27-Q4", "2026-11-01", "2027-02-01"),
        (FROM_FEBRUARY, "2027-01-31", "FY27", "FY27-Q4", "2026-11-01", "2027-02-01"),
        (FROM_FEBRUARY, "2027-02-01", "FY28", "FY28-Q1", "2027-02-01", "2027-05-01"),
        (Calendar(), "2027-03-31", "FY27", "FY27-Q1", "2027-01-01", "2027-04-01"),
        (Calendar(fiscal_year_start_month=12), "2028-02-29", "FY28", "FY28-Q1", "2027-12-01", "2028-03-01"),
        (Calendar(fiscal_year_start_month=7), "2026-06-30", "FY26", "FY26-Q4", "2026-04-01", "2026-07-01"),
    ],
)
def test_a_fiscal_year_is_named_by_the_year_in_which_it_ends(
    calendar: Calendar, on: str, year: str, quarter: str, start: str, end: str
) -> None:
    moment = at(f"{on}T12:00Z")
    assert (calendar.label(Step.YEAR, moment), calendar.label(Step.QUARTER, moment)) == (year, quarter)
    first = calendar.floor(Step.QUARTER, moment)
    assert (first, calendar.following(Step.QUARTER, first)) == (at(f"{start}T00:00Z"), at(f"{end}T00:00Z"))


@pytest.mark.parametrize(
    ("month", "on", "start", "end", "days"),
    [
        (2, "2027-01-31", "2026-02-01", "2027-02-01", 365),
        (2, "2028-02-29", "2028-02-01", "2029-02-01", 366),
        (3, "2028-02-29", "2027-03-01", "2028-03-01", 366),
        (1, "2028-12-31", "2028-01-01", "2029-01-01", 366),
    ],
)
def test_a_fiscal_year_begins_in_its_month(month: int, on: str, start: str, end: str, days: int) -> None:
    calendar = Calendar(fiscal_year_start_month=month)
    first = calendar.floor(Step.YEAR, at(f"{on}T23:59Z"))
    beyond = calendar.following(Step.YEAR, first)
    assert (first, beyond, (beyond - first).days) == (at(f"{start}T00:00Z"), at(f"{end}T00:00Z"), days)


def test_a_fiscal_quarter_in_a_zone_begins_at_its_midnight() -> None:
    calendar = Calendar("Europe/Lisbon", 2)
    assert calendar.buckets(Step.QUARTER, at("2026-06-01T00:00Z"), at("2026-12-01T00:00Z")) == [
        (at("2026-04-30T23:00Z"), at("2026-07-31T23:00Z")),
        (at("2026-07-31T23:00Z"), at("2026-11-01T00:00Z")),
        (at("2026-11-01T00:00Z"), at("2027-02-01T00:00Z")),
    ]


# ── weeks ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("calendar", "on", "label", "start"),
    [
        (Calendar(), "2027-01-03", "2026-W53", "2026-12-28"),
        (Calendar(), "2027-01-04", "2027-W01", "2027-01-04"),
        (Calendar(), "2024-12-30", "2025-W01", "2024-12-30"),
        (FROM_SUNDAY, "2026-12-26", "2026-W52", "2026-12-20"),
        (FROM_SUNDAY, "2026-12-27", "2027-W01", "2026-12-27"),
        (FROM_SUNDAY, "2027-01-03", "2027-W02", "2027-01-03"),
        (FROM_SUNDAY, "2022-12-31", "2022-W53", "2022-12-25"),
        (Calendar(week_starts_on=Weekday.SATURDAY), "2027-01-01", "2027-W01", "2026-12-26"),
    ],
)
def test_weeks_are_iso_weeks_from_monday_else_week_1_holds_1_january(
    calendar: Calendar, on: str, label: str, start: str
) -> None:
    moment = at(f"{on}T12:00Z")
    assert (calendar.label(Step.WEEK, moment), calendar.floor(Step.WEEK, moment)) == (label, at(f"{start}T00:00Z"))


@pytest.mark.parametrize(
    ("starts_on", "first"),
    [(Weekday.MONDAY, "1970-01-05"), (Weekday.SUNDAY, "1970-01-04"), (Weekday.TUESDAY, "1969-12-30")],
)
def test_pairs_of_weeks_count_on_from_the_week_of_5_january_1970(starts_on: Weekday, first: str) -> None:
    calendar = Calendar(week_starts_on=starts_on)
    start = calendar.floor(Step.BIWEEKLY, at("1970-01-05T12:00Z"))
    assert (start, calendar.following(Step.BIWEEKLY, start) - start) == (at(f"{first}T00:00Z"), timedelta(days=14))
    later = calendar.floor(Step.BIWEEKLY, at("2026-11-28T12:00Z"))
    assert (later - start).days % 14 == 0


def test_a_pair_of_weeks_is_named_by_its_first_week() -> None:
    assert Calendar().label(Step.BIWEEKLY, at("2027-01-10T12:00Z")) == "2027-W01"
    assert Calendar().label(Step.BIWEEKLY, at("2027-01-03T12:00Z")) == "2026-W52"


def test_days_and_months_are_named_by_date() -> None:
    assert LISBON.label(Step.DAY, at("2026-06-30T23:30Z")) == "2026-07-01"
    assert LISBON.label(Step.MONTH, at("2026-06-30T23:30Z")) == "2026-07"
    assert LISBON.label(Step.CHANGE, at("2026-06-30T23:30Z")) == "2026-07-01"


# ── offsets ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("zone", ["UTC", "Europe/Lisbon", "Pacific/Apia", "America/Sao_Paulo", "Africa/Casablanca"])
def test_offsets_give_the_start_of_every_day(zone: str) -> None:
    calendar = Calendar(zone)
    offsets = calendar.offsets()
    for passed in range(0, 40_000, 7):
        on = date(1985, 1, 1) + timedelta(days=passed)
        seconds = [seconds for since, seconds in offsets if since <= on][-1]
        midnight = datetime(on.year, on.month, on.day, tzinfo=UTC)
        assert calendar.day_start(on) == midnight + timedelta(seconds=seconds), on


# ── the ends of the calendar ─────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "Pacific/Niue"])
@pytest.mark.parametrize("every", [step for step in Step if step is not Step.CHANGE])
def test_the_first_and_the_last_instant_lie_in_a_period(zone: str, every: Step) -> None:
    calendar = Calendar(zone, 2, Weekday.SUNDAY)
    first, last = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    assert calendar.floor(every, first) <= first < calendar.following(every, first)
    assert calendar.floor(every, last) <= last <= calendar.following(every, last)


def test_every_time_zone_can_be_read() -> None:
    assert all(Calendar(name).day_start(date(2026, 1, 1)).tzinfo is UTC for name in time_zones.names())
