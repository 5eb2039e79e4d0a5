"""People and teams."""

from collections.abc import Sequence
from typing import Annotated, TypeAlias
from uuid import UUID

import strawberry

from api.schema.connections import filter_criteria
from api.schema.connections.connection import Connection, Sort, Where, connection
from api.schema.connections.filters import NOTHING, KeyResultFilter, ObjectiveFilter, PersonFilter, named
from api.schema.connections.list_orders import KeyResultOrder, ObjectiveOrder, PersonOrder, keys
from api.schema.connections.lists import Listing, Wanted, group_pages
from api.schema.metrics import progress_curves
from api.schema.metrics.figures import counts_of_teams, shown_teams
from api.schema.metrics.goal_lists import GoalConnection, Whose, key_results_of_owner, objectives_of
from api.schema.metrics.progress import HealthCount, Progress
from api.schema.metrics.progress_curves import Every, From, ProgressPoint, To
from api.schema.primitives import enums
from api.schema.primitives.field import related, resolved, to_many, to_one
from api.schema.primitives.lookup import CycleBy
from api.schema.primitives.refs import KeyResultRef, ObjectiveRef, PersonRef, TeamRef
from api.schema.primitives.semantic_non_null import NULL_ON_FAILURE
from api.schema.types.entity import Entity, at_another_moment
from api.snapshot.dataloaders import many
from api.snapshot.pagination import PageRequest
from api.snapshot.snapshot import Batch, View
from domain.metrics.wholes import Counted
from domain.primitives.calendar import Step
from domain.primitives.personal_data import ERASED, erased_handle
from domain.primitives.values import Kind
from projections.tables import people


def _names(batch: Batch) -> list[str]:
    return [ERASED if row.name is None else row.name for row in batch.rows]


def _handles(batch: Batch) -> list[str]:
    return [erased_handle(row.id) if row.handle is None else row.handle for row in batch.rows]


@strawberry.type(
    description="A person who owns, contributes to or measures goals. After an erasure, neither the present nor any "
    "Snapshot shows the person's name."
)
class Person(Entity, kind=Kind.PERSON, read=people.people):
    row: strawberry.Private[people.PersonRow]

    handle: str = related("A short name, unique in the workspace.", _handles)
    name: str = related("The name of the person.", _names)
    email: str | None = strawberry.field(description="The email address, if it is known.")
    active: bool = strawberry.field(description="Whether the person is active, that is, not deactivated.")
    teams: list[TeamRef] = to_many(Kind.TEAM, people.teams_of_people, "The person's teams, in the order of joining.")

    @connection("The objectives that the person owns, by default in the order of recording.")
    def objectives(
        self, page_request: PageRequest, filter: Where[ObjectiveFilter] = None, sort: Sort[ObjectiveOrder] = None
    ) -> GoalConnection[ObjectiveRef]:
        return objectives_of(self, Whose.OWNER, filter, sort, page_request)

    @connection("The key results that the person owns, by default in the order of recording.")
    def key_results(
        self, page_request: PageRequest, filter: Where[KeyResultFilter] = None, sort: Sort[KeyResultOrder] = None
    ) -> GoalConnection[KeyResultRef]:
        return key_results_of_owner(self, filter, sort, page_request)

    as_of = at_another_moment(PersonRef)


PEOPLE = Listing(Kind.PERSON, people.PEOPLE)
_BY_NAME = people.PersonOrder.NAME


def _members(
    batch: Batch, wanted: Wanted, are_filtered: bool, page_request: PageRequest
) -> Sequence[Connection[PersonRef]]:
    groups = many(batch, Kind.PERSON, people.members_of_teams)
    pages = group_pages(batch.view, PEOPLE, groups, wanted, page_request, are_filtered=are_filtered)
    return [Connection(page=page) for page, _ in pages]


InCycle: TypeAlias = Annotated[
    CycleBy | None,
    strawberry.argument(description="The cycle, by id or key. Default: all active cycles."),
]
IncludeSubteams: TypeAlias = Annotated[
    bool, strawberry.argument(description="Whether the teams inside it count, too, directly or not.")
]


def _cycle(view: View, by: CycleBy | None) -> UUID | None:
    """The id of a cycle; None for all active ones, and one that does not exist for an unknown cycle."""
    return None if by is None else named(view, Kind.CYCLE, by) or NOTHING


@strawberry.type(description="A team of people with common goals. Teams form a hierarchy.")
class Team(Entity, kind=Kind.TEAM, read=people.teams):
    row: strawberry.Private[people.TeamRow]

    key: str = strawberry.field(description="A short name, unique in the workspace.")
    name: str = strawberry.field(description="The name of the team.")
    labels: list[str] = strawberry.field(description="Its labels, in alphabetical order.")
    disbanded: bool = strawberry.field(description="Whether the team was disbanded.")
    parent: TeamRef | None = to_one(Kind.TEAM, "parent", "The team that contains it; null at the top.")
    children: list[TeamRef] = to_many(Kind.TEAM, people.teams_within, "The teams inside it, without disbanded ones.")
    lead: PersonRef | None = to_one(Kind.PERSON, "lead", "The person who leads the team.")
    members: list[PersonRef] = to_many(
        Kind.PERSON,
        people.members_of_teams,
        "The members, in the order of joining.",
        deprecated="Use `people`. Removed in 0.5.",
    )

    @connection("The members, by default in the order of their names.", NULL_ON_FAILURE)
    def people(
        self, page_request: PageRequest, filter: Where[PersonFilter] = None, sort: Sort[PersonOrder] = None
    ) -> Connection[PersonRef] | None:
        wanted = Wanted(filter_criteria.persons(self.view, filter), tuple(keys(_BY_NAME, sort)))
        return self.each(_members, wanted, filter is None, page_request)

    @connection("The objectives of this team, by default without those of the teams inside it.")
    def objectives(
        self,
        page_request: PageRequest,
        filter: Where[ObjectiveFilter] = None,
        include_subteams: IncludeSubteams = False,
        sort: Sort[ObjectiveOrder] = None,
    ) -> GoalConnection[ObjectiveRef]:
        whose = Whose.TEAMS_INSIDE if include_subteams else Whose.TEAM
        return objectives_of(self, whose, filter, sort, page_request)

    @resolved(
        "The unweighted mean of the team's objectives in a cycle. A team does not end: its health is the rating of the "
        "gap, also in a closed cycle."
    )
    def progress(self, cycle: InCycle = None, include_subteams: IncludeSubteams = True) -> Progress:
        return self.each(shown_teams, _cycle(self.view, cycle), include_subteams)

    @resolved("The number of the team's goals in a cycle with each health value, without drafts and dropped ones.")
    def health_counts(
        self,
        cycle: InCycle = None,
        include_subteams: IncludeSubteams = True,
        of: Annotated[enums.Counted, strawberry.argument(description="The goals to count.")] = Counted.KEY_RESULTS,
    ) -> list[HealthCount]:
        return self.each(counts_of_teams, _cycle(self.view, cycle), include_subteams, of)

    @resolved(
        "The progress in a cycle over time, by all that is known at the view, with the planned line after it; the "
        "objectives of each moment are those of `progress` there."
    )
    def progress_over_time(
        self,
        every: Every = Step.WEEK,
        since: From = None,
        until: To = None,
        cycle: InCycle = None,
        include_subteams: IncludeSubteams = True,
    ) -> list[ProgressPoint]:
        return self.each(progress_curves.of_teams, every, since, until, _cycle(self.view, cycle), include_subteams)

    as_of = at_another_moment(TeamRef)
