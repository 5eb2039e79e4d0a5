"""The sizes of a workspace from which costs are estimated."""

from datetime import UTC, date, datetime

import pytest

from api.execution.sizes import WorkspaceSizes
from api.execution.weights import TYPICAL
from domain.commands.command import CycleBy
from domain.commands.cycle_commands import OpenCycle
from domain.commands.objective_commands import DraftObjective
from projections.engine.workspace_sizes import Counted, counted
from tests.world import World


def test_small_workspace_has_the_typical_sizes(world: World) -> None:
    sizes = WorkspaceSizes(world.database.pool(size_max=1))
    sizes.count()
    assert sizes.bounds.sizes == TYPICAL.rounded()


def test_objectives_and_days_of_the_largest_cycle_are_counted_without_private_ones(world: World) -> None:
    today = datetime.now(UTC).date()
    for key, count in (("small", 1), ("large", 4)):
        world.record(OpenCycle(key=key, name=key, starts_on=date(2024, 1, 1 + count), ends_on=date(2024, 3, 31)))
        for number in range(count):
            world.record(DraftObjective(cycle=CycleBy(key=key), title=f"Objective {number}"))
    found = counted(world.conn)
    assert found == Counted(4, 4, 90, (today - date(2024, 1, 2)).days, 0)


def test_larger_workspace_has_sizes_rounded_up(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.execution.sizes.workspace_sizes.counted", lambda _: Counted(301, 40_000, 31, 800, 3))
    sizes = WorkspaceSizes(world.database.pool(size_max=1))
    sizes.count()
    assert sizes.bounds.sizes == (400, 40_000, 100, 800, TYPICAL.kpis)
