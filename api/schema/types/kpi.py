"""KPIs: measures that are watched at a steady cadence, independent of cycles."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime
from functools import partial
from itertools import pairwise
from typing import Annotated, Any, Generic, TypeAlias, TypeVar
from uuid import UUID

import strawberry

from api.schema.connections import filter_criteria
from api.schema.connections.connection import Connection, connection
from api.schema.connections.filters import KpiFilter
from api.schema.connections.list_orders import KpiOrder, keys
from api.schema.connections.lists import Listing, Pages, Rows, Wanted, list_page, paged
from api.schema.connections.owing import Owing
from api.schema.connections.row_columns import RowColumns
from api.schema.metrics import kpi_formula, kpi_schedules
from api.schema.metrics.findings import (
    Finding,
    FindingCount,
    finding_counts_by,
    findings_by,
    in_kpis,
    of_each_object,
)
from api.schema.metrics.kpi_formula import KpiExplanation, KpiFormula
from api.schema.metrics.kpi_plan import Comparison, KpiGoal, ScheduledGoal, SeriesPoint, scheduled_goal
from api.schema.metrics.progress import latest_readings
from api.schema.primitives import enums
from api.schema.primitives.actor import Actor, actor
from api.schema.primitives.field import related, resolved, to_many, to_one, to_some
from api.schema.primitives.metric import Unit
from api.schema.primitives.refs import KeyResultRef, KpiRef, PersonRef, ReadingRef, TeamRef
from api.schema.primitives.scalars import Markdown, Position
from api.schema.types.entity import Entity, at_another_moment
from api.snapshot.dataloaders import found_rows, in_groups
from api.snapshot.pagination import LIST_MAX, PageRequest
from api.snapshot.snapshot import Batch, RowProxy, View
from domain.metrics import kpi_series as formulas
from domain.metrics.attention.due import Due
from domain.metrics.kpi_series import KpiStatus
from domain.metrics.worked.worked_kpi import WorkedKpi
from domain.primitives.calendar import Step
from domain.primitives.values import Aggregation, EarlierPeriod, Kind
from projections.attention.owed import next_reading
from projections.figures.kpis import kpi_standing, kpi_values
from projections.figures.kpis.kpi_standing import Standing
from projections.figures.kpis.kpi_values import KpiValues
from projections.store.versioned_tables import Order, Window
from projections.tables import kpi, measurements
from projections.tables.key_result import key_results_of_kpis
from projections.tables.kpi import KpiRow
from projections.tables.measurements import ReadValue, read_values

T = TypeVar("T")

_READINGS = Pages(
    Kind.READING,
    "MEASURED_AT",
    measurements.READINGS.pages,
    measurements.READINGS.counts,
    measurements.READINGS.cursor,
)

From: TypeAlias = Annotated[
    datetime | None, strawberry.argument(name="from", description="Readings measured at or after this moment.")
]
To: TypeAlias = Annotated[
    datetime | None, strawberry.argument(name="to", description="Readings measured before this moment.")
]
By: TypeAlias = Annotated[
    enums.Aggregation | None,
    strawberry.argument(
        description="How the readings of a period become one value; by default as the KPI's definition in force on the "
        "last day of the period says. It does not apply to a KPI with a formula, whose inputs have their own."
    ),
]


def _formulas(batch: Batch) -> Sequence[KpiFormula | None]:
    return kpi_formula.shown(batch.view, [row.formula for row in batch.rows])


@strawberry.type(
    description="A definition of a KPI that was in force for a time: its name, unit, goal and aggregation."
)
class KpiDefinition(RowProxy):
    row: strawberry.Private[KpiRow]

    name: str = strawberry.field(description="The name of the KPI.")
    unit: Unit = strawberry.field(description="The unit of its readings.")
    goal: KpiGoal | None = strawberry.field(description="The goal of the definition; null without one.")
    goal_from: date | None = strawberry.field(
        description="The first day of the goal, where the definition states it; otherwise a new goal begins on the day "
        "of `since`."
    )
    aggregation: enums.Aggregation = strawberry.field(description="How the readings of a period become its value.")
    formula: KpiFormula | None = related("How its values followed from other KPIs; null with readings.", _formulas)
    position: Position = strawberry.field(description="The position of the defining event.")
    by: Actor = actor("changed_by", "The actor who defined it.")
    reason: str | None = strawberry.field(description="The reason given for the definition.")

    @resolved("The effective time of the definition.")
    def since(self) -> datetime:
        return self.row.changed_at


# ── for all siblings at once ─────────────────────────────────────────────────────────────────────


def _latest(batch: Batch) -> Sequence[Any]:
    return found_rows(batch, Kind.READING, batch.all(latest_readings))


def _dues(batch: Batch) -> Sequence[Due | None]:
    view, latest = batch.view, batch.all(latest_readings)
    return [next_reading(row, latest.get(row.id), view.scoring, view.calendar) for row in batch.rows]


def _next_due(batch: Batch) -> Sequence[date | None]:
    return [None if due is None else due.on for due in batch.all(_dues)]


def _statuses(batch: Batch) -> Sequence[KpiStatus]:
    """The status of each of these KPIs; a view computes each of them once."""
    known = batch.view.computed(_read_statuses, batch.rows)
    return [known[row.id] for row in batch.rows]


def _read_statuses(batch: Batch) -> Sequence[KpiStatus]:
    return [standing.status(batch.view.scoring) for standing in batch.all(_standings)]


def _standings(batch: Batch) -> Sequence[Standing]:
    """The standing of each of these KPIs; a view reads each of them once."""
    known = batch.view.computed(_read_standings, batch.rows)
    return [known[row.id] for row in batch.rows]


def _read_standings(batch: Batch) -> Sequence[Standing]:
    worked = batch.all(_worked)
    plain = [row for row in batch.rows if row.id not in worked]
    found = batch.view.read(kpi_standing.standings, plain, batch.view.calendar) | worked
    return [found[row.id] for row in batch.rows]


def _values(batch: Batch) -> KpiValues:
    return batch.view.read(kpi_values.kpi_values, [row.id for row in batch.rows])


def _goal_schedules(batch: Batch) -> Sequence[list[ScheduledGoal]]:
    schedules = batch.all(kpi_schedules.schedules)
    return [[scheduled_goal(entry) for entry in schedules[row.id].goals.entries] for row in batch.rows]


def _worked(batch: Batch) -> dict[UUID, WorkedKpi]:
    """Those of these KPIs that have a formula."""
    rows = [row for row in batch.rows if row.formula is not None]
    if not rows:
        return {}
    values = batch.view.read(kpi_values.kpi_values, [row.id for row in rows])
    return kpi_standing.worked(values, rows, batch.view.basis, batch.view.calendar)


def _series(
    batch: Batch,
    every: Step,
    aggregate: Aggregation | None,
    since: datetime | None,
    until: datetime | None,
    include_planned: bool,
) -> Sequence[list[Any]]:
    values, schedules, worked = batch.all(_values), batch.all(kpi_schedules.schedules), batch.all(_worked)
    given: Any = {"since": since, "until": until, "include_planned": include_planned}
    series = partial(formulas.series, every=every, at=batch.view.basis.at, aggregation=aggregate, **given)
    return [
        worked[row.id].series(every, values.first(row.id), **given)
        if row.id in worked
        else series(readings=values.read[row.id], schedule=schedules[row.id])
        for row in batch.rows
    ]


def _comparisons(batch: Batch, period: Step, aggregate: Aggregation | None, to: EarlierPeriod) -> Sequence[Any]:
    at, read = batch.view.basis.at, batch.all(_compared_readings, period, to)
    schedules, worked = batch.all(kpi_schedules.schedules), batch.all(_worked)
    return [
        worked[row.id].comparison(period, to)
        if row.id in worked
        else formulas.comparison(read[row.id], period, schedules[row.id], at, aggregate, to)
        for row in batch.rows
    ]


def _compared_readings(batch: Batch, period: Step, to: EarlierPeriod) -> dict[UUID, list[ReadValue]]:
    """The readings of the KPIs without a formula since the earlier one of two periods; with CHANGE, all of them."""
    since = formulas.compared_since(batch.view.calendar, period, batch.view.basis.at, to)
    starts = {row.id: since for row in batch.rows if row.formula is None}
    return batch.view.read(read_values, starts) if starts else {}


def _explanations(batch: Batch) -> Sequence[KpiExplanation | None]:
    explained = [standing.explained() for standing in batch.all(_standings)]
    return kpi_formula.explanations(batch.view, batch.rows, explained)


def _definitions(batch: Batch) -> Sequence[list[KpiDefinition]]:
    versions = batch.all(kpi_schedules.versions)
    return in_groups(KpiDefinition, batch.view, [_defining(versions.get(row.id, [])) for row in batch.rows])


def _defining(versions: Sequence[KpiRow]) -> list[KpiRow]:
    """The versions without those that only retire, revive or label the KPI, or set its targets."""
    return [
        row
        for before, row in pairwise([None, *versions])
        if row is not None
        and (before is None or ((before.retired, before.labels) == (row.retired, row.labels) and not row.targets))
    ]


@strawberry.type(
    description="A measure that is watched at a steady cadence, independent of cycles. It can measure key results."
)
class Kpi(Entity, kind=Kind.KPI, read=kpi.kpis):
    row: strawberry.Private[KpiRow]

    key: str = strawberry.field(description="A short name, unique in the workspace, like conversion-rate.")
    name: str = strawberry.field(description="The name of the KPI.")
    description: Markdown | None = strawberry.field(description="A longer description of the KPI.")
    labels: list[str] = strawberry.field(description="Its labels, in alphabetical order.")
    unit: Unit = strawberry.field(description="The unit of its readings.")
    cadence: enums.Cadence = strawberry.field(description="How often a reading is expected.")
    aggregation: enums.Aggregation = strawberry.field(description="How the readings of a period become its value.")
    owner: PersonRef | None = to_one(Kind.PERSON, "owner", "The person who is responsible for it.")
    team: TeamRef | None = to_one(Kind.TEAM, "team", "The team that owns it.")
    goal: KpiGoal | None = related(
        "The goal in force on the day of the basis, with the target of that day; null without one.",
        kpi_schedules.goals_today,
    )
    goal_schedule: list[ScheduledGoal] = related(
        "The goals as scheduled at the basis, past and future, by their first days: each judges the periods whose last "
        "day it is in force on.",
        _goal_schedules,
    )
    status: enums.KpiStatus = related(
        "The condition of the KPI: RETIRED, NO_DATA, STALE, or the status of the latest period of its cadence that can "
        "be judged. It equals the status of that period in `series`.",
        _statuses,
    )
    next_reading_due: date | None = related(
        "The day by which its next reading is due: a cadence, by its fixed length, after its latest reading, or after "
        "its definition. Null for a retired KPI and for one with a formula.",
        _next_due,
    )
    formula: KpiFormula | None = related(
        "How its values follow from other KPIs; null for a KPI that takes readings.", _formulas
    )
    inputs: list[KpiRef] = to_some(Kind.KPI, "inputs", "The KPIs that its formula names, in the order of the formula.")
    dependents: list[KpiRef] = to_many(
        Kind.KPI, kpi.dependents_of_kpis, "The KPIs whose formula names it, without retired ones."
    )
    explain: KpiExplanation | None = related(
        "The value of the latest period of its cadence that can be judged, which `status` judges, and where it comes "
        "from. For a formula without a value: the latest complete period, and why it has none. Null without readings.",
        _explanations,
    )
    retired: bool = strawberry.field(description="Whether the KPI is no longer watched.")
    latest: ReadingRef | None = related(
        "The reading with the latest `measuredAt`; a KPI with a formula has none.", _latest
    )
    definitions: list[KpiDefinition] = related("Every definition it ever had, oldest first.", _definitions)
    key_results: list[KeyResultRef] = to_many(
        Kind.KEY_RESULT, key_results_of_kpis, "The key results that it measures, without dropped ones."
    )
    findings: list[Finding] = findings_by(of_each_object(in_kpis), "Suggestions for a better KPI.")
    quality: list[Finding] = findings_by(
        of_each_object(in_kpis), "Suggestions for a better KPI.", "Use `findings`. Removed in 0.5."
    )
    finding_counts: list[FindingCount] = finding_counts_by(
        of_each_object(in_kpis), "The number of findings of each rule on the KPI."
    )

    @connection("The readings of the KPI, by `measuredAt`.")
    def readings(
        self,
        page_request: PageRequest,
        from_: From = None,
        to: To = None,
        include_superseded: Annotated[
            bool, strawberry.argument(description="Whether to include corrected and retracted readings.")
        ] = False,
    ) -> Connection[ReadingRef]:
        return self.each(paged, _READINGS, page_request, from_, to, include_superseded)

    @resolved(
        "The readings aggregated by period of the calendar in force at the basis, from the period of `from` (default: "
        "the first reading) to that of `to` (default: the basis), each compared with its plan. Empty periods are "
        "included."
    )
    def series(
        self,
        every: Annotated[enums.Step, strawberry.argument(description="The length of a period.")],
        aggregate: By = None,
        from_: From = None,
        to: To = None,
        include_planned: Annotated[
            bool,
            strawberry.argument(
                description="Whether periods after the basis are included, with their goals and without a value: up to "
                "`to`, by default up to the period in which the last goal or target begins. Not for every: CHANGE."
            ),
        ] = False,
    ) -> list[SeriesPoint]:
        return self.each(_series, every, aggregate, from_, to, include_planned)

    @resolved("The period that contains the basis, compared with an earlier one.")
    def comparison(
        self,
        period: Annotated[enums.Step, strawberry.argument(description="The length of a period.")] = Step.MONTH,
        aggregate: By = None,
        to: Annotated[enums.EarlierPeriod, strawberry.argument(description="The earlier period.")] = (
            EarlierPeriod.PREVIOUS
        ),
    ) -> Comparison | None:
        comparison: Comparison | None = self.each(_comparisons, period, aggregate, to)
        return comparison

    as_of = at_another_moment(KpiRef)


# ── lists ────────────────────────────────────────────────────────────────────────────────────────


@strawberry.type(description="The number of KPIs with one status.")
class KpiStatusCount:
    status: enums.KpiStatus = strawberry.field(description="The status of the KPIs.")
    count: int = strawberry.field(description="The number of KPIs with it.")


@strawberry.type(name="Connection", description="A page of a list of KPIs, and the number of KPIs by status.")
class KpiConnection(Connection[T], Generic[T]):
    rows: strawberry.Private[Rows]

    @resolved("The number of KPIs of the whole list with each status, in a fixed order.")
    def status_counts(self) -> list[KpiStatusCount]:
        counts = Counter(self.rows.judged.column("condition"))
        return [KpiStatusCount(status=status, count=counts[status]) for status in KpiStatus]


def _outlined(view: View, filter: kpi.KpiFilter) -> RowColumns:
    rows = view.read(kpi.KPIS.page, filter, Order(kpi.KpiOrder.RECORDED), Window(LIST_MAX))
    view.remember(kpi.kpis, rows)
    batch = Batch(view, rows)
    columns = {"condition": _statuses, "measured_at": _measured_at, "owing": _owings}
    return RowColumns([row.id for row in rows], {name: partial(batch.all, load) for name, load in columns.items()})


def _measured_at(batch: Batch) -> Sequence[datetime | None]:
    """The time of the latest reading of each of these KPIs."""
    latest = batch.all(latest_readings)
    return [latest[row.id].measured_at if row.id in latest else None for row in batch.rows]


def _owings(batch: Batch) -> Sequence[Owing]:
    """What each of these KPIs owes."""
    return [Owing(() if due is None else (due,)) for due in batch.all(_dues)]


KPIS = Listing(Kind.KPI, kpi.KPIS, _outlined)


def kpis(
    view: View,
    filter: KpiFilter | None,
    sort: Sequence[KpiOrder] | None,
    order_by: KpiOrder | None,
    page_request: PageRequest,
) -> KpiConnection[Any]:
    """A page of the KPIs of a view."""
    wanted = Wanted(filter_criteria.kpis(view, filter), keys(kpi.KpiOrder.NAME, sort, order_by))
    page, rows = list_page(view, KPIS, wanted, page_request)
    return KpiConnection(page=page, rows=rows)
