"""The readings of KPIs with a formula, from a timeline: each complete period is a measurement at its last instant.

They depend on the horizon: on the readings and definitions that it knows, and on the periods that are complete there.
The periods that complete between two bases are changes of progress without an event.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from operator import attrgetter
from typing import TypeAlias
from uuid import UUID

from domain.log.reads import times
from domain.metrics.kpi_series import Bucket
from domain.metrics.worked.kpi_formulas import Method
from domain.metrics.worked.kpi_periods import Period, Periods, own_rules
from domain.primitives.calendar import INSTANT
from domain.primitives.values import EARLIEST, Basis, Cadence
from projections.figures import timeline
from projections.figures.horizon import Horizon
from projections.figures.kpis.kpi_values import method_of
from projections.figures.measurement_series import EMPTY, MeasurementSeries, MeasurementVersion
from projections.figures.timeline import Completion, Timeline
from projections.store.versioned_tables import OPEN, Connection
from projections.tables.kpi import KpiRow

_measured_at = attrgetter("measured_at")
EVER = datetime.max.replace(tzinfo=UTC)
_SHARED_MAX = 64
"""The largest number of KPIs and positions whose periods are kept."""


class FormulaSeries:
    """The measurements of a KPI with a formula, like those of `MeasurementSeries`."""

    def __init__(self, timeline: Timeline, kpi: UUID) -> None:
        self._timeline = timeline
        self._kpi = kpi

    def between(self, horizon: Horizon, since: datetime | None, until: datetime) -> list[MeasurementVersion]:
        """Those measured from `since` to `until`, oldest first."""
        periods = self._periods(horizon).between(since, min(until, horizon.complete_until))
        return list(map(self._measurement, periods))

    def latest(self, horizon: Horizon, cut: datetime) -> MeasurementVersion | None:
        """The latest one that was measured by `cut`."""
        period = self._periods(horizon).latest(min(cut, horizon.complete_until))
        return None if period is None else self._measurement(period)

    def running(self, horizon: Horizon, cut: datetime) -> "RunningPeriod":
        """The latest one that was measured by `cut`, at a horizon that moves."""
        return RunningPeriod(self._new_periods(horizon), horizon, cut, self._measurement)

    def ends(self, horizon: Horizon, after: datetime) -> Iterator[datetime]:
        """The last instant of each complete period after a moment, with or without a value, the latest first."""
        return self._periods(horizon).ends(after, horizon.complete_until)

    def completions(self, since: datetime = EARLIEST, until: datetime = EVER) -> Iterator[datetime]:
        """When the periods complete, after `since` and up to `until`, that may have a value at any position: those from
        the first reading that goes into one to the last one, by the definitions and calendars known then."""
        below = self._timeline.with_inputs([self._kpi])
        read = [one.measured_at for kpi in below for one in self._timeline.series(kpi).versions]
        for position in self.known() if read else ():
            periods = self._periods(Horizon(EVER, position))
            last = min(until, max(read) + 2 * Cadence.QUARTERLY.length)
            yield from periods.ends(max(since, min(read) - INSTANT), last)

    def known(self, since: int = 0) -> set[int]:
        """The positions after an earlier one with the definitions and calendars that were known then: that of the
        timeline, and the last one before each change of them."""
        settings = (*self._timeline.kpis[self._kpi].versions, *self._timeline.calendars.versions)
        before = {one.position - 1 for one in settings}
        return {self._timeline.position, *(one for one in before if since < one + 1 <= self._timeline.position)}

    def _periods(self, horizon: Horizon) -> Periods:
        """Those of a horizon. What is complete at a moment does not depend on later ones, so the plain horizons of one
        position share them."""
        if type(horizon) is not Horizon:
            return self._new_periods(horizon)
        key, known = (self._kpi, horizon.position), self._timeline.shared_periods
        found = known.get(key)
        if found is None:
            if len(known) >= _SHARED_MAX:
                known.clear()
            found = known[key] = self._new_periods(Horizon(EVER, horizon.position))
        return found

    def _new_periods(self, horizon: Horizon) -> Periods:
        source = _Known(self._timeline, horizon)
        rules = own_rules(source.methods(self._kpi), self._timeline.calendars_at(horizon))
        return Periods(self._kpi, source, rules)

    def _measurement(self, period: Period) -> MeasurementVersion:
        """The value of a period, with the node and the position of the latest reading that went into it."""
        latest: MeasurementVersion = period.latest
        return MeasurementVersion(
            self._kpi, latest.kind, latest.id, latest.position, latest.first_position, OPEN, period.measured_at,
            period.value, None, None,
        )  # fmt: skip


class RunningPeriod:
    """The latest complete period of a KPI with a formula that ended by `cut`, as a measurement, kept up to date while
    the horizon moves along the log and no definition changes."""

    def __init__(
        self, periods: Periods, horizon: Horizon, cut: datetime, shown: Callable[[Period], MeasurementVersion]
    ) -> None:
        self._periods = periods
        self._horizon = horizon
        self._cut = cut
        self._shown = shown
        self._found = periods.latest(self._until)

    @property
    def latest(self) -> MeasurementVersion | None:
        """The period that gives the value of the key result."""
        return None if self._found is None else self._shown(self._found)

    def take(self, changed: MeasurementVersion) -> None:
        """Take the beginning or the end of a reading into account, to which the horizon has moved."""
        self._found = self._periods.latest_after(changed.measured_at, self._until, self._found)

    @property
    def _until(self) -> datetime:
        return min(self._cut, self._horizon.complete_until)


Readings: TypeAlias = MeasurementSeries | FormulaSeries


def readings_of(timeline: Timeline, kpi: UUID) -> Readings:
    """The readings of a KPI, recorded or worked out."""
    return FormulaSeries(timeline, kpi) if timeline.is_worked_out(kpi) else timeline.series(kpi)


class _Known:
    """The definitions and readings of a timeline at one horizon. The timeline keeps periods that are read from it, so
    it does not refer to the timeline itself: such a cycle would stay in memory."""

    def __init__(self, timeline: Timeline, horizon: Horizon) -> None:
        self._kpis = timeline.kpis
        self._measurements = timeline.measurements
        self._horizon = horizon
        self._methods: dict[UUID, Sequence[Method]] = {}

    def methods(self, kpi: UUID) -> Sequence[Method]:
        found = self._methods.get(kpi)
        if found is None:
            history = self._kpis.get(kpi)
            found = [] if history is None else [method_of(row) for row in history.versions if self._is_known(row)]
            self._methods[kpi] = found
        return found

    def _is_known(self, row: KpiRow) -> bool:
        """Also if it is effective later: the first definition holds before it takes effect."""
        return self._horizon.sees(row.position, row.changed_at) or self._horizon.foresees(row.position)

    def readings(self, kpi: UUID, bucket: Bucket) -> Sequence[MeasurementVersion]:
        versions = self._measurements.get(kpi, EMPTY).versions
        first, beyond = (bisect_left(versions, edge, key=_measured_at) for edge in bucket)
        return self._horizon.current(versions[first:beyond])

    def latest(self, kpi: UUID, until: datetime) -> datetime | None:
        versions = self._measurements.get(kpi, EMPTY).versions
        for place in range(bisect_right(versions, until, key=_measured_at) - 1, -1, -1):
            one = versions[place]
            if self._horizon.is_current(one.position, one.until_position, one.measured_at):
                return one.measured_at
        return None


# ── completions ──────────────────────────────────────────────────────────────────────────────────


def of_cycles_with_completions(conn: Connection, basis: Basis, cycles: Sequence[UUID], since: Basis) -> Timeline:
    """The goals of these cycles up to a basis, with the periods that completed after an earlier one; one more statement
    if a formula measures one of them."""
    found = timeline.of_cycles(conn, basis, cycles)
    ends = sorted(set(_ends(found, basis, since)))
    known = times.known_by(conn, [at for at, _ in ends]) if ends else []
    found.completions = [
        Completion(at, 0 if last is None else last.position, kpi) for (at, kpi), last in zip(ends, known, strict=True)
    ]
    return found


def _ends(of: Timeline, basis: Basis, since: Basis) -> Iterator[tuple[datetime, UUID]]:
    """The last instant of each period after an earlier basis, of each KPI with a formula that measures a key result: by
    the definitions and calendars known at the basis, and by those known before each later one of them."""
    linked = {kpi for id in of.key_results for kpi in of.linked_kpis(id)}
    for kpi in sorted(filter(of.is_worked_out, linked)):
        for position in FormulaSeries(of, kpi).known(since.position):
            for at in FormulaSeries(of, kpi).ends(Horizon(basis.at, position), since.at):
                yield at, kpi
