"""Objectives: a qualitative direction within a cycle, proved by its key results."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import strawberry

from api.schema.connections.connection import Connection, connection
from api.schema.metrics.findings import Finding, in_objectives
from api.schema.metrics.goal_lists import supporters
from api.schema.metrics.progress import Progress, all_key_results, live_key_results, of_objectives, progress_by
from api.schema.primitives import enums
from api.schema.primitives.field import answered, related, to_many, to_one, to_refs, to_some
from api.schema.primitives.refs import (
    AlignmentTarget,
    CycleRef,
    InitiativeRef,
    KeyResultRef,
    ObjectiveRef,
    PersonRef,
    ReflectionRef,
    TeamRef,
)
from api.schema.primitives.scalars import Markdown
from api.schema.types.entity import Entity, at_another_moment
from api.snapshot.dataloaders import many
from api.snapshot.pagination import PageRequest
from api.snapshot.snapshot import Batch, RowProxy, as_batch
from domain.primitives.values import Kind, ObjectiveState
from projections.tables import alignment, discussion, objective


@strawberry.type(description="What a closed objective came to.")
class ObjectiveOutcome(RowProxy):
    verdict: enums.Verdict = strawberry.field(description="Whether it was achieved.")
    score: float = strawberry.field(description="How far it got, in [0, 1], as it was judged at its closing.")
    reflection: Markdown | None = strawberry.field(description="What there was to say about how it ended.")
    closed_at: datetime = strawberry.field(description="When it was closed.")


def _outcomes(batch: Batch) -> Sequence[ObjectiveOutcome | None]:
    things = as_batch(ObjectiveOutcome, batch.view, batch.rows)
    return [thing if thing.row.state is ObjectiveState.CLOSED else None for thing in things]


def _carried_into(batch: Batch) -> Sequence[Any]:
    """The latest of those that each was carried into and that were not dropped; else the latest of all."""
    groups = many(batch, Kind.OBJECTIVE, objective.objectives_carried_from)
    live = [[one for one in group if one.row.state is not ObjectiveState.DROPPED] for group in groups]
    return [next(reversed(kept or group), None) for kept, group in zip(live, groups, strict=True)]


@strawberry.type(
    description="A qualitative direction within a cycle, proved by its key results. DRAFT, then ACTIVE, then CLOSED; "
    "or DROPPED."
)
class Objective(Entity, kind=Kind.OBJECTIVE, read=objective.objectives):
    row: strawberry.Private[objective.ObjectiveRow]

    title: str = strawberry.field(description="The direction, in one line.")
    description: Markdown | None = strawberry.field(description="More about it.")
    kind: enums.ObjectiveKind = strawberry.field(description="Whether it must be reached in full.")
    state: enums.ObjectiveState = strawberry.field(description="Where it is in its life.")
    visibility: enums.Visibility = strawberry.field(
        description="Who it was meant for then. Who sees it, also as it was, is ruled by what is said of it now."
    )
    cycle: CycleRef = to_one(Kind.CYCLE, "cycle", "The cycle it was drafted in.")
    owner: PersonRef | None = to_one(Kind.PERSON, "owner", "Who answers for it.")
    team: TeamRef | None = to_one(Kind.TEAM, "team", "The team whose it is.")
    contributors: list[PersonRef] = to_some(Kind.PERSON, "contributors", "Who works on it beside the owner.")
    supports: list[AlignmentTarget] = to_refs(
        alignment.supports_of_objectives, "The objectives and key results it supports that are not dropped."
    )
    ancestors: list[AlignmentTarget] = to_refs(
        alignment.ancestors_of_objectives, "All that it supports, directly or through others; nearest first, each once."
    )
    initiatives: list[InitiativeRef] = to_many(
        Kind.INITIATIVE, discussion.initiatives_of_subjects, "The work planned for it."
    )
    progress: Progress = progress_by(
        of_objectives, "The weighted mean of its key results; what supports it stands beside it and changes nothing."
    )
    outcome: ObjectiveOutcome | None = related("What it came to; null until it is closed.", _outcomes)
    carried_from: ObjectiveRef | None = to_one(
        Kind.OBJECTIVE, "carried_from", "The objective of an earlier cycle that it goes on with."
    )
    carried_into: ObjectiveRef | None = related("The objective of a later cycle that goes on with it.", _carried_into)
    findings: list[Finding] = related(
        "What could be written better about it: vague, unmeasured, unowned, too much …", in_objectives, name="quality"
    )
    reflections: list[ReflectionRef] = to_many(
        Kind.REFLECTION, discussion.reflections_of_subjects, "What was thought when looking back on it."
    )

    @answered("What proves it was reached, as they were added.")
    def key_results(
        self,
        include_dropped: Annotated[bool, strawberry.argument(description="Dropped ones, too.")] = False,
    ) -> list[KeyResultRef]:
        return self.each(all_key_results if include_dropped else live_key_results)

    @connection("The objectives that support it, as they were drafted.")
    def supported_by(self, asked: PageRequest) -> Connection[ObjectiveRef]:
        return supporters(self, asked)

    as_of = at_another_moment(ObjectiveRef)
