"""The calendar of the story: fiscal quarters, the open one in its middle, and increasing times."""

from datetime import date, timedelta
from itertools import pairwise

import pytest

from api.demo.seasons import Calendar, Season, Window
from tests.api.demo.story import MANY_DAYS

EVERY_DAY = [date(2026, 1, 1) + timedelta(days=passed) for passed in range(731)]


def test_open_quarter_is_in_its_middle() -> None:
    for today in EVERY_DAY:
        quarter = Calendar.of(today).active
        days = (quarter.ends_on - quarter.starts_on).days + 1
        assert 0.3 < (today - quarter.starts_on).days / days < 0.7


def test_quarters_are_three_months_and_are_named_by_the_year_in_which_the_fiscal_year_ends() -> None:
    for today in EVERY_DAY:
        calendar = Calendar.of(today)
        for number, quarter in enumerate(calendar.quarters, start=1):
            first, after = quarter.starts_on, quarter.ends_on + timedelta(days=1)
            assert (first.day, after.day, (after.month - first.month) % 12) == (1, 1, 3)
            assert quarter.name == f"FY{calendar.year.ends_on.year % 100:02}-Q{number}"


@pytest.mark.parametrize("today", MANY_DAYS, ids=str)
def test_quarters_are_consecutive_and_fill_the_year(today: date) -> None:
    calendar = Calendar.of(today)
    for one, next_one in pairwise(calendar.quarters):
        assert one.ends_on + timedelta(days=1) == next_one.starts_on
    assert calendar.year.starts_on == calendar.quarters[0].starts_on
    assert calendar.year.ends_on == calendar.quarters[-1].ends_on
    assert {quarter.parent for quarter in calendar.quarters} == {calendar.year.key}
    assert calendar.year.activated.date() < calendar.year.starts_on
    for season in calendar.quarters:
        _activates_within_a_week(season)


def _activates_within_a_week(season: Season) -> None:
    assert season.starts_on <= season.activated.date() <= season.starts_on + timedelta(days=7)
    assert season.activated < season.running.at(0.0)


def test_open_quarter_begins_on_the_first_day_of_last_month() -> None:
    assert Calendar.of(date(2026, 11, 30)).active.starts_on == date(2026, 10, 1)
    assert Calendar.of(date(2026, 12, 1)).active.starts_on == date(2026, 11, 1)
    assert Calendar.of(date(2027, 1, 1)).active.key == "fy27-q4"


def test_window_times_increase_and_are_within_working_hours() -> None:
    window = Window(date(2026, 10, 2), date(2026, 10, 20))
    moments = [window.at(share / 500) for share in range(501)]
    assert all(one < next_one for one, next_one in pairwise(moments))
    assert all(moment.weekday() < 5 and 7 <= moment.hour < 17 for moment in moments)
    assert window.start <= moments[0].date() < moments[-1].date() < window.end


def test_season_reports_its_elapsed_share() -> None:
    season = Calendar.of(date(2026, 11, 21)).active
    assert season.elapsed(season.planning.at(0)) == 0.0
    assert 0.5 < season.elapsed(season.running.at(0.9999)) < 0.6
    assert (season.day(0), season.day(1)) == (season.starts_on, season.ends_on)
