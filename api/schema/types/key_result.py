"""Key results: the measurable results that prove an objective was reached."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Annotated, Any

import strawberry

from api.schema.connections.connection import Connection, Sort, Where, connection
from api.schema.connections.filters import ObjectiveFilter
from api.schema.connections.list_orders import ObjectiveOrder
from api.schema.connections.lists import Pages, paged
from api.schema.metrics.figures import dues, explained_key_results, measured, of_key_results
from api.schema.metrics.findings import (
    Finding,
    FindingCount,
    finding_counts_by,
    findings_by,
    in_key_results,
    of_each_object,
)
from api.schema.metrics.goal_lists import GoalConnection, supporters
from api.schema.metrics.progress import PARTS_NEED, Progress, latest, progress_by
from api.schema.metrics.trajectory import Forecast, TargetRevision, TrajectoryPoint, forecasts, targets, trajectories
from api.schema.primitives import enums
from api.schema.primitives.field import related, resolved, to_many, to_one
from api.schema.primitives.metric import Metric, PlanPoint
from api.schema.primitives.refs import CheckInRef, InitiativeRef, KeyResultRef, KpiRef, ObjectiveRef, PersonRef
from api.schema.primitives.scalars import Markdown
from api.schema.types.entity import Entity, at_another_moment
from api.snapshot.dataloaders import found
from api.snapshot.pagination import PageRequest
from api.snapshot.snapshot import Batch
from domain.primitives import values
from domain.primitives.calendar import Step
from domain.primitives.values import Kind
from projections.figures import latest_standings
from projections.tables import discussion, key_result, measurements

_CHECK_INS = Pages(
    Kind.CHECK_IN,
    "MEASURED_AT",
    measurements.CHECK_INS.pages,
    measurements.CHECK_INS.counts,
    measurements.CHECK_INS.cursor,
)


def _next_due(batch: Batch) -> Sequence[date | None]:
    return [None if due is None else due.on for due in batch.all(dues)]


def _last_check_ins(batch: Batch) -> Sequence[Any]:
    ids = batch.view.read(latest_standings.latest_check_ins, [one.context for one in batch.all(measured)])
    nodes = found(batch.view, Kind.CHECK_IN, ids.values())
    return [nodes.get(ids[row.id]) if row.id in ids else None for row in batch.rows]


@strawberry.type(description="A milestone of a key result. It is either reached or not.")
class Milestone:
    key: str = strawberry.field(description="The key by which check-ins refer to it.")
    title: str = strawberry.field(description="The title, in one line.")
    weight: float = strawberry.field(description="Its weight relative to the other milestones.")
    reached_at: datetime | None = strawberry.field(
        description="When it was reached; null if it is not reached, or no longer reached."
    )


def _milestones(batch: Batch) -> Sequence[list[Milestone]]:
    of = batch.all(measured)
    reached_at = batch.view.read(latest_standings.milestones_reached, [one.context for one in of])
    return [
        [_milestone(one, standing.reached or (), reached_at[context.row.id]) for one in context.row.metric.milestones]
        for context, standing in of
    ]


def _milestone(one: values.Milestone, reached: Sequence[str], reached_at: Mapping[str, datetime]) -> Milestone:
    at = reached_at.get(one.key) if one.key in reached else None
    return Milestone(key=one.key, title=one.title, weight=one.weight, reached_at=at)


@strawberry.type(
    description="A measurable result that proves an objective was reached: a metric with a target and a due day."
)
class KeyResult(Entity, kind=Kind.KEY_RESULT, read=key_result.key_results):
    row: strawberry.Private[key_result.KeyResultRow]

    title: str = strawberry.field(description="The title, in one line.")
    description: Markdown | None = strawberry.field(description="A longer description of the key result.")
    objective: ObjectiveRef = to_one(Kind.OBJECTIVE, "objective", "The objective it belongs to.")
    owner: PersonRef | None = to_one(Kind.PERSON, "owner", "The person who is responsible for it.")
    labels: list[str] = strawberry.field(description="Its labels, in alphabetical order.")
    state: enums.KeyResultState = strawberry.field(description="The state of the key result.")
    weight: float = strawberry.field(description="Its weight relative to the other key results of its objective.")
    due: date = strawberry.field(description="The due day. It is due at the end of this day, by the calendar.")
    metric: Metric = strawberry.field(description="The metric that measures it.")
    plan: list[PlanPoint] = strawberry.field(
        description="The planned values, by day, from the start to the target: linear between two points. Empty for "
        "the straight line."
    )
    current: float | None = related(
        "The latest value, in the metric's unit; null for MILESTONES and without a measurement.",
        latest,
        of_key_results,
        "current",
        needs=PARTS_NEED,
    )
    measured_at: datetime | None = related(
        "The effective time of the latest value.", latest, of_key_results, "measured_at", needs=PARTS_NEED
    )
    milestones: list[Milestone] = related("The milestones to reach, for the direction MILESTONES.", _milestones)
    confidence: float | None = related(
        "The latest stated confidence that it will be reached, in [0, 1].",
        latest,
        of_key_results,
        "confidence",
        needs=PARTS_NEED,
    )
    next_check_in_due: date | None = related(
        "The day by which its next check-in is due: a cadence after its last check-in or reading, or after its "
        "beginning. The cadence is the longer one of its cycle and its KPI, by its fixed length. Null where no "
        "check-in is owed: for a goal that is reached and no level goal, a dropped or ended one, one of a draft or of "
        "a cycle in PLANNING, and one whose next check-in would lie after its due day.",
        _next_due,
        needs=PARTS_NEED,
    )
    last_check_in: CheckInRef | None = related(
        "Its check-in with the latest `measuredAt` within its window; readings of its KPI are none.", _last_check_ins
    )
    progress: Progress = progress_by(
        of_key_results, "The progress of the key result.", explained_key_results, needs=PARTS_NEED
    )
    kpi: KpiRef | None = to_one(Kind.KPI, "kpi", "The linked KPI. Its readings are the values of the key result.")
    aggregate: enums.Aggregation | None = strawberry.field(
        description="How the linked KPI's readings become the value; null for LAST and without a link."
    )
    count_from: date | None = strawberry.field(
        description="The first day whose readings are aggregated, if it is after the first day of the cycle."
    )
    score: float | None = strawberry.field(description="The final score, in [0, 1]; null until it is scored.")
    targets: list[TargetRevision] = related("Every target it ever had, oldest first.", targets)
    forecast: Forecast | None = related(
        "A projection of its measurements to the due day. Null for DONE, without values on three days that span a "
        "tenth of the time from its beginning to the due day, and once it is due or has ended.",
        forecasts,
    )
    findings: list[Finding] = findings_by(of_each_object(in_key_results), "Suggestions for a better key result.")
    quality: list[Finding] = findings_by(
        of_each_object(in_key_results), "Suggestions for a better key result.", "Use `findings`. Removed in 0.5."
    )
    finding_counts: list[FindingCount] = finding_counts_by(
        of_each_object(in_key_results), "The number of findings of each rule on the key result."
    )
    initiatives: list[InitiativeRef] = to_many(
        Kind.INITIATIVE, discussion.initiatives_of_subjects, "The initiatives for this key result."
    )

    @connection("The check-ins in their current version, by `measuredAt`.")
    def check_ins(self, page_request: PageRequest) -> Connection[CheckInRef]:
        return self.each(paged, _CHECK_INS, page_request)

    @resolved("Planned, replanned and actual values over time.")
    def trajectory(
        self,
        every: Annotated[enums.Step, strawberry.argument(description="The distance between two points.")] = Step.WEEK,
    ) -> list[TrajectoryPoint]:
        return self.each(trajectories, every)

    @connection("The objectives that support it, by default in the order of drafting.")
    def supported_by(
        self, page_request: PageRequest, filter: Where[ObjectiveFilter] = None, sort: Sort[ObjectiveOrder] = None
    ) -> GoalConnection[ObjectiveRef]:
        return supporters(self, filter, sort, page_request)

    as_of = at_another_moment(KeyResultRef)
