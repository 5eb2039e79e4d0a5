"""The plan curves of the quarter in `quarter`, with the numbers of some moments computed by hand.

The cycle begins on Thursday, 1 January; its points are at the Mondays, on days 4, 11, 18 …, and at its closing on
day 91. Day 90 is the end of its last day.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from domain.commands.command import KpiBy
from domain.commands.cycle_commands import ActivateCycle, CloseCycle
from domain.commands.key_result_commands import CheckIn, CorrectCheckIn, LinkKpi
from domain.commands.kpi_commands import DefineKpi, ReadingInput, RecordReadings, SetKpiTargets
from domain.commands.workspace_commands import SetCalendar
from domain.primitives.values import Cadence, KpiTarget
from tests.api.retrospective.conftest import made
from tests.api.retrospective.quarter_by_hand import run_quarter
from tests.api.schema.goals import CYCLE, at_least, check_in, cycle, day, key_result, objective
from tests.asking import AskedWorld

CURVE = """{
    points { at planned replanned actual plannedValue replannedValue actualValue }
    largestDistance { ...Far } largestDistanceFromLast { ...Far }
}"""
CURVES = f"""
    planCurve {CURVE}
    objectives {{ objective {{ title }} planCurve {CURVE} keyResults {{ keyResult {{ title }} planCurve {CURVE} }} }}
"""
FAR = "fragment Far on PlanDistance { at distance planned actual plannedValue actualValue }"


def curves(world: AskedWorld, arguments: str = "", **asked: Any) -> dict[str, Any]:
    """The curves by title; that of the whole has none."""
    given = "($known: DateTime)" if asked else ""
    query = f'query{given} {{ retrospective(cycle: {{key: "2026-q1"}}{arguments}) {{ {CURVES} }} }} {FAR}'
    found = world.ask(query, **asked)["retrospective"]
    shown = {"": found["planCurve"]}
    for one in found["objectives"]:
        shown[one["objective"]["title"]] = one["planCurve"]
        shown |= {part["keyResult"]["title"]: part["planCurve"] for part in one["keyResults"]}
    return shown


def points(curve: dict[str, Any]) -> dict[str, list[float | None]]:
    """The figures by moment."""
    return {one.pop("at"): [*one.values()] for one in ({**point} for point in curve["points"])}


def at(number: float) -> str:
    return day(number).isoformat().replace("+00:00", "Z")


def nearly(*figures: float | None) -> Any:
    return [figure if figure is None else pytest.approx(figure, abs=1e-9) for figure in figures]


@pytest.fixture(scope="module")
def world(server: str) -> Iterator[AskedWorld]:
    with made(server) as world:
        run_quarter(world)
        yield world


@pytest.fixture(scope="module")
def found(world: AskedWorld) -> dict[str, Any]:
    return curves(world)


WIN, GROW, QUICK = "Win the hearts of users", "Grow in the north", "Be quicker"


def test_points_are_at_each_cadence_and_at_the_outcome(found: dict[str, Any]) -> None:
    moments = [at(0), *(at(4 + 7 * week) for week in range(13)), at(91)]
    assert {title: [*points(curve)] for title, curve in found.items()} == dict.fromkeys(found, moments)


def test_key_result_is_planned_first_and_last_in_progress_and_unit(found: dict[str, Any]) -> None:
    a1 = points(found["a1"])  # 0 to 100, from day 20 on 0 to 50
    assert a1[at(18)] == nearly(0.2, 0.2, 0.4, 20, 10, 40)
    assert a1[at(25)] == nearly(25 / 90, 25 / 90, 0.8, 100 * 25 / 90, 50 * 25 / 90, 40)
    assert a1[at(91)] == nearly(1, 1, 0.9, 100, 50, 45)


def test_rescheduled_key_result_keeps_its_first_plan(found: dict[str, Any]) -> None:
    c1 = points(found["c1"])  # 0 to 4 from day 20 on, due at the end of day 90; on day 45 moved to the end of day 74
    assert c1[at(46)] == nearly(26 / 70, 26 / 54, 0.75, 4 * 26 / 70, 4 * 26 / 54, 3)
    assert c1[at(11)] == nearly(0, 0, None, 0, 0, None)


def test_objective_is_planned_by_its_key_results_then_and_in_the_end(found: dict[str, Any]) -> None:
    win = points(found[WIN])  # planned: a1 and a2; last: a1, and a3 from day 35 on
    assert win[at(18)] == nearly(0.2, 0.1, 0.3, None, None, None)
    assert win[at(46)] == nearly(46 / 90, (46 / 90 + 11 / 55) / 2, 0.38, None, None, None)
    assert win[at(91)] == nearly(1, 1, 0.7, None, None, None)


def test_objective_that_was_added_later_has_no_first_plan(found: dict[str, Any]) -> None:
    assert points(found[QUICK])[at(46)] == nearly(None, 26 / 54, 0.75, None, None, None)
    assert found[QUICK]["largestDistance"] is None


def test_cycle_is_planned_by_its_objectives_then_and_in_the_end(found: dict[str, Any]) -> None:
    whole = points(found[""])  # planned: A and B; last: A and C
    assert whole[at(46)][:3] == nearly(46 / 90, ((46 / 90 + 11 / 55) / 2 + 26 / 54) / 2, (0.38 + 0.2 + 0.75) / 3)
    assert whole[at(91)][:3] == nearly(1, 1, 0.725)


def test_largest_distance_and_its_moment_are_named(found: dict[str, Any]) -> None:
    b1 = found["b1"]["largestDistance"]  # 2 of 10, dropped with its objective on day 60
    assert (b1["at"], b1["plannedValue"], b1["actualValue"]) == (at(91), 10, 2)
    assert b1["distance"] == pytest.approx(-0.8)
    a1 = found["a1"]
    assert a1["largestDistance"]["at"] == a1["largestDistanceFromLast"]["at"] == at(25)
    assert a1["largestDistance"]["distance"] == pytest.approx(0.8 - 25 / 90)


def test_curve_is_narrowed_with_the_retrospective(world: AskedWorld, found: dict[str, Any]) -> None:
    query = '{ objectives(filter: {search: "Win"}) { nodes { id } } }'
    (node,) = world.ask(query)["objectives"]["nodes"]
    narrowed = curves(world, f', objective: "{node["id"]}"')
    assert points(narrowed[""]) == points(found[WIN])


def test_curves_of_a_closed_cycle_never_change(server: str) -> None:
    with made(server) as world:
        own = run_quarter(world)
        closed = curves(world)
        late = check_in(world, own["a1"], 50, 85, reason="found in a drawer")
        world.do(CorrectCheckIn(check_in=late, value=49, reason="a typing error"))
        assert curves(world) == closed
        now = world.ask("{ basis { known } }")["basis"]["known"]
        known = points(curves(world, ", known: $known", known=now)["a1"])
        assert known[at(88)][2] == pytest.approx(0.98)


def test_open_cycle_is_planned_up_to_its_last_day(server: str) -> None:
    with made(server) as world:
        today = datetime.now(UTC).date()
        first = today - timedelta(days=10)
        cycle(world, first=first, days=20)
        of = key_result(world, objective(world, effective_at=None), effective_at=None)
        world.do(ActivateCycle(cycle=CYCLE))
        world.do(CheckIn(key_result=of, value=30))
        *past, last = curves(world)[""]["points"]
        assert last["at"] == f"{first + timedelta(days=20)}T00:00:00Z"
        assert (last["replanned"], last["actual"]) == (1, None)
        assert [one["actual"] for one in past if one["actual"] is not None] == [0.3]


# ── KPIs ──────────────────────────────────────────────────────────────────────────────────────────

ORDERS = KpiBy(key="orders")
KPI_CURVE = """
    kpis { kpi { key } planned { key } planCurve(every: MONTH) {
        points { label planned replanned value plannedVariance variance status isPartial }
        largestDistance { label } largestDistanceFromLast { label }
    } }
"""


def test_kpi_is_compared_with_its_monthly_targets_as_known_at_plan_and_outcome(server: str) -> None:
    with made(server) as world:
        _plan_orders(world)
        _set_targets(world, {date(2026, 3, 1): 15}, 40, reason="The fair is cancelled.")
        measured = ((12, 30), (13, 58), (14, 89))
        readings = [ReadingInput(kpi=ORDERS, value=value, measured_at=day(at)) for value, at in measured]
        world.do(RecordReadings(readings=readings))
        world.do(CloseCycle(cycle=CYCLE, close_objectives=True, effective_at=day(91)))
        answer = world.ask(f'{{ retrospective(cycle: {{key: "2026-q1"}}) {{ {KPI_CURVE} }} }}')
        (found,) = answer["retrospective"]["kpis"]
        assert [list(one.values()) for one in found["planCurve"]["points"]] == [
            ["2026-01", 10, 10, 12, 2, 2, "HEALTHY", False],
            ["2026-02", 20, 20, 13, -7, -7, "BREACHED", False],
            ["2026-03", 30, 15, 14, -16, -1, "BREACHED", False],
        ]
        assert found["planCurve"]["largestDistance"] == {"label": "2026-03"}
        assert found["planCurve"]["largestDistanceFromLast"] == {"label": "2026-02"}


def _plan_orders(world: AskedWorld) -> None:
    """A key result by the KPI orders, with monthly targets of 10, 20 and 30, in a cycle that is then activated."""
    cycle(world)
    of = key_result(world, objective(world))
    world.do(DefineKpi(key="orders", name="Orders", goal=at_least(5), cadence=Cadence.MONTHLY, effective_at=day(0)))
    world.do(LinkKpi(key_result=of, kpi=ORDERS, effective_at=day(0)))
    _set_targets(world, {date(2026, 1, 1): 10, date(2026, 2, 1): 20, date(2026, 3, 1): 30}, 0.5)
    world.do(ActivateCycle(cycle=CYCLE, effective_at=day(1)))


def _set_targets(world: AskedWorld, targets: dict[date, float], at: float, reason: str = "A year of months.") -> None:
    given = [KpiTarget(from_=first, target=target) for first, target in targets.items()]
    world.do(SetKpiTargets(kpi=ORDERS, targets=given, reason=reason, effective_at=day(at)))


def test_kpi_keeps_its_first_targets_after_another_calendar(server: str) -> None:
    with made(server) as world:
        _plan_orders(world)
        world.do(SetCalendar(time_zone="Pacific/Auckland", effective_at=day(40)))
        world.do(CloseCycle(cycle=CYCLE, close_objectives=True, effective_at=day(91)))
        answer = world.ask(f'{{ retrospective(cycle: {{key: "2026-q1"}}) {{ {KPI_CURVE} }} }}')
        (found,) = answer["retrospective"]["kpis"]
        assert [(one["label"], one["planned"], one["replanned"]) for one in found["planCurve"]["points"]] == [
            ("2026-01", 10, 10),
            ("2026-02", 20, 20),
            ("2026-03", 30, 30),
        ]
