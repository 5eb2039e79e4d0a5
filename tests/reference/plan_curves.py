"""The plan curves of a retrospective: the planned progress of objectives and cycles at any moment."""

from datetime import datetime
from uuid import UUID

from domain.primitives.values import Direction, Kind
from tests.reference.calendars import ends
from tests.reference.entities import Basis, Cycle, KeyResult, Objective
from tests.reference.fold import Log, View, shows
from tests.reference.measuring import (
    Measured,
    beginning,
    calendar_of,
    is_level,
    limited,
    start_of,
    unclamped,
    window_end,
)
from tests.reference.plans import planned_value, start_and_target
from tests.reference.wholes import (
    at_cycle_end,
    at_own_end,
    can_have_value,
    children_of,
    counted,
    key_results_of,
    objectives_in,
    supporters_of,
)


def plan_view(log: Log, plan: Basis, outcome: Basis) -> View:
    """The goals of the plan with the measurements that the outcome knows."""
    measured = (Kind.CHECK_IN, Kind.READING)
    events = [one for one in log.events if shows(plan, one) or (one.event.KIND in measured and shows(outcome, one))]
    return View(log, Basis(outcome.at, outcome.position), events)


def of_key_result(now: View, given: KeyResult, at: datetime) -> float:
    """With a plan the progress of the planned value; else 1 for a level goal, else the elapsed share of the span from
    the beginning to the end of the due day; whether it has ended or not."""
    end = window_end(now, given)
    view = now if end is None or end.at < given.created_at else now.at_end(end)
    key_result = view.key_results[given.id]
    if key_result.plan:
        return of_plan(view, key_result, at)
    if is_level(key_result.metric, start_of(view, key_result)):
        return 1.0
    first, last = beginning(view, key_result), ends(calendar_of(view, key_result), key_result.due)
    return 1.0 if last <= first else limited((at - first) / (last - first))


def of_plan(view: View, key_result: KeyResult, at: datetime) -> float:
    """The progress of the value that the plan has at a moment; that of MILESTONES is planned as a share."""
    metric, calendar = key_result.metric, calendar_of(view, key_result)
    span = start_and_target(metric)
    assert span is not None
    value = planned_value(key_result.plan, span[0], beginning(view, key_result), at, calendar)
    is_share = metric.direction is Direction.MILESTONES
    return limited(value if is_share else unclamped(metric, span[0], Measured(at, value)))


def of_objective(now: View, objective: Objective, at: datetime) -> float | None:
    """The weighted mean of its key results, or the plain mean of those that give it its value."""
    if own := key_results_of(now, objective):
        return sum(one.weight * of_key_result(now, one, at) for one in own) / sum(one.weight for one in own)
    view = at_own_end(now, objective)
    plans = [of_objective(view, one, at) for one in supporters_of(view, view.objectives[objective.id])]
    return sum(plan or 0 for plan in plans) / len(plans) if plans else None


def of_planned_objective(view: View, objective: UUID, at: datetime) -> float | None:
    """The first plan of an objective; None if it did not count at the plan."""
    found = view.objectives.get(objective)
    if found is None or not found.counts or not can_have_value(view, found):
        return None
    return of_objective(view, found, at)


def of_cycle(now: View, cycle: Cycle, at: datetime) -> float | None:
    """The plain mean of its objectives, or that of its children by days, divided by its own days."""
    view = at_cycle_end(now, cycle)
    if own := counted(view, objectives_in(view, cycle)):
        return sum(of_objective(view, one, at) or 0 for one in own) / len(own)
    children = children_of(view, cycle)
    if not children:
        return None
    return sum(one.days * (of_cycle(view, one, at) or 0) for one in children) / cycle.days
