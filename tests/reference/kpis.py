"""The status of a KPI, the goals of its days, and the values of its periods."""

from datetime import date, datetime, timedelta
from uuid import UUID

from domain.primitives.calendar import Step
from domain.primitives.values import Aggregation, GoalDirection, KpiGoal, KpiTarget
from tests.reference import calendars
from tests.reference.calendars import calendar_in_force, period_of, starts
from tests.reference.entities import GoalChange, Kpi, Reading
from tests.reference.figures import policy_in_force
from tests.reference.fold import View
from tests.reference.formulas import INSTANT, STEPS, has_formula, has_sum, leaves, on_last_day, readings_in
from tests.reference.formulas import value_of as value_of_formula
from tests.reference.measured import aggregated


def readings_of(view: View, kpi: UUID) -> list[Reading]:
    """Its readings that are not retracted, by the time of measurement."""
    found = [one for one in view.readings.values() if one.kpi == kpi and not one.retracted]
    return sorted(found, key=lambda one: one.measured_at)


def moments_read(view: View, kpi: UUID) -> list[datetime]:
    """When the readings of a KPI, or of the KPIs below its formula, were measured."""
    return [one.measured_at for leaf in leaves(view, kpi) for one in readings_of(view, leaf)]


def value_of(view: View, kpi: UUID, start: datetime, end: datetime, aggregate: Aggregation) -> float | None:
    """One value of the readings in [start, end); None without any."""
    values = [one.value for one in readings_in(view, kpi, start, end)]
    return aggregated(aggregate, values) if values else None


def day_of(view: View, at: datetime) -> date:
    return calendars.day_of(calendar_in_force(view, None), at)


def first_day(view: View, change: GoalChange) -> date:
    return change.first_day or day_of(view, change.at)


def goals_of(view: View, kpi: Kpi) -> list[tuple[date, int, KpiGoal | None]]:
    """Every goal: its first day, its place among all that was agreed, and itself."""
    placed = enumerate(kpi.agreed)
    return [(first_day(view, one), place, one.goal) for place, one in placed if isinstance(one, GoalChange)]


def targets_of(view: View, kpi: Kpi) -> dict[date, KpiTarget]:
    """The target that begins on each day: what was agreed last about the day, unless it was removed, or a goal that
    begins on the day was agreed after it."""
    goals = goals_of(view, kpi)
    last = {one.from_: (place, one) for place, one in enumerate(kpi.agreed) if not isinstance(one, GoalChange)}
    return {
        day: target
        for day, (place, target) in last.items()
        if not target.remove and not any(first == day and other > place for first, other, _ in goals)
    }


def goal_on(view: View, kpi: Kpi, day: date) -> KpiGoal | None:
    """The goal of a day: the last one that has begun, of several that begin on one day the one agreed last; with the
    bounds of the last target that has begun since its first day. A target of another direction changes nothing."""
    begun = [one for one in goals_of(view, kpi) if one[0] <= day]
    if not begun:
        return None
    since, _, goal = max(begun, key=lambda one: one[:2])
    targets = {first: one for first, one in targets_of(view, kpi).items() if since <= first <= day}
    if goal is None or not targets:
        return goal
    target = targets[max(targets)]
    if (target.target is None) != (goal.direction is GoalDirection.WITHIN):
        return goal
    return KpiGoal(goal.direction, target.target, target.lower, target.upper, goal.tolerance)


def goal_of_period(view: View, kpi: Kpi, end: datetime) -> KpiGoal | None:
    """The goal of the last day of a period."""
    return goal_on(view, kpi, day_of(view, end - INSTANT))


def first_days(view: View, kpi: Kpi) -> list[date]:
    """The days on which a goal or a target begins."""
    days = [*(day for day, _, _ in goals_of(view, kpi)), *targets_of(view, kpi)]
    return [day for day in days if day > date.min]


def judged_periods(view: View, kpi: Kpi, every: Step) -> dict[datetime, dict[str, object]]:
    """By the start of each period from the first reading to the last thing that is planned: its target, the variance of
    its value, and its status. Without a reading from the period of the basis on."""
    calendar, found = calendar_in_force(view, None), dict[datetime, dict[str, object]]()
    read = moments_read(view, kpi.id)
    last = max([view.basis.at, *(starts(calendar, day) for day in first_days(view, kpi))])
    at = min(read, default=view.basis.at)
    while at <= last:
        start, at = period_of(calendar, every, at)
        value, goal = value_of_formula(view, kpi.id, calendar, every, start, at), goal_of_period(view, kpi, at)
        can_judge = value is not None and (not has_sum(view, kpi.id, at) or at <= view.basis.at)
        found[start] = {
            "planned": None if goal is None else goal.target,
            "variance": None if goal is None or value is None else variance(goal, value),
            "status": judged(goal, value) if can_judge and value is not None else "NO_DATA",
        }
    return found


def variance(goal: KpiGoal, value: float) -> float:
    """The signed distance from the target, or from the nearer bound."""
    if goal.direction is not GoalDirection.WITHIN:
        assert goal.target is not None
        return value - goal.target
    assert goal.lower is not None
    assert goal.upper is not None
    middle = (goal.lower + goal.upper) / 2
    return value - goal.lower if value <= middle else value - goal.upper


def status(view: View, kpi: Kpi) -> str:
    """RETIRED; NO_DATA; STALE; then the value of the latest period that can be judged, by the goal of its last day.
    For SUM that is the latest complete period with readings, else the latest with readings."""
    found = readings_of(view, kpi.id)
    if kpi.retired:
        return "RETIRED"
    if has_formula(view, kpi.id):
        return status_of_formula(view, kpi)
    if not found:
        return "NO_DATA"
    if is_stale(view, kpi, found[-1].measured_at):
        return "STALE"
    for reading in reversed(found):
        start, end = period_of(calendar_in_force(view, None), STEPS[kpi.cadence], reading.measured_at)
        definition = on_last_day(view, kpi.id, end)
        assert definition is not None
        value = value_of(view, kpi.id, start, end, definition.aggregation)
        if value is not None and (definition.aggregation is not Aggregation.SUM or end <= view.basis.at):
            return judged(goal_of_period(view, kpi, end), value)
    return "NO_DATA"


def is_stale(view: View, kpi: Kpi, read: datetime) -> bool:
    patience = timedelta(days=kpi.cadence.days * policy_in_force(view, None).stale_after_cadences)
    return view.basis.at - read > patience


def status_of_formula(view: View, kpi: Kpi) -> str:
    """The same for a formula: STALE by the latest reading that went into the latest value, and a running period is not
    judged where a sum of readings goes into it."""
    found = worked_periods(view, kpi.id, STEPS[kpi.cadence])
    if not found:
        return "NO_DATA"
    start, end, _ = found[-1]
    if is_stale(view, kpi, last_read(view, kpi.id, start, end)):
        return "STALE"
    for _, end, value in reversed(found):
        if end <= view.basis.at or not has_sum(view, kpi.id, end):
            return judged(goal_of_period(view, kpi, end), value)
    return "NO_DATA"


def worked_periods(view: View, kpi: UUID, every: Step) -> list[tuple[datetime, datetime, float]]:
    """The periods of a formula that have a value, in the calendar of the basis."""
    calendar = calendar_in_force(view, None)
    periods = sorted({period_of(calendar, every, at) for at in moments_read(view, kpi)})
    found = [(start, end, value_of_formula(view, kpi, calendar, every, start, end)) for start, end in periods]
    return [(start, end, value) for start, end, value in found if value is not None]


def last_read(view: View, kpi: UUID, start: datetime, end: datetime) -> datetime:
    """When the latest reading was measured that went into the value of a period."""
    definition = on_last_day(view, kpi, end)
    if definition is None or definition.formula is None:
        return max(one.measured_at for one in readings_of(view, kpi) if start <= one.measured_at < end)
    return max(last_read(view, id, start, end) for id in definition.formula.inputs)


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
