"""Progress of a measurement from the start to the target of its metric: one formula per direction.

Shares are of 1. A measured value equals a bound if it differs by at most 1e-12 of the bound's size. This hides the
rounding errors of floating-point sums.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from math import fsum
from operator import mul
from sys import float_info
from typing import Protocol

import msgspec

from domain.primitives.values import Direction, Metric, Milestone, Ref

FIGURE_TOLERANCE = 1e-12
UNCLAMPED_MAX = 1e12
"""The limit of unclamped progress, in both directions, so that its mean is always finite."""
_DIGITS_KEPT = 15
"""The significant digits that any decimal number keeps as a float."""
SUM_MIN, SUM_MAX = 1e-100, 1e100
"""Between these limits, a sum of weights can be multiplied and divided without overflow or underflow."""


class NumericMeasurement(Protocol):
    """A numeric measurement: its value and its time of measurement."""

    @property
    def measured_at(self) -> datetime: ...

    @property
    def value(self) -> float | None: ...


class Measured(NumericMeasurement, Protocol):
    """A measurement that may also name all milestones reached so far."""

    @property
    def reached(self) -> tuple[str, ...] | None: ...


class Fact(msgspec.Struct, frozen=True, gc=False):
    """The base class of the inputs and results of formulas."""


class Measurement(Fact, frozen=True, gc=False):
    """A check-in or reading with a value or reached milestones.

    `node` refers to it; `position` is the position of its last event.
    """

    value: float | None
    reached: tuple[str, ...] | None
    measured_at: datetime
    position: int
    node: Ref


def fits(metric: Metric, value: float | None, reached: Sequence[str] | None) -> bool:
    """Whether a check-in fits the metric, which may have been edited after it."""
    if metric.direction is Direction.MILESTONES:
        return reached is not None
    if metric.direction is Direction.DONE:
        return value is not None and 0 <= value <= 1
    return value is not None


def unclamped(metric: Metric, measured: Measured | None) -> float | None:
    """The progress of the measurement: 0 at start, 1 at target, below 0 or above 1 outside of them.

    None without a measurement, or with one that does not fit the metric after an edit.
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
    """A share limited to [0, 1]; None for None."""
    if share is None:
        return None
    return 0.0 if share <= 0 else 1.0 if share > 1 else share


def all_clamped(shares: Sequence[float | None]) -> list[float | None]:
    """`clamped` of each of these shares."""
    return [None if one is None else 0.0 if one <= 0 else 1.0 if one > 1 else one for one in shares]


def at_least(value: float, bound: float) -> bool:
    """Whether a measured value is at the bound or above it, within the tolerance."""
    return value >= bound - FIGURE_TOLERANCE * abs(bound)


def at_most(value: float, bound: float) -> bool:
    """Whether a measured value is at the bound or below it, within the tolerance."""
    return value <= bound + FIGURE_TOLERANCE * abs(bound)


def mean(weights: Sequence[float], values: Sequence[float]) -> float:
    """Σ weight · value / Σ weight, for at least one value and weights above 0. The order does not change the result."""
    if weights.count(1.0) == len(weights):
        return without_noise(fsum(values) / len(weights))
    if not SUM_MIN < sum(weights) < SUM_MAX:
        weights = scaled(weights)
    return without_noise(fsum(map(mul, weights, values)) / fsum(weights))


def means(groups: Sequence[Sequence[float]], weights: Sequence[Sequence[float]] | None) -> list[float]:
    """`mean` of each of these groups; without weights, all of them are 1. Equal means are rounded once then."""
    if weights is not None and any(of.count(1.0) < len(of) for of in weights):
        return list(map(mean, weights, groups))
    found = [fsum(group) / len(group) for group in groups]
    rounded = {one: without_noise(one) for one in set(found)}
    return list(map(rounded.__getitem__, found))


def total(values: Sequence[float]) -> float:
    """The sum, limited to finite numbers. The order does not change the result, unless a part of the sum overflows."""
    try:
        return without_noise(fsum(values))
    except OverflowError:
        return finite(sum(values))


def without_noise(value: float) -> float:
    """The decimal number of up to 14 significant digits that the value is in 15 digits, of which floats keep no more:
    0.1 + 0.2 is 0.3. A value that is none, such as 2 / 3, is returned as it is."""
    digits = f"{value:.15g}"
    if len(digits) < _DIGITS_KEPT:
        return float(digits)
    rounded = float(f"{value:.14g}")
    return rounded if float(digits) == rounded else value


def difference(value: float, other: float) -> float:
    """Value - other as decimal numbers, limited to finite numbers: 100.3 - 100 is 0.3."""
    return finite(float(Decimal(repr(value)) - Decimal(repr(other))))


def finite(value: float) -> float:
    """The value, or for an infinity the largest number of its sign."""
    return min(max(value, -float_info.max), float_info.max)


def scaled(weights: Sequence[float]) -> Sequence[float]:
    """The weights, divided by the largest if their sum is outside of `SUM_MIN` to `SUM_MAX`."""
    if SUM_MIN < sum(weights) < SUM_MAX:
        return weights
    largest = max(weights)
    return [weight / largest for weight in weights]


def fraction(value: float, start: float, goal: float) -> float:
    """The position of a value between start and goal, as a share. `+ 0.0` turns -0.0 into 0.0."""
    share = without_noise(difference(value, start) / difference(goal, start)) + 0.0
    return min(max(share, -UNCLAMPED_MAX), UNCLAMPED_MAX)


def _towards(metric: Metric, value: float) -> float:
    """INCREASE and DECREASE: (v - start) / (target - start)."""
    assert metric.start is not None
    assert metric.target is not None
    return fraction(value, metric.start, metric.target)


def _at_least(metric: Metric, value: float) -> float:
    """AT_LEAST: 1 if met; else the share of the distance from a start below the target; else 0."""
    assert metric.target is not None
    if at_least(value, metric.target):
        return 1.0
    below = metric.start is not None and metric.start < metric.target
    return _towards(metric, value) if below else 0.0


def _at_most(metric: Metric, value: float) -> float:
    """AT_MOST: 1 if met; else the share of the distance from a start above the target; else 0."""
    assert metric.target is not None
    if at_most(value, metric.target):
        return 1.0
    above = metric.start is not None and metric.start > metric.target
    return _towards(metric, value) if above else 0.0


def _within(metric: Metric, value: float) -> float:
    """WITHIN: 1 inside the bounds; else the share of the distance to the nearer bound from a start on the same side;
    else 0."""
    assert metric.lower is not None
    assert metric.upper is not None
    above_lower, below_upper = at_least(value, metric.lower), at_most(value, metric.upper)
    if above_lower and below_upper:
        return 1.0
    if metric.start is not None and not above_lower and metric.start < metric.lower:
        return fraction(value, metric.start, metric.lower)
    if metric.start is not None and not below_upper and metric.start > metric.upper:
        return fraction(value, metric.start, metric.upper)
    return 0.0


def _done(_: Metric, value: float) -> float:
    """DONE: 1 for a value of at least 1, else 0."""
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
    """1 if the measurement names the milestone, else 0."""
    return float(milestone.key in (measured.reached or ()))
