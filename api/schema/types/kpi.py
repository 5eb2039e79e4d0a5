"""KPIs: measures that are watched at a steady cadence, in no cycle."""

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from typing import Annotated, Any, TypeAlias

import strawberry

from api.schema.connections import filters
from api.schema.connections.connection import Connection, connection
from api.schema.connections.filters import KpiFilter, KpiOrder
from api.schema.connections.lists import Judged, Listing, Pages, listed, paged
from api.schema.metrics.findings import Finding, in_kpis
from api.schema.metrics.progress import latest_readings
from api.schema.primitives import enums
from api.schema.primitives.actor import Actor, actor
from api.schema.primitives.field import answered, related, to_many, to_one
from api.schema.primitives.metric import Unit
from api.schema.primitives.refs import KeyResultRef, KpiRef, PersonRef, ReadingRef, TeamRef
from api.schema.primitives.scalars import Markdown, Position
from api.schema.types.entity import Entity, at_another_moment
from api.snapshot.dataloaders import found_rows, in_groups
from api.snapshot.pagination import PageRequest
from api.snapshot.snapshot import Batch, RowProxy, View
from domain.metrics import kpi_series as formulas
from domain.metrics.kpi_series import Aggregation, KpiStatus
from domain.primitives.calendar import Step
from domain.primitives.values import Kind
from projections.history import formula_inputs
from projections.tables import kpi, measurements
from projections.tables.key_result import key_results_of_kpis
from projections.tables.kpi import KpiRow
from projections.tables.measurements import ReadingRow

_READINGS = Pages(
    Kind.READING,
    "MEASURED_AT",
    measurements.READINGS.pages,
    measurements.READINGS.counts,
    measurements.READINGS.cursor,
)

From: TypeAlias = Annotated[
    datetime | None, strawberry.argument(name="from", description="From this moment on, itself included.")
]
To: TypeAlias = Annotated[
    datetime | None, strawberry.argument(name="to", description="Up to this moment, itself left out.")
]
By: TypeAlias = Annotated[
    enums.Aggregation, strawberry.argument(description="How the readings of a period become one figure.")
]


@strawberry.type(description="What a KPI is watched against; bounds are included.")
class KpiGoal:
    direction: enums.GoalDirection = strawberry.field(description="Which side of its bounds it is meant to stay on.")
    target: float | None = strawberry.field(description="The bound, for AT_LEAST and AT_MOST.")
    lower: float | None = strawberry.field(description="The lower bound, for WITHIN.")
    upper: float | None = strawberry.field(description="The upper bound, for WITHIN.")
    tolerance: float = strawberry.field(description="By how much it may be missed for a WARNING only, in its unit.")


@strawberry.type(description="The readings of one period of the calendar, half-open [start, end).")
class SeriesPoint:
    start: datetime = strawberry.field(description="When the period begins.")
    end: datetime = strawberry.field(description="When the next one begins.")
    value: float | None = strawberry.field(description="The figure of its readings; null without one.")
    count: int = strawberry.field(description="How many readings it has.")
    status: enums.KpiStatus = strawberry.field(description="What the goal says of that figure.")


@strawberry.type(description="The period that holds the basis against the one before.")
class Comparison:
    current: float | None = strawberry.field(description="This period's figure.")
    previous: float | None = strawberry.field(description="The figure of the one before.")
    change: float | None = strawberry.field(description="current - previous; null where one is missing.")
    change_ratio: float | None = strawberry.field(
        description="change / |previous|; null where one is missing or the one before is 0."
    )


@strawberry.type(description="A definition that a KPI had: what it was called, counted in, and watched against.")
class KpiDefinition(RowProxy):
    row: strawberry.Private[KpiRow]

    name: str = strawberry.field(description="What it was called.")
    unit: Unit = strawberry.field(description="What its readings counted.")
    goal: KpiGoal | None = strawberry.field(description="What it was watched against.")
    position: Position = strawberry.field(description="The event that said so.")
    by: Actor = actor("changed_by", "Who said so.")
    reason: str | None = strawberry.field(description="Why.")

    @answered("Since when.")
    def since(self) -> datetime:
        return self.row.changed_at


# ── for all siblings at once ─────────────────────────────────────────────────────────────────────


def _latest(batch: Batch) -> Sequence[Any]:
    return found_rows(batch, Kind.READING, batch.all(latest_readings))


def _statuses(batch: Batch) -> Sequence[KpiStatus]:
    view, latest = batch.view, batch.all(latest_readings)
    standing = [formula_inputs.of_kpi(row, latest.get(row.id)) for row in batch.rows]
    return [formulas.status(facts, view.basis.at, view.scoring) for facts in standing]


def _readings(batch: Batch) -> dict[Any, list[ReadingRow]]:
    return batch.view.read(measurements.READINGS.all, [row.id for row in batch.rows])


def _series(
    batch: Batch, every: Step, aggregate: Aggregation, since: datetime | None, until: datetime | None
) -> Sequence[list[Any]]:
    at, readings = batch.view.basis.at, batch.all(_readings)
    return [
        formulas.series(readings.get(row.id, []), every, aggregate, row.goal, at, since=since, until=until)
        for row in batch.rows
    ]


def _comparisons(batch: Batch, period: Step, aggregate: Aggregation) -> Sequence[Any]:
    at, readings = batch.view.basis.at, batch.all(_readings)
    return [formulas.comparison(readings.get(row.id, []), period, aggregate, at) for row in batch.rows]


def _definitions(batch: Batch) -> Sequence[list[KpiDefinition]]:
    versions = batch.view.read(kpi.kpi_versions, [row.id for row in batch.rows])
    return in_groups(KpiDefinition, batch.view, [_defining(versions.get(row.id, [])) for row in batch.rows])


def _defining(versions: Sequence[KpiRow]) -> list[KpiRow]:
    """All versions but those that only retired it."""
    return [
        row
        for before, row in pairwise([None, *versions])
        if row is not None and (before is None or before.retired == row.retired)
    ]


@strawberry.type(
    description="A figure that is watched at a steady cadence, in no cycle. Key results can be measured by it."
)
class Kpi(Entity, kind=Kind.KPI, read=kpi.kpis):
    row: strawberry.Private[KpiRow]

    key: str = strawberry.field(description="A short name, unique in the workspace, like conversion-rate.")
    name: str = strawberry.field(description="What it is called.")
    description: Markdown | None = strawberry.field(description="More about it.")
    unit: Unit = strawberry.field(description="What its readings count.")
    cadence: enums.Cadence = strawberry.field(description="How often a reading is expected.")
    owner: PersonRef | None = to_one(Kind.PERSON, "owner", "Who answers for it.")
    team: TeamRef | None = to_one(Kind.TEAM, "team", "The team whose it is.")
    goal: KpiGoal | None = strawberry.field(description="What it is watched against.")
    status: enums.KpiStatus = related("How it stands, by its latest reading.", _statuses)
    retired: bool = strawberry.field(description="Whether it is no longer watched.")
    latest: ReadingRef | None = related("Its latest reading, by when it was true.", _latest)
    definitions: list[KpiDefinition] = related("Every definition it ever had, the first one first.", _definitions)
    key_results: list[KeyResultRef] = to_many(
        Kind.KEY_RESULT, key_results_of_kpis, "The key results that are measured by it, dropped ones left out."
    )
    findings: list[Finding] = related("What could be better about it.", in_kpis, name="quality")

    @connection("Its readings, by when they were true.")
    def readings(
        self,
        asked: PageRequest,
        from_: From = None,
        to: To = None,
        include_superseded: Annotated[
            bool, strawberry.argument(description="Also those that were corrected or taken back.")
        ] = False,
    ) -> Connection[ReadingRef]:
        return self.each(paged, _READINGS, asked, from_, to, include_superseded)

    @answered(
        "Its readings by whole periods of the calendar in UTC, the empty ones included; those that hold "
        "`from` (default: the first reading) to `to` (default: the basis)."
    )
    def series(
        self,
        every: Annotated[enums.Step, strawberry.argument(description="How long a period is.")],
        aggregate: By = Aggregation.LAST,
        from_: From = None,
        to: To = None,
    ) -> list[SeriesPoint]:
        return self.each(_series, every, aggregate, from_, to)

    @answered("The period that holds the basis against the one before.")
    def comparison(
        self,
        period: Annotated[enums.Step, strawberry.argument(description="How long a period is.")] = Step.MONTH,
        aggregate: By = Aggregation.LAST,
    ) -> Comparison | None:
        comparison: Comparison | None = self.each(_comparisons, period, aggregate)
        return comparison

    as_of = at_another_moment(KpiRef)


def _judged(batch: Batch) -> Sequence[Judged]:
    return [Judged(status, None) for status in batch.all(_statuses)]


KPIS = Listing(Kind.KPI, kpi.KPIS, _judged)


def kpis(view: View, filter: KpiFilter | None, order: KpiOrder | None, asked: PageRequest) -> Connection[Any]:
    """A page of the KPIs of a view."""
    only = None if filter is None or filter.status is None else frozenset(filter.status)
    in_order = filters.order(order, kpi.KpiOrder.NAME)
    return listed(view, KPIS, filters.kpi_filter(view, filter), in_order, asked, only)
