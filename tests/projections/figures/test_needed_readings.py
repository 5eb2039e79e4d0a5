"""A timeline of cycles has only those readings of KPIs that the figures of these cycles may depend on."""

from datetime import date
from uuid import UUID

import pytest

from domain.commands.command import CycleBy, KpiBy
from domain.commands.cycle_commands import ActivateCycle
from domain.primitives.values import Direction, Metric
from projections.figures import timeline
from projections.figures.figures import Figures
from projections.figures.horizon import Horizon
from tests.projections.goal_builders import cycle, key_result, kpi, objective, on, read, then
from tests.world import World

HELD = Metric(Direction.AT_LEAST, target=50.0)


def february(world: World, metric: Metric | None = None, **link: object) -> tuple[UUID, UUID, UUID]:
    """A KPI that was read on three days of January, and a key result of February that it measures; with their cycle."""
    nps = kpi(world)
    read(world, nps, (on(3), 10.0), (on(6), 20.0), (on(9), 30.0))
    of = cycle(world, starts_on=date(2026, 2, 1), effective_at=on(20))
    given = {} if metric is None else {"metric": metric}
    part = key_result(world, objective(world, of, effective_at=on(20)), kpi=KpiBy(id=nps), effective_at=on(20), **given)
    world.do(ActivateCycle(cycle=CycleBy(id=of), effective_at=on(21)))
    world.catch_up()
    return of, part, nps


def values(world: World, of: UUID, nps: UUID, since: int | None = None) -> list[float | None]:
    read = timeline.of_cycles(world.conn, then(world, on(28)), [of], None if since is None else on(since))
    return [one.value for one in read.series(nps).versions]


def test_readings_before_the_latest_one_at_the_opening_are_left_out(world: World) -> None:
    of, _, nps = february(world)
    read(world, nps, (on(25), 40.0))
    assert values(world, of, nps) == [30.0, 40.0]


def test_earlier_readings_are_read_for_earlier_moments(world: World) -> None:
    of, _, nps = february(world)
    assert values(world, of, nps, since=7) == [20.0, 30.0]


def test_earlier_readings_that_were_recorded_later_are_read(world: World) -> None:
    of, _, nps = february(world)
    read(world, nps, (on(4), 15.0))
    assert values(world, of, nps) == [15.0, 30.0]


@pytest.mark.parametrize("metric", [None, HELD])
def test_figures_are_those_of_all_readings(world: World, metric: Metric | None) -> None:
    of, part, nps = february(world, metric)
    read(world, nps, (on(25), 40.0))
    horizon = Horizon.of(then(world, on(28)))
    row = timeline.of_cycles(world.conn, then(world, on(28)), [of]).key_results[part].versions[0]
    whole = timeline.of_objectives(world.conn, then(world, on(28)), [row.objective])
    needed = timeline.of_cycles(world.conn, then(world, on(28)), [of])
    assert len(whole.series(nps).versions) > len(needed.series(nps).versions)
    assert Figures(needed, horizon).key_result(part) == Figures(whole, horizon).key_result(part)
