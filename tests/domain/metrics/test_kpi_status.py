"""A KPI's status: the first match, and the period that it is the status of."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.metrics.formulas import Measurement
from domain.metrics.kpi_series import KpiStatus, series
from domain.metrics.kpi_status import PERIODS, KpiFacts, latest_period, status
from domain.primitives.values import Aggregation, Cadence, GoalDirection, KpiGoal
from tests.domain.metrics.builders import MIDDLE, OPENING, POLICY, Terms, measured, scheduled

HEALTHY, WARNING, BREACHED = KpiStatus.HEALTHY, KpiStatus.WARNING, KpiStatus.BREACHED
NO_DATA, STALE = KpiStatus.NO_DATA, KpiStatus.STALE
AT_MOST = KpiGoal(GoalDirection.AT_MOST, target=5)
AT_LEAST = KpiGoal(GoalDirection.AT_LEAST, target=100)
WEEKLY_STALE = timedelta(days=10.5)


def on(month: int, day: int, hour: int = 0) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=UTC)


def kpi(
    aggregation: Aggregation = Aggregation.LAST,
    goal: KpiGoal | None = AT_MOST,
    cadence: Cadence = Cadence.WEEKLY,
    *,
    retired: bool = False,
) -> KpiFacts:
    return KpiFacts(scheduled(Terms(OPENING, goal, aggregation)), cadence, retired)


# ── the first match counts ───────────────────────────────────────────────────────────────────────


def test_retired_takes_precedence_over_every_other_status() -> None:
    assert status(kpi(retired=True), [], MIDDLE, POLICY) is KpiStatus.RETIRED
    assert status(kpi(retired=True), [measured(9)], MIDDLE + 99 * WEEKLY_STALE, POLICY) is KpiStatus.RETIRED


def test_a_kpi_without_a_reading_has_no_data() -> None:
    assert status(kpi(), [], MIDDLE, POLICY) is NO_DATA


def test_a_kpi_is_stale_once_its_reading_is_older_than_its_cadence_allows() -> None:
    assert status(kpi(), [measured(4)], MIDDLE + WEEKLY_STALE, POLICY) is HEALTHY
    assert status(kpi(), [measured(4)], MIDDLE + WEEKLY_STALE + timedelta(microseconds=1), POLICY) is STALE


def test_a_kpi_without_a_goal_is_healthy() -> None:
    assert status(kpi(goal=None), [measured(-3)], MIDDLE, POLICY) is HEALTHY


# ── the period that is judged ────────────────────────────────────────────────────────────────────

WEEK_1, WEEK_2, WEEK_3 = on(1, 5), on(1, 12), on(1, 19)
DAYS = [
    measured(60, at=on(1, 5, 9)), measured(70, at=on(1, 9)), measured(30, at=on(1, 12)), measured(20, at=on(1, 14)),
]  # fmt: skip


@pytest.mark.parametrize(
    ("aggregation", "value"),
    [
        (Aggregation.LAST, 20), (Aggregation.FIRST, 30), (Aggregation.MEAN, 25), (Aggregation.MIN, 20),
        (Aggregation.MAX, 30),
    ],
)  # fmt: skip
def test_status_is_of_the_latest_period_with_readings(aggregation: Aggregation, value: float) -> None:
    latest = latest_period(kpi(aggregation), DAYS, on(1, 16))
    assert latest is not None
    assert (latest.start, latest.value) == (WEEK_2, value)
    goal = KpiGoal(GoalDirection.AT_LEAST, target=value)
    assert status(kpi(aggregation, goal), DAYS, on(1, 16), POLICY) is HEALTHY
    goal = KpiGoal(GoalDirection.AT_LEAST, target=value + 1, tolerance=1)
    assert status(kpi(aggregation, goal), DAYS, on(1, 16), POLICY) is WARNING
    goal = KpiGoal(GoalDirection.AT_LEAST, target=value + 1)
    assert status(kpi(aggregation, goal), DAYS, on(1, 16), POLICY) is BREACHED


def test_status_of_a_sum_is_of_the_latest_complete_period() -> None:
    summed = kpi(Aggregation.SUM, AT_LEAST)
    assert status(summed, DAYS, on(1, 16), POLICY) is HEALTHY
    assert status(summed, DAYS, WEEK_3, POLICY) is BREACHED


def test_a_sum_has_no_data_while_no_period_is_complete() -> None:
    assert status(kpi(Aggregation.SUM, AT_LEAST), DAYS[:2], on(1, 9), POLICY) is NO_DATA


def test_a_sum_skips_complete_periods_without_readings() -> None:
    readings = [*DAYS[:2], measured(1, at=WEEK_3)]
    assert status(kpi(Aggregation.SUM, AT_LEAST), readings, WEEK_3, POLICY) is HEALTHY


def test_readings_before_the_period_are_not_needed() -> None:
    assert latest_period(kpi(), DAYS[-1:], on(1, 16)) is not None
    for aggregation in Aggregation:
        rest = DAYS if aggregation is Aggregation.SUM else DAYS[2:]
        assert latest_period(kpi(aggregation), rest, on(1, 16)) == latest_period(kpi(aggregation), DAYS, on(1, 16))


def test_status_is_judged_by_the_goal_in_force_on_the_last_day_of_the_period() -> None:
    raised = KpiFacts(scheduled(Terms(OPENING), Terms(WEEK_3, AT_LEAST)), Cadence.WEEKLY)
    assert status(raised, DAYS, WEEK_3, POLICY) is HEALTHY
    assert status(raised, [*DAYS, measured(20, at=WEEK_3)], WEEK_3, POLICY) is BREACHED


def test_a_running_period_is_judged_by_the_aggregation_in_force_at_the_basis() -> None:
    terms = (Terms(OPENING, AT_LEAST, Aggregation.SUM), Terms(on(1, 13), AT_LEAST, Aggregation.LAST))
    assert status(KpiFacts(scheduled(*terms[:1]), Cadence.WEEKLY), DAYS, on(1, 16), POLICY) is HEALTHY
    assert status(KpiFacts(scheduled(*terms), Cadence.WEEKLY), DAYS, on(1, 16), POLICY) is BREACHED


def test_the_period_of_a_biweekly_kpi_is_two_weeks() -> None:
    latest = latest_period(kpi(Aggregation.MAX, cadence=Cadence.BIWEEKLY), DAYS, on(1, 16))
    assert latest is not None
    assert (latest.start, latest.end, latest.value) == (WEEK_1, WEEK_3, 70)


# ── status and series agree ──────────────────────────────────────────────────────────────────────

instants = st.integers(0, 24 * 120).map(lambda hour: OPENING + timedelta(hours=hour))
goals = st.none() | st.builds(
    KpiGoal,
    st.sampled_from([GoalDirection.AT_LEAST, GoalDirection.AT_MOST]),
    target=st.integers(-5, 50).map(float),
    tolerance=st.integers(0, 5).map(float),
)
terms = st.lists(st.builds(Terms, instants, goals, st.sampled_from(Aggregation), st.just(())), min_size=1, max_size=4)
readings = st.lists(st.builds(lambda at, value: measured(float(value), at=at), instants, st.integers(-5, 30)))


@given(terms, readings, st.sampled_from(Cadence), instants)
def test_status_and_series_agree_about_every_period(
    defined: list[Terms], measurements: list[Measurement], cadence: Cadence, at: datetime
) -> None:
    facts = KpiFacts(scheduled(*sorted(defined, key=lambda one: one.since)), cadence)
    known = sorted((one for one in measurements if one.measured_at <= at), key=lambda one: one.measured_at)
    points = series(known, PERIODS[cadence], facts.schedule, at)
    judged = [point for point in points if point.status is not NO_DATA]
    assert latest_period(facts, known, at) == (judged[-1] if judged else None)
    assert status(facts, known, at, POLICY) in (STALE, judged[-1].status if judged else NO_DATA)
    _is_the_same_without_the_readings_before(facts, known, at)


def _is_the_same_without_the_readings_before(facts: KpiFacts, known: Sequence[Measurement], at: datetime) -> None:
    latest = latest_period(facts, known, at)
    needed = [one for one in known if latest is not None and one.measured_at >= latest.start]
    assert latest is None or latest_period(facts, needed, at) == latest
