"""The readings that figures from a basis on depend on.

Of a KPI with readings these are the latest one at that basis and all later ones. The value of a formula is that of its
latest complete period that has one. So of its inputs the readings from the last complete period on are enough, if that
has a value which nothing recorded later changes. All readings are needed by a formula that compares periods, and by one
whose definitions or calendar change later.
"""

from bisect import bisect_left
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Final, NamedTuple, TypeAlias
from uuid import UUID

from domain.metrics.kpi_series import Bucket
from domain.metrics.worked.kpi_formulas import Evaluation, Method
from domain.metrics.worked.kpi_periods import has_growth, leaves, own_rules
from domain.primitives.calendar import INSTANT, Calendar
from domain.primitives.values import EARLIEST, Basis, Kind
from projections.figures import measurement_series
from projections.figures.kpis.kpi_values import method_of
from projections.figures.measurement_series import EMPTY, MeasurementSeries, MeasurementVersion
from projections.store.versioned_tables import Connection
from projections.tables.cycle import CalendarRow
from projections.tables.kpi import KpiRow

_measured_at = attrgetter("measured_at")
_CLOCK_CHANGES: Final = timedelta(days=1)
"""More than a period is longer than its cadence."""

Series: TypeAlias = dict[UUID, MeasurementSeries]


class NeededKpis(NamedTuple):
    """KPIs that figures depend on at the bases from `needed` to the position `last`.

    `versions`: every version of each, oldest first; `calendars` likewise. `formulas`: those that have, or had, a
    formula and measure a key result, each with itself and its inputs, direct or not.
    """

    versions: Mapping[UUID, Sequence[KpiRow]]
    calendars: Sequence[CalendarRow]
    formulas: Mapping[UUID, Collection[UUID]]
    needed: Basis
    last: int


def read(conn: Connection, basis: Basis, of: NeededKpis) -> Series:
    """The readings by KPI. One statement, and another where all readings of inputs are needed after all."""
    since = {formula: _since(of, formula) for formula in of.formulas}
    found = _read(conn, basis, of, list(of.versions), _firsts(of.formulas, since))
    settled = _Settled(of, found)
    untold = [formula for formula, at in since.items() if at != EARLIEST and not settled.tells(formula, at)]
    lacking = dict.fromkeys((id for formula in untold for id in of.formulas[formula]), EARLIEST)
    return found | _read(conn, basis, of, list(lacking), lacking) if lacking else found


def _read(
    conn: Connection, basis: Basis, of: NeededKpis, kpis: Sequence[UUID], since: Mapping[UUID, datetime]
) -> Series:
    rows = measurement_series.readings_from(conn, basis, kpis, [*map(since.get, kpis)], of.needed) if kpis else ()
    return dict(measurement_series.by_subject(Kind.READING, rows))


def _firsts(formulas: Mapping[UUID, Collection[UUID]], since: Mapping[UUID, datetime]) -> dict[UUID, datetime]:
    """The moment from which on each input is needed by any of the formulas."""
    found: dict[UUID, datetime] = {}
    for formula, inputs in formulas.items():
        for id in inputs:
            found[id] = min(found.get(id, since[formula]), since[formula])
    return found


def _since(of: NeededKpis, formula: UUID) -> datetime:
    """The moment from which on the inputs of a formula are needed if its last complete period has a value; `EARLIEST`
    if all are in any case."""
    rows = [*of.calendars, *(row for id in of.formulas[formula] for row in of.versions[id])]
    is_known = all(row.position <= of.needed.position and row.changed_at <= of.needed.at for row in rows)
    if not is_known or has_growth(_Settled(of, {}), formula):
        return EARLIEST
    span = 2 * (max(row.cadence.length for row in of.versions[formula]) + _CLOCK_CHANGES)
    return max(of.needed.at, EARLIEST + span) - span


class _Settled:
    """The readings of periods in which nothing is recorded, corrected or retracted after the first basis, as a source
    of formulas."""

    def __init__(self, of: NeededKpis, series: Series) -> None:
        self._of = of
        self._series = series

    def methods(self, kpi: UUID) -> Sequence[Method]:
        return [method_of(row) for row in self._of.versions.get(kpi, ())]

    def readings(self, kpi: UUID, bucket: Bucket) -> Sequence[MeasurementVersion]:
        """Its readings in a period; none if something is recorded there later."""
        first, last = self._of.needed.position, self._of.last
        versions = self._series.get(kpi, EMPTY).versions
        begin, end = (bisect_left(versions, edge, key=_measured_at) for edge in bucket)
        read = [one for one in versions[begin:end] if one.until_position > first]
        return read if all(one.position <= first and one.until_position > last for one in read) else ()

    def tells(self, formula: UUID, since: datetime) -> bool:
        """Whether no value of a formula before its last complete period is ever shown: that begins at `since` or later
        and has a value by these readings, or the formula never had a value before."""
        return self._has_value(formula, since) or self._never_had_value(formula)

    def _has_value(self, formula: UUID, since: datetime) -> bool:
        calendars = [(EARLIEST, Calendar()), *((row.changed_at, row.calendar) for row in self._of.calendars)]
        rule = own_rules(self.methods(formula), calendars)[-1]
        period = rule.last_until(self._of.needed.at + INSTANT)
        if period is None or period[0] < since:
            return False
        return Evaluation(self, rule.calendar).of(formula, rule.every, period).value is not None

    def _never_had_value(self, formula: UUID) -> bool:
        """Whether some KPI that it is worked out from had not been read, by a formula that never changed."""
        firsts = [next(iter(self._series.get(id, EMPTY).versions), None) for id in leaves(self, formula)]
        is_unread = any(one is None or one.measured_at > self._of.needed.at for one in firsts)
        return is_unread and not any(self._has_changed(id) for id in self._of.formulas[formula])

    def _has_changed(self, kpi: UUID) -> bool:
        return len({row.formula for row in self._of.versions[kpi]}) > 1
