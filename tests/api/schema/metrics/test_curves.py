"""The progress of objectives, cycles and teams over time, with the planned line to the end."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from domain.commands.command import CycleBy
from domain.commands.cycle_commands import ActivateCycle, CloseCycle, OpenCycle
from domain.commands.key_result_commands import CorrectCheckIn, DropKeyResult
from domain.commands.objective_commands import AssignObjective, CommitObjective
from domain.commands.people_commands import FormTeam, MoveTeam
from domain.primitives.values import Kind, Ref
from projections.figures import timeline
from projections.history.over_time import curves
from projections.history.over_time.kept_cycle import KeptCycle
from tests.api.schema import goals
from tests.api.schema.crowd import Crowd
from tests.api.schema.goals import CYCLE, day
from tests.asking import AskedWorld

POINT = """at value expected health confidence
    healthCounts { health count } objectives: healthCounts(of: OBJECTIVES) { health count }"""
ARGUMENTS = "$every: Step! = DAY, $from: DateTime, $to: DateTime"
GIVEN = "every: $every, from: $from, to: $to"
OF_CYCLE = f"""query({ARGUMENTS}, $at: DateTime) {{ asOf(at: $at) {{
    cycle(by: {{key: "2026-q1"}}) {{ progressOverTime({GIVEN}) {{ {POINT} }} }} }} }}"""
OF_OBJECTIVES = f"query({ARGUMENTS}) {{ objectives {{ nodes {{ title progressOverTime({GIVEN}) {{ {POINT} }} }} }} }}"
OF_TEAM = f"""query({ARGUMENTS}, $key: String!, $cycle: CycleBy, $subteams: Boolean! = true) {{
    team(by: {{key: $key}}) {{
        progressOverTime({GIVEN}, cycle: $cycle, includeSubteams: $subteams) {{ {POINT} }} }} }}"""
Q1, Q2 = {"key": "2026-q1"}, {"key": "2026-q2"}


@pytest.fixture
def quarter(world: AskedWorld) -> UUID:
    """A cycle of ninety days, activated on day 1, with a key result from 0 to 100 that is at 20 on day 10 and at 60 on
    day 40; the id of the key result."""
    goals.cycle(world)
    key_result = goals.key_result(world, goals.objective(world))
    world.do(ActivateCycle(cycle=CYCLE, effective_at=day(1)))
    goals.check_in(world, key_result, 20, 10, confidence=0.5)
    goals.check_in(world, key_result, 60, 40, confidence=0.75)
    return key_result


def of_cycle(world: AskedWorld, **given: Any) -> dict[str, Any]:
    return by_moment(world.ask(OF_CYCLE, **given)["asOf"]["cycle"]["progressOverTime"])


def of_objective(world: AskedWorld, title: str, **given: Any) -> dict[str, Any]:
    nodes = world.ask(OF_OBJECTIVES, **given)["objectives"]["nodes"]
    (found,) = (node["progressOverTime"] for node in nodes if node["title"] == title)
    return by_moment(found)


def of_team(world: AskedWorld, key: str, **given: Any) -> dict[str, Any]:
    return by_moment(world.ask(OF_TEAM, key=key, **given)["team"]["progressOverTime"])


def by_moment(points: list[Any]) -> dict[str, Any]:
    return {point["at"]: point for point in points}


def at(number: float) -> str:
    return day(number).isoformat().replace("+00:00", "Z")


def counted(counts: list[dict[str, Any]]) -> dict[str, int]:
    return {one["health"]: one["count"] for one in counts if one["count"]}


# ── points ───────────────────────────────────────────────────────────────────────────────────────


def test_curve_of_a_cycle_has_the_progress_of_each_step(world: AskedWorld, quarter: UUID) -> None:
    points = of_cycle(world)
    assert points[at(9)] == {
        "at": at(9),
        "value": None,
        "expected": pytest.approx(9 / 90),
        "health": "PENDING",
        "confidence": None,
        "healthCounts": points[at(9)]["healthCounts"],
        "objectives": points[at(9)]["objectives"],
    }
    assert [points[at(n)]["value"] for n in (10, 39, 40, 89)] == [0.2, 0.2, 0.6, 0.6]
    assert points[at(30)]["expected"] == pytest.approx(30 / 90)
    assert [points[at(n)]["health"] for n in (10, 20, 21, 40)] == ["ON_TRACK", "ON_TRACK", "OUTDATED", "ON_TRACK"]
    assert [points[at(n)]["confidence"] for n in (10, 40)] == [0.5, 0.75]
    assert counted(points[at(20)]["healthCounts"]) == counted(points[at(20)]["objectives"]) == {"ON_TRACK": 1}


def test_curve_shows_what_the_view_knows(world: AskedWorld, quarter: UUID) -> None:
    position = world.log.head().position
    late = goals.check_in(world, quarter, 30, 20)
    world.do(CorrectCheckIn(check_in=late, value=35, reason="Counted again."))
    assert of_cycle(world)[at(25)]["value"] == 0.35
    query = OF_CYCLE.replace("asOf(at: $at)", f"asOf(position: {position})").replace(", $at: DateTime", "")
    points = by_moment(world.ask(query)["asOf"]["cycle"]["progressOverTime"])
    assert points[at(25)]["value"] == 0.2


def test_steps_after_the_basis_have_the_expected_progress_only(world: AskedWorld, quarter: UUID) -> None:
    points = of_cycle(world, at=day(50).isoformat())
    assert next(iter(points)) == at(1)
    assert [*points][-1] == at(90)
    assert points[at(50)]["value"] == 0.6
    assert points[at(51)] == {
        "at": at(51), "value": None, "expected": pytest.approx(51 / 90), "health": None, "confidence": None,
        "healthCounts": [], "objectives": [],
    }  # fmt: skip
    assert points[at(90)]["expected"] == 1


def test_planned_line_is_that_of_the_goals_of_the_basis(world: AskedWorld, quarter: UUID) -> None:
    second = goals.key_result(world, goals.id_of(world, "Win the hearts of our users"), "Later", effective_at=day(60))
    goals.check_in(world, second, 0, 61)
    before, after = (of_cycle(world, at=day(number).isoformat()) for number in (59, 62))
    assert before[at(75)]["expected"] == pytest.approx(75 / 90)
    assert after[at(75)]["expected"] == pytest.approx((75 / 90 + 15 / 30) / 2)


def test_dropped_key_result_counts_until_it_is_dropped(world: AskedWorld, quarter: UUID) -> None:
    second = goals.key_result(world, goals.id_of(world, "Win the hearts of our users"), "Second")
    world.do(DropKeyResult(key_result=second, reason="Not needed.", effective_at=day(45)))
    points = of_cycle(world)
    assert [points[at(n)]["value"] for n in (44, 45)] == [0.3, 0.6]
    assert counted(points[at(44)]["healthCounts"]) == {"ON_TRACK": 1, "OUTDATED": 1}


# ── the span ─────────────────────────────────────────────────────────────────────────────────────


def test_curve_of_a_closed_cycle_ends_with_its_closing(world: AskedWorld, quarter: UUID) -> None:
    world.do(CloseCycle(cycle=CYCLE, close_objectives=True, effective_at=day(93.5)))
    points = of_cycle(world)
    assert [*points][-1] == at(93.5)
    assert (points[at(90)]["health"], points[at(93.5)]["health"]) == ("OUTDATED", "PARTIAL")
    assert points[at(93.5)]["value"] == 0.6
    assert [*of_objective(world, "Win the hearts of our users")][-1] == at(93.5)


def test_curve_of_an_objective_begins_with_its_creation(world: AskedWorld, quarter: UUID) -> None:
    goals.objective(world, "Come later", effective_at=day(20.25))
    assert [*of_objective(world, "Come later")][:2] == [at(20.25), at(21)]
    assert next(iter(of_objective(world, "Win the hearts of our users"))) == at(0)


def test_planned_cycle_has_a_curve_from_its_first_day(world: AskedWorld) -> None:
    first = datetime.now(UTC).date() + timedelta(days=10)
    world.record(OpenCycle(key="2026-q1", name="Next", starts_on=first, ends_on=first + timedelta(days=20)))
    points = of_cycle(world)
    begins, ends = (f"{first + timedelta(days=days)}T00:00:00Z" for days in (0, 21))
    assert (min(points), max(points), len(points)) == (begins, ends, 22)
    assert {(point["value"], point["expected"]) for point in points.values()} == {(None, None)}


def test_curve_has_the_steps_between_two_moments(world: AskedWorld, quarter: UUID) -> None:
    points = of_cycle(world, **{"from": at(30.5), "to": at(45)}, every="WEEK")
    assert [*points] == [at(30.5), at(32), at(39), at(45)]


def test_step_change_has_a_point_for_each_change_of_the_whole(world: AskedWorld, quarter: UUID) -> None:
    points = of_cycle(world, at=day(50).isoformat(), every="CHANGE")
    assert [*points] == [at(1), at(10), at(40), at(50), at(90)]
    goals.check_in(world, goals.key_result(world, goals.objective(world, "Another goal")), 5, 33)
    assert at(33) not in of_objective(world, "Win the hearts of our users", every="CHANGE")
    assert at(33) in of_cycle(world, every="CHANGE")


def test_span_that_begins_after_it_ends_is_invalid(world: AskedWorld, quarter: UUID) -> None:
    assert world.refused(OF_CYCLE, **{"from": at(45), "to": at(30)}) == ("INVALID", ["from"])


@pytest.mark.parametrize(
    "fields", ["value expected", "value health", "health value", "expected healthCounts { count }"]
)
def test_one_pass_computes_the_points_of_a_cycle(
    world: AskedWorld, quarter: UUID, monkeypatch: pytest.MonkeyPatch, fields: str
) -> None:
    def counted(*of: Any, course: Any = KeptCycle._course) -> Any:
        passes.append(of)
        return course(*of)

    passes: list[Any] = []
    monkeypatch.setattr(KeptCycle, "_course", counted)
    assert world.ask(OF_CYCLE.replace(POINT, fields))["asOf"]["cycle"]["progressOverTime"]
    assert len(passes) == 1


def test_points_have_the_same_values_whatever_else_is_shown(world: AskedWorld, quarter: UUID) -> None:
    now = world.ask("{ basis { at } }")["basis"]["at"]
    few = world.ask(OF_CYCLE.replace(POINT, "at value expected"), at=now)["asOf"]["cycle"]["progressOverTime"]
    whole = world.ask(OF_CYCLE, at=now)["asOf"]["cycle"]["progressOverTime"]
    assert few == [{name: point[name] for name in ("at", "value", "expected")} for point in whole]


def test_too_many_points_are_refused(world: AskedWorld, quarter: UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    assert world.code(OF_CYCLE, **{"from": "1990-01-01T00:00:00Z", "to": "2026-01-01T00:00:00Z"}) == "TOO_LARGE"
    monkeypatch.setattr(curves, "FIGURES_MAX", 89)
    assert world.code(OF_CYCLE, at=at(50)) == "TOO_LARGE"
    monkeypatch.setattr(curves, "FIGURES_MAX", 90)
    assert len(of_cycle(world, at=at(50))) == 90


def test_too_many_points_are_refused_before_measurements_are_read(
    world: AskedWorld, quarter: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    team = world.record(FormTeam(key="sales", name="Sales", effective_at=day(0)))
    world.do(AssignObjective(objective=goals.id_of(world, "Win the hearts of our users"), team=team))
    read = list[str]()
    monkeypatch.setattr(timeline, "_add_measurements", lambda *_: read.append("measurements"))
    monkeypatch.setattr(curves, "FIGURES_MAX", 89)
    whole = {"from": at(1), "to": at(90)}
    assert world.code(OF_TEAM, key="sales", cycle=Q1, **whole) == "TOO_LARGE"
    assert world.code(OF_OBJECTIVES, **whole) == "TOO_LARGE"
    assert read == []


# ── wholes ───────────────────────────────────────────────────────────────────────────────────────


def test_objective_without_key_results_has_the_curve_of_its_supporters(world: AskedWorld, quarter: UUID) -> None:
    heading = goals.objective(world, "Lead the market")
    goal = goals.objective(world, "Go first", supports=[Ref(Kind.OBJECTIVE, heading)])
    goals.check_in(world, goals.key_result(world, goal), 30, 15)
    world.do(CommitObjective(objective=goal, effective_at=day(2)))
    points = of_objective(world, "Lead the market")
    assert [points[at(n)]["value"] for n in (14, 15, 16)] == [None, 0.3, 0.3]
    assert counted(points[at(16)]["healthCounts"]) == {}
    assert counted(points[at(16)]["objectives"]) == {"ON_TRACK": 1}
    assert of_objective(world, "Lead the market", every="CHANGE").keys() >= {at(15)}


def test_year_has_the_curve_of_its_quarters_by_days(world: AskedWorld) -> None:
    goals.cycle(world, "2026", days=365)
    goals.cycle(world, "2026-q1", parent=CycleBy(key="2026"))
    key_result = goals.key_result(world, goals.objective(world))
    for key in ("2026", "2026-q1"):
        world.do(ActivateCycle(cycle=CycleBy(key=key), effective_at=day(1)))
    goals.check_in(world, key_result, 50, 10)
    query = OF_CYCLE.replace('"2026-q1"', '"2026"')
    points = by_moment(world.ask(query, at=at(200))["asOf"]["cycle"]["progressOverTime"])
    assert points[at(20)]["value"] == pytest.approx(0.5 * 90 / 365)
    assert points[at(300)]["expected"] == pytest.approx(90 / 365)
    assert [*points][-1] == at(365)


def test_curve_of_a_team_has_the_objectives_that_it_had_at_each_step(world: AskedWorld, quarter: UUID) -> None:
    company = world.record(FormTeam(key="company", name="Company", effective_at=day(0)))
    sales = world.record(FormTeam(key="sales", name="Sales", parent=company, effective_at=day(0)))
    objective = goals.id_of(world, "Win the hearts of our users")
    world.do(AssignObjective(objective=objective, team=sales, effective_at=day(20)))
    world.do(MoveTeam(team=sales, parent=None, effective_at=day(50)))
    company_points, sales_points = (of_team(world, key, cycle=Q1) for key in ("company", "sales"))
    assert [sales_points[at(n)]["value"] for n in (19, 20, 49, 50)] == [None, 0.2, 0.6, 0.6]
    assert [company_points[at(n)]["value"] for n in (19, 20, 49, 50)] == [None, 0.2, 0.6, None]
    alone = of_team(world, "company", cycle=Q1, subteams=False, **{"from": at(30), "to": at(31)})
    assert {point["value"] for point in alone.values()} == {None}
    assert {at(20), at(50)} <= of_team(world, "company", cycle=Q1, every="CHANGE", **{"from": at(5)}).keys()


def test_curve_of_a_team_is_over_the_cycles_that_are_active_at_each_step(world: AskedWorld) -> None:
    team = world.record(FormTeam(key="sales", name="Sales", effective_at=day(0)))
    spring = CycleBy(key="2026-q2")
    goals.cycle(world)
    goals.cycle(world, "2026-q2", date(2026, 4, 1))
    for cycle, since, value in ((CYCLE, 0, 40), (spring, 95, 70)):
        objective = goals.objective(world, f"Goal of {cycle.key}", cycle=cycle, team=team, effective_at=day(since))
        goals.check_in(world, goals.key_result(world, objective, effective_at=day(since)), value, since + 2)
        world.do(ActivateCycle(cycle=cycle, effective_at=day(since + 1)))
    world.do(CloseCycle(cycle=CYCLE, close_objectives=True, effective_at=day(100)))
    points = of_team(world, "sales", **{"from": at(90)})
    assert [points[at(n)]["value"] for n in (90, 97, 100)] == [0.4, pytest.approx(0.55), 0.7]
    assert next(iter(of_team(world, "sales"))) == at(96)
    assert [*of_team(world, "sales", cycle=Q1)][-1] == at(100)
    assert len(of_team(world, "sales", cycle={"key": "unknown"})) == 1


# ── statements ───────────────────────────────────────────────────────────────────────────────────


def test_statement_count_depends_neither_on_steps_nor_on_goals(world: AskedWorld) -> None:
    crowd = Crowd(world)
    crowd.join(10)
    curve = "progressOverTime(every: %s) { at value healthCounts { count } }"
    query = f"""{{ objectives(first: 100) {{ nodes {{ {curve} }} }} cycles {{ nodes {{ {curve} }} }}
        teams {{ nodes {{ {curve} }} }} }}"""
    few = world.count(query.replace("%s", "QUARTER"))
    crowd.join(90)
    assert world.count(query.replace("%s", "WEEK")) == few
