"""Who: people and teams."""

from typing import Annotated

import strawberry

from api.schema.connections.connection import After, Before, Connection, First, Last
from api.schema.connections.filters import NOTHING, ObjectiveFilter, named
from api.schema.metrics.goal_lists import Whose, objectives_of
from api.schema.metrics.progress import Progress, of_teams
from api.schema.primitives.field import answered, related, to_many, to_one
from api.schema.primitives.lookup import CycleBy
from api.schema.primitives.refs import ObjectiveRef, PersonRef, TeamRef
from api.schema.types.entity import AS_OF, At, AtPosition, Entity, Known
from api.snapshot.snapshot import Siblings
from domain.primitives.personal_data import ERASED, erased_handle
from domain.primitives.values import Kind
from projections.tables import people


def _names(siblings: Siblings) -> list[str]:
    return [ERASED if row.name is None else row.name for row in siblings.rows]


def _handles(siblings: Siblings) -> list[str]:
    return [erased_handle(row.id) if row.handle is None else row.handle for row in siblings.rows]


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

    @answered("The objectives they own.")
    def objectives(
        self,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Annotated[
            ObjectiveFilter | None, strawberry.argument(description="Only those for which this holds.")
        ] = None,
    ) -> Connection[ObjectiveRef]:
        return objectives_of(self, Whose.OWNER, filter, first, after, last, before)

    @answered(AS_OF)
    def as_of(self, at: At = None, known: Known = None, position: AtPosition = None) -> PersonRef | None:
        return self.at_moment(at, known, position)


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

    @answered("The objectives of this team itself.")
    def objectives(
        self,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Annotated[
            ObjectiveFilter | None, strawberry.argument(description="Only those for which this holds.")
        ] = None,
    ) -> Connection[ObjectiveRef]:
        return objectives_of(self, Whose.TEAM, filter, first, after, last, before)

    @answered("The plain mean of its own objectives in a cycle, dropped ones left out.")
    def progress(self, cycle: Annotated[CycleBy, strawberry.argument(description="In which cycle.")]) -> Progress:
        return self.each(of_teams, named(self.view, Kind.CYCLE, cycle) or NOTHING)

    @answered(AS_OF)
    def as_of(self, at: At = None, known: Known = None, position: AtPosition = None) -> TeamRef | None:
        return self.at_moment(at, known, position)
