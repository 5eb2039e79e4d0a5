"""The period that another one is compared with: the one before, or the one of the year before."""

from datetime import UTC, date, datetime

import pytest

from domain.metrics.kpi_series import earlier
from domain.primitives.calendar import Calendar, Step
from domain.primitives.values import EarlierPeriod

LISBON = Calendar(time_zone="Europe/Lisbon")
FROM_FEBRUARY = Calendar(fiscal_year_start_month=2)
LISBON_FROM_FEBRUARY = Calendar(time_zone="Europe/Lisbon", fiscal_year_start_month=2)


def on(year: int, month: int, day: int, hour: int = 0) -> datetime:
    return datetime(year, month, day, hour, tzinfo=UTC)


@pytest.mark.parametrize(
    ("every", "start", "before"),
    [
        (Step.DAY, on(2026, 3, 5), on(2025, 3, 5)),
        (Step.DAY, on(2024, 2, 29), on(2023, 2, 28)),
        (Step.DAY, on(2028, 2, 29), on(2027, 2, 28)),
        (Step.DAY, on(2028, 3, 1), on(2027, 3, 1)),
        (Step.WEEK, on(2026, 1, 5), on(2025, 1, 6)),
        (Step.WEEK, on(2021, 1, 4), on(2020, 1, 6)),
        (Step.WEEK, on(2026, 12, 28), on(2025, 12, 29)),
        (Step.BIWEEKLY, on(2026, 1, 5), on(2025, 1, 6)),
        (Step.MONTH, on(2024, 2, 1), on(2023, 2, 1)),
        (Step.MONTH, on(2026, 2, 1), on(2025, 2, 1)),
        (Step.QUARTER, on(2026, 4, 1), on(2025, 4, 1)),
        (Step.YEAR, on(2026, 1, 1), on(2025, 1, 1)),
    ],
)
def test_period_of_the_year_before_begins_on_the_same_day_or_52_weeks_before(
    every: Step, start: datetime, before: datetime
) -> None:
    assert earlier(Calendar(), every, start, EarlierPeriod.YEAR_BEFORE)[0] == before


def test_previous_period_ends_where_the_period_begins() -> None:
    before = earlier(Calendar(), Step.QUARTER, on(2026, 1, 1), EarlierPeriod.PREVIOUS)
    assert before == (on(2025, 10, 1), on(2026, 1, 1))


def test_fiscal_quarter_a_year_before_begins_in_the_same_month() -> None:
    before = earlier(FROM_FEBRUARY, Step.QUARTER, on(2026, 5, 1), EarlierPeriod.YEAR_BEFORE)
    assert before == (on(2025, 5, 1), on(2025, 8, 1))


@pytest.mark.parametrize("over", EarlierPeriod)
def test_fiscal_year_is_compared_with_the_fiscal_year_before(over: EarlierPeriod) -> None:
    (current,) = LISBON_FROM_FEBRUARY.buckets(Step.YEAR, on(2026, 5, 10), on(2026, 5, 10))
    before = earlier(LISBON_FROM_FEBRUARY, Step.YEAR, current[0], over)
    assert before == (on(2025, 2, 1), on(2026, 2, 1))


def test_month_before_the_clocks_change_has_its_own_offset() -> None:
    """April of Lisbon begins at 23:00 UTC on 31 March, and March at midnight UTC."""
    april = LISBON.day_start(date(2026, 4, 1))
    assert earlier(LISBON, Step.MONTH, april, EarlierPeriod.PREVIOUS) == (on(2026, 3, 1), on(2026, 3, 31, 23))
