"""The plan of a key result: the values that it should have on days between its beginning and its due day.

A point stands at the end of its day. Between two points, and from the start at the beginning to the first point, the
planned value is linear. The last point is the target on the due day.
"""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise
from operator import attrgetter
from sys import float_info
from typing import NamedTuple

from domain.metrics.formulas import FIGURE_TOLERANCE, UNCLAMPED_MAX, Fact, at_least, at_most, share_at
from domain.primitives import values
from domain.primitives.errors import Faults, invalid
from domain.primitives.rules import Rule
from domain.primitives.values import Direction, Metric, PlanPoint

POINTS_MAX = 400
"""The largest number of points of a plan, with that on the due day: one a day for longer than a year."""
PLANNABLE = frozenset(
    {Direction.INCREASE, Direction.DECREASE, Direction.AT_LEAST, Direction.AT_MOST, Direction.MILESTONES}
)
"""The directions that can have a plan; AT_LEAST and AT_MOST with a stated start."""
SHARES = Metric(Direction.INCREASE, start=0.0, target=1.0)
"""MILESTONES as a metric in numbers: the share of their weight, from 0 to 1."""


def in_numbers(metric: Metric) -> Metric:
    """The metric in numbers: that of MILESTONES is the share of their weight."""
    return SHARES if metric.direction is Direction.MILESTONES else metric


class Terms(NamedTuple):
    """What a plan is agreed on: the metric, the day of the beginning, and the due day."""

    metric: Metric
    begins_on: date
    due: date

    @property
    def start(self) -> float | None:
        return in_numbers(self.metric).start

    @property
    def target(self) -> float:
        target = in_numbers(self.metric).target
        assert target is not None
        return target

    @property
    def days(self) -> int:
        """The number of days from the beginning to the due day, both included; not above 0 if it is due before."""
        return (self.due - self.begins_on).days + 1

    @property
    def allow_plan(self) -> bool:
        """Whether there can be a plan: for such a direction, with a start, and with a day to plan."""
        return self.metric.direction in PLANNABLE and self.start is not None and self.days > 0


# ── checks ───────────────────────────────────────────────────────────────────────────────────────


def checked(points: Sequence[PlanPoint], terms: Terms, *field: str) -> tuple[PlanPoint, ...]:
    """The plan as stored, with the target on the due day; empty without points.

    Raises `INVALID` for terms without a plan and for too many points, else with a problem for each wrong point: a day
    that is not after the one before or that is outside the span, a share of milestones outside [0, 1], a value other
    than the target on the due day.
    """
    if not points:
        return ()
    _refuse_terms(terms, field)
    _refuse_too_many(len(points) + (points[-1].on != terms.due), field)
    faults = Faults()
    for index, point in enumerate(points):
        with faults:
            _refuse_day(point.on, None if index == 0 else points[index - 1].on, terms, (*field, str(index), "on"))
        with faults:
            _refuse_value(point, terms, (*field, str(index), "value"))
    faults.refuse()
    return (*(point for point in points if point.on < terms.due), PlanPoint(terms.due, terms.target))


def _refuse_terms(terms: Terms, field: tuple[str, ...]) -> None:
    direction = terms.metric.direction
    if direction not in PLANNABLE:
        raise invalid(
            f"{direction} has no values between start and target to plan: omit the plan, or choose another direction.",
            *field,
            rule=Rule.PLAN_NOT_POSSIBLE,
            direction=direction,
        )
    if terms.start is None:
        raise invalid(
            f"A plan begins with the start, and this {direction} states none: give the metric a start first.",
            *field,
            rule=Rule.PLAN_WITHOUT_START,
            direction=direction,
        )
    if terms.days <= 0:
        raise invalid(
            f"It is due on {terms.due}, before its beginning on {terms.begins_on}: there are no days to plan. Choose a "
            "later due date.",
            *field,
            rule=Rule.PLAN_WITHOUT_DAYS,
            first=terms.begins_on,
            last=terms.due,
        )


def _refuse_too_many(count: int, field: tuple[str, ...]) -> None:
    if count > POINTS_MAX:
        raise invalid(
            f"A plan has up to {POINTS_MAX} points, with the due day; this has {count}. Leave some out: between two "
            "points it is linear.",
            *field,
            rule=Rule.PLAN_POINTS_TOO_MANY,
            max=POINTS_MAX,
            count=count,
        )


def _refuse_day(on: date, before: date | None, terms: Terms, field: tuple[str, ...]) -> None:
    if before is not None and on <= before:
        raise invalid(
            f"{on} is not after {before}: give each day once, in order.",
            *field,
            rule=Rule.PLAN_POINTS_NOT_ORDERED,
            on=on,
            before=before,
        )
    if not terms.begins_on <= on <= terms.due:
        raise invalid(
            f"{on} is outside the span of the key result; choose a day from {terms.begins_on} to {terms.due}.",
            *field,
            rule=Rule.PLAN_POINT_OUTSIDE_SPAN,
            first=terms.begins_on,
            last=terms.due,
        )


def _refuse_value(point: PlanPoint, terms: Terms, field: tuple[str, ...]) -> None:
    if terms.metric.direction is Direction.MILESTONES:
        values.share(point.value, *field)
    if point.on == terms.due and not _equal(point.value, terms.target):
        raise invalid(
            f"The plan ends at the target, {terms.target:g}, not at {point.value:g}: correct or omit this point, or "
            "change the target.",
            *field,
            rule=Rule.PLAN_MISSES_TARGET,
            value=point.value,
            target=terms.target,
        )


def _equal(value: float, target: float) -> bool:
    return at_least(value, target) and at_most(value, target)


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
    """The day after the same share of the span, rounded half up; the first day at the earliest."""
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
        return _finite(value - before.target + after.target)
    share = (value - before.start) / (before.target - before.start)
    share = min(max(share, -UNCLAMPED_MAX), UNCLAMPED_MAX)
    return _finite(after.start + share * (after.target - after.start))


def _finite(value: float) -> float:
    return min(max(value, -float_info.max), float_info.max)


# ── the curve ────────────────────────────────────────────────────────────────────────────────────


class Planned(Fact, frozen=True, gc=False):
    """A point of a plan as a moment: the end of its day."""

    at: datetime
    value: float


def value_at(curve: Sequence[Planned], start: float, begins_at: datetime, at: datetime) -> float:
    """The planned value at a moment: `start` until `begins_at`, linear between the points, the last one after it.

    value = v₁ + (v₂ - v₁) · (at - t₁) / (t₂ - t₁) between the points (t₁, v₁) and (t₂, v₂). Points until the beginning,
    which another calendar may have moved there, do not count.
    """
    if at >= curve[-1].at or curve[-1].at <= begins_at:
        return curve[-1].value
    if at <= begins_at:
        return start
    place = bisect_right(curve, at, key=attrgetter("at"))
    before, after = curve[place - 1] if place else None, curve[place]
    if before is None or before.at <= begins_at:
        before = Planned(begins_at, start)
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
