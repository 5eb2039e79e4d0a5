"""A KPI's status, its series, and the comparison with the previous period."""

from datetime import UTC, datetime, timedelta
from sys import float_info

import pytest

from domain.metrics.kpi_series import (
    Comparison,
    KpiFacts,
    KpiStatus,
    aggregated,
    comparison,
    judged,
    series,
    status,
)
from domain.primitives.calendar import Step
from domain.primitives.values import Aggregation, Cadence, GoalDirection, KpiGoal
from tests.domain.metrics.builders import MIDDLE, POLICY, measured

HEALTHY, WARNING, BREACHED = KpiStatus.HEALTHY, KpiStatus.WARNING, KpiStatus.BREACHED
AT_LEAST = KpiGoal(GoalDirection.AT_LEAST, target=0.8, tolerance=0.1)
AT_MOST = KpiGoal(GoalDirection.AT_MOST, target=5)
WITHIN = KpiGoal(GoalDirection.WITHIN, lower=10, upper=20, tolerance=1)
WEEKLY_STALE = timedelta(days=10.5)


def on(month: int, day: int, hour: int = 0) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=UTC)


# ── status: the first match counts ───────────────────────────────────────────────────────────────


def kpi(latest: float | None, *, retired: bool = False, goal: KpiGoal | None = AT_MOST) -> KpiFacts:
    return KpiFacts(goal, Cadence.WEEKLY, retired, latest, None if latest is None else MIDDLE)


def test_retired_takes_precedence_over_every_other_status() -> None:
    assert status(kpi(None, retired=True), MIDDLE, POLICY) is KpiStatus.RETIRED
    assert status(kpi(9, retired=True), MIDDLE + 99 * WEEKLY_STALE, POLICY) is KpiStatus.RETIRED


def test_a_kpi_without_a_reading_has_no_data() -> None:
    assert status(kpi(None), MIDDLE, POLICY) is KpiStatus.NO_DATA


def test_a_kpi_is_stale_once_its_reading_is_older_than_its_cadence_allows() -> None:
    assert status(kpi(4), MIDDLE + WEEKLY_STALE, POLICY) is HEALTHY
    assert status(kpi(4), MIDDLE + WEEKLY_STALE + timedelta(microseconds=1), POLICY) is KpiStatus.STALE


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
    assert status(kpi(value, goal=goal), MIDDLE, POLICY) is expected


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
    points = series(READINGS, Step.MONTH, Aggregation.LAST, AT_MOST, on(4, 15))
    assert [(point.start, point.end, point.value, point.count, point.status) for point in points] == [
        (on(1, 1), on(2, 1), 8, 2, BREACHED),
        (on(2, 1), on(3, 1), 6, 1, BREACHED),
        (on(3, 1), on(4, 1), None, 0, KpiStatus.NO_DATA),
        (on(4, 1), on(5, 1), 3, 1, HEALTHY),
    ]


def test_the_last_bucket_contains_the_basis_even_on_a_boundary() -> None:
    readings = [*READINGS[:2], measured(6, at=on(2, 1))]
    points = series(readings, Step.MONTH, Aggregation.LAST, None, on(2, 1))
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
    points = series(READINGS, Step.MONTH, Aggregation.LAST, None, on(4, 15), since=since, until=until)
    assert [point.start.month for point in points] == months


def test_a_window_does_not_cut_its_first_bucket() -> None:
    points = series(READINGS, Step.MONTH, Aggregation.SUM, None, on(1, 31, 23), since=on(1, 20))
    assert [(point.value, point.count) for point in points] == [(12, 2)]


def test_a_series_without_readings_is_empty_unless_a_start_is_given() -> None:
    assert series([], Step.WEEK, Aggregation.LAST, None, on(1, 20)) == []
    points = series([], Step.WEEK, Aggregation.LAST, None, on(1, 20), since=on(1, 6))
    assert [(point.value, point.count) for point in points] == [(None, 0)] * 3


def test_step_change_makes_one_bucket_per_reading() -> None:
    points = series(READINGS, Step.CHANGE, Aggregation.LAST, None, on(4, 15), since=on(1, 31))
    assert [(point.start, point.end, point.value) for point in points] == [
        (on(1, 31, 23), on(2, 1), 8),
        (on(2, 1), on(4, 2), 6),
        (on(4, 2), on(4, 15), 3),
    ]


def test_step_change_includes_a_reading_at_the_basis() -> None:
    (point,) = series(READINGS[:1], Step.CHANGE, Aggregation.LAST, None, on(1, 5))
    assert (point.value, point.count) == (4, 1)
    assert series([], Step.CHANGE, Aggregation.LAST, None, on(1, 5), since=on(1, 1)) == []


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
    assert comparison(READINGS[:3], Step.MONTH, Aggregation.LAST, on(2, 20)) == Comparison(6, 8, -2, -0.25)
    assert comparison(READINGS, Step.QUARTER, Aggregation.SUM, on(4, 2)) == Comparison(3, 18, -15, -15 / 18)


def test_a_change_from_below_zero_has_the_sign_of_its_direction() -> None:
    readings = [measured(-4, at=on(1, 5)), measured(-2, at=on(2, 5))]
    assert comparison(readings, Step.MONTH, Aggregation.LAST, on(2, 20)) == Comparison(-2, -4, 2, 0.5)


def test_a_change_from_0_has_no_ratio() -> None:
    readings = [measured(0, at=on(1, 5)), measured(2, at=on(2, 5))]
    assert comparison(readings, Step.MONTH, Aggregation.LAST, on(2, 20)) == Comparison(2, 0, 2, None)


def test_a_missing_bucket_has_no_change() -> None:
    assert comparison(READINGS[:3], Step.MONTH, Aggregation.LAST, on(3, 20)) == Comparison(None, 6, None, None)
    assert comparison(READINGS[:1], Step.MONTH, Aggregation.LAST, on(1, 20)) == Comparison(4, None, None, None)


def test_step_change_compares_the_latest_reading_with_the_previous_one() -> None:
    assert comparison(READINGS, Step.CHANGE, Aggregation.LAST, on(4, 15)) == Comparison(3, 6, -3, -0.5)
    assert comparison(READINGS[:1], Step.CHANGE, Aggregation.LAST, on(1, 15)) == Comparison(4, None, None, None)
    assert comparison([], Step.CHANGE, Aggregation.LAST, on(1, 15)) == Comparison(None, None, None, None)
