"""The progress of a measurement for every direction and every bound."""

import math
from itertools import permutations

import pytest

from domain.metrics.formulas import attained, clamped, mean, unclamped
from domain.primitives.values import Direction, Metric, Milestone
from tests.domain.metrics.builders import MILESTONES, measured, metric

UP = metric(Direction.INCREASE, start=20, target=30)
DOWN = metric(Direction.DECREASE, start=30, target=20)
AT_LEAST = metric(Direction.AT_LEAST, target=90)
AT_LEAST_FROM_70 = metric(Direction.AT_LEAST, start=70, target=90)
AT_LEAST_FROM_95 = metric(Direction.AT_LEAST, start=95, target=90)
AT_MOST = metric(Direction.AT_MOST, target=2)
AT_MOST_FROM_6 = metric(Direction.AT_MOST, start=6, target=2)
AT_MOST_FROM_1 = metric(Direction.AT_MOST, start=1, target=2)
WITHIN = metric(Direction.WITHIN, lower=5, upper=10)
WITHIN_FROM_1 = metric(Direction.WITHIN, start=1, lower=5, upper=10)
WITHIN_FROM_20 = metric(Direction.WITHIN, start=20, lower=5, upper=10)
WITHIN_FROM_7 = metric(Direction.WITHIN, start=7, lower=5, upper=10)
DONE = metric(Direction.DONE)


@pytest.mark.parametrize(
    ("given", "value", "share"),
    [
        (UP, 20, 0), (UP, 25, 0.5), (UP, 30, 1), (UP, 35, 1.5), (UP, 15, -0.5),
        (DOWN, 30, 0), (DOWN, 25, 0.5), (DOWN, 20, 1), (DOWN, 15, 1.5), (DOWN, 35, -0.5),
        (AT_LEAST, 90, 1), (AT_LEAST, 89.99, 0), (AT_LEAST, 100, 1),
        (AT_LEAST_FROM_70, 80, 0.5), (AT_LEAST_FROM_70, 60, -0.5), (AT_LEAST_FROM_70, 90, 1), (AT_LEAST_FROM_70, 99, 1),
        (AT_LEAST_FROM_95, 89, 0), (AT_LEAST_FROM_95, 90, 1),
        (AT_MOST, 2, 1), (AT_MOST, 2.01, 0), (AT_MOST, 0, 1),
        (AT_MOST_FROM_6, 4, 0.5), (AT_MOST_FROM_6, 8, -0.5), (AT_MOST_FROM_6, 2, 1), (AT_MOST_FROM_6, 1, 1),
        (AT_MOST_FROM_1, 3, 0), (AT_MOST_FROM_1, 2, 1),
        (WITHIN, 5, 1), (WITHIN, 10, 1), (WITHIN, 7, 1), (WITHIN, 4.9, 0), (WITHIN, 10.1, 0),
        (WITHIN_FROM_1, 3, 0.5), (WITHIN_FROM_1, 5, 1), (WITHIN_FROM_1, 11, 0), (WITHIN_FROM_1, 0, -0.25),
        (WITHIN_FROM_20, 15, 0.5), (WITHIN_FROM_20, 10, 1), (WITHIN_FROM_20, 4, 0), (WITHIN_FROM_20, 22, -0.2),
        (WITHIN_FROM_7, 4, 0), (WITHIN_FROM_7, 11, 0), (WITHIN_FROM_7, 8, 1),
        (metric(Direction.AT_LEAST, start=90, target=90), 80, 0), (metric(Direction.AT_MOST, start=2, target=2), 3, 0),
        (metric(Direction.WITHIN, start=5, lower=5, upper=10), 4, 0),
        (metric(Direction.WITHIN, start=10, lower=5, upper=10), 11, 0),
        (metric(Direction.AT_LEAST, target=0), 0, 1), (metric(Direction.AT_MOST, target=0), 0, 1),
        (DONE, 1, 1), (DONE, 2, 1), (DONE, 0.99, 0), (DONE, 0, 0),
    ],
)  # fmt: skip
def test_unclamped_progress_of_a_value(given: Metric, value: float, share: float) -> None:
    assert unclamped(given, measured(value)) == pytest.approx(share, abs=1e-12)


@pytest.mark.parametrize(
    ("reached", "share"),
    [((), 0), (("design",), 0.25), (("pilot",), 0.75), (("pilot", "design"), 1), (("gone", "design"), 0.25)],
)
def test_progress_of_milestones_is_the_reached_share_of_weight(reached: tuple[str, ...], share: float) -> None:
    assert unclamped(MILESTONES, measured(None, *reached, milestones=True)) == share


@pytest.mark.parametrize(("value", "share"), [(15, 0), (25, 0.5), (35, 1)])
def test_progress_is_limited_to_0_and_1(value: float, share: float) -> None:
    assert attained(UP, measured(value)) == share


def test_clamping_keeps_none() -> None:
    assert clamped(None) is None


@pytest.mark.parametrize("given", [UP, DOWN, AT_LEAST, AT_MOST_FROM_6, WITHIN, MILESTONES, DONE])
def test_without_a_measurement_there_is_no_progress(given: Metric) -> None:
    assert unclamped(given, None) is None


def test_a_measurement_of_another_kind_of_metric_gives_no_progress() -> None:
    assert unclamped(MILESTONES, measured(30)) is None
    assert unclamped(UP, measured(None, "design")) is None


def test_progress_is_never_negative_zero() -> None:
    at_start = unclamped(DOWN, measured(30))
    assert at_start is not None
    assert math.copysign(1, at_start) == 1


@pytest.mark.parametrize(
    ("given", "value"),
    [
        (metric(Direction.AT_LEAST, target=0.3), 0.1 + 0.1 + 0.1),
        (metric(Direction.AT_MOST, target=0.3), 0.1 + 0.2),
        (metric(Direction.AT_LEAST, target=1.1), 1.1 - 1e-15),
        (metric(Direction.WITHIN, lower=0.8, upper=0.9), 0.9 + 1e-15),
    ],
)
def test_bounds_tolerate_floating_point_error(given: Metric, value: float) -> None:
    assert unclamped(given, measured(value)) == 1


def test_extreme_progress_stays_finite() -> None:
    narrow = metric(Direction.INCREASE, start=0, target=5e-324)
    assert unclamped(narrow, measured(1e308)) == 1e12
    assert unclamped(narrow, measured(-1e308)) == -1e12


@pytest.mark.parametrize(
    ("weights", "values", "expected"),
    [
        ([1], [0.3], 0.3),
        ([1, 3], [1.0, 0.0], 0.25),
        ([1e308, 1e308], [0.2, 0.4], 0.3),
        ([5e-324], [0.5], 0.5),
        ([1e308, 5e-324], [0.5, 0.0], 0.5),
    ],
)
def test_a_mean_holds_for_every_weight_above_0(weights: list[float], values: list[float], expected: float) -> None:
    assert mean(weights, values) == pytest.approx(expected, abs=1e-12)


def test_a_mean_does_not_depend_on_the_order_of_its_terms() -> None:
    terms = list(permutations([(1.0, 0.1), (2.0, 0.7), (1.0, 0.3), (3.0, 0.39), (1.0, 0.2)]))
    assert {mean(*zip(*order, strict=True)) for order in terms} == {0.39625}


def test_extreme_milestone_weights_give_shares() -> None:
    far_apart = metric(Direction.MILESTONES, milestones=(Milestone("a", "A", 1e307), Milestone("b", "B", 3e307)))
    assert unclamped(far_apart, measured(None, "a")) == pytest.approx(0.25, abs=1e-12)
