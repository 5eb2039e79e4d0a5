"""The forecast of a key result: one test for each rule."""

from datetime import datetime, timedelta
from functools import partial
from itertools import combinations
from statistics import median

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.metrics import trajectory
from domain.metrics.formulas import Measurement
from domain.metrics.trajectory import Forecast
from domain.primitives.values import Direction, Metric
from tests.domain.metrics.builders import (
    CALENDAR,
    CLOSING,
    DAY,
    FROM_0_TO_100,
    MIDDLE,
    MILESTONES,
    OPENING,
    QUARTER_END,
    measured,
    metric,
)

forecast = partial(trajectory.forecast, calendar=CALENDAR)


def readings(*values: float, since: datetime = OPENING, every: timedelta = 10 * DAY) -> list[Measurement]:
    """One measurement every ten days from the opening on."""
    return [measured(value, at=since + i * every) for i, value in enumerate(values)]


def predicted(measurements: list[Measurement], given: Metric = FROM_0_TO_100, *, days: float) -> Forecast:
    """The forecast, some days after the opening, of a key result that begins at the opening and ends with the
    quarter."""
    drawn = forecast(measurements, given, OPENING, CLOSING, OPENING + days * DAY)
    assert drawn is not None
    return drawn


def test_a_forecast_extrapolates_to_the_end_of_the_due_day() -> None:
    drawn = predicted(readings(0, 10, 20, 30), days=35)
    assert drawn.value == pytest.approx(90)
    assert drawn.progress == pytest.approx(0.9)
    assert (drawn.will_hit, drawn.hit_on, drawn.method) == (False, (OPENING + 100 * DAY).date(), "theil-sen")


def test_a_forecast_that_reaches_the_target_before_the_due_date_hits() -> None:
    drawn = predicted(readings(0, 20, 40), days=25)
    assert (drawn.will_hit, drawn.progress, drawn.hit_on) == (True, 1.0, (OPENING + 50 * DAY).date())


def test_a_forecast_that_reaches_the_target_on_the_due_date_hits() -> None:
    drawn = predicted(readings(0, 100 / 9, 200 / 9), days=25)
    assert (drawn.will_hit, drawn.hit_on) == (True, QUARTER_END)


def test_a_forecast_is_robust_against_one_outlier() -> None:
    assert predicted(readings(0, 10, 95, 30, 40, 50), days=50).value == pytest.approx(90, abs=5)


def test_the_start_is_the_first_point_of_a_forecast() -> None:
    late = readings(60, 60, 60, since=OPENING + 30 * DAY)
    assert predicted(late, days=60).value > 60
    assert predicted(late, metric(Direction.AT_LEAST, target=100), days=60).value == pytest.approx(60)


def test_a_value_measured_at_the_beginning_takes_the_place_of_the_start() -> None:
    assert predicted(readings(40, 40, 40), days=30).value == pytest.approx(40)


def test_a_forecast_ignores_what_was_measured_before_the_beginning() -> None:
    before = readings(90, 70, 50, since=OPENING - 40 * DAY)
    assert predicted([*before, *readings(0, 10, 20)], days=20) == predicted(readings(0, 10, 20), days=20)


def test_a_forecast_uses_all_values_from_the_beginning_on() -> None:
    rising_then_flat = readings(*range(0, 40, 2), *[40.0] * 60, every=DAY)
    values = [one.value or 0.0 for one in rising_then_flat]
    slopes = [(b - a) / (j - i) for (i, a), (j, b) in combinations(enumerate(values), 2)]
    assert predicted(rising_then_flat, days=79).value == pytest.approx(40 + 11 * median(slopes), abs=1)


def test_a_forecast_spreads_its_points_over_thousands_of_values() -> None:
    hourly = readings(*(hour / 24 for hour in range(2_000)), every=DAY / 24)
    assert predicted(hourly, days=84).value == pytest.approx(90)


@pytest.mark.parametrize(
    ("values", "days"), [((0, 0, 0, 90), 31), ((50, 10, 0), 21)], ids=["up from the start", "down from 50"]
)
def test_a_forecast_changes_the_last_value_by_at_most_the_distance_from_start_to_target(
    values: tuple[float, ...], days: int
) -> None:
    steep = readings(*values)
    drawn = predicted(steep, metric(Direction.INCREASE, start=0, target=20), days=days)
    assert abs(drawn.value - values[-1]) <= 20
    assert predicted(steep, metric(Direction.AT_LEAST, target=20), days=days).value != drawn.value


def test_a_forecast_for_a_range_changes_by_at_most_the_distance_to_the_nearer_bound() -> None:
    band = metric(Direction.WITHIN, start=2, lower=5, upper=10)
    assert predicted(readings(2, 3, 4), band, days=21).value == pytest.approx(7)


@pytest.mark.parametrize("values", [(30, 20, 10), (30, 30, 30)], ids=["away from it", "nowhere"])
def test_a_forecast_that_never_reaches_the_target_has_no_date(values: tuple[float, ...]) -> None:
    drawn = predicted(readings(*values), days=25)
    assert (drawn.will_hit, drawn.hit_on) == (False, None)


def test_a_reached_target_was_hit_on_the_day_since_when_it_holds() -> None:
    drawn = predicted(readings(100, 90, 100, 110, 120), days=45)
    assert (drawn.will_hit, drawn.hit_on) == (True, (OPENING + 20 * DAY).date())


def test_a_reached_target_that_is_drifting_away_is_not_hit() -> None:
    drawn = predicted(readings(2, 4, 6), metric(Direction.AT_MOST, target=10), days=25)
    assert drawn.value == pytest.approx(20)
    assert (drawn.progress, drawn.will_hit, drawn.hit_on) == (0, False, None)


def test_a_range_that_is_crossed_before_the_due_date_is_not_hit() -> None:
    drawn = predicted(readings(0, 2, 4), metric(Direction.WITHIN, lower=5, upper=10), days=21)
    assert drawn.value == pytest.approx(18)
    assert (drawn.will_hit, drawn.hit_on) == (False, None)


def test_a_line_beyond_the_target_with_a_last_value_below_it_hits_today() -> None:
    drawn = predicted(readings(0, 40, 80), days=70)
    assert (drawn.will_hit, drawn.hit_on) == (True, (OPENING + 70 * DAY).date())


@pytest.mark.parametrize(("values", "bound"), [((2, 2.3, 2.6), 5), ((16, 15.5, 15), 10)])
def test_a_range_is_hit_at_the_nearer_bound(values: tuple[float, ...], bound: float) -> None:
    band = metric(Direction.WITHIN, lower=5, upper=10)
    drawn = predicted(readings(*values), band, days=25)
    days = 10 * abs(bound - values[0]) / abs(values[1] - values[0])
    assert drawn.hit_on == (OPENING + days * DAY).date()


def test_a_forecast_takes_the_later_of_two_measurements_at_one_instant() -> None:
    later = OPENING + 9 * DAY
    twice = [*readings(0, 5, every=4.5 * DAY), measured(90, at=later), measured(10, at=later, position=8)]
    assert predicted(twice, days=10).value == pytest.approx(100)


def test_milestones_are_forecast_by_the_share_of_their_weight() -> None:
    reached: list[tuple[str, ...]] = [(), ("design",), ("design",)]
    steps = [measured(None, *keys, at=OPENING + 10 * i * DAY, milestones=True) for i, keys in enumerate(reached)]
    drawn = predicted(steps, MILESTONES, days=20)
    assert (drawn.value, drawn.progress, drawn.will_hit) == (1, 1, True)
    assert drawn.hit_on == (OPENING + 80 * DAY).date()
    assert predicted([*steps, measured(None, "design", at=OPENING + 80 * DAY)], MILESTONES, days=80).value < 0.4


@pytest.mark.parametrize(
    ("measurements", "given", "at"),
    [
        ([], FROM_0_TO_100, MIDDLE),
        (readings(0, 10), FROM_0_TO_100, MIDDLE),
        (readings(0, 10, 20, every=DAY / 4), FROM_0_TO_100, MIDDLE),
        (readings(0, 10, 20, every=4.4 * DAY), FROM_0_TO_100, MIDDLE),
        (readings(0, 0, 1), metric(Direction.DONE), MIDDLE),
        (readings(0, 10, 20), FROM_0_TO_100, CLOSING),
        (readings(-1e308, 0, 1e308), FROM_0_TO_100, MIDDLE),
    ],
    ids=["nothing", "two", "one day", "less than a tenth", "done", "once due", "beyond numbers"],
)
def test_no_forecast_without_enough_data(measurements: list[Measurement], given: Metric, at: datetime) -> None:
    assert forecast(measurements, given, OPENING, CLOSING, at) is None


def test_three_values_that_span_a_tenth_of_the_time_suffice_for_a_forecast() -> None:
    assert predicted(readings(0, 10, 20, every=4.5 * DAY), days=9).will_hit


def test_a_target_reached_after_the_last_representable_day_has_no_date() -> None:
    assert predicted(readings(0, 1e-9, 2e-9), days=45).hit_on is None


GOALS = [
    FROM_0_TO_100, MILESTONES, metric(Direction.DECREASE, start=10, target=-5), metric(Direction.AT_LEAST, target=7),
    metric(Direction.AT_MOST, start=80, target=30), metric(Direction.AT_MOST, start=3, target=30),
    metric(Direction.WITHIN, lower=-1, upper=1), metric(Direction.WITHIN, start=40, lower=-1, upper=1),
]  # fmt: skip
figures = st.one_of(st.floats(-200, 200), st.floats(allow_nan=False, allow_infinity=False), st.integers(-9, 9))


@settings(max_examples=200)
@given(st.sampled_from(GOALS), st.lists(figures, min_size=3, max_size=8), st.floats(0, 30))
def test_a_forecast_hits_if_and_only_if_its_day_is_not_after_the_due_day(
    goal: Metric, values: list[float], wait: float
) -> None:
    steps = [measured(value, "design", at=OPENING + 6 * i * DAY) for i, value in enumerate(values)]
    drawn = forecast(steps, goal, OPENING, CLOSING, steps[-1].measured_at + wait * DAY)
    if drawn is None:
        assert max(map(abs, values)) > 1e300
        return
    assert drawn.will_hit == (drawn.hit_on is not None and drawn.hit_on <= QUARTER_END)
    assert drawn.will_hit == (drawn.progress > 1 - 1e-9)
    if goal.target is not None and goal.start is not None:
        most = abs(goal.target - goal.start)
        assert abs(drawn.value - values[-1]) <= most + 1e-9 * abs(values[-1])
