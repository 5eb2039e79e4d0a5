"""Plans of key results: the planned value at a moment, and what becomes of a plan on other terms."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from math import floor

from domain.model.event import Recorded
from domain.primitives.calendar import Calendar
from domain.primitives.values import Direction, Metric, PlanPoint
from tests.reference.calendars import calendar_in_force, day_of, ends
from tests.reference.entities import Basis, Cycle, Objective
from tests.reference.fold import Log

WITH_START = (Direction.INCREASE, Direction.DECREASE, Direction.AT_LEAST, Direction.AT_MOST)


def start_and_target(metric: Metric) -> tuple[float, float] | None:
    """Where a plan begins and ends: 0 and 1 for MILESTONES; None for a metric that cannot have a plan."""
    if metric.direction is Direction.MILESTONES:
        return 0.0, 1.0
    if metric.direction not in WITH_START or metric.start is None or metric.target is None:
        return None
    return metric.start, metric.target


def planned_value(
    plan: Sequence[PlanPoint], start: float, begins_at: datetime, at: datetime, calendar: Calendar
) -> float:
    """Linear from the start at the beginning to each point at the end of its day; the last point's value after it."""
    line = [(ends(calendar, point.on), point.value) for point in plan]
    if line[-1][0] <= begins_at:
        return line[-1][1]
    line = [(begins_at, start), *(point for point in line if point[0] > begins_at)]
    for (since, before), (until, after) in pairwise(line):
        if at < until:
            return before + (after - before) * max((at - since) / (until - since), 0.0)
    return line[-1][1]


def on_new_terms(log: Log, recorded: Recorded) -> list[PlanPoint]:
    """What a retarget or a rescheduling, of the key result or its cycle, makes of the plan before it, by `mapped`."""
    event = recorded.event
    view = log.view(Basis(recorded.effective_at, recorded.position - 1))
    before = view.key_results[event.originator_id]
    objective = view.objectives[before.objective]
    created_on = day_of(calendar_in_force(view, None), before.created_at)
    new_begins_on = begins_on = max(view.cycles[objective.cycle].starts_on, created_on)
    if getattr(event, "follows_cycle", False):
        begins_on = max(days_before(log, recorded, objective).starts_on, created_on)
    metric, due = getattr(event, "metric", before.metric), getattr(event, "due", before.due)
    return mapped(before.plan, (before.metric, begins_on, before.due), (metric, new_begins_on, due))


def days_before(log: Log, recorded: Recorded, objective: Objective) -> Cycle:
    """The cycle before the command that a key result follows: its rescheduling, or the reopening of an objective, which
    still had the days of its end."""
    position = min(one.position for one in log.events if one.by.command == recorded.by.command) - 1
    before = log.view(Basis(recorded.effective_at, position))
    end = before.objectives[objective.id].end
    return (before if end is None else before.at_end(end)).cycles[objective.cycle]


def mapped(
    plan: Sequence[PlanPoint], old_terms: tuple[Metric, date, date], new_terms: tuple[Metric, date, date]
) -> list[PlanPoint]:
    """The plan after a change of metric, first day or due day: the same shares of the way and of the days.

    The day of the beginning is the first day of the span. Of points that fall on one day the later stays; the last is
    the target on the due day. Nothing is left of it in another direction, without a start, or without days.
    """
    (before, begins_on, due), (after, new_begins_on, new_due) = old_terms, new_terms
    old, new = start_and_target(before), start_and_target(after)
    if not plan or old is None or new is None or before.direction is not after.direction or new_due < new_begins_on:
        return []
    days, new_days = (due - begins_on).days + 1, (new_due - new_begins_on).days + 1
    found: dict[date, float] = {}
    for point in plan:
        share = Fraction((point.on - begins_on).days + 1, days) if days > 0 else Fraction(1)
        place = min(max(floor(share * new_days + Fraction(1, 2)), 1), new_days)
        day = new_begins_on + timedelta(days=place - 1)
        found[day] = same_share(point.value, *old, *new)
    found[new_due] = new[1]
    return [PlanPoint(on, value) for on, value in sorted(found.items())]


def same_share(value: float, start: float, target: float, new_start: float, new_target: float) -> float:
    """The value at the same share of the way; without a way, at the same distance from the target."""
    if start == target:
        return value - target + new_target
    return new_start + (value - start) / (target - start) * (new_target - new_start)
