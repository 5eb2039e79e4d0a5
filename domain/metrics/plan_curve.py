"""The plan of a key result: the values that it should have on days between its beginning and its due day.

A point is at the end of its day. Between two points, and from the start at the beginning to the first point, the
planned value is linear. The last point is the target on the due day.
"""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise
from operator import attrgetter

from domain.metrics.formulas import FIGURE_TOLERANCE, Fact, finite, fraction, share_at
from domain.primitives.checks.plan_checks import PLANNABLE, Terms, in_numbers
from domain.primitives.values import Metric, PlanPoint

# ── other terms ──────────────────────────────────────────────────────────────────────────────────


def mapped(plan: Sequence[PlanPoint], before: Terms, after: Terms) -> tuple[PlanPoint, ...]:
    """The plan on other terms: each point is mapped linearly from the old start, target and span to the new ones.

    Days are counted from the beginning and rounded to whole ones. Of points that fall on one day the later one stays,
    and the last one is the new target on the new due day. Empty after a change of direction, and for terms without a
    plan: a start that is no longer stated, or a due day before the beginning.
    """
    if not plan or before.metric.direction is not after.metric.direction or not after.allow_plan:
        return ()
    by_day = {_day(point.on, before, after): _value(point.value, before, after) for point in plan}
    by_day[after.due] = after.target
    return tuple(PlanPoint(on, value) for on, value in by_day.items())


def _day(on: date, before: Terms, after: Terms) -> date:
    """The day after the same share of the span, rounded half up; the first day at the earliest. Without a span before,
    which another calendar may have ended, it is the due day."""
    if before.days <= 0:
        return after.due
    elapsed = (on - before.begins_on).days + 1
    days = (2 * elapsed * after.days + before.days) // (2 * before.days)
    return after.begins_on + timedelta(days=min(max(days, 1), after.days) - 1)


def _value(value: float, before: Terms, after: Terms) -> float:
    """The value at the same share of the distance from start to target; without a distance as far from the target."""
    assert before.start is not None
    assert after.start is not None
    if (before.start, before.target) == (after.start, after.target):
        return value
    if before.start == before.target:
        return finite(value - before.target + after.target)
    share = fraction(value, before.start, before.target)
    return finite(after.start + share * (after.target - after.start))


# ── the curve ────────────────────────────────────────────────────────────────────────────────────


class Planned(Fact, frozen=True, gc=False):
    """A point of a plan as a moment: the end of its day."""

    at: datetime
    value: float


def value_at(curve: Sequence[Planned], numbers: Metric, begins_at: datetime, at: datetime) -> float:
    """The planned value of a metric in numbers at a moment: its start until `begins_at`, linear between the points, the
    last one after it.

    value = v₁ + (v₂ - v₁) · (at - t₁) / (t₂ - t₁) between the points (t₁, v₁) and (t₂, v₂). Points until the beginning,
    which another calendar may have moved there, do not count.
    """
    if at >= curve[-1].at or curve[-1].at <= begins_at:
        return curve[-1].value
    assert numbers.start is not None
    if at <= begins_at:
        return numbers.start
    place = bisect_right(curve, at, key=attrgetter("at"))
    before, after = curve[place - 1] if place else None, curve[place]
    if before is None or before.at <= begins_at:
        before = Planned(begins_at, numbers.start)
    share = (at - before.at) / (after.at - before.at)
    return before.value * (1 - share) + after.value * share


def turning_point(plan: Sequence[PlanPoint], metric: Metric) -> PlanPoint | None:
    """The first point of a plan whose progress is lower than that of the point before it, or than that of the start;
    None for a plan that never goes against the direction."""
    numbers = in_numbers(metric)
    if numbers.start is None or numbers.direction not in PLANNABLE:
        return None
    start = PlanPoint(date.min, numbers.start)
    return next(
        (
            point
            for before, point in pairwise([start, *plan])
            if share_at(numbers, point.value) < share_at(numbers, before.value) - FIGURE_TOLERANCE
        ),
        None,
    )
