"""How many goals, KPIs and teams have each label."""

from typing import Any

import msgspec

from domain.primitives.values import Basis
from projections.store.versioned_tables import Connection, VersionedTable, basis_params, fetch
from projections.tables.key_result import KEY_RESULT
from projections.tables.kpi import KPI
from projections.tables.objective import OBJECTIVE
from projections.tables.people import TEAM


class LabelCount(msgspec.Struct, frozen=True):
    """A label, and how many objectives, key results that are not dropped, KPIs and teams that are not disbanded have
    it."""

    label: str
    objectives: int
    key_results: int
    kpis: int
    teams: int


_COUNTED: tuple[tuple[VersionedTable[Any], str], ...] = (
    (OBJECTIVE, "true"),
    (KEY_RESULT, "v.state <> 'DROPPED'"),
    (KPI, "true"),
    (TEAM, "not v.disbanded"),
)


def label_counts(conn: Connection, basis: Basis) -> list[LabelCount]:
    """The labels in use at the basis, in alphabetical order, in one statement."""
    parts = [_labels(basis, table, where, place) for place, (table, where) in enumerate(_COUNTED)]
    counts = ", ".join(f"count(*) filter (where place = {place})" for place, _ in enumerate(_COUNTED))
    sql = f"select label, {counts} from ({' union all '.join(parts)}) of group by label"
    rows = [LabelCount(*row) for row in fetch(conn, sql, basis_params(basis))]
    return sorted(rows, key=lambda one: (one.label.casefold(), one.label))


def _labels(basis: Basis, table: VersionedTable[Any], where: str, place: int) -> str:
    candidates = f"select distinct id from {table.name} where cardinality(labels) > 0"
    return table.query(basis, candidates, where, f"unnest(v.labels) as label, {place} as place")
