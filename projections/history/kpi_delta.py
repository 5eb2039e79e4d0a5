"""KPI deltas: the latest reading and the status of each KPI at two bases."""

from typing import NamedTuple

from domain.metrics import kpi_series as formulas
from domain.metrics.kpi_series import KpiStatus
from domain.primitives.values import Basis, ScoringPolicy
from projections.history import formula_inputs
from projections.store.versioned_tables import Connection, basis_params
from projections.tables import kpi, measurements
from projections.tables.kpi import KPI, KpiRow
from projections.tables.measurements import ReadingRow


class KpiDelta(NamedTuple):
    """A KPI at the later basis; its latest reading and status at both. `change`: after - before, if both have one."""

    row: KpiRow
    before: float | None
    after: float | None
    change: float | None
    status_before: KpiStatus
    status_after: KpiStatus


def kpi_deltas(
    conn: Connection, before: Basis, after: Basis, policy_before: ScoringPolicy, policy_after: ScoringPolicy
) -> list[KpiDelta]:
    """Every KPI that was not retired before, by name; four statements. A KPI that did not exist before had NO_DATA."""
    rows = KPI.read(conn, KPI.query(after, f"select id from {KPI.name} where version = 1"), basis_params(after))
    ids = [row.id for row in rows]
    then, read_then = kpi.kpis(conn, before, ids), measurements.READINGS.latest(conn, before, ids)
    read_now = measurements.READINGS.latest(conn, after, ids)

    def delta(row: KpiRow) -> KpiDelta:
        was, old, new = then.get(row.id), read_then.get(row.id), read_now.get(row.id)
        status_before = KpiStatus.NO_DATA if was is None else _status(was, old, before, policy_before)
        compared = formulas.compared(None if new is None else new.value, None if old is None else old.value)
        status_after = _status(row, new, after, policy_after)
        return KpiDelta(row, compared.previous, compared.current, compared.change, status_before, status_after)

    watched = [row for row in rows if row.id not in then or not then[row.id].retired]
    return [delta(row) for row in sorted(watched, key=lambda row: (row.name.casefold(), row.born))]


def _status(row: KpiRow, latest: ReadingRow | None, basis: Basis, policy: ScoringPolicy) -> KpiStatus:
    return formulas.status(formula_inputs.of_kpi(row, latest), basis.at, policy)
