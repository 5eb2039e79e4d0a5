"""Key results: the measures that prove an objective was reached."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from operator import attrgetter
from typing import Annotated, Any

import strawberry

from api.schema.connections.connection import Connection, connection
from api.schema.connections.lists import Pages, paged
from api.schema.metrics.findings import Finding, in_key_results
from api.schema.metrics.goal_lists import supporters
from api.schema.metrics.progress import Progress, of_key_results, progress_by, standings
from api.schema.metrics.trajectory import Forecast, TargetRevision, TrajectoryPoint, forecasts, targets, trajectories
from api.schema.primitives import enums
from api.schema.primitives.field import answered, related, to_many, to_one
from api.schema.primitives.metric import Metric
from api.schema.primitives.refs import CheckInRef, InitiativeRef, KeyResultRef, KpiRef, ObjectiveRef, PersonRef
from api.schema.primitives.scalars import Markdown
from api.schema.types.entity import Entity, at_another_moment
from api.snapshot.pagination import PageRequest
from api.snapshot.snapshot import Batch
from domain.primitives import values
from domain.primitives.calendar import Step
from domain.primitives.values import Kind
from projections.history import key_result_standing
from projections.tables import discussion, key_result, measurements

_CHECK_INS = Pages(
    Kind.CHECK_IN,
    "MEASURED_AT",
    measurements.CHECK_INS.pages,
    measurements.CHECK_INS.counts,
    measurements.CHECK_INS.cursor,
)


def _standing(batch: Batch, part: str) -> Sequence[Any]:
    return list(map(attrgetter(part), batch.all(standings)))


@strawberry.type(description="A step that is either reached or not.")
class Milestone:
    key: str = strawberry.field(description="Its name, by which check-ins speak of it.")
    title: str = strawberry.field(description="What is reached with it.")
    weight: float = strawberry.field(description="How much of the whole it is beside the others.")
    reached_at: datetime | None = strawberry.field(
        description="When it was reached, as far as it still is; null if it is not."
    )


def _milestones(batch: Batch) -> Sequence[list[Milestone]]:
    first_said = batch.view.read(key_result_standing.milestones_reached, [row.id for row in batch.rows])
    return [
        [_milestone(one, standing.reached or (), first_said[row.id]) for one in row.metric.milestones]
        for row, standing in zip(batch.rows, batch.all(standings), strict=True)
    ]


def _milestone(one: values.Milestone, reached: Sequence[str], first_said: Mapping[str, datetime]) -> Milestone:
    reached_at = first_said.get(one.key) if one.key in reached else None
    return Milestone(key=one.key, title=one.title, weight=one.weight, reached_at=reached_at)


@strawberry.type(
    description="A measure that proves an objective was reached: a metric on its way to a target, due on a day."
)
class KeyResult(Entity, kind=Kind.KEY_RESULT, read=key_result.key_results):
    row: strawberry.Private[key_result.KeyResultRow]

    title: str = strawberry.field(description="What is measured, in one line.")
    description: Markdown | None = strawberry.field(description="More about it.")
    objective: ObjectiveRef = to_one(Kind.OBJECTIVE, "objective", "The objective it proves.")
    owner: PersonRef | None = to_one(Kind.PERSON, "owner", "Who answers for it.")
    state: enums.KeyResultState = strawberry.field(description="Where it is in its life.")
    weight: float = strawberry.field(description="How much it counts within its objective beside the others.")
    due: date = strawberry.field(description="The day it is due; it is due until that day ends.")
    metric: Metric = strawberry.field(description="What it is measured by.")
    current: float | None = related(
        "Its latest value, in the metric's unit; null for milestones, and without a measurement.", _standing, "value"
    )
    measured_at: datetime | None = related("When its latest value was true.", _standing, "measured_at")
    milestones: list[Milestone] = related("What is to be reached one by one, for MILESTONES.", _milestones)
    confidence: float | None = related("How sure its people said they are, last time.", _standing, "confidence")
    progress: Progress = progress_by(of_key_results, "How far it is, and what that means.")
    kpi: KpiRef | None = to_one(Kind.KPI, "kpi", "The KPI whose readings since the link re-evaluate it.")
    score: float | None = strawberry.field(description="What it was scored at its end, in [0, 1].")
    targets: list[TargetRevision] = related("Every target it ever had: when, who, why. The first one first.", targets)
    forecast: Forecast | None = related(
        "Where its measurements lead; null for milestones and DONE, with too few of them, and once it is due or over.",
        forecasts,
    )
    findings: list[Finding] = related("What could be written better about it.", in_key_results, name="quality")
    initiatives: list[InitiativeRef] = to_many(
        Kind.INITIATIVE, discussion.initiatives_of_subjects, "The work planned for it."
    )

    @connection("What was said of it, by when it was true; corrected ones as they stand now.")
    def check_ins(self, asked: PageRequest) -> Connection[CheckInRef]:
        return self.each(paged, _CHECK_INS, asked)

    @answered("Its way: where it was first meant to be, where it is meant to be now, and where it was.")
    def trajectory(
        self,
        every: Annotated[enums.Step, strawberry.argument(description="How far apart the points lie.")] = Step.WEEK,
    ) -> list[TrajectoryPoint]:
        return self.each(trajectories, every)

    @connection("The objectives that support it, as they were drafted.")
    def supported_by(self, asked: PageRequest) -> Connection[ObjectiveRef]:
        return supporters(self, asked)

    as_of = at_another_moment(KeyResultRef)
