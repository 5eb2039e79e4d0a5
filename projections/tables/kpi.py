"""KPIs and their definitions: unit, goal and targets, cadence, aggregation, formula, owner and team."""

from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from functools import singledispatch
from typing import Any
from uuid import UUID

from domain.model.event import Event, Recorded
from domain.model.kpi import KpiDefined, KpiLabelled, KpiRedefined, KpiRetired, KpiRevived, KpiTargetsSet
from domain.primitives.goal_schedule import GoalEdit
from domain.primitives.kpi_formula import Formula
from domain.primitives.values import Aggregation, Basis, Cadence, Kind, KpiGoal, KpiTarget, Unit
from projections.store.batch_writer import BatchWriter, Reads
from projections.store.keyset import LABELLED, Filter, FilterBuilder, List, Range, text
from projections.store.rows import Version
from projections.store.versioned_tables import Connection, Table, VersionedTable, basis_params, fetch

# ── rows ─────────────────────────────────────────────────────────────────────────────────────────


class KpiRow(Version, frozen=True, gc=False):
    """`goal` is that of the definition. Its first day and the targets are those that this very version begins or sets:
    `domain.primitives.goal_schedule` makes the schedule of all versions. `inputs`: the KPIs that its
    formula names, empty without one."""

    key: str
    name: str
    description: str | None
    unit: Unit
    goal: KpiGoal | None
    cadence: Cadence
    owner: UUID | None
    team: UUID | None
    aggregation: Aggregation
    formula: Formula | None = None
    inputs: tuple[UUID, ...] = ()
    retired: bool = False
    goal_from: date | None = None
    targets: tuple[KpiTarget, ...] = ()
    labels: tuple[str, ...] = ()

    @property
    def edit(self) -> GoalEdit:
        """What this version says of the goals of the KPI."""
        return GoalEdit(self.changed_at, self.goal, self.goal_from, self.targets)


# ── tables ───────────────────────────────────────────────────────────────────────────────────────

KPI = VersionedTable(
    Kind.KPI,
    KpiRow,
    ["(key)", "(owner, id)", "(team, id)", "using gin (inputs)", *LABELLED],
    searched=("key", "name", "description"),
)
TABLES: tuple[Table[Any], ...] = (KPI,)

# ── handlers ─────────────────────────────────────────────────────────────────────────────────────

READS: Reads = {}


@singledispatch
def apply(event: Event, entry: Recorded, writer: BatchWriter) -> None:
    """Apply an event to the tables of this projection; most events are ignored."""


@apply.register
def on_kpi_defined(event: KpiDefined, entry: Recorded, writer: BatchWriter) -> None:
    writer.insert_first(KPI, entry, inputs=_inputs(event))


@apply.register
def on_kpi_redefined(event: KpiRedefined, entry: Recorded, writer: BatchWriter) -> None:
    writer.insert_version(KPI, entry, targets=(), inputs=_inputs(event))


def _inputs(event: KpiDefined | KpiRedefined) -> tuple[UUID, ...]:
    return () if event.formula is None else event.formula.inputs


@apply.register
def on_kpi_targets_set(event: KpiTargetsSet, entry: Recorded, writer: BatchWriter) -> None:
    writer.insert_version(KPI, entry, goal_from=None)


@apply.register
def on_kpi_labelled(event: KpiLabelled, entry: Recorded, writer: BatchWriter) -> None:
    writer.insert_version(KPI, entry, goal_from=None, targets=())


@apply.register
def on_kpi_retired(event: KpiRetired, entry: Recorded, writer: BatchWriter) -> None:
    writer.insert_version(KPI, entry, goal_from=None, targets=(), retired=True)


@apply.register
def on_kpi_revived(event: KpiRevived, entry: Recorded, writer: BatchWriter) -> None:
    writer.insert_version(KPI, entry, goal_from=None, targets=(), retired=False)


# ── filters and orders ───────────────────────────────────────────────────────────────────────────


class KpiFilter(Filter, frozen=True):
    """`teams`: one of them is its team. `labels`: it has all of them. `search`: words that occur in key, name or
    description. `owners`, `any_labels`: it has one of them. `owned`: whether it has an owner. `created`
    and `changed`: the times of its definition and of its last change."""

    teams: tuple[UUID, ...] | None = None
    owner: UUID | None = None
    retired: bool | None = None
    labels: tuple[str, ...] | None = None
    search: str | None = None
    owners: tuple[UUID, ...] | None = None
    owned: bool | None = None
    any_labels: tuple[str, ...] | None = None
    created: Range | None = None
    changed: Range | None = None


class KpiOrder(StrEnum):
    RECORDED = "RECORDED"
    KEY = "KEY"
    NAME = "NAME"
    CREATED_AT = "CREATED_AT"
    CHANGED_AT = "CHANGED_AT"


# ── queries ──────────────────────────────────────────────────────────────────────────────────────


kpis = KPI.by_id
"""The KPIs with these ids, retired ones too; unknown ones are left out."""


def kpis_by_key(conn: Connection, basis: Basis, keys: Sequence[str]) -> dict[str, KpiRow]:
    """The KPIs with these keys; unknown ones are left out."""
    return {row.key: row for row in KPI.by(conn, basis, "key", keys)}


def kpi_versions(conn: Connection, basis: Basis, ids: Sequence[UUID]) -> dict[UUID, list[KpiRow]]:
    """Every version of these KPIs up to the basis, oldest first."""
    return KPI.versions(conn, basis, ids)


def dependents_of_kpis(conn: Connection, basis: Basis, ids: Sequence[UUID]) -> dict[UUID, list[KpiRow]]:
    """By KPI: the KPIs whose formula names it at the basis, without retired ones, in the order of definition."""
    named = "select distinct id from kpi where inputs && %(ids)b"
    sql = KPI.query(basis, named, "v.inputs && %(ids)b and not v.retired")
    rows = sorted(KPI.read(conn, sql, basis_params(basis, ids=list(ids))), key=lambda row: row.born)
    return {id: [row for row in rows if id in row.inputs] for id in ids}


def kpis_with_formula(conn: Connection) -> set[UUID]:
    """The KPIs that ever had a formula."""
    return {id for (id,) in fetch(conn, f"select distinct id from {KPI.name} where cardinality(inputs) > 0", {})}


def worked_out_from(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, set[UUID]]:
    """By KPI: those that it was ever worked out from, directly or not; KPIs that never had a formula are left out."""
    found: dict[UUID, set[UUID]] = {}
    for top, id in fetch(conn, _WORKED_OUT_FROM, {"ids": list(ids)}):
        found.setdefault(top, set()).add(id)
    return found


_WORKED_OUT_FROM = f"""
    with recursive below (top, id) as (
        select v.id, unnest(v.inputs) from {KPI.name} v where v.id = any(%(ids)b::uuid[])
        union select b.top, unnest(v.inputs) from below b join {KPI.name} v on v.id = b.id
    )
    select top, id from below
"""


def kpis_per_owner(conn: Connection, basis: Basis, owners: Sequence[UUID]) -> dict[UUID, int]:
    """The number of KPIs of each of these people that are not retired; people without any are left out."""
    candidates = "select distinct id from kpi where owner = any(%(owners)b)"
    watched = "v.owner = any(%(owners)b) and not v.retired group by v.owner"
    sql = KPI.query(basis, candidates, watched, "v.owner, count(*)")
    return dict(fetch(conn, sql, basis_params(basis, owners=list(owners))))


def _kpi_conditions(_basis: Basis, filter: KpiFilter) -> FilterBuilder:
    builder = FilterBuilder()
    builder.where_column(KPI, "team", filter.teams)
    builder.where_column(KPI, "owner", filter.owner)
    builder.where("v.retired = {0}", filter.retired)
    builder.where_labels(KPI, filter.labels)
    builder.where_column(KPI, "owner", filter.owners)
    builder.where("(v.owner is not null) = {0}", filter.owned)
    builder.where_any_label(KPI, filter.any_labels)
    builder.where_in("v.created_at", filter.created)
    builder.where_in("v.changed_at", filter.changed)
    builder.search(filter.search)
    return builder


KPIS = List(KPI, _kpi_conditions, {KpiOrder.KEY: text("key"), KpiOrder.NAME: text("name")})
