"""The calendar of the story: quarter keys, the active quarter, and increasing times."""

from datetime import date, timedelta
from itertools import pairwise

import pytest

from api.demo.seasons import LIVED_DAYS_MIN, Calendar, Season, Window
from tests.api.demo.story import MANY_DAYS

EVERY_DAY = [date(2026, 1, 1) + timedelta(days=passed) for passed in range(731)]


def test_active_quarter_has_run_for_at_least_three_weeks() -> None:
    for today in EVERY_DAY:
        lived = (today - Calendar.of(today).active.starts_on).days
        assert LIVED_DAYS_MIN <= lived < 92 + LIVED_DAYS_MIN + 1


def test_quarter_key_matches_its_dates() -> None:
    for today in EVERY_DAY:
        for quarter in (Calendar.of(today).closed, Calendar.of(today).active):
            first, after = quarter.starts_on, quarter.ends_on + timedelta(days=1)
            assert quarter.key == f"{first.year}-q{(first.month + 2) // 3}"
            assert (first.day, after.day, (after.month - first.month) % 12) == (1, 1, 3)


@pytest.mark.parametrize("today", MANY_DAYS, ids=str)
def test_cycles_are_consecutive_and_within_their_years(today: date) -> None:
    calendar = Calendar.of(today)
    assert calendar.closed.ends_on + timedelta(days=1) == calendar.active.starts_on
    assert calendar.last_year.ends_on + timedelta(days=1) == calendar.year.starts_on
    assert calendar.active.parent == calendar.year.key
    assert calendar.closed.parent in (calendar.year.key, calendar.last_year.key)
    for season in (calendar.last_year, calendar.year, calendar.closed, calendar.active):
        _activates_within_a_week(season)


def _activates_within_a_week(season: Season) -> None:
    assert season.starts_on <= season.activated.date() <= season.starts_on + timedelta(days=7)
    assert season.activated < season.running.at(0.0)


def test_in_the_first_quarter_the_closed_quarter_is_in_the_previous_year() -> None:
    calendar = Calendar.of(date(2027, 1, 22))
    assert (calendar.active.key, calendar.closed.key) == ("2027-q1", "2026-q4")
    assert (calendar.active.parent, calendar.closed.parent) == ("2027", "2026")


def test_first_weeks_of_a_quarter_keep_the_previous_quarter_active() -> None:
    assert Calendar.of(date(2027, 1, 1)).active.key == "2026-q4"
    assert Calendar.of(date(2027, 1, 21)).active.key == "2026-q4"


def test_window_times_increase_and_are_within_working_hours() -> None:
    window = Window(date(2026, 10, 2), date(2026, 10, 20))
    moments = [window.at(share / 500) for share in range(501)]
    assert all(one < next_one for one, next_one in pairwise(moments))
    assert all(moment.weekday() < 5 and 7 <= moment.hour < 17 for moment in moments)
    assert window.start <= moments[0].date() < moments[-1].date() < window.end


def test_season_reports_its_elapsed_share() -> None:
    season = Calendar.of(date(2026, 11, 21)).active
    assert season.elapsed(season.planning.at(0)) == 0.0
    assert 0.4 < season.elapsed(season.running.at(0.9999)) < 0.6
    assert (season.day(0), season.day(1)) == (season.starts_on, season.ends_on)
