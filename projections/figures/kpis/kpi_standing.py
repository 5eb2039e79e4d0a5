"""KPI standings: what the status of KPIs at a basis depends on, read in few statements for many KPIs."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, TypeAlias
from uuid import UUID

from domain.metrics import kpi_status
from domain.metrics.kpi_schedule import KpiSchedule
from domain.metrics.kpi_series import KpiStatus
from domain.metrics.kpi_status import KpiFacts
from domain.metrics.worked.kpi_formulas import Evaluation, Worked
from domain.metrics.worked.worked_kpi import WorkedKpi
from domain.primitives.calendar import Calendar
from domain.primitives.goal_schedule import GoalSchedule, schedule_of
from domain.primitives.values import Aggregation, Basis, ScoringPolicy
from projections.figures.kpis import kpi_values
from projections.figures.kpis.kpi_values import KpiValues
from projections.store.versioned_tables import Connection
from projections.tables import kpi
from projections.tables.kpi import KpiRow
from projections.tables.measurements import READINGS, ReadingRow, ReadValue, read_values


class KpiStanding(NamedTuple):
    """A KPI at a basis, and its readings from the latest period that can be judged on, oldest first."""

    id: UUID
    facts: KpiFacts
    readings: Sequence[ReadValue | ReadingRow]
    at: datetime

    def status(self, policy: ScoringPolicy) -> KpiStatus:
        return kpi_status.status(self.facts, self.readings, self.at, policy)

    @property
    def value(self) -> float | None:
        """The value of the latest period that can be judged."""
        latest = self.explained()
        return None if latest is None else latest.value

    def explained(self) -> Worked | None:
        """The latest period that can be judged, without the readings that went in; None without readings."""
        latest = kpi_status.latest_period(self.facts, self.readings, self.at)
        return None if latest is None else Worked(self.id, (latest.start, latest.end), latest.value)


Standing: TypeAlias = KpiStanding | WorkedKpi


def standings(conn: Connection, basis: Basis, rows: Sequence[KpiRow], calendar: Calendar) -> dict[UUID, Standing]:
    """The standing of each of these KPIs; up to four statements for all of them, and the few of `kpi_values` if some
    have a formula.

    Reads the readings of one or two periods, and only the latest reading where it is the value of its period. Of the
    KPIs that a formula names, and of those below, it reads all readings.
    """
    found: dict[UUID, Standing] = {}
    if plain := [row for row in rows if row.formula is None]:
        found |= _of_read(conn, basis, plain, calendar)
    if with_formula := [row for row in rows if row.formula is not None]:
        values = kpi_values.kpi_values(conn, basis, [row.id for row in with_formula])
        found |= worked(values, with_formula, basis, calendar)
    return found


def worked(values: KpiValues, rows: Sequence[KpiRow], basis: Basis, calendar: Calendar) -> dict[UUID, WorkedKpi]:
    """These KPIs with formulas, from the definitions and readings of them and the KPIs below."""
    facts = _facts(rows, values.versions, calendar)
    return {id: WorkedKpi(id, one, values, basis.at) for id, one in facts.items()}


def explained(values: KpiValues, rows: Sequence[KpiRow], basis: Basis, calendar: Calendar) -> list[Worked | None]:
    """`explained()` of the standing of each of these KPIs, with the inputs and readings that went in."""
    facts = _facts(rows, values.versions, calendar)
    evaluation = Evaluation(values, calendar)
    found: list[Worked | None] = []
    for row in rows:
        if row.formula is not None:
            found.append(WorkedKpi(row.id, facts[row.id], values, basis.at).explained())
            continue
        point = kpi_status.latest_period(facts[row.id], values.read[row.id], basis.at)
        bucket = None if point is None else (point.start, point.end)
        found.append(None if bucket is None else evaluation.of(row.id, kpi_status.PERIODS[row.cadence], bucket))
    return found


def _of_read(conn: Connection, basis: Basis, rows: Sequence[KpiRow], calendar: Calendar) -> dict[UUID, KpiStanding]:
    ids = [row.id for row in rows]
    facts = _facts(rows, kpi.kpi_versions(conn, basis, ids), calendar)
    latest = READINGS.latest(conn, basis, ids)
    starts = _starts(conn, basis, facts, latest)
    since = read_values(conn, basis, starts) if starts else {}
    alone = {id: [reading] for id, reading in latest.items()}
    return {id: KpiStanding(id, one, since.get(id) or alone.get(id, []), basis.at) for id, one in facts.items()}


def _facts(
    rows: Iterable[KpiRow], versions: Mapping[UUID, Sequence[KpiRow]], calendar: Calendar
) -> dict[UUID, KpiFacts]:
    return {row.id: KpiFacts(_schedule(versions[row.id], calendar), row.cadence, row.retired) for row in rows}


def schedules_of(versions: Mapping[UUID, Sequence[KpiRow]], calendar: Calendar) -> dict[UUID, KpiSchedule]:
    """The schedule of each of these KPIs by this calendar, from all of its versions at a basis, oldest first."""
    return {id: _schedule(rows, calendar) for id, rows in versions.items()}


def _schedule(versions: Sequence[KpiRow], calendar: Calendar) -> KpiSchedule:
    aggregations = [(calendar.day_of(row.changed_at), row.aggregation) for row in versions]
    return KpiSchedule(goal_schedule(versions, calendar), aggregations, calendar)


def goal_schedule(versions: Iterable[KpiRow], calendar: Calendar) -> GoalSchedule:
    """The goals and targets of a KPI by day, from all of its versions at a basis, oldest first."""
    return schedule_of((row.edit for row in versions), calendar)


def _starts(
    conn: Connection, basis: Basis, facts: Mapping[UUID, KpiFacts], latest: Mapping[UUID, ReadingRow]
) -> dict[UUID, datetime]:
    """The start of the period to judge, of each KPI that needs more readings than the latest one."""
    buckets = {id: kpi_status.period(facts[id], reading.measured_at) for id, reading in latest.items()}
    running = {
        id: start
        for id, (start, end) in buckets.items()
        if kpi_status.is_running_sum(facts[id], (start, end), basis.at)
    }
    complete = {
        id: start
        for id, (start, end) in buckets.items()
        if id not in running and facts[id].schedule.of_period(end).aggregation is not Aggregation.LAST
    }
    before = READINGS.latest_before(conn, basis, running) if running else {}
    earlier = {id: kpi_status.period(facts[id], reading.measured_at)[0] for id, reading in before.items()}
    return complete | earlier
