"""The calendar of the workspace: setting it, and the windows whose days it bounds."""

from datetime import UTC, date, datetime

import pytest

from domain.commands.command import Command
from domain.commands.key_result_commands import LinkKpi
from domain.commands.kpi_commands import ReadingInput, RecordReadings
from domain.commands.objective_commands import CarryObjective
from domain.commands.workspace_commands import SetCalendar
from domain.handlers.unit_of_work import CALENDAR_ID
from domain.model.key_result import KeyResult, KeyResultAdded
from domain.model.workspace import CalendarSet, WorkspaceCalendar
from domain.primitives.calendar import Calendar, Weekday
from domain.primitives.values import Aggregation
from tests.domain.given_goals import (
    KEY_RESULT,
    KPI,
    OBJECTIVE,
    Q2,
    activated,
    added,
    closed,
    defined,
    drafted,
    finished,
    linked,
    opened,
    opened_q2,
    read,
)
from tests.domain.scenario import Given, given, on

LISBON = SetCalendar(time_zone="Europe/Lisbon")
TONGA = SetCalendar(time_zone="Pacific/Tongatapu")


# ── setting it ───────────────────────────────────────────────────────────────────────────────────


def test_a_calendar_is_set_field_by_field() -> None:
    given().when(LISBON).then(CalendarSet(calendar=Calendar("Europe/Lisbon")))
    given(LISBON).when(SetCalendar(fiscal_year_start_month=2)).then(CalendarSet(calendar=Calendar("Europe/Lisbon", 2)))
    given(LISBON).when(SetCalendar(week_starts_on=Weekday.SUNDAY, time_zone="UTC")).then(
        CalendarSet(calendar=Calendar("UTC", 1, Weekday.SUNDAY))
    )


@pytest.mark.parametrize("command", [SetCalendar(), SetCalendar(time_zone="UTC", fiscal_year_start_month=1)])
def test_setting_the_default_calendar_records_nothing(command: Command) -> None:
    given().when(command).then_nothing()


def test_setting_the_same_calendar_again_records_nothing() -> None:
    given(LISBON).when(LISBON).then_nothing()
    given(LISBON).when(SetCalendar()).then_nothing()


@pytest.mark.parametrize("name", ["Europe/Lisboa", "", "europe/lisbon", "GMT+1", "../UTC"])
def test_a_time_zone_that_does_not_exist_is_refused(name: str) -> None:
    given().when(SetCalendar(time_zone=name)).then_refused("INVALID", "timeZone")


def test_an_unknown_time_zone_is_refused_with_the_nearest_one() -> None:
    refused = given().when(SetCalendar(time_zone="Europe/Lisboa")).refused
    assert refused is not None
    (problem,) = refused.problems
    assert (problem.rule, problem.parameters["nearest"]) == ("TIME_ZONE_UNKNOWN", "Europe/Lisbon")
    assert "did you mean Europe/Lisbon" in problem.message


@pytest.mark.parametrize("month", [0, 13, -1])
def test_a_month_beyond_the_year_is_refused(month: int) -> None:
    given().when(SetCalendar(fiscal_year_start_month=month)).then_refused("INVALID", "fiscalYearStartMonth")


def test_all_faults_of_a_calendar_are_refused_at_once() -> None:
    refused = given().when(SetCalendar(time_zone="Mars", fiscal_year_start_month=13)).refused
    assert refused is not None
    assert [problem.rule for problem in refused.problems] == ["TIME_ZONE_UNKNOWN", "MONTH_OUT_OF_RANGE"]


def test_a_calendar_never_takes_effect_before_the_last_one() -> None:
    earlier = SetCalendar(fiscal_year_start_month=2, effective_at=on(1, 1))
    given(SetCalendar(time_zone="Europe/Lisbon", effective_at=on(1, 2))).when(earlier).then_refused(
        "INVALID", "effectiveAt"
    )


def test_the_calendar_in_force_is_that_of_the_moment() -> None:
    calendar = given(
        SetCalendar(time_zone="Europe/Lisbon", effective_at=on(1, 2)),
        SetCalendar(fiscal_year_start_month=2, effective_at=on(1, 4)),
    ).aggregate(WorkspaceCalendar, CALENDAR_ID)
    assert [calendar.in_force(on(1, day)) for day in (1, 2, 3, 4)] == [
        Calendar(), Calendar("Europe/Lisbon"), Calendar("Europe/Lisbon"), Calendar("Europe/Lisbon", 2),
    ]  # fmt: skip


# ── windows ──────────────────────────────────────────────────────────────────────────────────────

QUARTER = (opened, drafted, added, defined, activated)
"""From 1 January to 31 March 2026, with a key result from 0 to 10."""


def read_at(value: float, at: datetime) -> RecordReadings:
    return RecordReadings(readings=[ReadingInput(kpi=KPI, value=value, measured_at=at)])


def score(history: Given) -> float | None:
    return history.when(finished).aggregate(KeyResult, KEY_RESULT).score


def test_readings_end_with_the_last_day_of_the_calendar() -> None:
    # in Tonga, at UTC+13, 31 March ends at 11:00 UTC
    readings = (linked, on(4, 2), read(4, 3, 30), read(8, 3, 31))
    assert score(given(*QUARTER, *readings)) == 0.8
    assert score(given(*QUARTER, TONGA, *readings)) == 0.4


def test_aggregates_begin_with_the_first_day_of_the_calendar() -> None:
    summed = LinkKpi(key_result=KEY_RESULT, kpi=KPI, aggregate=Aggregation.SUM)
    eve = read_at(3, datetime(2025, 12, 31, 12, tzinfo=UTC))  # 01:00 on 1 January in Tonga
    assert score(given(*QUARTER, on(2, 2), summed, eve, read(2))) == 0.2
    assert score(given(*QUARTER, TONGA, on(2, 2), summed, eve, read(2))) == 0.5


def test_aggregates_count_from_a_day_of_the_calendar() -> None:
    since = LinkKpi(key_result=KEY_RESULT, kpi=KPI, aggregate=Aggregation.SUM, count_from=date(2026, 2, 1))
    eve = read_at(3, datetime(2026, 1, 31, 12, tzinfo=UTC))
    assert score(given(*QUARTER, on(2, 2), since, eve, read(2))) == 0.2
    assert score(given(*QUARTER, TONGA, on(2, 2), since, eve, read(2))) == 0.5


def test_of_what_has_ended_the_calendar_is_that_of_its_end() -> None:
    # what is carried starts from the value at its end; later calendars move no window that has ended
    history = (*QUARTER, linked, on(4, 2), read(4, 3, 30), read(8, 3, 31), closed, opened_q2)
    carry = CarryObjective(objective=OBJECTIVE, into=Q2)

    def start(given_history: Given) -> float | None:
        added_there: KeyResultAdded = given_history.when(carry).the(KeyResultAdded)
        return added_there.metric.start

    assert start(given(*history)) == 8
    assert start(given(*history, TONGA)) == 8
    assert start(given(*history, SetCalendar(time_zone="Pacific/Tongatapu", effective_at=on(3, 1)))) == 8
    assert start(given(*QUARTER, TONGA, *history[len(QUARTER) :])) == 4


def test_a_calendar_that_is_set_meanwhile_is_taken_into_account() -> None:
    raced = given(*QUARTER, linked, on(4, 2), read(4, 3, 30), read(8, 3, 31)).meanwhile("append", TONGA)
    assert score(raced) == 0.4
