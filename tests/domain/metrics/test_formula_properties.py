"""Properties of the formulas that hold for every valid goal and every number."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from domain.metrics.formulas import Measurement, attained, unclamped
from domain.metrics.kpi_series import KpiStatus, aggregated
from domain.metrics.kpi_series import judged as kpi_judged
from domain.metrics.progress import Progress, expected
from domain.metrics.rating import Health, band
from domain.metrics.trajectory import forecast
from domain.primitives import time_zones
from domain.primitives.calendar import Calendar, Step, Weekday
from domain.primitives.checks import metric_checks
from domain.primitives.errors import CommandRejected
from domain.primitives.values import Aggregation, Direction, GoalDirection, KpiGoal, Metric, Milestone
from tests.domain.metrics.builders import OPENING, POLICY, cycle, judged, key_result, measured, objective

T = TypeVar("T")

calm = settings(max_examples=40, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])

figures = st.one_of(st.floats(-1e6, 1e6), st.floats(allow_nan=False, allow_infinity=False), st.integers(-100, 100))
weights = st.one_of(st.floats(0.1, 10), st.floats(min_value=0, exclude_min=True, allow_infinity=False))
instants = st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
days = st.dates(date(1900, 1, 1), date(2200, 1, 1))
calendars = st.builds(Calendar, st.sampled_from(time_zones.names()), st.integers(1, 12), st.sampled_from(Weekday))
KEYS = ("a", "b", "c", "d")
milestones = st.dictionaries(st.sampled_from(KEYS), weights, min_size=1).map(
    lambda steps: tuple(Milestone(key, "Step", weight) for key, weight in steps.items())
)


def unless_rejected(read: Callable[[], T]) -> T | None:
    """The result of `read`, or None if the input is rejected."""
    try:
        return read()
    except CommandRejected:
        return None


@st.composite
def metrics(draw: st.DrawFn) -> Metric:
    """Any metric that `metric_checks.metric` accepts."""
    direction = draw(st.sampled_from(Direction))
    names = {
        Direction.WITHIN: ["lower", "upper"],
        Direction.MILESTONES: [],
        Direction.DONE: [],
    }.get(direction, ["target"])
    shape: dict[str, Any] = {name: draw(figures) for name in names}
    if names and (direction in (Direction.INCREASE, Direction.DECREASE) or draw(st.booleans())):
        shape["start"] = draw(figures)
    steps = draw(milestones) if direction is Direction.MILESTONES else ()
    stored = unless_rejected(lambda: metric_checks.metric(Metric(direction, milestones=steps, **shape), None))
    assume(stored is not None)
    assert stored is not None
    return stored


measurements = st.builds(
    lambda value, keys, at, position: measured(value, *keys, at=at, position=position, milestones=True),
    st.none() | figures,
    st.lists(st.sampled_from((*KEYS, "unknown")), unique=True),
    instants,
    st.integers(1, 10**9),
)
key_results = st.builds(
    lambda metric, latest, weight, ended_at, due_at, begins_at, confidence: key_result(
        metric=metric, latest=latest, weight=weight, ended_at=ended_at, due_at=due_at, begins_at=begins_at,
        last_measured_at=None if latest is None else latest.measured_at, confidence=confidence, score=confidence,
    ),
    metrics(),
    st.none() | measurements,
    weights,
    st.none() | instants,
    instants,
    instants,
    st.none() | st.floats(0, 1),
)  # fmt: skip


def holds(progress: Progress) -> None:
    assert progress.value is None or 0 <= progress.value <= 1
    assert progress.unclamped is None or abs(progress.unclamped) <= 1e12
    assert progress.expected is None or 0 <= progress.expected <= 1
    assert abs(sum(term.contribution for term in progress.explain) - (progress.value or 0)) <= 1e-9


@calm
@given(metrics(), measurements)
def test_every_metric_has_a_progress_between_0_and_1_for_every_measurement(
    metric: Metric, measurement: Measurement
) -> None:
    share, value = unclamped(metric, measurement), attained(metric, measurement)
    assert (share is None) == (value is None)
    assert value is None or 0 <= value <= 1
    assert share is None or not 0 <= share <= 1 or share == value


@calm
@given(metrics())
def test_a_metric_that_was_accepted_is_accepted_again_unchanged(metric: Metric) -> None:
    assert metric_checks.metric(metric, 5.0) == metric or metric.start is None


@calm
@given(metrics())
def test_the_target_of_a_metric_is_full_progress(metric: Metric) -> None:
    goal = metric.target if metric.target is not None else metric.lower
    assume(goal is not None)
    assert attained(metric, measured(goal)) == 1


@calm
@given(key_results, instants)
def test_every_key_result_has_an_explained_health_at_any_time(facts: object, at: datetime) -> None:
    progress = judged(facts, at)  # type: ignore[arg-type]
    holds(progress)
    assert isinstance(progress.health, Health)


@calm
@given(st.lists(st.lists(key_results, max_size=4), max_size=3), instants)
def test_objectives_and_cycles_are_means_whose_terms_sum_to_them(goals: list, at: datetime) -> None:  # type: ignore[type-arg]
    parts = [objective(*parts, at=at) for parts in goals]
    for part in [*parts, cycle(*parts)]:
        holds(part)


@calm
@given(st.lists(key_results, min_size=1, max_size=5), instants)
def test_a_mean_lies_between_minimum_and_maximum(goals: list, at: datetime) -> None:  # type: ignore[type-arg]
    shares = [judged(facts, at).value for facts in goals]
    counted = [share or 0.0 for share in shares]
    whole = objective(*goals, at=at)
    assert (whole.value is None) == all(share is None for share in shares)
    assert whole.value is None or min(counted) - 1e-12 <= whole.value <= max(counted) + 1e-12


@calm
@given(st.floats(-1, 1))
def test_bands_partition_the_gaps_and_are_monotonic(gap: float) -> None:
    order = [Health.ON_TRACK, Health.AT_RISK, Health.OFF_TRACK]
    bands = [band(gap + step, POLICY) for step in (0.0, 0.05, 0.5)]
    assert sorted(bands, key=order.index) == bands
    assert band(gap, POLICY) is order[(gap > 0.1 + 1e-9) + (gap > 0.3 + 1e-9)]


@calm
@given(metrics(), instants, instants, instants, st.timedeltas(timedelta(0), timedelta(days=900)))
def test_expected_progress_lies_between_0_and_1_and_never_falls(
    metric: Metric, begins_at: datetime, due_at: datetime, at: datetime, later: timedelta
) -> None:
    earlier_share, later_share = (expected(metric, begins_at, due_at, moment) for moment in (at, at + later))
    assert 0 <= earlier_share <= later_share <= 1


@calm
@given(calendars, st.sampled_from([step for step in Step if step is not Step.CHANGE]), instants)
def test_every_instant_lies_in_the_period_that_starts_at_its_floor(
    calendar: Calendar, every: Step, at: datetime
) -> None:
    start = calendar.floor(every, at)
    end = calendar.following(every, start)
    assert start <= at < end
    assert calendar.floor(every, start) == start
    assert calendar.floor(every, end) == end
    assert calendar.period(every, at) == (start, end)
    assert calendar.buckets(every, at, at) == [(start, end)]
    assert calendar.label(every, at) == calendar.label(every, start)


@calm
@given(calendars, days)
def test_every_day_ends_where_the_next_one_starts(calendar: Calendar, day: date) -> None:
    start, end = calendar.day_start(day), calendar.day_end(day)
    assert timedelta(0) <= end - start <= timedelta(hours=49)
    assert calendar.day_start(day + timedelta(days=1)) == end
    assert start == end or calendar.day_of(start) == calendar.day_of(calendar.last_instant(day)) == day


goals = st.one_of(
    st.builds(KpiGoal, st.sampled_from([GoalDirection.AT_LEAST, GoalDirection.AT_MOST]), target=figures),
    st.builds(KpiGoal, st.just(GoalDirection.WITHIN), lower=figures, upper=figures, tolerance=st.floats(0, 1e308)),
)


@calm
@given(goals, st.lists(figures, min_size=1), st.sampled_from(Aggregation))
def test_every_aggregate_of_readings_has_a_status(
    goal: KpiGoal, readings: list[float], aggregation: Aggregation
) -> None:
    figure = aggregated(readings, aggregation)
    assert -1.8e308 < figure < 1.8e308
    watched = unless_rejected(lambda: metric_checks.kpi_goal(goal))
    assert watched is not None or goal.direction is GoalDirection.WITHIN
    assert kpi_judged(watched, figure) in KpiStatus


@calm
@given(metrics(), st.lists(measurements, max_size=6), instants, instants)
def test_every_key_result_has_an_optional_forecast(
    metric: Metric, measured_values: list[Measurement], at: datetime, due_at: datetime
) -> None:
    measured_values = sorted(
        (one for one in measured_values if one.measured_at <= at), key=lambda one: (one.measured_at, one.position)
    )
    drawn = forecast(measured_values, metric, OPENING, due_at, at, Calendar())
    assert drawn is None or 0 <= drawn.progress <= 1
