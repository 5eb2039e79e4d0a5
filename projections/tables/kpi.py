"""KPIs and their definitions: unit, goal and targets, cadence, aggregation, owner and team."""

from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from functools import singledispatch
from typing import Any
from uuid import UUID

import msgspec

from domain.model.event import Event, Recorded
from domain.model.kpi import KpiDefined, KpiRedefined, KpiRetired, KpiTargetsSet
from domain.primitives.goal_schedule import GoalEdit
from domain.primitives.values import Aggregation, Basis, Cadence, Kind, KpiGoal, KpiTarget, Unit
from projections.store.batch_writer import BatchWriter, Reads
from projections.store.keyset import FilterBuilder, List, text
from projections.store.versioned_tables import Connection, Table, Version, VersionedTable, basis_params, fetch

# ── rows ─────────────────────────────────────────────────────────────────────────────────────────


class KpiRow(Version, frozen=True, gc=False):
    """`goal` is that of the definition. Its first day and the targets are those that this very version begins or sets:
    `domain.primitives.goal_schedule` makes the schedule of all versions."""

    key: str
    name: str
    description: str | None
    unit: Unit
    goal: KpiGoal | None
    cadence: Cadence
    owner: UUID | None
    team: UUID | None
    aggregation: Aggregation
    retired: bool = False
    goal_from: date | None = None
    targets: tuple[KpiTarget, ...] = ()

    @property
    def edit(self) -> GoalEdit:
        """What this version says of the goals of the KPI."""
        return GoalEdit(self.changed_at, self.goal, self.goal_from, self.targets)


# ── tables ───────────────────────────────────────────────────────────────────────────────────────

KPI = VersionedTable(Kind.KPI, KpiRow, ["(key)", "(owner, id)", "(team, id)"], searched=("key", "name", "description"))
TABLES: tuple[Table[Any], ...] = (KPI,)

# ── handlers ─────────────────────────────────────────────────────────────────────────────────────

READS: Reads = {}


@singledispatch
def apply(event: Event, entry: Recorded, writer: BatchWriter) -> None:
    """Apply an event to the tables of this projection; most events are ignored."""


@apply.register
def on_kpi_defined(event: KpiDefined, entry: Recorded, writer: BatchWriter) -> None:
    writer.insert_first(KPI, entry)


@apply.register
def on_kpi_redefined(event: KpiRedefined, entry: Recorded, writer: BatchWriter) -> None:
    writer.insert_version(KPI, entry, targets=())


@apply.register
def on_kpi_targets_set(event: KpiTargetsSet, entry: Recorded, writer: BatchWriter) -> None:
    writer.insert_version(KPI, entry, goal_from=None)


@apply.register
def on_kpi_retired(event: KpiRetired, entry: Recorded, writer: BatchWriter) -> None:
    writer.insert_version(KPI, entry, goal_from=None, targets=(), retired=True)


# ── filters and orders ───────────────────────────────────────────────────────────────────────────


class KpiFilter(msgspec.Struct, frozen=True):
    """`teams`: one of them is its team. `search`: words that occur in key, name or description."""

    teams: tuple[UUID, ...] | None = None
    owner: UUID | None = None
    retired: bool | None = None
    search: str | None = None


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
    builder.search(filter.search)
    return builder


KPIS = List(KPI, _kpi_conditions, {KpiOrder.KEY: text("key"), KpiOrder.NAME: text("name")})
