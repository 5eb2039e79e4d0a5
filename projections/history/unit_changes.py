"""Units that changed after a measurement: which key results and KPIs have values that are not comparable."""

from collections.abc import Sequence
from uuid import UUID

from domain.primitives.values import Basis
from projections.store.versioned_tables import Connection, basis_params, fetch
from projections.tables.measurements import CURRENT


def key_results_with_changed_units(conn: Connection, basis: Basis, key_results: Sequence[UUID]) -> frozenset[UUID]:
    """Those of these key results whose unit changed after a check-in with a value, or after a reading of the KPI that
    was linked at the change."""
    return _found(conn, basis, _KEY_RESULTS, key_results)


def kpis_with_changed_units(conn: Connection, basis: Basis, kpis: Sequence[UUID]) -> frozenset[UUID]:
    """Those of these KPIs whose unit changed after a reading."""
    return _found(conn, basis, _KPIS, kpis)


def _found(conn: Connection, basis: Basis, sql: str, ids: Sequence[UUID]) -> frozenset[UUID]:
    return frozenset(id for (id,) in fetch(conn, sql, basis_params(basis, ids=list(ids))))


# ── SQL ──────────────────────────────────────────────────────────────────────────────────────────


def _measured_before(table: str, of: str) -> str:
    """Whether a measurement that is current at the basis was first recorded before the change `c`."""
    first = f"select from {table} f where f.id = v.id and f.position < c.position"
    return f"exists (select from {table} v where {of} and {CURRENT} and exists ({first}))"


def _changes(table: str, unit: str, kpi: str) -> str:
    """The versions up to the basis whose unit differs from that of the version before."""
    versions = (
        f"select id, version, position, {kpi} as kpi, {unit} as unit,"
        f" lag({unit}) over (partition by id order by position) as before"
        f" from {table} where id = any(%(ids)b) and position <= %(position)s and changed_at <= %(at)s"
    )
    return f"select id, position, kpi from ({versions}) v where version > 1 and unit is distinct from before"


_READ = _measured_before("reading", "v.kpi = c.kpi")
_CHECKED_IN = _measured_before("check_in", "v.key_result = c.id and (v.value is not null or v.reached is not null)")
_KEY_RESULT_CHANGES = _changes("key_result", "convert_from(metric, 'UTF8')::jsonb -> 'unit'", "kpi")
_KEY_RESULTS = f"select distinct c.id from ({_KEY_RESULT_CHANGES}) c where {_CHECKED_IN} or {_READ}"
_KPIS = f"select distinct c.id from ({_changes('kpi', 'unit', 'id')}) c where {_READ}"
