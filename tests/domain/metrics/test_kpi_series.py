"""A KPI's series with the status of each period, and the comparison with the previous period."""

from datetime import UTC, datetime, timedelta
from functools import partial
from sys import float_info

import pytest

from domain.metrics import kpi_series
from domain.metrics.kpi_series import (
    Comparison,
    KpiStatus,
    KpiTerms,
    SeriesPoint,
    aggregated,
    judged,
)
from domain.primitives.calendar import Step
from domain.primitives.values import Aggregation, GoalDirection, KpiGoal
from tests.domain.metrics.builders import CALENDAR, CLOSING, OPENING, measured

HEALTHY, WARNING, BREACHED = KpiStatus.HEALTHY, KpiStatus.WARNING, KpiStatus.BREACHED
AT_LEAST = KpiGoal(GoalDirection.AT_LEAST, target=0.8, tolerance=0.1)
AT_MOST = KpiGoal(GoalDirection.AT_MOST, target=5)
series = partial(kpi_series.series, calendar=CALENDAR)
comparison = partial(kpi_series.comparison, calendar=CALENDAR)
WITHIN = KpiGoal(GoalDirection.WITHIN, lower=10, upper=20, tolerance=1)


def on(month: int, day: int, hour: int = 0) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=UTC)


def by(aggregation: Aggregation, goal: KpiGoal | None = None) -> list[KpiTerms]:
    return [KpiTerms(on(1, 1), goal, aggregation)]


BY_LAST = by(Aggregation.LAST)

# ── judging ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("goal", "value", "expected"),
    [
        (AT_LEAST, 0.8, HEALTHY), (AT_LEAST, 0.9, HEALTHY), (AT_LEAST, 0.79, WARNING), (AT_LEAST, 0.7, WARNING),
        (AT_LEAST, 0.69, BREACHED),
        (AT_MOST, 5, HEALTHY), (AT_MOST, 5.01, BREACHED), (AT_MOST, -1, HEALTHY),
        (WITHIN, 10, HEALTHY), (WITHIN, 20, HEALTHY), (WITHIN, 9, WARNING), (WITHIN, 21, WARNING),
        (WITHIN, 8.9, BREACHED), (WITHIN, 21.1, BREACHED),
        (KpiGoal(GoalDirection.AT_MOST, target=0), 0, HEALTHY), (None, -3, HEALTHY),
    ],
)  # fmt: skip
def test_bounds_are_inclusive_and_within_tolerance_is_a_warning(
    goal: KpiGoal | None, value: float, expected: KpiStatus
) -> None:
    assert judged(goal, value) is expected


def test_status_tolerates_floating_point_error() -> None:
    assert judged(KpiGoal(GoalDirection.AT_MOST, target=0.3), 0.1 + 0.2) is HEALTHY


# ── series ───────────────────────────────────────────────────────────────────────────────────────

READINGS = [
    measured(4, at=on(1, 5)),
    measured(8, at=on(1, 31, 23)),
    measured(6, at=on(2, 1)),
    measured(3, at=on(4, 2)),
]


def test_buckets_are_half_open_and_aligned_to_the_calendar() -> None:
    points = series(READINGS, Step.MONTH, by(Aggregation.LAST, AT_MOST), on(4, 15))
    assert [(point.start, point.end, point.value, point.count, point.status) for point in points] == [
        (on(1, 1), on(2, 1), 8, 2, BREACHED),
        (on(2, 1), on(3, 1), 6, 1, BREACHED),
        (on(3, 1), on(4, 1), None, 0, KpiStatus.NO_DATA),
        (on(4, 1), on(5, 1), 3, 1, HEALTHY),
    ]


def test_the_last_bucket_contains_the_basis_even_on_a_boundary() -> None:
    readings = [*READINGS[:2], measured(6, at=on(2, 1))]
    points = series(readings, Step.MONTH, BY_LAST, on(2, 1))
    assert [(point.start, point.value) for point in points] == [(on(1, 1), 8), (on(2, 1), 6)]


@pytest.mark.parametrize(
    ("since", "until", "months"),
    [
        (on(2, 10), None, [2, 3, 4]),
        (None, on(3, 1), [1, 2]),
        (on(2, 1), on(3, 2), [2, 3]),
        (None, on(12, 1), [1, 2, 3, 4]),
        (on(3, 1), on(2, 1), []),
        (on(6, 1), None, []),
    ],
)
def test_a_window_selects_whole_buckets_up_to_the_basis(
    since: datetime | None, until: datetime | None, months: list[int]
) -> None:
    points = series(READINGS, Step.MONTH, BY_LAST, on(4, 15), since=since, until=until)
    assert [point.start.month for point in points] == months


def test_a_window_does_not_cut_its_first_bucket() -> None:
    points = series(READINGS, Step.MONTH, by(Aggregation.SUM), on(1, 31, 23), since=on(1, 20))
    assert [(point.value, point.count) for point in points] == [(12, 2)]


def test_a_series_without_readings_is_empty_unless_a_start_is_given() -> None:
    assert series([], Step.WEEK, BY_LAST, on(1, 20)) == []
    points = series([], Step.WEEK, BY_LAST, on(1, 20), since=on(1, 6))
    assert [(point.value, point.count) for point in points] == [(None, 0)] * 3


def test_step_change_makes_one_bucket_per_reading() -> None:
    points = series(READINGS, Step.CHANGE, BY_LAST, on(4, 15), since=on(1, 31))
    assert [(point.start, point.end, point.value) for point in points] == [
        (on(1, 31, 23), on(2, 1), 8),
        (on(2, 1), on(4, 2), 6),
        (on(4, 2), on(4, 15), 3),
    ]


def test_a_short_span_of_many_readings_is_not_too_large() -> None:
    many = [measured(number, at=OPENING + timedelta(minutes=number)) for number in range(10_002)]
    points = series(many, Step.CHANGE, BY_LAST, CLOSING, since=OPENING, until=OPENING + timedelta(minutes=10))
    assert [point.value for point in points] == list(range(10))


def test_step_change_includes_a_reading_at_the_basis() -> None:
    (point,) = series(READINGS[:1], Step.CHANGE, BY_LAST, on(1, 5))
    assert (point.value, point.count) == (4, 1)
    assert series([], Step.CHANGE, BY_LAST, on(1, 5), since=on(1, 1)) == []


def status_by_month(terms: list[KpiTerms], at: datetime) -> dict[int, KpiStatus]:
    return {one.start.month: one.status for one in series(READINGS, Step.MONTH, terms, at)}


def test_a_period_is_judged_by_the_goal_in_force_on_its_last_day() -> None:
    raised = KpiTerms(on(2, 28, 15), AT_MOST)
    terms = [KpiTerms(on(1, 1), KpiGoal(GoalDirection.AT_MOST, target=8)), raised]
    assert status_by_month(terms, on(4, 15)) == {1: HEALTHY, 2: BREACHED, 3: KpiStatus.NO_DATA, 4: HEALTHY}
    assert status_by_month([terms[0], KpiTerms(on(3, 1), AT_MOST)], on(4, 15))[2] is HEALTHY


def test_a_period_is_judged_by_the_tolerance_and_direction_in_force_on_its_last_day() -> None:
    tolerant = KpiGoal(GoalDirection.AT_MOST, target=5, tolerance=3)
    turned = KpiTerms(on(2, 10), KpiGoal(GoalDirection.AT_LEAST, target=5))
    assert status_by_month([KpiTerms(on(1, 1), tolerant), turned], on(2, 20)) == {1: WARNING, 2: HEALTHY}


def test_a_running_period_is_judged_by_the_goal_in_force_at_the_basis() -> None:
    terms = [KpiTerms(on(1, 1)), KpiTerms(on(4, 10), KpiGoal(GoalDirection.AT_LEAST, target=5))]
    assert status_by_month(terms[:1], on(4, 5))[4] is HEALTHY
    assert status_by_month(terms, on(4, 10))[4] is BREACHED


def test_periods_before_the_first_definition_are_judged_by_it() -> None:
    assert status_by_month([KpiTerms(on(4, 1), AT_MOST)], on(4, 15))[1] is BREACHED


def test_a_period_is_worked_out_by_the_aggregation_in_force_on_its_last_day() -> None:
    terms = [KpiTerms(on(1, 1), None, Aggregation.SUM), KpiTerms(on(2, 1), None, Aggregation.LAST)]
    points = series(READINGS[:3], Step.MONTH, terms, on(2, 20))
    assert [point.value for point in points] == [12, 6]
    points = series(READINGS[:3], Step.MONTH, terms, on(2, 20), aggregation=Aggregation.FIRST)
    assert [point.value for point in points] == [4, 6]


def test_a_period_that_has_not_ended_at_the_basis_is_partial() -> None:
    assert [one.is_partial for one in series(READINGS, Step.MONTH, BY_LAST, on(4, 15))] == [False, False, False, True]
    assert [one.is_partial for one in series(READINGS[:2], Step.MONTH, BY_LAST, on(2, 1))] == [False, True]


def test_a_sum_is_judged_once_its_period_has_ended() -> None:
    summed = by(Aggregation.SUM, KpiGoal(GoalDirection.AT_LEAST, target=100))
    assert status_by_month(summed, on(4, 15))[4] is KpiStatus.NO_DATA
    assert status_by_month(summed, on(5, 1))[4] is BREACHED


def test_step_change_judges_a_reading_by_the_goal_in_force_on_its_day() -> None:
    terms = [KpiTerms(on(1, 1)), KpiTerms(on(2, 1, 12), AT_MOST)]
    points = series(READINGS, Step.CHANGE, terms, on(4, 15), aggregation=Aggregation.SUM)
    assert [point.status for point in points] == [HEALTHY, HEALTHY, BREACHED, HEALTHY]
    assert not any(point.is_partial for point in points)


def test_biweekly_periods_are_counted_on_from_the_week_of_5_january_1970() -> None:
    readings = [measured(1, at=on(1, 12)), measured(2, at=on(1, 19))]
    first, second = series(readings, Step.BIWEEKLY, BY_LAST, on(1, 19))
    assert first == SeriesPoint(on(1, 5), on(1, 19), 1, 1, HEALTHY)
    assert (second.start, second.end, second.is_partial) == (on(1, 19), on(2, 2), True)


@pytest.mark.parametrize(
    ("aggregation", "value"),
    [
        (Aggregation.LAST, 2), (Aggregation.FIRST, 4), (Aggregation.MEAN, 5), (Aggregation.MIN, 2),
        (Aggregation.MAX, 9), (Aggregation.SUM, 15),
    ],
)  # fmt: skip
def test_the_readings_of_a_bucket_are_aggregated(aggregation: Aggregation, value: float) -> None:
    assert aggregated([4, 9, 2], aggregation) == value


def test_aggregates_are_exact_and_finite() -> None:
    assert aggregated([0.1] * 10, Aggregation.SUM) == 1.0
    assert aggregated([float_info.max] * 2, Aggregation.SUM) == float_info.max
    assert aggregated([1e308] * 4, Aggregation.MEAN) == pytest.approx(1e308)


# ── comparison ───────────────────────────────────────────────────────────────────────────────────


def test_comparison_is_between_the_bucket_of_the_basis_and_the_previous_one() -> None:
    compared = comparison(READINGS[:3], Step.MONTH, BY_LAST, on(2, 20))
    assert (compared.current, compared.previous, compared.change) == (6, 8, -2)
    compared = comparison(READINGS, Step.QUARTER, by(Aggregation.SUM), on(4, 2))
    assert (compared.current, compared.previous, compared.change) == (3, 18, -15)


def test_a_partial_period_has_a_ratio_on_the_same_elapsed_part_of_the_previous_one() -> None:
    readings = [measured(value, at=on(*at)) for value, *at in [(10, 1, 5), (30, 1, 20), (14, 2, 3)]]
    summed = by(Aggregation.SUM)
    assert comparison(readings, Step.MONTH, summed, on(2, 10)) == Comparison(
        14, 40, -26, 0.4, is_partial=True, previous_to_date=10, change_to_date=4
    )
    assert comparison(readings, Step.MONTH, summed, on(2, 20)) == Comparison(
        14, 40, -26, -0.65, is_partial=True, previous_to_date=40, change_to_date=-26
    )


def test_the_elapsed_part_includes_its_last_instant_and_ends_with_the_previous_period() -> None:
    readings = [measured(10, at=on(2, 5)), measured(20, at=on(2, 28, 23)), measured(6, at=on(3, 5))]
    assert comparison(readings, Step.MONTH, BY_LAST, on(3, 5)).previous_to_date == 10
    assert comparison(readings, Step.MONTH, BY_LAST, on(3, 5) - timedelta(hours=1)).previous_to_date is None
    assert comparison(readings, Step.MONTH, BY_LAST, on(3, 31)).previous_to_date == 20


def test_compared_periods_are_worked_out_by_the_aggregations_in_force_on_their_last_days() -> None:
    terms = [KpiTerms(on(1, 1), None, Aggregation.SUM), KpiTerms(on(2, 1), None, Aggregation.MAX)]
    compared = comparison(READINGS[:3], Step.MONTH, terms, on(2, 20))
    assert (compared.current, compared.previous) == (6, 12)
    assert comparison(READINGS[:3], Step.MONTH, terms, on(2, 20), aggregation=Aggregation.FIRST).previous == 4


def test_a_change_from_below_zero_has_the_sign_of_its_direction() -> None:
    readings = [measured(-4, at=on(1, 5)), measured(-2, at=on(2, 5))]
    compared = comparison(readings, Step.MONTH, BY_LAST, on(2, 20))
    assert (compared.change, compared.change_ratio) == (2, 0.5)


def test_a_change_from_0_has_no_ratio() -> None:
    readings = [measured(0, at=on(1, 5)), measured(2, at=on(2, 5))]
    compared = comparison(readings, Step.MONTH, BY_LAST, on(2, 20))
    assert (compared.change, compared.change_ratio) == (2, None)


def test_a_missing_bucket_has_no_change() -> None:
    assert comparison(READINGS[:3], Step.MONTH, BY_LAST, on(3, 20)) == Comparison(
        None, 6, None, None, is_partial=True, previous_to_date=6
    )
    assert comparison(READINGS[:1], Step.MONTH, BY_LAST, on(1, 20)) == Comparison(4, None, None, None, is_partial=True)


def test_step_change_compares_the_latest_reading_with_the_previous_one() -> None:
    assert comparison(READINGS, Step.CHANGE, BY_LAST, on(4, 15)) == Comparison(3, 6, -3, -0.5)
    assert comparison(READINGS[:1], Step.CHANGE, BY_LAST, on(1, 15)) == Comparison(4, None, None, None)
    assert comparison([], Step.CHANGE, BY_LAST, on(1, 15)) == Comparison(None, None, None, None)
