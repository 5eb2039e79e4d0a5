"""The planned values of a key result."""

import pytest

from domain.metrics.trajectory import planned
from domain.primitives.values import Direction, Metric
from tests.domain.metrics.builders import (
    CLOSING,
    DAY,
    FROM_0_TO_100,
    MIDDLE,
    MILESTONES,
    OPENING,
    metric,
)


def test_the_plan_is_linear_from_start_to_target() -> None:
    values = [planned(FROM_0_TO_100, OPENING, CLOSING, at) for at in (OPENING, MIDDLE, CLOSING)]
    assert values == pytest.approx([0, 50, 100])


def test_the_plan_holds_start_and_target_outside_of_its_time() -> None:
    assert planned(FROM_0_TO_100, OPENING, CLOSING, OPENING - 10 * DAY) == 0
    assert planned(FROM_0_TO_100, OPENING, CLOSING, CLOSING + 10 * DAY) == 100


@pytest.mark.parametrize(
    ("given", "value"),
    [
        (metric(Direction.DECREASE, start=30, target=20), 25),
        (metric(Direction.AT_LEAST, target=90, start=10), 50),
        (metric(Direction.AT_LEAST, target=90, start=95), 90),
        (metric(Direction.AT_LEAST, target=90), 90),
        (metric(Direction.AT_MOST, target=2, start=10), 6),
        (metric(Direction.AT_MOST, target=2), 2),
        (metric(Direction.WITHIN, lower=5, upper=10, start=1), 3),
        (metric(Direction.WITHIN, lower=5, upper=10, start=20), 15),
        (metric(Direction.WITHIN, lower=5, upper=10, start=6), 7.5),
        (metric(Direction.WITHIN, lower=5, upper=10), 7.5),
        (metric(Direction.DONE), 0.5),
        (MILESTONES, 0.5),
    ],
)
def test_the_plan_is_half_way_in_the_middle_and_constant_for_a_level_goal(given: Metric, value: float) -> None:
    assert planned(given, OPENING, CLOSING, MIDDLE) == pytest.approx(value)


def test_a_plan_ends_exactly_on_its_target() -> None:
    tenths = metric(Direction.INCREASE, start=0.1, target=0.3)
    assert planned(tenths, OPENING, CLOSING, CLOSING) == 0.3
