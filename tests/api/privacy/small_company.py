"""A few people, two teams, and one objective that is private to its team, for tests that change it."""

from datetime import date
from uuid import UUID

from domain.commands.command import Command, CycleBy
from domain.commands.cycle_commands import OpenCycle
from domain.commands.key_result_commands import AddKeyResult, MetricInput
from domain.commands.kpi_commands import DefineKpi
from domain.commands.objective_commands import DraftObjective, SetObjectiveVisibility
from domain.commands.people_commands import AddPerson, FormTeam
from domain.commands.permissions import Author, Role
from domain.primitives.values import Direction, Source, Visibility
from tests.world import World

CYCLE = CycleBy(key="2026-q1")
RISE = MetricInput(direction=Direction.INCREASE, start=0, target=1)
ALL = Author("machine:author", Source.API, frozenset(Role))


class Small:
    """A workspace whose projections are always current, with subjects by name."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.ids: dict[str, UUID] = {}
        for handle in ("mia", "moe", "tom"):
            self.record(handle, AddPerson(handle=handle, name=handle.capitalize()))
        for team in ("alpha", "beta"):
            self.record(team, FormTeam(key=team, name=team))
        self.record("q1", OpenCycle(key="2026-q1", name="First", starts_on=_FIRST, ends_on=_LAST))
        self.record("kpi", DefineKpi(key="promoters", name="Promoters"))
        self.draft("hush", Visibility.TEAM)
        self.record("result", AddKeyResult(objective=self["hush"], title="Hushed result", metric=RISE))

    def __getitem__(self, name: str) -> UUID:
        return self.ids[name]

    def record(self, name: str, command: Command) -> int:
        """Execute a command and name its subject; returns the projected position."""
        outcome = self.world.keyframe.execute(command, ALL)
        assert outcome.result.subject is not None
        self.ids[name] = outcome.result.subject.id
        return self.world.catch_up()

    def draft(self, name: str, visibility: Visibility) -> int:
        drafted = DraftObjective(cycle=CYCLE, title=name, team=self["alpha"], visibility=visibility)
        return self.record(name, drafted)

    def show(self, visibility: Visibility) -> int:
        return self.record("hush", SetObjectiveVisibility(objective=self["hush"], visibility=visibility))


_FIRST, _LAST = date(2026, 1, 1), date(2027, 12, 31)
