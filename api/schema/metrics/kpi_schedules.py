"""The versions of KPIs and their goals by day, each read for all siblings at once."""

from collections.abc import Sequence
from uuid import UUID

from api.snapshot.snapshot import Batch
from domain.metrics.kpi_schedule import KpiSchedule
from domain.primitives.calendar import Calendar
from domain.primitives.goal_schedule import GoalSchedule
from domain.primitives.values import KpiGoal
from projections.figures.kpis import kpi_standing
from projections.tables import kpi
from projections.tables.kpi import KpiRow


def versions(batch: Batch) -> dict[UUID, list[KpiRow]]:
    """Every version of each of these KPIs, oldest first."""
    return batch.view.read(kpi.kpi_versions, [row.id for row in batch.rows])


def schedules(batch: Batch) -> dict[UUID, KpiSchedule]:
    """The schedule of each of these KPIs by the calendar of the view."""
    return kpi_standing.schedules_of(batch.all(versions), batch.view.calendar)


def goals_today(batch: Batch) -> Sequence[KpiGoal | None]:
    """The goal of each of these KPIs in force on the day of the basis."""
    today, known = batch.view.calendar.day_of(batch.view.basis.at), batch.all(schedules)
    return [known[row.id].goals.on(today) for row in batch.rows]


def goals_by(batch: Batch, calendar: Calendar) -> Sequence[GoalSchedule]:
    """The goals and targets of each of these KPIs by the days of a calendar."""
    known = batch.all(versions)
    return [kpi_standing.goal_schedule(known[row.id], calendar) for row in batch.rows]
