"""The standing of a KPI: what its status depends on, and no more."""

from uuid import UUID

import pytest

from domain.commands.command import KpiBy
from domain.commands.kpi_commands import DefineKpi, RedefineKpi
from domain.metrics.kpi_series import KpiStatus
from domain.primitives.calendar import Calendar
from domain.primitives.values import Aggregation, Basis, Cadence, GoalDirection, KpiGoal, ScoringPolicy
from projections.figures.kpis.kpi_standing import KpiStanding, standings
from projections.tables.kpi import kpis
from tests.projections.goal_builders import on, read, then
from tests.world import World

AT_LEAST_10 = KpiGoal(GoalDirection.AT_LEAST, target=10)


def define(world: World, aggregation: Aggregation = Aggregation.LAST, key: str = "orders") -> UUID:
    return world.record(
        DefineKpi(
            key=key, name=key, goal=AT_LEAST_10, cadence=Cadence.WEEKLY, aggregation=aggregation, effective_at=on(1)
        )
    )


def standing(world: World, kpi: UUID, basis: Basis) -> KpiStanding:
    found = standings(world.conn, basis, list(kpis(world.conn, basis, [kpi]).values()), Calendar())[kpi]
    assert isinstance(found, KpiStanding)
    return found


@pytest.mark.parametrize(
    ("aggregation", "needed", "value"),
    [
        (Aggregation.LAST, [2], 2), (Aggregation.FIRST, [8, 2], 8), (Aggregation.MEAN, [8, 2], 5),
        (Aggregation.MIN, [8, 2], 2), (Aggregation.MAX, [8, 2], 8), (Aggregation.SUM, [5, 4, 8, 2], 9),
    ],
)  # fmt: skip
def test_status_reads_only_the_readings_of_the_latest_periods(
    world: World, aggregation: Aggregation, needed: list[float], value: float
) -> None:
    kpi = define(world, aggregation)
    read(world, kpi, (on(2), 99), (on(5), 5), (on(10), 4), (on(12), 8), (on(14), 2))
    found = standing(world, kpi, then(world, on(15)))
    assert ([one.value for one in found.readings], found.value) == (needed, value)


def test_a_sum_without_a_complete_period_has_no_data(world: World) -> None:
    kpi = define(world, Aggregation.SUM)
    read(world, kpi, (on(12), 8), (on(14), 2))
    found = standing(world, kpi, then(world, on(15)))
    assert (found.value, found.status(ScoringPolicy())) == (None, KpiStatus.NO_DATA)


def test_a_period_is_judged_by_the_definitions_known_at_the_basis(world: World) -> None:
    kpi = define(world)
    read(world, kpi, (on(14), 8))
    before = world.catch_up()
    lowered = KpiGoal(GoalDirection.AT_LEAST, target=5)
    world.do(RedefineKpi(kpi=KpiBy(id=kpi), goal=lowered, reason="agreed in the first week", effective_at=on(8)))
    policy = ScoringPolicy()
    assert standing(world, kpi, then(world, on(15), before)).status(policy) is KpiStatus.BREACHED
    assert standing(world, kpi, then(world, on(15))).status(policy) is KpiStatus.HEALTHY
