"""The value of a key result that is, was or will be measured by a KPI."""

from datetime import date
from typing import Any
from uuid import UUID

import pytest

from domain.commands.command import KpiBy
from domain.commands.cycle_commands import ActivateCycle, CloseCycle
from domain.commands.key_result_commands import LinkKpi, UnlinkKpi
from domain.commands.kpi_commands import DefineKpi, ReadingInput, RecordReadings, RedefineKpi, RetractReading
from domain.primitives.values import Aggregation, Direction, Metric
from tests.api.schema import goals
from tests.api.schema.goals import CYCLE, day
from tests.asking import AskedWorld

SALES = KpiBy(key="sales")
CURRENT = """query($at: DateTime, $position: Position) { asOf(at: $at, position: $position) { keyResults { nodes {
    current measuredAt progress { value explain { value position } } metric { start }
} } } }"""


@pytest.fixture
def quarter(world: AskedWorld) -> AskedWorld:
    """An active quarter, and the sales of days -5, 10, 40 and 60: 50, 10, 20 and 30."""
    goals.cycle(world)
    world.record(DefineKpi(key="sales", name="Sales", effective_at=day(-20)))
    read(world, (-5, 50), (10, 10), (40, 20), (60, 30))
    world.do(ActivateCycle(cycle=CYCLE, effective_at=day(1)))
    return world


def read(world: AskedWorld, *readings: tuple[float, float]) -> None:
    of = [ReadingInput(kpi=SALES, value=value, measured_at=day(at)) for at, value in readings]
    world.do(RecordReadings(readings=of))


def key_result(world: AskedWorld, **given: Any) -> UUID:
    objective = goals.objective(world, effective_at=day(2))
    return goals.key_result(world, objective, effective_at=day(2), **given)


def shown(world: AskedWorld, at: float | None = None, position: int | None = None) -> Any:
    (node,) = world.ask(CURRENT, at=None if at is None else day(at).isoformat(), position=position)["asOf"][
        "keyResults"
    ]["nodes"]
    return node


def current(world: AskedWorld, at: float | None = None, position: int | None = None) -> Any:
    return shown(world, at, position)["current"]


def test_a_goal_whose_former_link_had_no_reading_takes_its_first_check_in_as_start(quarter: AskedWorld) -> None:
    quarter.record(DefineKpi(key="visits", name="Visits", effective_at=day(-20)))
    metric = Metric(Direction.AT_LEAST, target=100)
    id = key_result(quarter, metric=metric, kpi=KpiBy(key="visits"))
    quarter.record(UnlinkKpi(key_result=id, effective_at=day(20)))
    goals.check_in(quarter, id, 20, 30)
    goals.check_in(quarter, id, 60, 40)
    assert shown(quarter)["progress"]["value"] == 0.5


def test_a_sum_counts_the_readings_from_the_first_day_of_the_cycle_on(quarter: AskedWorld) -> None:
    key_result(quarter, kpi=SALES, aggregate=Aggregation.SUM)
    assert [current(quarter, at) for at in (5, 10, 50, 70)] == [None, 10, 30, 60]
    node = shown(quarter)
    assert (node["progress"]["value"], node["measuredAt"]) == (0.6, "2026-03-02T00:00:00Z")
    assert [term["value"] for term in node["progress"]["explain"]] == [0.6]


def test_count_from_moves_the_first_day_of_an_aggregate(quarter: AskedWorld) -> None:
    key_result(quarter, kpi=SALES, aggregate=Aggregation.SUM, count_from=date(2026, 2, 10))
    assert [current(quarter, at) for at in (20, 39, 50, 70)] == [None, None, 20, 50]


def test_count_from_before_the_cycle_counts_from_the_cycles_first_day(quarter: AskedWorld) -> None:
    key_result(quarter, kpi=SALES, aggregate=Aggregation.SUM, count_from=date(2025, 12, 1))
    assert current(quarter) == 60


@pytest.mark.parametrize(
    ("aggregate", "values"),
    [
        (Aggregation.LAST, [50, 10, 20, 30]),
        (Aggregation.FIRST, [None, 10, 10, 10]),
        (Aggregation.MEAN, [None, 10, 15, 20]),
        (Aggregation.MIN, [None, 10, 10, 10]),
        (Aggregation.MAX, [None, 10, 20, 30]),
    ],
)
def test_each_aggregate_makes_one_value_of_the_readings(
    quarter: AskedWorld, aggregate: Aggregation, values: list[float | None]
) -> None:
    key_result(quarter, kpi=SALES, aggregate=aggregate)
    assert [current(quarter, at) for at in (5, 20, 50, 70)] == values


def test_an_aggregate_changes_with_retracted_and_late_readings_and_ends_with_the_window(quarter: AskedWorld) -> None:
    key_result(quarter, kpi=SALES, aggregate=Aggregation.SUM)
    quarter.do(RetractReading(reading=goals.reading(quarter, "sales", 40), reason="Another shop's."))
    assert current(quarter) == 40
    quarter.do(CloseCycle(cycle=CYCLE, close_objectives=True, effective_at=day(91)))
    read(quarter, (50, 25), (90, 99), (100, 99))
    assert current(quarter) == 65


def test_the_aggregate_of_a_link_stays_when_the_kpi_is_redefined(quarter: AskedWorld) -> None:
    quarter.do(RedefineKpi(kpi=SALES, aggregation=Aggregation.SUM, reason="We add them up.", effective_at=day(-10)))
    key_result(quarter, kpi=SALES)
    assert current(quarter) == 60
    quarter.do(RedefineKpi(kpi=SALES, aggregation=Aggregation.MEAN, reason="We take the mean.", effective_at=day(30)))
    assert current(quarter) == 60


def test_goals_to_be_held_begin_at_0_with_a_sum_and_else_at_the_value_at_their_beginning(quarter: AskedWorld) -> None:
    at_least = {"metric": Metric(Direction.AT_LEAST, target=90.0), "kpi": SALES}
    id = key_result(quarter, **at_least, aggregate=Aggregation.SUM)
    assert shown(quarter)["progress"]["value"] == pytest.approx(60 / 90)
    quarter.do(LinkKpi(key_result=id, kpi=SALES, aggregate=Aggregation.LAST, effective_at=day(3)))
    # 50 at its beginning, 30 now: further away than at the beginning
    assert shown(quarter)["progress"]["value"] == 0
    read(quarter, (70, 70))
    assert shown(quarter)["progress"]["value"] == pytest.approx((70 - 50) / (90 - 50))


def test_a_moment_before_the_link_shows_the_kpis_readings_if_seen_from_now(quarter: AskedWorld) -> None:
    id = key_result(quarter)
    goals.check_in(quarter, id, 77, 30)
    unlinked = quarter.catch_up()
    quarter.do(LinkKpi(key_result=id, kpi=SALES, effective_at=day(50)))
    assert [current(quarter, at) for at in (5, 30, 45, 55, 70)] == [50, 10, 20, 20, 30]
    assert [current(quarter, at, unlinked) for at in (5, 30, 45, 55)] == [None, 77, 77, 77]
    assert current(quarter, position=unlinked) == 77


def test_after_unlinking_the_last_linked_value_stays_until_a_later_check_in(quarter: AskedWorld) -> None:
    id = key_result(quarter, kpi=SALES)
    quarter.do(UnlinkKpi(key_result=id, effective_at=day(50)))
    assert [current(quarter, at) for at in (45, 55, 70)] == [20, 20, 20]
    read(quarter, (45, 25))
    assert current(quarter) == 25
    goals.check_in(quarter, id, 40, 48)
    assert current(quarter) == 25
    goals.check_in(quarter, id, 60, 65)
    assert [current(quarter, at) for at in (60, 70)] == [25, 60]
