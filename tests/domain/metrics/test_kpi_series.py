"""A KPI's series with the status of each period, and the comparison with the previous period."""

from datetime import UTC, date, datetime, timedelta
from sys import float_info

import pytest

from domain.metrics.kpi_schedule import KpiSchedule
from domain.metrics.kpi_series import (
    Comparison,
    KpiStatus,
    aggregated,
    comparison,
    judged,
    series,
    variance,
)
from domain.primitives.calendar import Calendar, Step
from domain.primitives.values import Aggregation, EarlierPeriod, GoalDirection, KpiGoal, KpiTarget
from tests.domain.metrics.builders import CLOSING, OPENING, Terms, measured, scheduled

HEALTHY, WARNING, BREACHED = KpiStatus.HEALTHY, KpiStatus.WARNING, KpiStatus.BREACHED
AT_LEAST = KpiGoal(GoalDirection.AT_LEAST, target=0.8, tolerance=0.1)
AT_MOST = KpiGoal(GoalDirection.AT_MOST, target=5)
WITHIN = KpiGoal(GoalDirection.WITHIN, lower=10, upper=20, tolerance=1)


def on(month: int, day: int, hour: int = 0) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=UTC)


def by(aggregation: Aggregation, goal: KpiGoal | None = None) -> KpiSchedule:
    return scheduled(Terms(on(1, 1), goal, aggregation))


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


def status_by_month(terms: KpiSchedule, at: datetime) -> dict[int, KpiStatus]:
    return {one.start.month: one.status for one in series(READINGS, Step.MONTH, terms, at)}


def test_a_period_is_judged_by_the_goal_in_force_on_its_last_day() -> None:
    raised = Terms(on(2, 28, 15), AT_MOST)
    terms = [Terms(on(1, 1), KpiGoal(GoalDirection.AT_MOST, target=8)), raised]
    assert status_by_month(scheduled(*terms), on(4, 15)) == {1: HEALTHY, 2: BREACHED, 3: KpiStatus.NO_DATA, 4: HEALTHY}
    assert status_by_month(scheduled(terms[0], Terms(on(3, 1), AT_MOST)), on(4, 15))[2] is HEALTHY


def test_a_period_is_judged_by_the_tolerance_and_direction_in_force_on_its_last_day() -> None:
    tolerant = KpiGoal(GoalDirection.AT_MOST, target=5, tolerance=3)
    turned = Terms(on(2, 10), KpiGoal(GoalDirection.AT_LEAST, target=5))
    assert status_by_month(scheduled(Terms(on(1, 1), tolerant), turned), on(2, 20)) == {1: WARNING, 2: HEALTHY}


def test_a_running_period_is_judged_by_the_goal_in_force_at_the_basis() -> None:
    terms = [Terms(on(1, 1)), Terms(on(4, 10), KpiGoal(GoalDirection.AT_LEAST, target=5))]
    assert status_by_month(scheduled(*terms[:1]), on(4, 5))[4] is HEALTHY
    assert status_by_month(scheduled(*terms), on(4, 10))[4] is BREACHED


def test_periods_before_the_first_definition_are_judged_by_it() -> None:
    assert status_by_month(scheduled(Terms(on(4, 1), AT_MOST)), on(4, 15))[1] is BREACHED


def test_a_period_is_worked_out_by_the_aggregation_in_force_on_its_last_day() -> None:
    terms = [Terms(on(1, 1), None, Aggregation.SUM), Terms(on(2, 1), None, Aggregation.LAST)]
    points = series(READINGS[:3], Step.MONTH, scheduled(*terms), on(2, 20))
    assert [point.value for point in points] == [12, 6]
    points = series(READINGS[:3], Step.MONTH, scheduled(*terms), on(2, 20), aggregation=Aggregation.FIRST)
    assert [point.value for point in points] == [4, 6]


def test_a_period_that_has_not_ended_at_the_basis_is_partial() -> None:
    assert [one.is_partial for one in series(READINGS, Step.MONTH, BY_LAST, on(4, 15))] == [False, False, False, True]
    assert [one.is_partial for one in series(READINGS[:2], Step.MONTH, BY_LAST, on(2, 1))] == [False, True]


def test_a_sum_is_judged_once_its_period_has_ended() -> None:
    summed = by(Aggregation.SUM, KpiGoal(GoalDirection.AT_LEAST, target=100))
    assert status_by_month(summed, on(4, 15))[4] is KpiStatus.NO_DATA
    assert status_by_month(summed, on(5, 1))[4] is BREACHED


def test_step_change_judges_a_reading_by_the_goal_in_force_on_its_day() -> None:
    terms = [Terms(on(1, 1)), Terms(on(2, 1, 12), AT_MOST)]
    points = series(READINGS, Step.CHANGE, scheduled(*terms), on(4, 15), aggregation=Aggregation.SUM)
    assert [point.status for point in points] == [HEALTHY, HEALTHY, BREACHED, HEALTHY]
    assert not any(point.is_partial for point in points)


def test_biweekly_periods_are_counted_on_from_the_week_of_5_january_1970() -> None:
    readings = [measured(1, at=on(1, 12)), measured(2, at=on(1, 19))]
    first, second = series(readings, Step.BIWEEKLY, BY_LAST, on(1, 19))
    assert (first.start, first.end, first.value, first.count) == (on(1, 5), on(1, 19), 1, 1)
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
    terms = [Terms(on(1, 1), None, Aggregation.SUM), Terms(on(2, 1), None, Aggregation.MAX)]
    compared = comparison(READINGS[:3], Step.MONTH, scheduled(*terms), on(2, 20))
    assert (compared.current, compared.previous) == (6, 12)
    assert comparison(READINGS[:3], Step.MONTH, scheduled(*terms), on(2, 20), Aggregation.FIRST).previous == 4


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


# ── the plan ─────────────────────────────────────────────────────────────────────────────────────


def monthly(*targets: float) -> tuple[KpiTarget, ...]:
    """A target from the first day of each month on, beginning with January."""
    return tuple(KpiTarget(date(2026, month, 1), target=value) for month, value in enumerate(targets, 1))


PLANNED = scheduled(Terms(on(1, 1), AT_LEAST), Terms(on(1, 1), AT_LEAST, targets=monthly(5, 6, 7, 8, 9, 10)))


def test_each_period_has_the_goal_of_its_last_day_as_scheduled() -> None:
    points = series(READINGS, Step.MONTH, PLANNED, on(4, 15))
    assert [(one.planned, one.value, one.variance, one.status) for one in points] == [
        (5, 8, 3, HEALTHY), (6, 6, 0, HEALTHY), (7, None, None, KpiStatus.NO_DATA), (8, 3, -5, BREACHED),
    ]  # fmt: skip
    assert points[0].goal == KpiGoal(GoalDirection.AT_LEAST, target=5, tolerance=0.1)


def test_quarter_is_judged_by_the_target_of_its_last_month() -> None:
    (first, _) = series(READINGS, Step.QUARTER, PLANNED, on(4, 15))
    assert (first.planned, first.label) == (7, PLANNED.calendar.label(Step.QUARTER, on(1, 1)))


def test_planned_periods_after_the_basis_are_included_on_request() -> None:
    points = series(READINGS, Step.MONTH, PLANNED, on(4, 15), include_planned=True, since=on(4, 1))
    assert [(one.start.month, one.planned, one.value, one.status, one.is_partial) for one in points] == [
        (4, 8, 3, BREACHED, True), (5, 9, None, KpiStatus.NO_DATA, True), (6, 10, None, KpiStatus.NO_DATA, True),
    ]  # fmt: skip
    until = series(READINGS, Step.MONTH, PLANNED, on(4, 15), include_planned=True, since=on(6, 1), until=on(9, 1))
    assert [(one.start.month, one.planned) for one in until] == [(6, 10), (7, 10), (8, 10)]


def test_plan_is_shown_before_the_first_reading() -> None:
    points = series([], Step.MONTH, PLANNED, on(4, 15), include_planned=True)
    assert [(one.start.month, one.planned) for one in points] == [(4, 8), (5, 9), (6, 10)]


def test_goal_within_bounds_plans_no_single_value() -> None:
    (first, *_) = series(READINGS, Step.MONTH, by(Aggregation.LAST, WITHIN), on(4, 15))
    assert (first.planned, first.value, first.variance, first.goal) == (None, 8, -2, WITHIN)
    (free, *_) = series(READINGS, Step.MONTH, BY_LAST, on(4, 15))
    assert (free.planned, free.variance, free.goal) == (None, None, None)


@pytest.mark.parametrize(
    ("goal", "value", "expected"),
    [
        (AT_LEAST, 1.0, 0.2), (AT_LEAST, 0.5, -0.3), (AT_MOST, 7, 2), (AT_MOST, 4, -1),
        (WITHIN, 7, -3), (WITHIN, 24, 4), (WITHIN, 12, 2), (WITHIN, 17, -3), (WITHIN, 15, 5), (WITHIN, 20, 0),
    ],
)  # fmt: skip
def test_variance_is_the_signed_distance_from_the_target_or_the_nearer_bound(
    goal: KpiGoal, value: float, expected: float
) -> None:
    assert variance(goal, value) == pytest.approx(expected)


# ── comparison with the year before ──────────────────────────────────────────────────────────────


def at_day(year: int, month: int, day: int, hour: int = 0) -> datetime:
    return datetime(year, month, day, hour, tzinfo=UTC)


def test_comparison_with_the_year_before_is_on_the_same_elapsed_part() -> None:
    readings = [measured(value, at=at_day(*day)) for value, *day in [(10, 2025, 2, 5), (30, 2025, 2, 20)]]
    readings += [measured(8, at=at_day(2026, 1, 31)), measured(14, at=at_day(2026, 2, 3))]
    summed = by(Aggregation.SUM)
    found = comparison(readings, Step.MONTH, summed, on(2, 10), to=EarlierPeriod.YEAR_BEFORE)
    assert found == Comparison(14, 40, -26, 0.4, is_partial=True, previous_to_date=10, change_to_date=4)


def test_elapsed_part_of_a_leap_month_is_all_of_the_shorter_one() -> None:
    readings = [measured(10, at=at_day(2023, 2, 28, 20)), measured(5, at=at_day(2024, 2, 29, 9))]
    found = comparison(readings, Step.MONTH, by(Aggregation.SUM), at_day(2024, 2, 29, 9), to=EarlierPeriod.YEAR_BEFORE)
    assert (found.current, found.previous_to_date) == (5, 10)


def test_step_change_compares_the_latest_reading_with_the_latest_of_the_year_before() -> None:
    days = [(1, 2025, 4, 1), (2, 2025, 4, 2, 23), (3, 2025, 4, 3), (6, 2026, 4, 2)]
    readings = [measured(value, at=at_day(*day)) for value, *day in days]
    found = comparison(readings, Step.CHANGE, BY_LAST, on(4, 15), to=EarlierPeriod.YEAR_BEFORE)
    assert (found.current, found.previous, found.change) == (6, 2, 4)
    assert comparison(readings[2:], Step.CHANGE, BY_LAST, on(4, 15), to=EarlierPeriod.YEAR_BEFORE).previous is None


# ── the calendar ─────────────────────────────────────────────────────────────────────────────────

AUCKLAND = Calendar(time_zone="Pacific/Auckland")
LISBON = Calendar(time_zone="Europe/Lisbon", fiscal_year_start_month=2)
"""Daylight saving ends there on Sunday, 25 October 2026."""


def test_first_half_hour_of_a_month_is_judged_by_the_target_of_that_month_in_the_zone_of_the_company() -> None:
    targets = (KpiTarget(date(2026, 2, 1), target=6), KpiTarget(date(2026, 3, 1), target=9))
    plan = scheduled(Terms(on(1, 1), AT_LEAST), Terms(on(1, 1), AT_LEAST, targets=targets), calendar=AUCKLAND)
    half_past_midnight = datetime.fromisoformat("2026-02-01T00:30:00+13:00")
    (point,) = series([measured(7, at=half_past_midnight)], Step.MONTH, plan, on(2, 10))
    assert (point.start, point.label, point.planned) == (on(1, 31, 11), "2026-02", 6)


def test_fiscal_quarter_has_the_target_of_its_last_day() -> None:
    targets = (KpiTarget(date(2026, 4, 30), target=6), KpiTarget(date(2026, 5, 1), target=9))
    plan = scheduled(Terms(on(1, 1), AT_LEAST), Terms(on(1, 1), AT_LEAST, targets=targets), calendar=LISBON)
    points = series([measured(7, at=on(2, 10))], Step.QUARTER, plan, on(5, 10))
    assert [(point.label, point.planned) for point in points] == [("FY27-Q1", 6), ("FY27-Q2", 9)]


def test_goal_without_a_first_day_begins_on_the_day_of_the_zone() -> None:
    evening = datetime(2026, 1, 31, 20, tzinfo=UTC)
    schedule = scheduled(Terms(on(1, 1)), Terms(evening, AT_LEAST), calendar=AUCKLAND)
    assert (schedule.on(date(2026, 1, 31)).goal, schedule.on(date(2026, 2, 1)).goal) == (None, AT_LEAST)


def test_same_elapsed_part_ends_at_the_same_time_of_day_across_the_end_of_daylight_saving() -> None:
    at = datetime.fromisoformat("2026-10-26T10:00:00+00:00")
    readings = [
        measured(3, at=datetime.fromisoformat("2026-09-26T09:30:00+01:00")),
        measured(4, at=datetime.fromisoformat("2026-09-26T10:30:00+01:00")),
    ]
    summed = scheduled(Terms(on(1, 1), None, Aggregation.SUM), calendar=LISBON)
    found = comparison(readings, Step.MONTH, summed, at)
    assert (found.previous, found.previous_to_date) == (7, 3)
