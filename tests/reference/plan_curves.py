"""The plan curves of a retrospective: the planned progress of objectives and cycles at any moment."""

from datetime import datetime
from uuid import UUID

from domain.primitives.values import Kind
from tests.reference.entities import Basis, Cycle, KeyResult, Objective
from tests.reference.figures import planned_progress
from tests.reference.fold import Log, View, shows
from tests.reference.measuring import window_end
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
    """The planned progress at a moment, whether it has ended or not."""
    end = window_end(now, given)
    view = now if end is None or end.at < given.created_at else now.at_end(end)
    return planned_progress(view, view.key_results[given.id], at)


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
