"""Commands and projections hide the same objectives from each person, after random histories."""

from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import date
from random import Random
from uuid import UUID, uuid4

import pytest

from domain.commands.command import Command, CycleBy
from domain.commands.cycle_commands import OpenCycle
from domain.commands.key_result_commands import AddKeyResult, AssignKeyResult, DropKeyResult
from domain.commands.objective_commands import (
    AssignObjective,
    CommitObjective,
    DraftObjective,
    DropObjective,
    ReopenObjective,
    SetObjectiveVisibility,
)
from domain.commands.people_commands import AddPerson, AppointLead, FormTeam, JoinTeam, LeaveTeam, MoveTeam
from domain.commands.permissions import Author, Role
from domain.handlers.authorization import sees
from domain.handlers.dispatcher import Dispatcher
from domain.handlers.unit_of_work import UnitOfWork
from domain.model.objective import Objective
from domain.primitives.errors import CommandRejected
from domain.primitives.values import Direction, Metric, Source, Visibility
from projections.engine import visibility as sight
from projections.engine.projector import Projector
from tests.metric_input import as_input
from tests.properties.conftest import World, Worlds

ADMIN = Author("machine:history", Source.API, frozenset({Role.ADMIN}))
YEAR = CycleBy(key="2026")
PEOPLE, TEAMS, OBJECTIVES, KEY_RESULTS, STEPS = 5, 3, 8, 10, 150


class Company:
    """Random memberships, assignments and visibilities of objectives."""

    def __init__(self, keyframe: Dispatcher, chance: Random) -> None:
        self._keyframe = keyframe
        self._chance = chance
        self._record(OpenCycle(key="2026", name="2026", starts_on=date(2026, 1, 1), ends_on=date(2026, 12, 31)))
        self.people = [self._record(AddPerson(handle=f"p{one}", name="P")) for one in range(PEOPLE)]
        self.teams = [self._record(FormTeam(key=f"t{one}", name="T")) for one in range(TEAMS)]
        self.objectives = [self._record(one) for one in self._drafts()]
        rise = Metric(Direction.INCREASE, start=0, target=1)
        self.key_results = [
            self._record(
                AddKeyResult(objective=chance.choice(self.objectives), title="Key result", metric=as_input(rise))
            )
            for _ in range(KEY_RESULTS)
        ]
        for _ in range(STEPS):
            with suppress(CommandRejected):
                self._keyframe.execute(chance.choice([*self._steps()]), ADMIN)

    def _record(self, command: Command) -> UUID:
        subject = self._keyframe.execute(command, ADMIN).result.subject
        assert subject is not None
        return subject.id

    def _drafts(self) -> Iterator[Command]:
        for place in range(OBJECTIVES):
            visibility = self._chance.choice(list(Visibility))
            yield DraftObjective(
                cycle=YEAR, title=f"Objective {place}", team=self._chance.choice(self.teams), visibility=visibility
            )

    def _steps(self) -> Iterator[Command]:
        """One random command of each type."""
        any_of, people_or_none = self._chance.choice, [*self.people, None]
        person, team, objective, key_result = map(any_of, (self.people, self.teams, self.objectives, self.key_results))
        yield JoinTeam(team=team, person=person)
        yield LeaveTeam(team=team, person=person)
        yield AppointLead(team=team, person=any_of(people_or_none))
        yield MoveTeam(team=team, parent=any_of([*self.teams, None]))
        yield AssignObjective(objective=objective, owner=any_of(people_or_none))
        yield AssignObjective(objective=objective, team=any_of([*self.teams, None]))
        yield AssignObjective(objective=objective, contributors=self._chance.sample(self.people, any_of([0, 1])))
        yield SetObjectiveVisibility(objective=objective, visibility=any_of([*Visibility, Visibility.TEAM]))
        yield AssignKeyResult(key_result=key_result, owner=any_of([*people_or_none, None, None]))
        if self._chance.random() < 0.1:
            yield DropKeyResult(key_result=key_result, reason="r")
            yield DropObjective(objective=objective, reason="r")
            yield ReopenObjective(objective=objective, reason="r")


def hidden(world: World, company: Company, person: UUID | None) -> set[UUID]:
    """The objectives that are hidden from a person's commands."""
    actor = "machine:nobody" if person is None else f"person:{person}"
    asking = Author(actor, Source.API, frozenset({Role.LEAD}))
    uow = UnitOfWork(world.log, asking, CommitObjective(objective=uuid4()), uuid4())
    return {one.id for one in uow.get_all(Objective, company.objectives) if not sees(uow, one)}


@pytest.mark.parametrize("seed", range(5))
def test_commands_and_projections_hide_the_same_objectives(worlds: Worlds, seed: int) -> None:
    with worlds() as world:
        company = Company(world.keyframe, Random(seed))
        Projector(world.log, world.database.connect, workspace=world.database.settings.workspace).catch_up()
        viewers = [*company.people, None]
        with closing(world.database.connect()) as conn:
            hidden_in_projections = [sight.present_and_hidden(conn, person)[1] for person in viewers]
        assert hidden_in_projections == [hidden(world, company, person) for person in viewers]
        assert len(set(hidden_in_projections)) > 2
