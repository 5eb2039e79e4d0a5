"""When a check-in or a reading is due, and when it is overdue."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from domain.metrics.attention.due import Due, Wait, days_past, next_check_in
from domain.metrics.progress import is_level, of_key_result
from domain.metrics.rating import Health
from domain.primitives.calendar import INSTANT, Calendar
from domain.primitives.values import Cadence, Direction, ScoringPolicy
from tests.domain.metrics.builders import CALENDAR, CLOSING, DAY, MIDDLE, OPENING, POLICY, key_result, metric

LEVEL = metric(Direction.AT_LEAST, target=80, start=85)


def owed(value: float | None = None, policy: ScoringPolicy = POLICY, **changed: Any) -> Due | None:
    """The next check-in of a key result of the quarter, whose cadence is a week."""
    facts = key_result(value, **changed)
    share = of_key_result(facts, MIDDLE, policy).value
    wait = Wait.of(facts.cadence, policy)
    return next_check_in(facts, share, wait, CALENDAR, is_level=is_level(facts.measured_metric))


def day_of(found: Due | None) -> date:
    assert found is not None
    return found.on


def test_check_in_is_due_a_cadence_after_the_last_one() -> None:
    assert day_of(owed(50, last_measured_at=MIDDLE)) == date(2026, 2, 22)
    assert day_of(owed(50, last_measured_at=MIDDLE, cadence=Cadence.MONTHLY)) == date(2026, 3, 18)


def test_first_check_in_is_due_a_cadence_after_the_beginning() -> None:
    assert day_of(owed(last_measured_at=None)) == date(2026, 1, 8)
    assert day_of(owed(last_measured_at=None, begins_at=MIDDLE)) == date(2026, 2, 22)


@pytest.mark.parametrize(
    "state",
    [{"is_dropped": True}, {"is_planned": True}, {"ended_at": CLOSING}],
    ids=["dropped", "draft or planned cycle", "ended"],
)
def test_dropped_planned_and_ended_goals_owe_nothing(state: dict[str, Any]) -> None:
    assert owed(50, last_measured_at=MIDDLE, **state) is None


def test_reached_goals_owe_nothing_unless_they_are_to_be_held() -> None:
    assert owed(100, last_measured_at=MIDDLE) is None
    assert day_of(owed(90, last_measured_at=MIDDLE, metric=LEVEL)) == date(2026, 2, 22)


def test_no_check_in_is_owed_after_the_due_day() -> None:
    week_before = CLOSING - 7 * DAY
    assert owed(50, last_measured_at=week_before) is None
    assert day_of(owed(50, last_measured_at=week_before - INSTANT)) == date(2026, 3, 31)


def test_check_in_is_overdue_when_its_day_has_ended() -> None:
    found = owed(50, last_measured_at=MIDDLE + timedelta(hours=9))
    assert found is not None
    end = datetime(2026, 2, 23, tzinfo=UTC)
    assert not found.is_overdue(end - INSTANT)
    assert found.is_overdue(end)


def test_days_are_those_of_the_calendar() -> None:
    auckland = Calendar(time_zone="Pacific/Auckland")
    found = Wait.of(Cadence.WEEKLY, POLICY).due(MIDDLE + timedelta(hours=20), auckland)  # the 16th at 9:00 there
    assert found.on == date(2026, 2, 23)
    assert found.is_overdue(datetime(2026, 2, 23, 11, tzinfo=UTC))
    assert not found.is_overdue(datetime(2026, 2, 23, 10, 59, tzinfo=UTC))
    assert days_past(found.on, datetime(2026, 2, 23, 11, tzinfo=UTC), auckland) == 1
    assert days_past(found.on, MIDDLE, CALENDAR) == -8


@pytest.mark.parametrize("stale_after", [0.5, 1.0, 1.5, 4.0])
@pytest.mark.parametrize("cadence", Cadence)
def test_what_is_outdated_is_overdue(cadence: Cadence, stale_after: float) -> None:
    policy = ScoringPolicy(stale_after_cadences=stale_after)
    for hours in range(0, 24 * 100, 5):
        at = OPENING + timedelta(hours=hours)
        for last in (None, OPENING + timedelta(days=10, hours=0.2)):
            facts = key_result(50, cadence=cadence, last_measured_at=last)
            found = of_key_result(facts, at, policy)
            if found.health is Health.OUTDATED:
                owing = next_check_in(facts, found.value, Wait.of(cadence, policy), CALENDAR, is_level=False)
                assert owing is not None
                assert owing.is_overdue(at)
                assert owing.on <= CALENDAR.day_of(at)


def test_due_days_stay_within_the_calendar() -> None:
    last = datetime(9999, 12, 30, tzinfo=UTC)
    assert Wait.of(Cadence.QUARTERLY, POLICY).due(last, CALENDAR).on == date(9999, 12, 31)
