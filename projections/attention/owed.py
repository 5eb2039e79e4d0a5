"""Which check-ins and readings are owed at a basis."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from domain.metrics.attention.due import NEVER, Due, Wait, next_check_in
from domain.primitives.calendar import Calendar
from domain.primitives.values import Cadence, ScoringPolicy
from projections.figures import kept_figures
from projections.figures.goal_columns import Goals, PartColumns
from projections.tables.kpi import KpiRow
from projections.tables.measurements import ReadingRow


class OwedCheckIn(NamedTuple):
    """The next check-in of a key result, by its place. `last_at`: the moment of its last check-in or reading, None if
    it has none."""

    place: int
    due: Due
    last_at: datetime | None


def owed_check_ins(of: Goals, parts: PartColumns, until: datetime = NEVER) -> Iterator[OwedCheckIn]:
    """The next check-in of each key result of these objectives that owes one, if it is due before `until`."""
    calendar = of.settings.calendar
    waits = {cadence: Wait.of(cadence, of.settings.policy) for cadence in Cadence}
    values = parts.column("value", range(len(parts.kept)))
    for place, judged, is_level in kept_figures.judged(of, parts):
        wait = waits[judged.cadence]
        due = next_check_in(judged, values[place], wait, calendar, is_level=is_level, until=until)
        if due is not None:
            yield OwedCheckIn(place, due, judged.last_measured_at)


def next_reading(of: KpiRow, latest: ReadingRow | None, policy: ScoringPolicy, calendar: Calendar) -> Due | None:
    """The next reading of a KPI, counted from its definition if it has none; None for a retired one and one with a
    formula."""
    if of.retired or of.formula is not None:
        return None
    return Wait.of(of.cadence, policy).due(of.created_at if latest is None else latest.measured_at, calendar)


def owed_readings(
    kpis: Iterable[KpiRow], latest: Mapping[UUID, ReadingRow], policy: ScoringPolicy, calendar: Calendar
) -> Iterator[tuple[KpiRow, Due]]:
    """The next reading of each of these KPIs that takes readings."""
    for row in kpis:
        owed = next_reading(row, latest.get(row.id), policy, calendar)
        if owed is not None:
            yield row, owed
