"""Target history, trajectory and forecast of key results."""

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
    """A target of a key result, and the progress right before and right after the target was set."""

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


@strawberry.type(description="A target of a key result that was in force for a time: its metric, due day and weight.")
class TargetRevision(RowProxy):
    metric: Metric = strawberry.field(description="The metric of this revision.")
    due: date = strawberry.field(description="The due day of this revision.")
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
    revisions = batch.all(_revisions)
    states = iter(
        batch.view.reads.read(key_result_standing.standings_before, [row for rows in revisions for row in rows])
    )
    parts = [
        [
            _target(before, version, next(states), cycles[row.cycle])
            for before, version in zip([None, *versions], versions, strict=False)
        ]
        for row, versions in zip(batch.rows, revisions, strict=True)
    ]
    return in_groups(TargetRevision, batch.view, parts)


def _target(before: KeyResultRow | None, row: KeyResultRow, state: Standing, cycle: CycleRow) -> Target:
    latest = formula_inputs.measured(row, state)
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
    """The versions of each of these key results that changed the target, due day or weight."""
    return [_differing(versions) for versions in batch.all(_versions)]


def _differing(versions: list[KeyResultRow]) -> list[KeyResultRow]:
    return [
        row
        for before, row in pairwise([None, *versions])
        if row is not None
        and (before is None or (before.metric, before.due, before.weight) != (row.metric, row.due, row.weight))
    ]


# ── measurements ─────────────────────────────────────────────────────────────────────────────────


def _check_ins(batch: Batch) -> Sequence[list[CheckInRow]]:
    known = batch.view.read(measurements.CHECK_INS.all, [row.id for row in batch.rows])
    return [known[row.id] for row in batch.rows]


def _sources(batch: Batch) -> Sequence[list[Source]]:
    """The sources of each key result's value, with their start: its own check-ins, or a KPI."""
    periods = [_link_periods(versions) for versions in batch.all(_versions)]
    links = list(dict.fromkeys(link for part in periods for _, link in part if link is not None))
    readings = dict(zip(links, batch.view.read(key_result_standing.readings_since, links), strict=True))
    measured = {link: [_measurement(one, Kind.READING) for one in rows] for link, rows in readings.items()}
    return [
        [Source(since, _measurements(check_ins) if link is None else measured[link]) for since, link in part]
        for part, check_ins in zip(periods, batch.all(_check_ins), strict=True)
    ]


def _link_periods(versions: list[KeyResultRow]) -> list[tuple[datetime, Link | None]]:
    """The start of each period with a constant source: a KPI link, or None for the key result's own check-ins."""
    sources = [(row.changed_at, _link(row)) for row in versions]
    return sources[:1] + [now for before, now in pairwise(sources) if before[1] != now[1]]


def _link(row: KeyResultRow) -> Link | None:
    return None if row.kpi is None or row.kpi_since is None else Link(row.kpi, row.kpi_since)


def _measurements(check_ins: list[CheckInRow]) -> list[Measurement]:
    return [_measurement(one, Kind.CHECK_IN) for one in check_ins if one.value is not None or one.reached is not None]


def _measurement(one: CheckInRow | ReadingRow, kind: Kind) -> Measurement:
    reached = one.reached if isinstance(one, CheckInRow) else None
    return Measurement(one.value, reached, one.measured_at, one.position, Ref(kind, one.id))


# ── trajectory and forecast ──────────────────────────────────────────────────────────────────────


@strawberry.type(
    description="A key result at one moment. Values are in the metric's unit; for MILESTONES a share of the weights."
)
class TrajectoryPoint:
    at: datetime = strawberry.field(description="The moment of the point.")
    planned: float | None = strawberry.field(description="The value planned by the first target, at an even pace.")
    replanned: float | None = strawberry.field(
        description="The value planned by the target in force at that moment, at an even pace."
    )
    actual: float | None = strawberry.field(
        description="The measured value; null before the first measurement and in the future."
    )
    progress: float | None = strawberry.field(description="The progress by the target in force at that moment.")
    confidence: float | None = strawberry.field(description="The latest stated confidence, in [0, 1].")


@strawberry.type(description="A linear forecast from the measurements of a key result.")
class Forecast:
    value: float = strawberry.field(description="The forecast value on the due day, in the metric's unit.")
    progress: float = strawberry.field(description="The forecast progress on the due day, in [0, 1].")
    will_hit: bool = strawberry.field(description="Whether the target is reached by the due day.")
    hit_on: date | None = strawberry.field(
        description="The day the target is reached; null if the line does not reach it."
    )
    method: str = strawberry.field(description="The method: theil-sen, the median of all pairwise slopes.")


def trajectories(batch: Batch, every: Step) -> Sequence[list[Any]]:
    """The trajectory of each of these key results."""
    view = batch.view
    cycles = view.by_id(cycle.cycles, [row.cycle for row in batch.rows])
    return [
        trajectory.trajectory(
            [Revision(version.changed_at, version.metric, version.due) for version in revisions],
            sources,
            [(one.measured_at, one.confidence) for one in check_ins if one.confidence is not None],
            created_at=row.created_at,
            cycle_start=cycles[row.cycle].starts_on,
            every=every,
            at=view.basis.at,
            ended_at=_ended_at(row, versions, cycles[row.cycle]),
        )
        for row, revisions, versions, sources, check_ins in zip(
            batch.rows,
            batch.all(_revisions),
            batch.all(_versions),
            batch.all(_sources),
            batch.all(_check_ins),
            strict=True,
        )
    ]


def _ended_at(row: KeyResultRow, versions: list[KeyResultRow], cycle: CycleRow) -> datetime | None:
    """When a key result ended, by itself or with its cycle; None while it is active."""
    ended = [] if cycle.outcome_at is None else [cycle.outcome_at]
    if row.state is not KeyResultState.ACTIVE:
        ended.append(list(takewhile(lambda one: one.state is row.state, reversed(versions)))[-1].changed_at)
    return min(ended, default=None)


def forecasts(batch: Batch) -> Sequence[Any]:
    """The forecast of each of these key results; None once it has ended."""
    at = batch.view.basis.at
    return [
        trajectory.forecast(trajectory.history(sources), row.metric, row.due, at)
        if row.state is KeyResultState.ACTIVE
        else None
        for row, sources in zip(batch.rows, batch.all(_sources), strict=True)
    ]
