"""The status of a KPI and the values of its periods."""

from datetime import datetime, timedelta
from uuid import UUID

from domain.primitives.calendar import Step
from domain.primitives.values import Aggregation, Cadence, GoalDirection, KpiGoal
from tests.reference.calendars import calendar_in_force, period_of
from tests.reference.entities import Definition, Kpi, Reading
from tests.reference.figures import policy_in_force
from tests.reference.fold import View
from tests.reference.measuring import aggregated

STEPS = {
    Cadence.DAILY: Step.DAY,
    Cadence.WEEKLY: Step.WEEK,
    Cadence.BIWEEKLY: Step.BIWEEKLY,
    Cadence.MONTHLY: Step.MONTH,
    Cadence.QUARTERLY: Step.QUARTER,
}


def readings_of(view: View, kpi: UUID) -> list[Reading]:
    """Its readings that are not retracted, by the time of measurement."""
    found = [one for one in view.readings.values() if one.kpi == kpi and not one.retracted]
    return sorted(found, key=lambda one: one.measured_at)


def value_of(view: View, kpi: UUID, start: datetime, end: datetime, aggregate: Aggregation) -> float | None:
    """One value of the readings in [start, end); None without any."""
    values = [one.value for one in readings_of(view, kpi) if start <= one.measured_at < end]
    return aggregated(aggregate, values) if values else None


def in_force_on_last_day(kpi: Kpi, end: datetime) -> Definition:
    """The definition that judges the period which ends before `end`: the last one that took effect by the end of the
    period's last day; for a period before the first definition, the first one."""
    begun = [one for one in kpi.definitions if one.at < end]
    return begun[-1] if begun else kpi.definitions[0]


def status(view: View, kpi: Kpi) -> str:
    """RETIRED; NO_DATA; STALE; then the value of the latest period that can be judged, by the goal of its last day.
    For SUM that is the latest complete period with readings, else the latest with readings."""
    found = readings_of(view, kpi.id)
    if kpi.retired:
        return "RETIRED"
    if not found:
        return "NO_DATA"
    patience = timedelta(days=kpi.cadence.days * policy_in_force(view, None).stale_after_cadences)
    if view.basis.at - found[-1].measured_at > patience:
        return "STALE"
    for reading in reversed(found):
        start, end = period_of(calendar_in_force(view, None), STEPS[kpi.cadence], reading.measured_at)
        definition = in_force_on_last_day(kpi, end)
        value = value_of(view, kpi.id, start, end, definition.aggregation)
        if value is not None and (definition.aggregation is not Aggregation.SUM or end <= view.basis.at):
            return judged(definition.goal, value)
    return "NO_DATA"


def judged(goal: KpiGoal | None, value: float) -> str:
    """HEALTHY where the goal is met, bounds included, and without a goal; WARNING where it is missed by the tolerance
    at most; else BREACHED."""
    if goal is None:
        return "HEALTHY"
    miss = missed_by(goal, value)
    if miss <= 0:
        return "HEALTHY"
    return "WARNING" if miss <= goal.tolerance else "BREACHED"


def missed_by(goal: KpiGoal, value: float) -> float:
    """The distance to the nearest bound of the goal; 0 or less where it is met."""
    low = goal.lower if goal.direction is GoalDirection.WITHIN else goal.target
    high = goal.upper if goal.direction is GoalDirection.WITHIN else goal.target
    assert low is not None
    assert high is not None
    if goal.direction is GoalDirection.AT_LEAST:
        return low - value
    if goal.direction is GoalDirection.AT_MOST:
        return value - high
    return max(low - value, value - high)
