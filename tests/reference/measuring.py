"""What a key result shows: its window, the measurements that count, its value and its progress."""

from dataclasses import dataclass
from datetime import datetime

from domain.model.key_result import KeyResultLinked
from domain.primitives.calendar import Calendar
from domain.primitives.values import Aggregation, Direction, Metric
from tests.reference.calendars import calendar_in_force, ends, starts
from tests.reference.entities import CheckIn, End, KeyResult, Link, Reading
from tests.reference.fold import View, link_of
from tests.reference.formulas import complete_periods, has_formula
from tests.reference.measured import aggregated

HELD = (Direction.AT_LEAST, Direction.AT_MOST, Direction.WITHIN)
"""The directions whose goal may be held from the start on, and whose start may be left out."""


@dataclass(frozen=True)
class Measured:
    """A measurement: a number, or for MILESTONES the keys that are reached."""

    at: datetime
    value: float | None = None
    reached: tuple[str, ...] = ()


# ── windows ──────────────────────────────────────────────────────────────────────────────────────


def window_end(view: View, key_result: KeyResult) -> End | None:
    """A window ends at the first of: its own dropping; its objective's closing or dropping; its cycle's closing."""
    objective = view.objectives[key_result.objective]
    ends = [key_result.end, objective.end, view.cycles[objective.cycle].end]
    return min((end for end in ends if end is not None), key=lambda end: end.at, default=None)


def calendar_of(view: View, key_result: KeyResult) -> Calendar:
    """The calendar in force at the end of its window, or at the basis while it is open."""
    return calendar_in_force(view, window_end(view, key_result))


def end_for_readings(view: View, key_result: KeyResult) -> datetime:
    """Readings count at the latest to the last day of the cycle, or of `due` if that is later. The instant returned
    is the first that does not count."""
    cycle = view.cycles[view.objectives[key_result.objective].cycle]
    return ends(calendar_of(view, key_result), max(cycle.ends_on, key_result.due))


def beginning(view: View, key_result: KeyResult) -> datetime:
    """A key result begins on the first day of its cycle, or with its creation if that is later."""
    cycle = view.cycles[view.objectives[key_result.objective].cycle]
    return max(starts(calendar_of(view, key_result), cycle.starts_on), key_result.created_at)


def check_ins(view: View, key_result: KeyResult) -> list[CheckIn]:
    """The check-ins measured within the window, by the time of measurement, then by the place in the log of the first
    recording. The window has no beginning for them."""
    end = window_end(view, key_result)
    own = [check_in for check_in in view.check_ins.values() if check_in.key_result == key_result.id]
    within = [check_in for check_in in own if end is None or check_in.measured_at <= end.at]
    return sorted(within, key=lambda check_in: (check_in.measured_at, check_in.position))


def readings(view: View, key_result: KeyResult, link: Link) -> list[Reading]:
    """The readings that count through a link, by the time of measurement.

    All of the KPI up to the end of the window, those from before the link, too; of a formula its periods. After
    unlinking, those up to the unlinking. For every aggregate but LAST they begin with the later of the cycle's first
    day and `countFrom`.
    """
    end = window_end(view, key_result)
    cycle = view.cycles[view.objectives[key_result.objective].cycle]
    counted = [one for one in view.readings.values() if one.kpi == link.kpi and not one.retracted]
    if has_formula(view, link.kpi):
        counted = complete_periods(view, link.kpi)
    counted = [one for one in counted if one.measured_at < end_for_readings(view, key_result)]
    if end is not None:
        counted = [one for one in counted if one.measured_at <= end.at]
    if link.until is not None:
        counted = [one for one in counted if one.measured_at <= link.until]
    if link.aggregate is not Aggregation.LAST:
        first = starts(calendar_of(view, key_result), max(cycle.starts_on, link.count_from or cycle.starts_on))
        counted = [one for one in counted if one.measured_at >= first]
    return sorted(counted, key=lambda one: one.measured_at)


# ── measurements ─────────────────────────────────────────────────────────────────────────────────


def link_in_force(view: View, key_result: KeyResult) -> Link | None:
    """The link that measures the key result at the basis.

    A moment before the link, seen from now, shows the KPI's readings, too: a key result that is not linked yet, but
    for which the log knows a later link, is measured by that link. At the end of a whole, nothing later shows.
    """
    if key_result.links:
        return key_result.links[-1] if key_result.links[-1].until is None else None
    if view.basis.tie is not None:
        return None
    for recorded in view.log.events:
        event = recorded.event
        if (
            recorded.position <= view.basis.position
            and isinstance(event, KeyResultLinked)
            and event.originator_id == key_result.id
        ):
            return link_of(event, event.kpi)
    return None


def measured(view: View, key_result: KeyResult) -> Measured | None:
    """The value at the basis; None if nothing was measured.

    A linked key result takes the aggregate of its KPI's readings. One that was unlinked keeps the last linked value
    until a later check-in; one whose link never showed a value, and any other, takes its latest check-in.
    """
    link = link_in_force(view, key_result)
    if link is not None:
        return linked_value(view, key_result, link)
    own = own_values(view, key_result)
    if key_result.links and key_result.links[-1].until is not None:
        last = key_result.links[-1]
        later = [one for one in own if last.until is not None and one.at > last.until]
        return later[-1] if later else linked_value(view, key_result, last) or (own[-1] if own else None)
    return own[-1] if own else None


def own_values(view: View, key_result: KeyResult) -> list[Measured]:
    """The check-ins that state a value which fits the metric's direction. Those that do not fit do not count."""
    found = []
    for check_in in check_ins(view, key_result):
        if key_result.metric.direction is Direction.MILESTONES:
            if check_in.reached is not None:
                found.append(Measured(check_in.measured_at, reached=check_in.reached))
        elif check_in.value is not None and fits(key_result.metric, check_in.value):
            found.append(Measured(check_in.measured_at, check_in.value))
    return found


def fits(metric: Metric, value: float) -> bool:
    """A check-in of DONE is from 0 to 1; one of MILESTONES has no number, which `own_values` sees to."""
    return metric.direction is not Direction.DONE or 0 <= value <= 1


def linked_value(view: View, key_result: KeyResult, link: Link) -> Measured | None:
    """The aggregate of the readings that count; None before the first of them, and for MILESTONES, which no number
    measures."""
    counted = readings(view, key_result, link)
    if not counted or key_result.metric.direction is Direction.MILESTONES:
        return None
    return Measured(counted[-1].measured_at, aggregated(link.aggregate, [one.value for one in counted]))


# ── progress ─────────────────────────────────────────────────────────────────────────────────────


def start_of(view: View, key_result: KeyResult) -> float | None:
    """The start: the stated one, or for AT_LEAST, AT_MOST and WITHIN one taken from what the basis knows.

    Linked through SUM it is 0. Otherwise it is the linked KPI's value at the beginning, or else the first measured
    value. A key result that was unlinked keeps the start that its link gave it.
    """
    if key_result.metric.start is not None or key_result.metric.direction not in HELD:
        return key_result.metric.start
    link = link_in_force(view, key_result)
    if link is None and key_result.links and linked_value(view, key_result, key_result.links[-1]) is not None:
        link = key_result.links[-1]
    if link is not None:
        return linked_start(view, key_result, link)
    own = own_values(view, key_result)
    return [one for one in own if one.at == own[0].at][-1].value if own else None


def linked_start(view: View, key_result: KeyResult, link: Link) -> float | None:
    """The start that a link gives: 0 for SUM; otherwise the value at the beginning, or else the first reading."""
    if link.aggregate is Aggregation.SUM:
        return 0.0
    counted = readings(view, key_result, link)
    before = [one.value for one in counted if one.measured_at <= beginning(view, key_result)]
    if before:
        return aggregated(link.aggregate, before)
    return counted[0].value if counted else None


def is_level(metric: Metric, start: float | None) -> bool:
    """A goal whose start lies inside it is to be held: a level goal."""
    if start is None or metric.direction not in HELD:
        return False
    return is_met(metric, start)


def is_met(metric: Metric, value: float) -> bool:
    """Whether a value lies inside the goal. Bounds are inclusive."""
    match metric.direction:
        case Direction.AT_LEAST:
            assert metric.target is not None
            return value >= metric.target
        case Direction.AT_MOST:
            assert metric.target is not None
            return value <= metric.target
        case _:
            assert metric.lower is not None
            assert metric.upper is not None
            return metric.lower <= value <= metric.upper


def unclamped(metric: Metric, start: float | None, shown: Measured) -> float:
    """The progress of a measurement by the table of directions, not limited to [0, 1]."""
    if metric.direction is Direction.MILESTONES:
        weights = [milestone.weight for milestone in metric.milestones]
        reached = [milestone.weight for milestone in metric.milestones if milestone.key in shown.reached]
        return sum(reached) / sum(weights)
    assert shown.value is not None
    value = shown.value
    if metric.direction is Direction.DONE:
        return 1.0 if value >= 1 else 0.0
    if metric.direction in HELD:
        return held(metric, start, value)
    assert start is not None
    assert metric.target is not None
    return (value - start) / (metric.target - start)


def held(metric: Metric, start: float | None, value: float) -> float:
    """1 inside the goal; outside, the way from a start on the same side of the goal; 0 without such a start."""
    if is_met(metric, value):
        return 1.0
    low = metric.lower if metric.direction is Direction.WITHIN else metric.target
    high = metric.upper if metric.direction is Direction.WITHIN else metric.target
    assert low is not None
    assert high is not None
    if start is None:
        return 0.0
    if metric.direction is not Direction.AT_MOST and value < low and start < low:
        return (value - start) / (low - start)
    if metric.direction is not Direction.AT_LEAST and value > high and start > high:
        return (value - start) / (high - start)
    return 0.0


def limited(value: float) -> float:
    return min(max(value, 0.0), 1.0)
