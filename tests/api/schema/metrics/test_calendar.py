"""Days, weeks, months, quarters and years of answers follow the calendar of the workspace; computed by hand."""

from datetime import UTC, datetime
from typing import Any

import pytest

from domain.commands.command import KpiBy
from domain.commands.cycle_commands import ActivateCycle, CloseCycle
from domain.commands.kpi_commands import DefineKpi, ReadingInput, RecordReadings
from domain.commands.objective_commands import CloseObjective, CommitObjective
from domain.commands.workspace_commands import SetCalendar
from domain.primitives.calendar import Weekday
from domain.primitives.values import Aggregation, Cadence
from tests.api.schema import goals
from tests.api.schema.goals import CYCLE, day
from tests.asking import AskedWorld, unlimited

USERS = KpiBy(key="users")
NEW_YORK, TONGA = "America/New_York", "Pacific/Tongatapu"
CALENDAR = "version timeZone fiscalYearStartMonth weekStartsOn"
FIGURES = "progress { value unclamped expected health } current measuredAt"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def set_calendar(world: AskedWorld, zone: str = TONGA, **given: Any) -> int:
    """Set the calendar; the position of its event."""
    outcome = world.do(SetCalendar(time_zone=zone, **given))
    assert outcome.last is not None
    return outcome.last


def read(world: AskedWorld, value: float, moment: str) -> None:
    world.do(RecordReadings(readings=[ReadingInput(kpi=USERS, value=value, measured_at=at(moment))]))


def key_results(world: AskedWorld, basis: str = "") -> list[Any]:
    fields = f"keyResults(first: 50) {{ nodes {{ title {FIGURES} }} }}"
    answer = world.ask(f"{{ asOf({basis}) {{ {fields} }} }}")["asOf"] if basis else world.ask(f"{{ {fields} }}")
    found: list[Any] = answer["keyResults"]["nodes"]
    return found


def value(world: AskedWorld, basis: str = "") -> float | None:
    found: float | None = key_results(world, basis)[0]["progress"]["value"]
    return found


@pytest.fixture
def quarter(world: AskedWorld) -> AskedWorld:
    """The first quarter of 2026, active, with a KPI, an objective and the sum of its readings as a key result.

    40 of 100 were measured at noon on 31 December 2025 in UTC, which is 1 January in Tonga; 20 on day 10.
    """
    goals.cycle(world)
    world.do(ActivateCycle(cycle=CYCLE, effective_at=day(0)))
    world.do(DefineKpi(key="users", name="Users", cadence=Cadence.MONTHLY, effective_at=day(0)))
    objective = goals.objective(world)
    world.do(CommitObjective(objective=objective, effective_at=day(0)))
    goals.key_result(world, objective, kpi=USERS, aggregate=Aggregation.SUM)
    read(world, 40, "2025-12-31T12:00Z")
    read(world, 20, "2026-01-11T12:00Z")
    return world


# ── the workspace ────────────────────────────────────────────────────────────────────────────────


def test_the_workspace_shows_the_calendar_in_force_at_its_basis(world: AskedWorld) -> None:
    ask = f"workspace {{ calendar {{ {CALENDAR} since }} }}"
    default = {"version": 0, "timeZone": "UTC", "fiscalYearStartMonth": 1, "weekStartsOn": "MONDAY"}
    assert default.items() <= world.ask(f"{{ {ask} }}")["workspace"]["calendar"].items()
    given: dict[str, Any] = {"fiscal_year_start_month": 2, "week_starts_on": Weekday.SUNDAY, "effective_at": day(3)}
    set_calendar(world, "Europe/Lisbon", **given)
    now = world.ask(f"{{ {ask} }}")["workspace"]["calendar"]
    assert now == {
        "version": 1, "timeZone": "Europe/Lisbon", "fiscalYearStartMonth": 2, "weekStartsOn": "SUNDAY",
        "since": "2026-01-04T00:00:00Z",
    }  # fmt: skip
    earlier = world.ask(f'{{ asOf(at: "{day(2).isoformat()}") {{ {ask} }} }}')["asOf"]["workspace"]["calendar"]
    assert default.items() <= earlier.items()


def test_a_calendar_is_a_change_with_both_of_its_sides(world: AskedWorld) -> None:
    set_calendar(world, "Europe/Lisbon")
    set_calendar(world, "Europe/Lisbon", fiscal_year_start_month=2)
    fields = "beforeCalendar { timeZone fiscalYearStartMonth } afterCalendar { timeZone fiscalYearStartMonth }"
    query = f'{{ changes(filter: {{types: ["CalendarSet"]}}) {{ nodes {{ ... on CalendarSet {{ {fields} }} }} }} }}'
    utc, lisbon = {"timeZone": "UTC", "fiscalYearStartMonth": 1}, {"timeZone": "Europe/Lisbon"}
    assert world.ask(query)["changes"]["nodes"] == [
        {"beforeCalendar": utc, "afterCalendar": lisbon | {"fiscalYearStartMonth": 1}},
        {"beforeCalendar": lisbon | {"fiscalYearStartMonth": 1}, "afterCalendar": lisbon | {"fiscalYearStartMonth": 2}},
    ]  # fmt: skip


def test_an_unknown_time_zone_is_a_problem_with_the_nearest_one(world: AskedWorld) -> None:
    mutation = 'mutation { setCalendar(input: {timeZone: "Europe/Lisboa"}) { position problems { rule message } } }'
    answer = world.ask(mutation)["setCalendar"]
    assert (answer["position"], answer["problems"][0]["rule"]) == (None, "TIME_ZONE_UNKNOWN")
    assert answer["problems"][0]["message"].endswith("has no time zone with this name: did you mean Europe/Lisbon.")


# ── days ─────────────────────────────────────────────────────────────────────────────────────────


def test_expected_progress_runs_from_the_first_to_the_last_day_of_the_calendar(quarter: AskedWorld) -> None:
    # in New York from 05:00 on 1 January to 04:00 on 1 April, one hour less than 90 days
    set_calendar(quarter, NEW_YORK, effective_at=day(0))
    (found,) = key_results(quarter, 'at: "2026-02-15T05:00:00Z"')
    assert found["progress"]["expected"] == pytest.approx(45 * 24 / (90 * 24 - 1))


def test_expected_progress_is_1_from_the_end_of_the_due_day(quarter: AskedWorld) -> None:
    set_calendar(quarter, NEW_YORK, effective_at=day(0))
    before, after = (key_results(quarter, f'at: "2026-04-01T0{hour}:00Z"')[0] for hour in ("3:59", "4:00"))
    assert before["progress"]["expected"] < 1
    assert after["progress"]["expected"] == 1


def test_readings_count_from_the_first_day_of_the_calendar(quarter: AskedWorld) -> None:
    assert value(quarter) == 0.2
    set_calendar(quarter, TONGA)
    assert value(quarter) == 0.6


def test_a_basis_uses_the_calendar_in_force_at_its_moment(quarter: AskedWorld) -> None:
    before = quarter.log.head().position
    set_calendar(quarter, TONGA, effective_at=day(20))
    assert value(quarter, f'at: "{day(19).isoformat()}"') == 0.2
    assert value(quarter, f'at: "{day(21).isoformat()}"') == 0.6
    assert value(quarter, f'at: "{day(21).isoformat()}", position: {before}') == 0.2


def test_a_forecast_names_days_of_the_calendar(world: AskedWorld) -> None:
    # 100 was measured at 22:00 on 5 February in UTC, which is 6 February in Tonga
    goals.cycle(world)
    world.do(ActivateCycle(cycle=CYCLE, effective_at=day(0)))
    key_result = goals.key_result(world, goals.objective(world))
    for number, moment in ((30, 12.0), (60, 24.0), (100, 36 - 2 / 24)):
        goals.check_in(world, key_result, number, moment)
    ask = f'{{ asOf(at: "{day(40).isoformat()}") {{ keyResults {{ nodes {{ forecast {{ willHit hitOn }} }} }} }} }}'
    utc = world.ask(ask)["asOf"]["keyResults"]["nodes"][0]["forecast"]
    set_calendar(world, TONGA, effective_at=day(0))
    tonga = world.ask(ask)["asOf"]["keyResults"]["nodes"][0]["forecast"]
    assert (utc, tonga) == ({"willHit": True, "hitOn": "2026-02-05"}, {"willHit": True, "hitOn": "2026-02-06"})


# ── periods ──────────────────────────────────────────────────────────────────────────────────────


def series(world: AskedWorld, every: str, basis: str = "", **window: str) -> list[Any]:
    given = "".join(f', {name}: "{moment}"' for name, moment in window.items())
    ask = f'kpi(by: {{key: "users"}}) {{ series(every: {every}, aggregate: SUM{given}) {{ start end value }} }}'
    with unlimited():
        answer = world.ask(f"{{ asOf({basis}) {{ {ask} }} }}")["asOf"] if basis else world.ask(f"{{ {ask} }}")
    return [tuple(point.values()) for point in answer["kpi"]["series"]]


def test_a_reading_belongs_to_the_month_of_the_company(quarter: AskedWorld) -> None:
    read(quarter, 7, "2026-02-01T00:30+13:00")
    window = {"from": "2026-01-31T11:30:00Z", "to": "2026-01-31T11:31:00Z"}
    assert series(quarter, "MONTH", **window) == [("2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z", 27)]
    set_calendar(quarter, TONGA)
    assert series(quarter, "MONTH", **window) == [("2026-01-31T11:00:00Z", "2026-02-28T11:00:00Z", 7)]


def test_days_of_a_series_last_23_and_25_hours(quarter: AskedWorld) -> None:
    read(quarter, 1, "2026-03-29T22:59Z")
    read(quarter, 2, "2026-03-29T23:00Z")
    read(quarter, 4, "2026-10-24T23:00Z")
    read(quarter, 8, "2026-10-25T23:59Z")
    set_calendar(quarter, "Europe/Lisbon")
    spring = series(quarter, "DAY", **{"from": "2026-03-29T12:00:00Z", "to": "2026-03-30T00:00:00Z"})
    assert spring == [
        ("2026-03-29T00:00:00Z", "2026-03-29T23:00:00Z", 1),
        ("2026-03-29T23:00:00Z", "2026-03-30T23:00:00Z", 2),
    ]
    autumn = series(quarter, "DAY", **{"from": "2026-10-25T12:00:00Z", "to": "2026-10-25T13:00:00Z"})
    assert autumn == [("2026-10-24T23:00:00Z", "2026-10-26T00:00:00Z", 12)]


@pytest.mark.parametrize(
    ("every", "start", "end"),
    [
        ("QUARTER", "2025-11-01T00:00:00Z", "2026-02-01T00:00:00Z"),
        ("YEAR", "2025-02-01T00:00:00Z", "2026-02-01T00:00:00Z"),
        ("WEEK", "2026-01-11T00:00:00Z", "2026-01-18T00:00:00Z"),
        ("BIWEEKLY", "2026-01-04T00:00:00Z", "2026-01-18T00:00:00Z"),
    ],
)
def test_periods_follow_the_fiscal_year_and_the_first_day_of_the_week(
    quarter: AskedWorld, every: str, start: str, end: str
) -> None:
    set_calendar(quarter, "UTC", fiscal_year_start_month=2, week_starts_on=Weekday.SUNDAY)
    window = {"from": "2026-01-11T12:00:00Z", "to": "2026-01-11T13:00:00Z"}
    assert [point[:2] for point in series(quarter, every, **window)] == [(start, end)]


@pytest.mark.parametrize(
    ("every", "label"),
    [
        ("YEAR", "FY26"), ("QUARTER", "FY26-Q4"), ("MONTH", "2026-01"), ("WEEK", "2026-W03"), ("BIWEEKLY", "2026-W02"),
        ("DAY", "2026-01-12"),
    ],
)  # fmt: skip
def test_points_of_a_series_have_the_names_of_their_periods(quarter: AskedWorld, every: str, label: str) -> None:
    # noon on 11 January in UTC is 01:00 on Monday, 12 January in Tonga
    set_calendar(quarter, TONGA, fiscal_year_start_month=2, week_starts_on=Weekday.SUNDAY)
    window = 'from: "2026-01-11T12:00:00Z", to: "2026-01-11T13:00:00Z"'
    ask = f'{{ kpi(by: {{key: "users"}}) {{ series(every: {every}, {window}) {{ label }} }} }}'
    assert quarter.ask(ask)["kpi"]["series"] == [{"label": label}]


def test_past_periods_follow_the_calendar_of_the_basis(quarter: AskedWorld) -> None:
    set_calendar(quarter, TONGA, effective_at=day(20))
    window = {"from": "2026-01-11T12:00:00Z", "to": "2026-01-11T13:00:00Z"}
    starts = [series(quarter, "MONTH", f'at: "{day(number).isoformat()}"', **window)[0][0] for number in (19, 21)]
    assert starts == ["2026-01-01T00:00:00Z", "2025-12-31T11:00:00Z"]


def test_frames_of_a_replay_are_periods_of_the_calendar(quarter: AskedWorld) -> None:
    set_calendar(quarter, TONGA, fiscal_year_start_month=2, effective_at=day(0))

    def frames(every: str) -> list[Any]:
        window = 'from: "2026-01-15T00:00:00Z", to: "2026-03-01T00:00:00Z"'
        ask = f'replay(cycle: {{key: "2026-q1"}}, every: {every}, {window}) {{ frames {{ label basis {{ at }} }} }}'
        return [(one["label"], one["basis"]["at"]) for one in quarter.ask(f"{{ {ask} }}")["replay"]["frames"]]

    assert frames("MONTH") == [
        ("2026-01", "2026-01-15T00:00:00Z"),
        ("2026-02", "2026-01-31T11:00:00Z"),
        ("2026-03", "2026-02-28T11:00:00Z"),
        ("2026-03", "2026-03-01T00:00:00Z"),
    ]
    assert frames("QUARTER")[:2] == [("FY26-Q4", "2026-01-15T00:00:00Z"), ("FY27-Q1", "2026-01-31T11:00:00Z")]


# ── ends and causes ──────────────────────────────────────────────────────────────────────────────


def test_no_later_calendar_moves_an_end_that_has_passed(quarter: AskedWorld) -> None:
    quarter.do(CloseCycle(cycle=CYCLE, close_objectives=True, effective_at=day(92)))
    before, position = key_results(quarter), quarter.log.head().position
    assert (before[0]["progress"]["value"], before[0]["progress"]["expected"]) == (0.2, 1)
    set_calendar(quarter, TONGA)
    assert key_results(quarter) == before
    assert key_results(quarter, f"position: {position}") == before


def test_a_calendar_for_the_past_moves_no_end_that_has_passed(quarter: AskedWorld) -> None:
    quarter.do(CloseCycle(cycle=CYCLE, close_objectives=True, effective_at=day(92)))
    before = key_results(quarter)
    set_calendar(quarter, TONGA, effective_at=day(50))
    assert key_results(quarter) == before
    assert value(quarter, f'at: "{day(49).isoformat()}"') == 0.2
    assert value(quarter, f'at: "{day(51).isoformat()}"') == 0.6


def test_a_calendar_for_the_past_makes_no_reading_of_a_closed_quarter_late_or_not(quarter: AskedWorld) -> None:
    quarter.do(CloseCycle(cycle=CYCLE, close_objectives=True, effective_at=day(92)))
    set_calendar(quarter, TONGA, effective_at=day(50))
    # 31 March in UTC, and 1 April in Tonga
    read(quarter, 5, "2026-03-31T12:00Z")
    assert value(quarter) == 0.25
    key_result = quarter.ask("{ keyResults { nodes { id } } }")["keyResults"]["nodes"][0]["id"]
    ask = f'{{ changes(filter: {{types: ["ReadingRecorded"], subject: "{key_result}"}}) {{ nodes {{ late }} }} }}'
    assert [one["late"] for one in quarter.ask(ask)["changes"]["nodes"]] == [False, False, True]


def test_an_objective_that_ended_keeps_the_calendar_of_its_end(quarter: AskedWorld) -> None:
    objective = goals.id_of(quarter, "Win the hearts of our users")
    set_calendar(quarter, TONGA, effective_at=day(20))
    quarter.do(CloseObjective(objective=objective, effective_at=day(30)))
    assert value(quarter) == 0.6
    set_calendar(quarter, "UTC", effective_at=day(40))
    assert value(quarter) == 0.6
    assert value(quarter, f'at: "{day(25).isoformat()}"') == 0.6
    assert value(quarter, f'at: "{day(15).isoformat()}"') == 0.2


def test_a_calendar_moves_the_goalposts(quarter: AskedWorld) -> None:
    set_calendar(quarter, TONGA)
    attribution = "attribution { initial movement goalpost scope final }"
    ask = f'{{ retrospective(cycle: {{key: "2026-q1"}}) {{ {attribution} objectives {{ {attribution} }} }} }}'
    found = quarter.ask(ask)["retrospective"]
    assert found["attribution"]["goalpost"] == pytest.approx(0.4)
    assert found["objectives"][0]["attribution"]["goalpost"] == pytest.approx(0.4)
    assert found["attribution"]["final"] == pytest.approx(0.6)


def test_the_effect_of_a_calendar_is_a_goalpost(quarter: AskedWorld) -> None:
    set_calendar(quarter, NEW_YORK)
    set_calendar(quarter, TONGA)
    ask = '{ changes(filter: {types: ["CalendarSet"]}) { nodes { effects { before after cause } } } }'
    first, second = (one["effects"] for one in quarter.ask(ask)["changes"]["nodes"])
    assert (first, second) == ([], [{"before": 0.2, "after": 0.6, "cause": "GOALPOST"}])


def test_a_diff_names_the_calendar_behind_a_change_of_progress(quarter: AskedWorld) -> None:
    before = quarter.log.head().position
    set_calendar(quarter, TONGA)
    fields = "now { __typename } progress { before after } changes { __typename }"
    ask = f"{{ diff(from: {{position: {before}}}) {{ entities {{ {fields} }} }} }}"
    found = {one["now"]["__typename"]: one for one in quarter.ask(ask)["diff"]["entities"]}
    assert found["KeyResult"]["progress"] == found["Objective"]["progress"] == {"before": 0.2, "after": 0.6}
    assert found["KeyResult"]["changes"] == [{"__typename": "CalendarSet"}]


def test_changes_of_a_key_result_hold_the_readings_of_its_days(quarter: AskedWorld) -> None:
    read(quarter, 5, "2026-03-31T12:00Z")
    key_result = quarter.ask("{ keyResults { nodes { id } } }")["keyResults"]["nodes"][0]["id"]
    ask = f'{{ changes(filter: {{types: ["ReadingRecorded"], subject: "{key_result}"}}) {{ totalCount }} }}'
    assert quarter.ask(ask)["changes"]["totalCount"] == 3
    set_calendar(quarter, TONGA)
    assert quarter.ask(ask)["changes"]["totalCount"] == 2
