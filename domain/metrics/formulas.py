"""How far a measurement is on its metric's way: one formula for each direction.

Shares are of 1. A measured figure counts as on a bound when it is within 1e-12 of the bound's size, so
that sums of decimals stand where they stand on paper.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from math import fsum
from typing import Protocol

import msgspec

from domain.primitives.values import Direction, Metric, Milestone, Ref

FIGURE_TOLERANCE = 1e-12
UNCLAMPED_MAX = 1e12
"""The unclamped progress is kept within ± this, so that a mean of it is always a number."""
SUM_MIN, SUM_MAX = 1e-100, 1e100
"""Between these, a sum of weights can be multiplied and divided by without loss."""


class Figure(Protocol):
    """Anything measured in a number: its value, and when it was true."""

    @property
    def measured_at(self) -> datetime: ...

    @property
    def value(self) -> float | None: ...


class Measured(Figure, Protocol):
    """Anything that can also say which milestones are reached: all of them, each time."""

    @property
    def reached(self) -> tuple[str, ...] | None: ...


class Fact(msgspec.Struct, frozen=True, gc=False):
    """The base of the plain values that formulas take and give."""


class Measurement(Fact, frozen=True, gc=False):
    """A check-in or reading that says a value, or which milestones are reached.

    `node` and `position`: the thing it is, and the event that said it last.
    """

    value: float | None
    reached: tuple[str, ...] | None
    measured_at: datetime
    position: int
    node: Ref


def unclamped(metric: Metric, measured: Measured | None) -> float | None:
    """How far the measurement is on the metric's way: 0 at start, 1 at target; beyond both where it went there.

    None without a measurement, or with one that the metric cannot be read from (after it was edited).
    """
    if measured is None:
        return None
    if metric.milestones:
        return None if measured.reached is None else _milestone_share(metric.milestones, measured)
    return None if measured.value is None else share_at(metric, measured.value)


def attained(metric: Metric, measured: Measured | None) -> float | None:
    """`unclamped`, limited to [0, 1]."""
    return clamped(unclamped(metric, measured))


def share_at(metric: Metric, value: float) -> float:
    """The unclamped progress of a metric in numbers (not MILESTONES) at a value."""
    return _FORMULAS[metric.direction](metric, value)


def clamped(share: float | None) -> float | None:
    """A share limited to [0, 1]; none stays none."""
    if share is None:
        return None
    return 0.0 if share <= 0 else min(share, 1.0)


def at_least(value: float, bound: float) -> bool:
    """Whether a measured figure stands on the bound or above it."""
    return value >= bound - FIGURE_TOLERANCE * abs(bound)


def at_most(value: float, bound: float) -> bool:
    """Whether a measured figure stands on the bound or below it."""
    return value <= bound + FIGURE_TOLERANCE * abs(bound)


def mean(weights: Sequence[float], values: Sequence[float]) -> float:
    """Σ weight · value / Σ weight, for one value or more and weights above 0; the same in whatever order they come."""
    if not SUM_MIN < sum(weights) < SUM_MAX:
        weights = scaled(weights)
    return fsum([weight * value for weight, value in zip(weights, values, strict=True)]) / fsum(weights)


def scaled(weights: Sequence[float]) -> Sequence[float]:
    """The same weights, as shares of the largest where their sum would run out of a float's range."""
    if SUM_MIN < sum(weights) < SUM_MAX:
        return weights
    largest = max(weights)
    return [weight / largest for weight in weights]


def _way(value: float, start: float, goal: float) -> float:
    """The way gone from start to goal, as a share; `+ 0.0` since there is no such thing as -0 %."""
    share = (value - start) / (goal - start) + 0.0
    return min(max(share, -UNCLAMPED_MAX), UNCLAMPED_MAX)


def _towards(metric: Metric, value: float) -> float:
    """INCREASE and DECREASE: (v - start) / (target - start)."""
    assert metric.start is not None
    assert metric.target is not None
    return _way(value, metric.start, metric.target)


def _at_least(metric: Metric, value: float) -> float:
    """AT_LEAST: 1 once met; else the way from a start below the target; else 0."""
    assert metric.target is not None
    if at_least(value, metric.target):
        return 1.0
    below = metric.start is not None and metric.start < metric.target
    return _towards(metric, value) if below else 0.0


def _at_most(metric: Metric, value: float) -> float:
    """AT_MOST: 1 once met; else the way from a start above the target; else 0."""
    assert metric.target is not None
    if at_most(value, metric.target):
        return 1.0
    above = metric.start is not None and metric.start > metric.target
    return _towards(metric, value) if above else 0.0


def _within(metric: Metric, value: float) -> float:
    """WITHIN: 1 inside the bounds; else the way to the nearer one from a start outside on the same side; else 0."""
    assert metric.lower is not None
    assert metric.upper is not None
    above_lower, below_upper = at_least(value, metric.lower), at_most(value, metric.upper)
    if above_lower and below_upper:
        return 1.0
    if metric.start is not None and not above_lower and metric.start < metric.lower:
        return _way(value, metric.start, metric.lower)
    if metric.start is not None and not below_upper and metric.start > metric.upper:
        return _way(value, metric.start, metric.upper)
    return 0.0


def _done(_: Metric, value: float) -> float:
    """DONE: 1 from a value of 1 on, else 0."""
    return 1.0 if at_least(value, 1.0) else 0.0


_FORMULAS: dict[Direction, Callable[[Metric, float], float]] = {
    Direction.INCREASE: _towards,
    Direction.DECREASE: _towards,
    Direction.AT_LEAST: _at_least,
    Direction.AT_MOST: _at_most,
    Direction.WITHIN: _within,
    Direction.DONE: _done,
}


def _milestone_share(milestones: tuple[Milestone, ...], measured: Measured) -> float:
    """MILESTONES: Σ weight of reached / Σ weight."""
    return mean([m.weight for m in milestones], [is_reached(m, measured) for m in milestones])


def is_reached(milestone: Milestone, measured: Measured) -> float:
    """1 for a milestone that the measurement names, else 0."""
    return float(milestone.key in (measured.reached or ()))
