"""The way of key results: every target they had, where they were meant to be and were, and where they lead."""

from collections.abc import Sequence
from datetime import date, datetime
from itertools import pairwise, takewhile
from typing import Any, NamedTuple

import strawberry

from api.schema.primitives.actor import Actor, actor
from api.schema.primitives.metric import Metric
from api.schema.primitives.scalars import Position
from api.snapshot.dataloaders import in_groups
from api.snapshot.snapshot import Batch, RowProxy
from domain.metrics import trajectory
from domain.metrics.formulas import Measurement, attained
from domain.metrics.trajectory import Revision, Source
from domain.primitives import values
from domain.primitives.calendar import Step
from domain.primitives.values import KeyResultState, Kind, Ref
from projections.history import formula_inputs, key_result_standing
from projections.history.key_result_standing import Link, Standing
from projections.store.versioned_tables import By
from projections.tables import cycle, measurements
from projections.tables.cycle import CycleRow
from projections.tables.key_result import KeyResultRow, key_result_versions
from projections.tables.measurements import CheckInRow, ReadingRow

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
class TargetRevision(RowProxy):
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


def targets(batch: Batch) -> Sequence[list[TargetRevision]]:
    """Every target of each of these key results, oldest first."""
    cycles = batch.view.by_id(cycle.cycles, [row.cycle for row in batch.rows])
    revisions = batch.all(_revisions)
    stood = iter(
        batch.view.reads.read(key_result_standing.standings_before, [row for rows in revisions for row in rows])
    )
    parts = [
        [
            _target(before, version, next(stood), cycles[row.cycle])
            for before, version in zip([None, *versions], versions, strict=False)
        ]
        for row, versions in zip(batch.rows, revisions, strict=True)
    ]
    return in_groups(TargetRevision, batch.view, parts)


def _target(before: KeyResultRow | None, row: KeyResultRow, stood: Standing, cycle: CycleRow) -> Target:
    latest = formula_inputs.measured(row, stood)
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


def _versions(batch: Batch) -> Sequence[list[KeyResultRow]]:
    versions = batch.view.read(key_result_versions, [row.id for row in batch.rows])
    return [versions[row.id] for row in batch.rows]


def _revisions(batch: Batch) -> Sequence[list[KeyResultRow]]:
    """The versions of each of these key results that began with another target, due day or weight."""
    return [_differing(versions) for versions in batch.all(_versions)]


def _differing(versions: list[KeyResultRow]) -> list[KeyResultRow]:
    return [
        row
        for before, row in pairwise([None, *versions])
        if row is not None
        and (before is None or (before.metric, before.due, before.weight) != (row.metric, row.due, row.weight))
    ]


# ── measurements ─────────────────────────────────────────────────────────────────────────────────


def _said(batch: Batch) -> Sequence[list[CheckInRow]]:
    known = batch.view.read(measurements.CHECK_INS.all, [row.id for row in batch.rows])
    return [known[row.id] for row in batch.rows]


def _sources(batch: Batch) -> Sequence[list[Source]]:
    """What each took its value from, and since when: its own check-ins, or a KPI."""
    turns = [_turns(versions) for versions in batch.all(_versions)]
    links = list(dict.fromkeys(link for part in turns for _, link in part if link is not None))
    readings = dict(zip(links, batch.view.read(key_result_standing.readings_since, links), strict=True))
    measured = {link: [_measurement(one, Kind.READING) for one in rows] for link, rows in readings.items()}
    return [
        [Source(since, _figures(said) if link is None else measured[link]) for since, link in part]
        for part, said in zip(turns, batch.all(_said), strict=True)
    ]


def _turns(versions: list[KeyResultRow]) -> list[tuple[datetime, Link | None]]:
    """Since when a key result took its value from where: None is itself."""
    sources = [(row.changed_at, _link(row)) for row in versions]
    return sources[:1] + [now for before, now in pairwise(sources) if before[1] != now[1]]


def _link(row: KeyResultRow) -> Link | None:
    return None if row.kpi is None or row.kpi_since is None else Link(row.kpi, row.kpi_since)


def _figures(said: list[CheckInRow]) -> list[Measurement]:
    return [_measurement(one, Kind.CHECK_IN) for one in said if one.value is not None or one.reached is not None]


def _measurement(one: CheckInRow | ReadingRow, kind: Kind) -> Measurement:
    reached = one.reached if isinstance(one, CheckInRow) else None
    return Measurement(one.value, reached, one.measured_at, one.position, Ref(kind, one.id))


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


def trajectories(batch: Batch, every: Step) -> Sequence[list[Any]]:
    """The way of each of these key results."""
    view = batch.view
    cycles = view.by_id(cycle.cycles, [row.cycle for row in batch.rows])
    return [
        trajectory.trajectory(
            [Revision(version.changed_at, version.metric, version.due) for version in revisions],
            sources,
            [(one.measured_at, one.confidence) for one in said if one.confidence is not None],
            created_at=row.created_at,
            cycle_start=cycles[row.cycle].starts_on,
            every=every,
            at=view.basis.at,
            ended_at=_ended_at(row, versions, cycles[row.cycle]),
        )
        for row, revisions, versions, sources, said in zip(
            batch.rows,
            batch.all(_revisions),
            batch.all(_versions),
            batch.all(_sources),
            batch.all(_said),
            strict=True,
        )
    ]


def _ended_at(row: KeyResultRow, versions: list[KeyResultRow], cycle: CycleRow) -> datetime | None:
    """When a key result ended, by itself or with its cycle; none while it goes on."""
    ended = [] if cycle.outcome_at is None else [cycle.outcome_at]
    if row.state is not KeyResultState.ACTIVE:
        ended.append(list(takewhile(lambda one: one.state is row.state, reversed(versions)))[-1].changed_at)
    return min(ended, default=None)


def forecasts(batch: Batch) -> Sequence[Any]:
    """Where each of these key results is heading; nowhere, once it has ended."""
    at = batch.view.basis.at
    return [
        trajectory.forecast(trajectory.history(sources), row.metric, row.due, at)
        if row.state is KeyResultState.ACTIVE
        else None
        for row, sources in zip(batch.rows, batch.all(_sources), strict=True)
    ]
