"""Days, ISO weeks, months and quarters in UTC."""

from datetime import UTC, date, datetime, timedelta

import pytest

from domain.primitives.calendar import POINTS_MAX, Calendar, Step
from domain.primitives.errors import Code, CommandRejected

UTC_CALENDAR = Calendar()


def on(year: int, month: int, day: int, hour: int = 0) -> datetime:
    return datetime(year, month, day, hour, tzinfo=UTC)


def test_a_day_ends_where_the_next_one_starts() -> None:
    assert UTC_CALENDAR.day_start(date(2026, 3, 31)) == on(2026, 3, 31)
    assert UTC_CALENDAR.day_end(date(2026, 3, 31)) == on(2026, 4, 1)
    assert UTC_CALENDAR.day_end(date.max) == datetime.max.replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("every", "at", "start", "end"),
    [
        (Step.DAY, on(2026, 2, 15, 9), on(2026, 2, 15), on(2026, 2, 16)),
        (Step.WEEK, on(2026, 1, 1, 9), on(2025, 12, 29), on(2026, 1, 5)),
        (Step.WEEK, on(2026, 1, 4, 23), on(2025, 12, 29), on(2026, 1, 5)),
        (Step.WEEK, on(2026, 1, 5), on(2026, 1, 5), on(2026, 1, 12)),
        (Step.BIWEEKLY, on(1970, 1, 18, 23), on(1970, 1, 5), on(1970, 1, 19)),
        (Step.BIWEEKLY, on(1970, 1, 4, 23), on(1969, 12, 22), on(1970, 1, 5)),
        (Step.BIWEEKLY, on(2026, 1, 18, 23), on(2026, 1, 5), on(2026, 1, 19)),
        (Step.BIWEEKLY, on(2026, 1, 19), on(2026, 1, 19), on(2026, 2, 2)),
        (Step.MONTH, on(2024, 2, 29, 9), on(2024, 2, 1), on(2024, 3, 1)),
        (Step.MONTH, on(2026, 12, 31, 9), on(2026, 12, 1), on(2027, 1, 1)),
        (Step.QUARTER, on(2026, 2, 28), on(2026, 1, 1), on(2026, 4, 1)),
        (Step.QUARTER, on(2026, 9, 30), on(2026, 7, 1), on(2026, 10, 1)),
        (Step.QUARTER, on(2026, 12, 31, 23), on(2026, 10, 1), on(2027, 1, 1)),
    ],
)
def test_every_instant_lies_in_one_half_open_bucket(every: Step, at: datetime, start: datetime, end: datetime) -> None:
    assert (UTC_CALENDAR.floor(every, at), UTC_CALENDAR.following(every, start)) == (start, end)


def test_step_change_has_no_calendar_floor() -> None:
    with pytest.raises(ValueError, match="CHANGE"):
        UTC_CALENDAR.floor(Step.CHANGE, on(2026, 1, 1))


def test_the_last_quarter_ends_at_the_last_representable_time() -> None:
    assert UTC_CALENDAR.following(Step.QUARTER, on(9999, 10, 1)) == datetime.max.replace(tzinfo=UTC)


def test_steps_include_both_ends_and_every_boundary_between() -> None:
    assert UTC_CALENDAR.steps(Step.MONTH, on(2026, 1, 10), on(2026, 3, 5)) == [
        on(2026, 1, 10), on(2026, 2, 1), on(2026, 3, 1), on(2026, 3, 5),
    ]  # fmt: skip


def test_steps_contain_each_boundary_once() -> None:
    assert UTC_CALENDAR.steps(Step.WEEK, on(2026, 1, 5), on(2026, 1, 19)) == [
        on(2026, 1, 5),
        on(2026, 1, 12),
        on(2026, 1, 19),
    ]


def test_step_change_steps_are_the_times_of_changes() -> None:
    changes = [on(2026, 3, 1), on(2026, 1, 20), on(2026, 1, 20), on(2026, 1, 10), on(2025, 1, 1), on(2027, 1, 1)]
    assert UTC_CALENDAR.steps(Step.CHANGE, on(2026, 1, 10), on(2026, 4, 1), changes) == [
        on(2026, 1, 10), on(2026, 1, 20), on(2026, 3, 1), on(2026, 4, 1),
    ]  # fmt: skip


def test_an_empty_span_is_one_step_and_a_negative_span_has_none() -> None:
    assert UTC_CALENDAR.steps(Step.DAY, on(2026, 1, 1), on(2026, 1, 1)) == [on(2026, 1, 1)]
    assert UTC_CALENDAR.steps(Step.DAY, on(2026, 1, 2), on(2026, 1, 1)) == []


def test_buckets_cover_the_span_as_whole_calendar_units() -> None:
    assert UTC_CALENDAR.buckets(Step.MONTH, on(2026, 1, 10), on(2026, 3, 1)) == [
        (on(2026, 1, 1), on(2026, 2, 1)),
        (on(2026, 2, 1), on(2026, 3, 1)),
        (on(2026, 3, 1), on(2026, 4, 1)),
    ]
    assert UTC_CALENDAR.buckets(Step.MONTH, on(2026, 1, 10), on(2025, 12, 31)) == []


@pytest.mark.parametrize("answer", [UTC_CALENDAR.steps, UTC_CALENDAR.buckets])
def test_too_many_points_are_refused(answer: object) -> None:
    assert callable(answer)
    with pytest.raises(CommandRejected) as refused:
        answer(Step.DAY, on(1, 1, 1), on(9999, 12, 31))
    assert refused.value.code is Code.TOO_LARGE


def test_the_maximum_number_of_points_is_allowed() -> None:
    start = on(2000, 1, 1)
    assert len(UTC_CALENDAR.buckets(Step.DAY, start, start + timedelta(days=POINTS_MAX - 1))) == POINTS_MAX


def test_periods_up_to_the_end_of_time_are_counted_once() -> None:
    end = datetime.max.replace(tzinfo=UTC)
    assert UTC_CALENDAR.buckets(Step.YEAR, end, end) == [(on(9999, 1, 1), end)]
    assert len(UTC_CALENDAR.steps(Step.YEAR, on(9000, 1, 1), end)) == 1001
