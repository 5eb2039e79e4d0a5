"""The work for the changes of a node grows with the versions of goals, and not with their square."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from domain.commands.command import CycleBy, KpiBy
from domain.commands.cycle_commands import OpenCycle
from domain.commands.key_result_commands import AddKeyResult, ReweighKeyResult
from domain.commands.kpi_commands import DefineKpi, ReadingInput, RecordReadings
from domain.commands.objective_commands import DraftObjective, RewordObjective
from domain.commands.people_commands import FormTeam
from domain.primitives.values import Direction, Kind, Metric
from projections.store.versioned_tables import Window
from projections.tables import changes
from projections.tables.change_scopes import Scope
from projections.tables.changes import ChangeFilter
from tests.explained import explained
from tests.metric_input import as_input
from tests.world import World, Worlds

VERSIONS = 60
TIMES = 4
GROWTH_MAX = 1.5 * TIMES
MEASURED = datetime(2025, 2, 1, tzinfo=UTC)


class Edited:
    """A team with an objective whose key result a KPI measures; both are edited again and again."""

    def __init__(self, world: World) -> None:
        self._world = world
        cycle, kpi = CycleBy(key="q"), KpiBy(key="k")
        self.ids = {Kind.TEAM: world.record(FormTeam(key="t", name="Team"))}
        world.write(OpenCycle(key="q", name="Q", starts_on=date(2025, 1, 1), ends_on=date(2025, 3, 31)))
        self.ids[Kind.KPI] = world.record(DefineKpi(key="k", name="KPI"))
        self.objective = world.record(DraftObjective(cycle=cycle, title="Objective", team=self.ids[Kind.TEAM]))
        metric = as_input(Metric(Direction.INCREASE, start=0, target=10))
        added = AddKeyResult(objective=self.objective, title="Key result", metric=metric, kpi=kpi)
        self.key_result = world.record(added)
        days = (MEASURED + timedelta(days=day) for day in range(10))
        world.write(RecordReadings(readings=[ReadingInput(kpi=kpi, value=1, measured_at=day) for day in days]))

    def edit(self, times: int) -> None:
        """So many versions more of the objective and of the key result."""
        for time in range(times):
            self._world.write(RewordObjective(objective=self.objective, description=f"{times} {time}"))
            self._world.write(ReweighKeyResult(key_result=self.key_result, weight=times + time, reason="again"))
        self._world.catch_up()
        self._world.conn.execute("analyze")

    def work(self, kind: Kind) -> float:
        """The rows and blocks that all changes of the team or of the KPI take."""
        ids: list[UUID] = [self.ids[kind]]
        found = changes._page(self._world.conn, self._world.now, Scope(kind, "ids"), ids, Window(1000), ChangeFilter())
        return explained(self._world.conn, *found, "force_custom_plan").work


@pytest.mark.parametrize("kind", [Kind.TEAM, Kind.KPI])
def test_work_for_changes_grows_with_versions_and_not_with_their_square(worlds: Worlds, kind: Kind) -> None:
    with worlds() as world:
        edited = Edited(world)
        edited.edit(VERSIONS)
        before = edited.work(kind)
        edited.edit((TIMES - 1) * VERSIONS)
        assert edited.work(kind) < GROWTH_MAX * before
