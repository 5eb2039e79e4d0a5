"""Figures of values that were given as decimal numbers show no rounding errors of binary numbers."""

import pytest

from domain.metrics.formulas import difference, fraction, mean, total
from domain.metrics.kpi_series import aggregated, compared, variance
from domain.primitives.values import Aggregation, GoalDirection, KpiGoal


@pytest.mark.parametrize(
    ("values", "expected"), [([0.1, 0.2], 0.3), ([0.1] * 10, 1.0), ([0.1] * 3, 0.3), ([1e16, 1.0, -1e16], 1.0)]
)
def test_sums_have_no_noise(values: list[float], expected: float) -> None:
    assert total(values) == expected
    assert aggregated(values, Aggregation.SUM) == expected


def test_means_have_no_noise() -> None:
    assert mean([1.0, 1.0], [0.1, 0.2]) == 0.15
    assert aggregated([0.1, 0.2], Aggregation.MEAN) == 0.15


def test_differences_have_no_noise() -> None:
    assert difference(100.3, 100.0) == 0.3
    assert difference(0.3, 0.1) == 0.2
    assert variance(KpiGoal(direction=GoalDirection.AT_LEAST, target=100.0), 100.3) == 0.3
    comparison = compared(0.3, 0.1)
    assert (comparison.change, comparison.change_ratio) == (0.2, 2.0)


def test_shares_have_no_noise() -> None:
    assert fraction(0.3, 0.1, 0.5) == 0.5
    assert fraction(100.3, 100.0, 101.0) == 0.3


def test_what_is_no_decimal_number_stays_as_it_is() -> None:
    assert fraction(2.0, 0.0, 3.0) == 2 / 3
    assert mean([1.0, 1.0, 1.0], [1.0, 1.0, 0.0]) == 2 / 3


def test_differences_of_the_largest_numbers_are_finite() -> None:
    assert difference(1.7e308, -1.7e308) == pytest.approx(1.797e308, rel=1e-3)
