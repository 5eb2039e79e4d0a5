"""The status of KPIs and the status of the periods of their series."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from domain.commands.command import KpiBy
from domain.commands.kpi_commands import DefineKpi, ReadingInput, RecordReadings, RedefineKpi
from domain.primitives.values import Aggregation, Cadence
from tests.api.schema import goals
from tests.api.schema.goals import day
from tests.asking import AskedWorld
from tests.workspace import fresh_workspace

STATUS = """query($at: DateTime!) { asOf(at: $at) { kpis(first: 100) { nodes {
    key aggregation status series(every: BIWEEKLY) { start value status isPartial } } } } }"""
LIST = "{ kpis(first: 100, filter: {status: [HEALTHY, WARNING, BREACHED, NO_DATA, STALE]}) { nodes { key status } } }"


def define(world: AskedWorld, key: str, aggregation: Aggregation = Aggregation.LAST, **more: Any) -> None:
    fields = {"goal": goals.at_least(10), "cadence": Cadence.BIWEEKLY, "effective_at": day(0), **more}
    world.record(DefineKpi(key=key, name=key, aggregation=aggregation, **fields))


def read(world: AskedWorld, key: str, *figures: tuple[float, float]) -> None:
    readings = [ReadingInput(kpi=KpiBy(key=key), measured_at=day(at), value=value) for at, value in figures]
    world.do(RecordReadings(readings=readings))


def nodes(world: AskedWorld, at: datetime) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = world.ask(STATUS, at=at.isoformat())["asOf"]["kpis"]["nodes"]
    return found


@pytest.fixture(scope="module")
def kept(server: str) -> Iterator[AskedWorld]:
    """KPIs with the same readings, for tests that record nothing."""
    with fresh_workspace(server) as database:
        yield with_readings(AskedWorld(database))


@pytest.fixture
def watched(world: AskedWorld) -> AskedWorld:
    return with_readings(world)


def with_readings(world: AskedWorld) -> AskedWorld:
    """A KPI of each aggregation with the same readings: 4 and 12 in the pair of weeks from 5 January, 7 and 9 in the
    next."""
    for aggregation in Aggregation:
        define(world, aggregation.lower(), aggregation)
        read(world, aggregation.lower(), (5, 4), (15, 12), (19, 7), (26, 9))
    return world


@pytest.mark.parametrize("days", [3, 6, 16, 20, 30, 40, 60])
def test_status_is_that_of_the_latest_judged_period_of_the_series(kept: AskedWorld, days: float) -> None:
    for node in nodes(kept, day(days)):
        judged = [point["status"] for point in node["series"] if point["status"] != "NO_DATA"]
        expected = judged[-1] if judged else "NO_DATA"
        assert node["status"] == ("STALE" if days > 26 + 21 else expected), node


def test_kpi_has_the_status_of_the_value_by_its_own_aggregation(kept: AskedWorld) -> None:
    found = {node["key"]: (node["series"][-1]["value"], node["status"]) for node in nodes(kept, day(30))}
    assert found == {
        "first": (7, "BREACHED"), "last": (9, "BREACHED"), "max": (9, "BREACHED"), "mean": (8, "BREACHED"),
        "min": (7, "BREACHED"), "sum": (16, "HEALTHY"),
    }  # fmt: skip
    assert {node["key"] for node in nodes(kept, day(17)) if node["status"] == "HEALTHY"} == {"last", "max"}
    (summed,) = [node for node in nodes(kept, day(17)) if node["key"] == "sum"]
    assert (summed["status"], summed["series"]) == (
        "NO_DATA",
        [{"start": "2026-01-05T00:00:00Z", "value": 16, "status": "NO_DATA", "isPartial": True}],
    )


def test_raising_the_goal_never_judges_earlier_periods_again(world: AskedWorld) -> None:
    define(world, "nps", cadence=Cadence.MONTHLY)
    read(world, "nps", (10, 12), (40, 12))
    raised = RedefineKpi(kpi=KpiBy(key="nps"), goal=goals.at_least(20), reason="Ask for more.", effective_at=day(70))
    world.record(raised)
    read(world, "nps", (75, 12))
    query = '{ kpi(by: {key: "nps"}) { series(every: MONTH, to: "2026-04-01T00:00:00Z") { status } } }'
    assert [one["status"] for one in world.ask(query)["kpi"]["series"]] == ["HEALTHY", "HEALTHY", "BREACHED"]


def test_series_and_comparison_use_the_kpis_aggregation_unless_another_is_given(world: AskedWorld) -> None:
    define(world, "orders", Aggregation.SUM)
    read(world, "orders", (1, 3), (2, 4), (40, 5))
    query = """query($at: DateTime!) { asOf(at: $at) { kpi(by: {key: "orders"}) {
        own: series(every: MONTH) { value } mean: series(every: MONTH, aggregate: MEAN) { value }
        comparison { current previous } first: comparison(aggregate: FIRST) { previous previousToDate } } } }"""
    assert world.ask(query, at=day(45).isoformat())["asOf"]["kpi"] == {
        "own": [{"value": 7}, {"value": 5}], "mean": [{"value": 3.5}, {"value": 5}],
        "comparison": {"current": 5, "previous": 7}, "first": {"previous": 3, "previousToDate": 3},
    }  # fmt: skip


def test_an_explained_value_is_read_with_the_status(watched: AskedWorld) -> None:
    status, value = "{ kpis { nodes { status } } }", "{ kpis { nodes { status explain { start end value gap } } } }"
    assert watched.count(value) == watched.count(status)


def test_statuses_of_a_list_take_a_bounded_number_of_statements(watched: AskedWorld) -> None:
    few = watched.count(LIST)
    for number, aggregation in enumerate([*Aggregation] * 3):
        define(watched, f"more-{number}", aggregation)
        read(watched, f"more-{number}", (5, 4), (15, 12), (19, 7), (26, 9))
    assert watched.count(LIST) <= few <= 8
    assert len(watched.ask(LIST)["kpis"]["nodes"]) == 24
