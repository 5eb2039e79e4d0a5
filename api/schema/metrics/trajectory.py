"""Target history, trajectory and forecast of key results."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any, Final, NamedTuple

import strawberry

from api.schema.metrics.figures import explained_key_results
from api.schema.primitives.actor import Actor, actor
from api.schema.primitives.metric import Metric, PlanPoint
from api.schema.primitives.scalars import Position
from api.snapshot.dataloaders import in_groups
from api.snapshot.snapshot import Batch, RowProxy
from domain.metrics import trajectory
from domain.primitives import values
from domain.primitives.calendar import Calendar, Step
from projections.figures import timeline
from projections.figures.horizon import Horizon
from projections.history.trajectory import KeyResultHistory, Revision
from projections.store.rows import By
from projections.tables import cycle
from projections.tables.cycle import CycleRow

# ── histories ────────────────────────────────────────────────────────────────────────────────────


KEPT_MAX: Final = 4_000
"""The maximum number of key results whose histories are in memory at once."""


def _histories(batch: Batch) -> Iterable[KeyResultHistory]:
    """The history of each of these key results up to the basis. Those of many are read in parts, and are not kept."""
    if len(batch.rows) <= KEPT_MAX:
        return batch.all(_read)
    parts = (batch.rows[start : start + KEPT_MAX] for start in range(0, len(batch.rows), KEPT_MAX))
    return (history for part in parts for history in _read(Batch(batch.view, part)))


def _read(batch: Batch) -> Sequence[KeyResultHistory]:
    history = batch.view.read(timeline.of_objectives, list(dict.fromkeys(row.objective for row in batch.rows)))
    horizon = Horizon.of(batch.view.basis)
    return [KeyResultHistory(history, row.id, horizon) for row in batch.rows]


# ── targets ──────────────────────────────────────────────────────────────────────────────────────


class Target(NamedTuple):
    """A target of a key result, and the progress right before and right after the target was set."""

    metric: values.Metric
    due: date
    plan: tuple[values.PlanPoint, ...]
    weight: float
    since: datetime
    position: int
    by: By
    reason: str | None
    days_before_close: int
    progress_before: float | None
    progress_after: float | None


@strawberry.type(
    description="A target of a key result that was in force for a time: its metric, due day, plan and weight."
)
class TargetRevision(RowProxy):
    metric: Metric = strawberry.field(description="The metric of this revision.")
    due: date = strawberry.field(description="The due day of this revision.")
    plan: list[PlanPoint] = strawberry.field(
        description="The plan of this revision, by day; empty for the straight line."
    )
    weight: float = strawberry.field(description="The weight within the objective.")
    since: datetime = strawberry.field(description="The effective time of the revision.")
    position: Position = strawberry.field(description="The log position of the revision.")
    by: Actor = actor("by", "The author of the revision.")
    reason: str | None = strawberry.field(description="The reason given for the revision.")
    days_before_close: int = strawberry.field(
        description="The remaining days of the cycle, including this day; 0 or less after its end."
    )
    progress_before: float | None = strawberry.field(
        description="The progress at that moment by the previous target, as known then; null for the first target."
    )
    progress_after: float | None = strawberry.field(
        description="The progress at that moment by this target, as known then."
    )


def targets(batch: Batch) -> Sequence[list[TargetRevision]]:
    """Every target of each of these key results, oldest first."""
    cycles = batch.view.by_id(cycle.cycles, [row.cycle for row in batch.rows])
    parts = [
        [_target(revision, cycles[row.cycle], batch.view.calendar) for revision in history.revisions()]
        for row, history in zip(batch.rows, _histories(batch), strict=True)
    ]
    return in_groups(TargetRevision, batch.view, parts)


def _target(revision: Revision, cycle: CycleRow, calendar: Calendar) -> Target:
    row = revision.row
    return Target(
        metric=row.metric,
        due=row.due,
        plan=row.plan,
        weight=row.weight,
        since=row.changed_at,
        position=row.position,
        by=row.changed_by,
        reason=row.reason,
        days_before_close=(cycle.ends_on - calendar.day_of(row.changed_at)).days + 1,
        progress_before=revision.progress_before,
        progress_after=revision.progress_after,
    )


# ── trajectory and forecast ──────────────────────────────────────────────────────────────────────


@strawberry.type(
    description="A key result at one moment. Values are in the metric's unit; for MILESTONES a share of the weights."
)
class TrajectoryPoint:
    at: datetime = strawberry.field(description="The moment of the point.")
    planned: float | None = strawberry.field(
        description="The value as first planned: by the first target, along the plan that it had then or was given "
        "within a cadence of the beginning, else along the straight line."
    )
    replanned: float | None = strawberry.field(
        description="The value as planned at the basis: by the last target, along its plan or the straight line."
    )
    actual: float | None = strawberry.field(
        description="The measured value; null before the first measurement and in the future."
    )
    progress: float | None = strawberry.field(description="The progress by the target in force at that moment.")
    confidence: float | None = strawberry.field(description="The latest stated confidence, in [0, 1].")


@strawberry.type(
    description="A linear forecast from the start and the values measured since the beginning of a key result."
)
class Forecast:
    value: float = strawberry.field(
        description="The forecast value on the due day, in the metric's unit; for MILESTONES the share of their "
        "weight. It differs from the latest value by at most the distance from start to target."
    )
    progress: float = strawberry.field(description="The forecast progress on the due day, in [0, 1].")
    will_hit: bool = strawberry.field(
        description="Whether the target is reached on the due day: true if and only if hitOn is not after it."
    )
    hit_on: date | None = strawberry.field(
        description="The day since which the target is reached, or on which the line reaches it; null if it does not, "
        "or if it does not stay there until the due day."
    )
    method: str = strawberry.field(description="The method: theil-sen, the median of all pairwise slopes.")


def trajectories(batch: Batch, every: Step) -> Sequence[list[Any]]:
    """The trajectory of each of these key results."""
    return [history.trajectory(every) for history in _histories(batch)]


def forecasts(batch: Batch) -> Sequence[Any]:
    """The forecast of each of these key results; None once it has ended."""
    at = batch.view.basis.at
    facts = [part.of for part in batch.all(explained_key_results)]
    return [
        None
        if of.ended_at is not None
        else trajectory.forecast(history.values(), of.measured_metric, of.begins_at, of.due_at, at, batch.view.calendar)
        for of, history in zip(facts, _histories(batch), strict=True)
    ]
