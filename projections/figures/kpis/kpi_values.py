"""The definitions and readings of KPIs at a basis, with those of the KPIs that they are worked out from: one read for
any number of KPIs."""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from datetime import datetime
from operator import attrgetter
from uuid import UUID

from domain.metrics.kpi_series import Bucket
from domain.metrics.worked.kpi_formulas import Method
from domain.metrics.worked.kpi_periods import leaves
from domain.primitives.values import EARLIEST, Basis
from projections.store.versioned_tables import Connection
from projections.tables import kpi
from projections.tables.kpi import KpiRow
from projections.tables.measurements import ReadValue, read_values

_measured_at = attrgetter("measured_at")


class KpiValues:
    """`versions`: every version of each KPI, oldest first. `read`: the readings of each, oldest first."""

    def __init__(self, versions: Mapping[UUID, Sequence[KpiRow]], read: Mapping[UUID, Sequence[ReadValue]]) -> None:
        self.versions = versions
        self.read = read
        self._methods = {id: [method_of(row) for row in rows] for id, rows in versions.items()}

    def methods(self, kpi: UUID) -> Sequence[Method]:
        return self._methods.get(kpi, ())

    def readings(self, kpi: UUID, bucket: Bucket) -> Sequence[ReadValue]:
        read = self.read.get(kpi, ())
        first, beyond = (bisect_left(read, edge, key=_measured_at) for edge in bucket)
        return read[first:beyond]

    def latest(self, kpi: UUID, until: datetime) -> datetime | None:
        read = self.read.get(kpi, ())
        place = bisect_right(read, until, key=_measured_at)
        return read[place - 1].measured_at if place else None

    def first(self, kpi: UUID) -> datetime | None:
        """When a KPI was first read, or for one with a formula any KPI below it."""
        read = (self.read.get(id, ()) for id in leaves(self, kpi))
        return min((one[0].measured_at for one in read if one), default=None)


def method_of(row: KpiRow) -> Method:
    """How a version of a KPI makes the value of a period."""
    return Method(row.changed_at, row.cadence, row.aggregation, row.formula)


def kpi_values(conn: Connection, basis: Basis, ids: Sequence[UUID]) -> KpiValues:
    """These KPIs and those below them. Two statements, and one more for each level of formulas."""
    versions: dict[UUID, list[KpiRow]] = {}
    level = list(dict.fromkeys(ids))
    while level:
        versions |= kpi.kpi_versions(conn, basis, level)
        inputs = {id for above in level for row in versions[above] for id in row.inputs}
        level = sorted(inputs - versions.keys())
    return KpiValues(versions, read_values(conn, basis, dict.fromkeys(versions, EARLIEST)))
