"""Who: people and teams."""

from typing import Annotated

import strawberry

from api.schema.connections.connection import Connection, Where, connection
from api.schema.connections.filters import NOTHING, ObjectiveFilter, named
from api.schema.metrics.goal_lists import Whose, objectives_of
from api.schema.metrics.progress import Progress, of_teams
from api.schema.primitives.field import answered, related, to_many, to_one
from api.schema.primitives.lookup import CycleBy
from api.schema.primitives.refs import ObjectiveRef, PersonRef, TeamRef
from api.schema.types.entity import Entity, at_another_moment
from api.snapshot.pagination import PageRequest
from api.snapshot.snapshot import Batch
from domain.primitives.personal_data import ERASED, erased_handle
from domain.primitives.values import Kind
from projections.tables import people


def _names(batch: Batch) -> list[str]:
    return [ERASED if row.name is None else row.name for row in batch.rows]


def _handles(batch: Batch) -> list[str]:
    return [erased_handle(row.id) if row.handle is None else row.handle for row in batch.rows]


@strawberry.type(
    description="Somebody who sets goals, owns them, measures them. Once erased, no answer at any moment names them."
)
class Person(Entity, kind=Kind.PERSON, read=people.people):
    row: strawberry.Private[people.PersonRow]

    handle: str = related("A short name, unique in the workspace.", _handles)
    name: str = related("What they are called.", _names)
    email: str | None = strawberry.field(description="Where to write to, if it was said.")
    active: bool = strawberry.field(description="Whether they are still here.")
    teams: list[TeamRef] = to_many(Kind.TEAM, people.teams_of_people, "The teams they are a member of, as they joined.")

    @connection("The objectives they own.")
    def objectives(self, asked: PageRequest, filter: Where[ObjectiveFilter] = None) -> Connection[ObjectiveRef]:
        return objectives_of(self, Whose.OWNER, filter, asked)

    as_of = at_another_moment(PersonRef)


@strawberry.type(description="People who set goals together, inside a team above or at the top.")
class Team(Entity, kind=Kind.TEAM, read=people.teams):
    row: strawberry.Private[people.TeamRow]

    key: str = strawberry.field(description="A short name, unique in the workspace.")
    name: str = strawberry.field(description="What it is called.")
    disbanded: bool = strawberry.field(description="Whether it was disbanded.")
    parent: TeamRef | None = to_one(Kind.TEAM, "parent", "The team it is part of.")
    children: list[TeamRef] = to_many(Kind.TEAM, people.teams_within, "The teams inside it that were not disbanded.")
    lead: PersonRef | None = to_one(Kind.PERSON, "lead", "Who answers for it.")
    members: list[PersonRef] = to_many(Kind.PERSON, people.members_of_teams, "Its members, as they joined.")

    @connection("The objectives of this team itself.")
    def objectives(self, asked: PageRequest, filter: Where[ObjectiveFilter] = None) -> Connection[ObjectiveRef]:
        return objectives_of(self, Whose.TEAM, filter, asked)

    @answered("The plain mean of its own objectives in a cycle, dropped ones left out.")
    def progress(self, cycle: Annotated[CycleBy, strawberry.argument(description="In which cycle.")]) -> Progress:
        return self.each(of_teams, named(self.view, Kind.CYCLE, cycle) or NOTHING)

    as_of = at_another_moment(TeamRef)
