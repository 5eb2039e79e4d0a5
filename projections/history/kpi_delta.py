"""KPI deltas: the value and the status of each KPI at two bases."""

from collections.abc import Collection
from typing import NamedTuple
from uuid import UUID

from domain.metrics import kpi_series as formulas
from domain.metrics.kpi_series import KpiStatus
from domain.primitives.values import Basis
from projections.figures.kpis import kpi_standing
from projections.store.versioned_tables import Connection, basis_params
from projections.tables import kpi
from projections.tables.cycle import Settings
from projections.tables.kpi import KPI, KpiRow


class KpiDelta(NamedTuple):
    """A KPI at the later basis and, if it existed, at the earlier one (`planned`); the value of its latest period that
    can be judged, and its status, at both. `change`: after - before, if both have one."""

    row: KpiRow
    planned: KpiRow | None
    before: float | None
    after: float | None
    change: float | None
    status_before: KpiStatus
    status_after: KpiStatus


def kpi_deltas(
    conn: Connection,
    before: Basis,
    after: Basis,
    settings_before: Settings,
    settings_after: Settings,
    only: Collection[UUID] | None = None,
) -> list[KpiDelta]:
    """Every KPI that was not retired before, or only these, by name; up to ten statements, and those of `kpi_values`
    at each basis if some have a formula. A KPI that did not exist before had NO_DATA."""
    rows = _every_kpi(conn, after) if only is None else list(kpi.kpis(conn, after, list(only)).values())
    then = kpi.kpis(conn, before, [row.id for row in rows])
    old = kpi_standing.standings(conn, before, list(then.values()), settings_before.calendar)
    new = kpi_standing.standings(conn, after, rows, settings_after.calendar)

    def delta(row: KpiRow) -> KpiDelta:
        was, is_now = old.get(row.id), new[row.id]
        status_before = KpiStatus.NO_DATA if was is None else was.status(settings_before.policy)
        value = formulas.compared(is_now.value, None if was is None else was.value)
        status_after = is_now.status(settings_after.policy)
        return KpiDelta(row, then.get(row.id), value.previous, value.current, value.change, status_before, status_after)

    watched = [row for row in rows if row.id not in then or not then[row.id].retired]
    return [delta(row) for row in sorted(watched, key=lambda row: (row.name.casefold(), row.born))]


def _every_kpi(conn: Connection, basis: Basis) -> list[KpiRow]:
    return KPI.read(conn, KPI.query(basis, f"select id from {KPI.name} where version = 1"), basis_params(basis))
