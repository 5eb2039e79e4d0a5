"""The way of key results: every target they had, where they were meant to be and were, and where they lead."""

from collections.abc import Sequence
from datetime import date, datetime
from itertools import pairwise
from typing import Any, NamedTuple

import strawberry

from api.schema.metric import Metric
from api.schema.node import Actor, actor
from api.schema.scalars import Position
from api.view import Siblings, Thing, together
from domain import trajectory, values
from domain.calendar import Step
from domain.formulas import Measurement, attained
from domain.trajectory import Revision
from domain.values import KeyResultState, Kind, Ref
from projections import figures, goals, measures
from projections.goals import CycleRow
from projections.key_result import KeyResultRow, key_result_versions
from projections.measures import Standing
from projections.tables import By

# ── targets ──────────────────────────────────────────────────────────────────────────────────────


class Target(NamedTuple):
    """A target a key result had, and its progress just before and just after it was set."""

    metric: values.Metric
    due: date
    weight: float
    since: datetime
    position: int
    by: By
    reason: str | None
    days_before_close: int
    progress_before: float | None
    progress_after: float | None


@strawberry.type(
    description="A target that a key result had: what it was measured by, when it was due, how much it counted."
)
class TargetRevision(Thing):
    metric: Metric = strawberry.field(description="What it was measured by.")
    due: date = strawberry.field(description="The day it was due.")
    weight: float = strawberry.field(description="How much it counted within its objective.")
    since: datetime = strawberry.field(description="Since when.")
    position: Position = strawberry.field(description="The event that said so.")
    by: Actor = actor("by", "Who said so.")
    reason: str | None = strawberry.field(description="Why.")
    days_before_close: int = strawberry.field(
        description="How many days of its cycle were left, this one included; 0 or less after its end."
    )
    progress_before: float | None = strawberry.field(
        description="Its progress at that moment by the target before, as it was known then; null for the first one."
    )
    progress_after: float | None = strawberry.field(
        description="Its progress at that moment by this target, as it was known then."
    )


def targets(siblings: Siblings) -> Sequence[list[TargetRevision]]:
    """Every target of each of these key results, oldest first."""
    cycles = siblings.view.by_id(goals.cycles, [row.cycle for row in siblings.rows])
    revisions = siblings.all(_revisions)
    stood = iter(siblings.view.reads.read(measures.last_words_before, [row for rows in revisions for row in rows]))
    parts = [
        [
            _target(before, version, next(stood), cycles[row.cycle])
            for before, version in zip([None, *versions], versions, strict=False)
        ]
        for row, versions in zip(siblings.rows, revisions, strict=True)
    ]
    things = iter(together(TargetRevision, siblings.view, [target for part in parts for target in part]))
    return [[next(things) for _ in part] for part in parts]


def _target(before: KeyResultRow | None, row: KeyResultRow, stood: Standing, cycle: CycleRow) -> Target:
    latest = figures.measured(row, stood)
    return Target(
        metric=row.metric,
        due=row.due,
        weight=row.weight,
        since=row.changed_at,
        position=row.position,
        by=row.changed_by,
        reason=row.reason,
        days_before_close=(cycle.ends_on - row.changed_at.date()).days + 1,
        progress_before=None if before is None else attained(before.metric, latest),
        progress_after=attained(row.metric, latest),
    )


def _revisions(siblings: Siblings) -> Sequence[list[KeyResultRow]]:
    """The versions of each of these key results that began with another target, due day or weight."""
    versions = siblings.view.read(key_result_versions, [row.id for row in siblings.rows])
    return [_differing(versions[row.id]) for row in siblings.rows]


def _differing(versions: list[KeyResultRow]) -> list[KeyResultRow]:
    return [
        row
        for before, row in pairwise([None, *versions])
        if row is not None
        and (before is None or (before.metric, before.due, before.weight) != (row.metric, row.due, row.weight))
    ]


# ── measurements ─────────────────────────────────────────────────────────────────────────────────


def _said(siblings: Siblings) -> Sequence[list[measures.Measurement]]:
    known = siblings.view.read(measures.measurements, siblings.rows)
    return [known[row.id] for row in siblings.rows]


def _measured(siblings: Siblings) -> Sequence[list[Measurement]]:
    """What says a value or milestones, for each, oldest first."""
    return [[_measurement(one) for one in said if _has_value(one)] for said in siblings.all(_said)]


def _has_value(one: measures.Measurement) -> bool:
    return one.value is not None or one.reached is not None


def _measurement(one: measures.Measurement) -> Measurement:
    node = Ref(Kind.READING if one.from_kpi else Kind.CHECK_IN, one.id)
    return Measurement(one.value, one.reached, one.measured_at, one.position, node)


# ── trajectory and forecast ──────────────────────────────────────────────────────────────────────


@strawberry.type(
    description="A key result at one moment, in its metric's unit; for milestones as a share of their weight."
)
class TrajectoryPoint:
    at: datetime = strawberry.field(description="The moment.")
    planned: float | None = strawberry.field(description="Where its first target had it, if the way is gone evenly.")
    replanned: float | None = strawberry.field(description="Where the target in force at that moment had it.")
    actual: float | None = strawberry.field(description="Where it was; null before anything was said, and in future.")
    progress: float | None = strawberry.field(description="How far it was, by the target in force at that moment.")
    confidence: float | None = strawberry.field(description="How sure its people were.")


@strawberry.type(description="Where the measurements lead, if they go on as they did.")
class Forecast:
    value: float = strawberry.field(description="Its value when it is due, in the metric's unit.")
    progress: float = strawberry.field(description="Its progress then, in [0, 1].")
    will_hit: bool = strawberry.field(description="Whether it will have reached its target by then.")
    hit_on: date | None = strawberry.field(description="The day it gets there; null if it leads elsewhere.")
    method: str = strawberry.field(description="How the line was drawn: theil-sen, the median of all slopes.")


def trajectories(siblings: Siblings, every: Step) -> Sequence[list[Any]]:
    """The way of each of these key results."""
    view = siblings.view
    cycles = view.by_id(goals.cycles, [row.cycle for row in siblings.rows])
    return [
        trajectory.trajectory(
            [Revision(version.changed_at, version.metric, version.due) for version in versions],
            measured,
            [(one.measured_at, one.confidence) for one in said if one.confidence is not None],
            created_at=row.created_at,
            cycle_start=cycles[row.cycle].starts_on,
            every=every,
            at=view.basis.at,
        )
        for row, versions, measured, said in zip(
            siblings.rows, siblings.all(_revisions), siblings.all(_measured), siblings.all(_said), strict=True
        )
    ]


def forecasts(siblings: Siblings) -> Sequence[Any]:
    """Where each of these key results is heading; nowhere, once it has ended."""
    at = siblings.view.basis.at
    return [
        trajectory.forecast(measured, row.metric, row.due, at) if row.state is KeyResultState.ACTIVE else None
        for row, measured in zip(siblings.rows, siblings.all(_measured), strict=True)
    ]
