"""Cycles: the periods for which goals are set."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any

import strawberry

from api.schema.connections import filters
from api.schema.connections.connection import Sort, Where, connection
from api.schema.connections.filters import ObjectiveFilter
from api.schema.connections.list_orders import ObjectiveOrder
from api.schema.metrics import progress_curves
from api.schema.metrics.figures import counts_of_cycles, of_cycles, scores_of_cycles
from api.schema.metrics.film import Film, Only, films_of
from api.schema.metrics.findings import FindingCount, finding_counts_by, in_cycles, of_each_object
from api.schema.metrics.goal_lists import GoalConnection, Whose, objectives_of
from api.schema.metrics.progress import HealthCount, Progress, progress_by
from api.schema.metrics.progress_curves import Every, From, ProgressPoint, To
from api.schema.primitives import enums
from api.schema.primitives.field import related, resolved, to_many, to_one
from api.schema.primitives.lookup import CycleBy, external_of, id_of, key_of
from api.schema.primitives.refs import CycleRef, ObjectiveRef, ReflectionRef, SnapshotRef
from api.schema.primitives.view_types import snapshot
from api.schema.types.entity import Entity, at_another_moment
from api.snapshot.pagination import PageRequest
from api.snapshot.snapshot import Batch, View
from domain.metrics.wholes import Counted
from domain.primitives.calendar import Step
from domain.primitives.errors import Code, CommandRejected
from domain.primitives.values import Kind
from projections.tables import cycle, discussion


def _snapshots(batch: Batch, column: str) -> Sequence[Any]:
    """The snapshot of each cycle at the basis in a column, or None if the column is empty."""
    bases = [getattr(row, column) for row in batch.rows]
    return [None if basis is None else snapshot(batch.view.reads.at(basis)) for basis in bases]


@strawberry.type(
    description="A period for which goals are set, such as a quarter or a year. It is PLANNING, then ACTIVE, then "
    "CLOSED."
)
class Cycle(Entity, kind=Kind.CYCLE, read=cycle.cycles):
    row: strawberry.Private[cycle.CycleRow]

    key: str = strawberry.field(description="A short name, unique in the workspace, like 2026-q1.")
    name: str = strawberry.field(description="The name of the cycle.")
    starts_on: date = strawberry.field(description="The first day of the cycle.")
    ends_on: date = strawberry.field(description="The last day of the cycle.")
    state: enums.CycleState = strawberry.field(description="The state of the cycle.")
    parent: CycleRef | None = to_one(Kind.CYCLE, "parent", "The cycle that contains it, such as the year of a quarter.")
    children: list[CycleRef] = to_many(Kind.CYCLE, cycle.cycles_within, "The cycles inside it, by first day.")
    check_in_cadence: enums.Cadence = strawberry.field(
        description="How often each key result of the cycle expects a check-in."
    )
    plan: SnapshotRef | None = related(
        "The plan of record: the View at the cycle's activation; null before.", _snapshots, "plan"
    )
    outcome: SnapshotRef | None = related(
        "The outcome of record: the View at the cycle's closing; null before.", _snapshots, "outcome"
    )
    progress: Progress = progress_by(
        of_cycles,
        "The unweighted mean of its objectives; without objectives, that of the cycles inside it by days. Once it is "
        "closed, its health is that of its score: ACHIEVED from `scoreGreen` on, PARTIAL from `scoreAmber` on. Late "
        "measurements of the time before the closing change the value; `outcome` shows it as of the closing.",
    )
    score: float | None = related(
        "The mean of the scores of its objectives with key results, or without those of any, in [0, 1]; null while it "
        "is open, and without any score.",
        scores_of_cycles,
    )
    finding_counts: list[FindingCount] = finding_counts_by(
        of_each_object(in_cycles), "The number of findings of each rule on its objectives and their key results."
    )
    reflections: list[ReflectionRef] = to_many(
        Kind.REFLECTION, discussion.reflections_of_subjects, "The reflections on the cycle itself."
    )

    @resolved("The number of its goals with each health value, in a fixed order, without drafts and dropped ones.")
    def health_counts(
        self, of: Annotated[enums.Counted, strawberry.argument(description="The goals to count.")] = Counted.KEY_RESULTS
    ) -> list[HealthCount]:
        return self.each(counts_of_cycles, of)

    @resolved(
        "The progress over time, by all that is known at the view, with the planned line after it.",
        batch=progress_curves.OF_CYCLES,
    )
    def progress_over_time(self, every: Every = Step.WEEK, since: From = None, until: To = None) -> list[ProgressPoint]:
        return self.each(progress_curves.of_cycles, every, since, until)

    @resolved("The cycle, its objectives and their key results over time, as columns: one pass computes all of them.")
    def film(self, every: Every = Step.DAY, since: From = None, only: Only = None) -> Film:
        return self.each(films_of, every, since, None if only is None else tuple(only))

    @connection("The objectives of the cycle, by default in the order of recording.")
    def objectives(
        self, page_request: PageRequest, filter: Where[ObjectiveFilter] = None, sort: Sort[ObjectiveOrder] = None
    ) -> GoalConnection[ObjectiveRef]:
        return objectives_of(self, Whose.CYCLE, filter, sort, page_request)

    as_of = at_another_moment(CycleRef)


def find_cycle(view: View, by: CycleBy) -> cycle.CycleRow:
    """The cycle of a lookup at this view; the basis in an id is ignored. Raises `NOT_FOUND`."""
    external = external_of(by)
    id = filters.identified(Kind.CYCLE, id_of(by))
    if external is not None:
        id = filters.referring(view, Kind.CYCLE, external)
    row = view.by_key(cycle.cycles_by_key, key_of(by)) if id is None else view.by_id(cycle.cycles, [id]).get(id)
    if row is None:
        raise CommandRejected(Code.NOT_FOUND, "There is no such cycle.", "cycle")
    return row
