"""Objectives: qualitative goals of a cycle, measured by key results."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import strawberry

from api.schema.connections.connection import Sort, Where, connection
from api.schema.connections.filters import ObjectiveFilter
from api.schema.connections.list_orders import ObjectiveOrder
from api.schema.metrics import progress_curves
from api.schema.metrics.figures import (
    OBJECTIVES_NEED,
    counts_of_objectives,
    explained_objectives,
    of_objectives,
)
from api.schema.metrics.findings import (
    Finding,
    FindingCount,
    finding_counts_by,
    findings_by,
    in_objectives,
    in_objectives_and_parts,
    of_each_object,
)
from api.schema.metrics.goal_lists import GoalConnection, supporters
from api.schema.metrics.key_result_lists import KEY_RESULTS
from api.schema.metrics.progress import (
    HealthCount,
    Progress,
    all_key_results,
    live_key_results,
    progress_by,
)
from api.schema.metrics.progress_curves import Every, From, ProgressPoint, To
from api.schema.primitives import enums
from api.schema.primitives.field import related, resolved, to_many, to_one, to_refs, to_some
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
from domain.primitives.calendar import Step
from domain.primitives.values import Kind, ObjectiveState
from projections.tables import alignment, discussion, objective


@strawberry.type(description="The outcome of a closed objective.")
class ObjectiveOutcome(RowProxy):
    verdict: enums.Verdict | None = strawberry.field(
        description="Whether the objective was achieved; null if it ended without a score."
    )
    score: float | None = strawberry.field(
        description="The final score, in [0, 1]; null for an objective that nothing could measure."
    )
    reflection: Markdown | None = strawberry.field(description="The reflection given at the closing.")
    closed_at: datetime = strawberry.field(description="The effective time of the closing.")


def _outcomes(batch: Batch) -> Sequence[ObjectiveOutcome | None]:
    outcomes = as_batch(ObjectiveOutcome, batch.view, batch.rows)
    return [outcome if outcome.row.state is ObjectiveState.CLOSED else None for outcome in outcomes]


def _carried_into(batch: Batch) -> Sequence[Any]:
    """The latest successor of each objective that is not dropped, else the latest successor."""
    groups = many(batch, Kind.OBJECTIVE, objective.objectives_carried_from)
    live = [[one for one in group if one.row.state is not ObjectiveState.DROPPED] for group in groups]
    return [next(reversed(kept or group), None) for kept, group in zip(live, groups, strict=True)]


@strawberry.type(
    description="A qualitative goal of a cycle, measured by its key results. It is DRAFT, then ACTIVE, then CLOSED or "
    "DROPPED."
)
class Objective(Entity, kind=Kind.OBJECTIVE, read=objective.objectives):
    row: strawberry.Private[objective.ObjectiveRow]

    title: str = strawberry.field(description="The title, in one line.")
    description: Markdown | None = strawberry.field(description="A longer description of the objective.")
    kind: enums.ObjectiveKind = strawberry.field(description="Whether it must be reached in full.")
    labels: list[str] = strawberry.field(description="Its labels, in alphabetical order.")
    state: enums.ObjectiveState = strawberry.field(description="The state of the objective.")
    visibility: enums.Visibility = strawberry.field(
        description="Its visibility at this moment. Access follows the present visibility, even for the past."
    )
    cycle: CycleRef = to_one(Kind.CYCLE, "cycle", "The cycle it belongs to.")
    owner: PersonRef | None = to_one(Kind.PERSON, "owner", "The person who is responsible for it.")
    team: TeamRef | None = to_one(Kind.TEAM, "team", "The team that owns it.")
    contributors: list[PersonRef] = to_some(Kind.PERSON, "contributors", "The people who work on it with the owner.")
    supports: list[AlignmentTarget] = to_refs(
        alignment.supports_of_objectives, "The objectives and key results that it supports, without dropped ones."
    )
    ancestors: list[AlignmentTarget] = to_refs(
        alignment.ancestors_of_objectives, "The goals that it supports directly or indirectly, nearest first."
    )
    descendants: list[ObjectiveRef] = to_refs(
        alignment.descendants_of_objectives,
        "The objectives that support it or its key results directly or indirectly, in any cycle, nearest first.",
    )
    initiatives: list[InitiativeRef] = to_many(
        Kind.INITIATIVE, discussion.initiatives_of_subjects, "The initiatives for this objective itself."
    )
    progress: Progress = progress_by(
        of_objectives,
        "The weighted mean of its key results. Supporting objectives change it only if it has no key results.",
        explained_objectives,
        OBJECTIVES_NEED,
    )
    health_counts: list[HealthCount] = related(
        "The number of its key results with each health value, in a fixed order.", counts_of_objectives
    )
    outcome: ObjectiveOutcome | None = related("The outcome; null until it is closed.", _outcomes)
    carried_from: ObjectiveRef | None = to_one(
        Kind.OBJECTIVE, "carried_from", "The objective of an earlier cycle that it continues."
    )
    carried_into: ObjectiveRef | None = related("The objective of a later cycle that continues it.", _carried_into)
    findings: list[Finding] = findings_by(of_each_object(in_objectives), "Suggestions for a better objective.")
    quality: list[Finding] = findings_by(
        of_each_object(in_objectives), "Suggestions for a better objective.", "Use `findings`. Removed in 0.5."
    )
    finding_counts: list[FindingCount] = finding_counts_by(
        of_each_object(in_objectives_and_parts),
        "The number of findings of each rule on the objective and its key results, without dropped ones.",
    )
    reflections: list[ReflectionRef] = to_many(
        Kind.REFLECTION, discussion.reflections_of_subjects, "The reflections on the objective."
    )

    @resolved("The key results of the objective, in the order of creation.", batch=KEY_RESULTS)
    def key_results(
        self,
        include_dropped: Annotated[bool, strawberry.argument(description="Whether to include dropped ones.")] = False,
    ) -> list[KeyResultRef]:
        return self.each(all_key_results if include_dropped else live_key_results)

    @connection("The objectives that support it, by default in the order of drafting.")
    def supported_by(
        self, page_request: PageRequest, filter: Where[ObjectiveFilter] = None, sort: Sort[ObjectiveOrder] = None
    ) -> GoalConnection[ObjectiveRef]:
        return supporters(self, filter, sort, page_request)

    @resolved("The progress over time, by all that is known at the view, with the planned line after it.")
    def progress_over_time(self, every: Every = Step.WEEK, since: From = None, until: To = None) -> list[ProgressPoint]:
        return self.each(progress_curves.of_objectives, every, since, until)

    as_of = at_another_moment(ObjectiveRef)
