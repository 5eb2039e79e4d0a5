"""Checks of the plans of key results, and their stored form.

A plan is agreed on terms: the metric, the day of the beginning, and the due day.
"""

import math
from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from domain.primitives import parsers
from domain.primitives.errors import Code, CommandRejected, Faults, invalid
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

    Raises `INVALID` for terms without a plan, `TOO_LARGE` for too many points, and `INVALID` with a problem for each
    wrong point: a day that is not after the one before or that is outside the span, a share of milestones outside
    [0, 1], a value other than the target on the due day.
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
        raise CommandRejected(
            Code.TOO_LARGE,
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
        parsers.share(point.value, *field)
    if point.on == terms.due and not math.isclose(point.value, terms.target, rel_tol=1e-9):
        raise invalid(
            f"The plan ends at the target, {terms.target:g}, not at {point.value:g}: correct or omit this point, or "
            "change the target.",
            *field,
            rule=Rule.PLAN_MISSES_TARGET,
            value=point.value,
            target=terms.target,
        )
