"""A retrospective by team: the mean over the objectives that each team owns."""

from collections.abc import Sequence
from uuid import UUID

import strawberry

from api.schema.history.retrospective_figures import Attainment, GoalCounts, attainment_of, counts_of
from api.schema.types.people import Team
from api.snapshot.dataloaders import found
from api.snapshot.snapshot import View
from domain.primitives.values import Kind
from projections.history.retrospective import CycleReview, ObjectiveReview


@strawberry.type(
    description="The objectives of a cycle that one team owns at the outcome, without those of its subteams."
)
class TeamRetrospective:
    team: Team | None = strawberry.field(description="The team; null for the objectives without a team.")
    objectives: GoalCounts = strawberry.field(description="The number of its objectives.")
    key_results: GoalCounts = strawberry.field(description="The number of their key results.")
    attainment: Attainment = strawberry.field(description="The attainment of the mean over its objectives.")


def teams_of(
    outcome: View, review: CycleReview, groups: Sequence[tuple[UUID | None, Sequence[ObjectiveReview]]]
) -> list[TeamRetrospective]:
    """The retrospective of each of these teams, whose rows are read at once."""
    teams = found(outcome, Kind.TEAM, [id for id, _ in groups if id is not None])
    return [
        TeamRetrospective(
            team=None if id is None else teams.get(id),
            objectives=counts_of(of),
            key_results=counts_of([part for one in of for part in one.key_results]),
            attainment=attainment_of(review.attainment_of(of)),
        )
        for id, of in groups
    ]
