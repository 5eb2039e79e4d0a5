"""The trajectory of a key result: planned and actual values."""

from collections.abc import Sequence
from datetime import UTC, date, datetime

import pytest

from domain.metrics.formulas import Measurement
from domain.metrics.trajectory import Revision, Source, TrajectoryPoint, history, planned, trajectory
from domain.primitives.calendar import Step
from domain.primitives.errors import Code, CommandRejected
from domain.primitives.values import Direction, Metric
from tests.domain.metrics.builders import (
    CLOSING,
    DAY,
    FROM_0_TO_100,
    MIDDLE,
    MILESTONES,
    OPENING,
    QUARTER_END,
    QUARTER_START,
    measured,
    metric,
)

FROM_0_TO_200 = metric(Direction.INCREASE, start=0, target=200)
PLAN = Revision(OPENING, FROM_0_TO_100, QUARTER_END)
SUMMER = date(2026, 6, 30)


def on(month: int, day: int) -> datetime:
    return datetime(2026, month, day, tzinfo=UTC)


def points_by_time(
    revisions: Sequence[Revision] = (PLAN,),
    measurements: Sequence[Measurement] = (),
    confidences: Sequence[tuple[datetime, float]] = (),
    every: Step = Step.MONTH,
    at: datetime = MIDDLE,
    created_at: datetime = OPENING,
    ended_at: datetime | None = None,
    then: Sequence[Source] = (),
) -> dict[datetime, TrajectoryPoint]:
    points = trajectory(
        revisions,
        [Source(created_at, measurements), *then],
        confidences,
        created_at=created_at,
        cycle_start=QUARTER_START,
        every=every,
        at=at,
        ended_at=ended_at,
    )
    return {point.at: point for point in points}


# ── trajectory ───────────────────────────────────────────────────────────────────────────────────


def test_a_trajectory_runs_from_creation_to_the_due_date_and_includes_the_basis() -> None:
    assert list(points_by_time()) == [OPENING, on(2, 1), MIDDLE, on(3, 1), CLOSING]


def test_a_trajectory_ends_at_the_due_date() -> None:
    assert list(points_by_time(at=on(7, 1))) == [OPENING, on(2, 1), on(3, 1), CLOSING]


def test_measurements_after_the_due_date_are_shown_until_the_key_result_ended() -> None:
    late = [measured(20, at=on(3, 30)), measured(90, at=on(4, 20)), measured(95, at=on(6, 20))]
    open_ended = points_by_time(measurements=late, at=on(7, 1), every=Step.QUARTER)
    assert [(at, point.actual) for at, point in open_ended.items()][1:] == [(CLOSING, 20), (on(6, 20), 95)]
    assert [point.planned for point in open_ended.values()][1:] == [100, 100]
    ended = points_by_time(measurements=late, at=on(7, 1), ended_at=on(5, 1), every=Step.QUARTER)
    assert [(at, point.actual) for at, point in ended.items()][1:] == [(CLOSING, 20), (on(4, 20), 90)]


def test_each_point_uses_the_source_of_its_time() -> None:
    own = [measured(20, at=on(1, 20)), measured(70, at=on(2, 26))]
    kpi = Source(on(2, 1), [measured(30, at=on(2, 10)), measured(99, at=on(2, 28))])
    points = points_by_time(measurements=own, then=[kpi, Source(on(2, 20), own)], every=Step.CHANGE, at=on(3, 1))
    # while linked without a reading it has no value; once unlinked, its own latest measurement counts again
    assert {at: point.actual for at, point in points.items() if at <= on(3, 1)} == {
        OPENING: None, on(1, 20): 20, on(2, 1): None, on(2, 10): 30, on(2, 20): 20, on(2, 26): 70, on(3, 1): 70,
    }  # fmt: skip
    assert [one.value for one in history([Source(OPENING, own), kpi, Source(on(2, 20), own)])] == [20, 30, 70]


def test_the_plan_is_linear_from_start_to_target() -> None:
    points = points_by_time()
    assert (points[OPENING].planned, points[CLOSING].planned) == (0, 100)
    assert points[MIDDLE].planned == pytest.approx(50)


def test_the_plan_starts_at_the_later_of_cycle_start_and_creation() -> None:
    early, late = points_by_time(created_at=OPENING - 10 * DAY), points_by_time(created_at=on(1, 31))
    assert (early[OPENING - 10 * DAY].planned, early[on(1, 1)].planned, early[MIDDLE].planned) == (0, 0, 50)
    assert late[MIDDLE].planned == pytest.approx(25)


def test_a_measurement_holds_until_the_next_one_or_the_basis() -> None:
    points = points_by_time(measurements=[measured(20, at=on(1, 20)), measured(30, at=on(2, 10))])
    assert [points[at].actual for at in points] == [None, 20, 30, None, None]
    assert [points[at].progress for at in points] == [None, 0.2, 0.3, None, None]


def test_of_two_measurements_at_one_instant_the_later_position_counts() -> None:
    twice = [measured(20, at=on(1, 20), position=7), measured(25, at=on(1, 20), position=8)]
    assert points_by_time(measurements=twice)[MIDDLE].actual == 25


def test_confidence_is_the_latest_one_stated() -> None:
    points = points_by_time(confidences=[(on(1, 20), 0.5), (on(2, 10), 0.0)])
    assert [points[at].confidence for at in points] == [None, 0.5, 0.0, None, None]


def test_retargeting_changes_the_current_plan_and_keeps_the_original() -> None:
    points = points_by_time([PLAN, Revision(on(2, 1), FROM_0_TO_200, QUARTER_END)], [measured(50, at=on(1, 20))])
    assert (points[CLOSING].planned, points[CLOSING].replanned) == (100, 200)
    assert points[MIDDLE].replanned == pytest.approx(100)
    assert points[OPENING].replanned == points[OPENING].planned == 0


def test_progress_uses_the_metric_in_force() -> None:
    points = points_by_time([PLAN, Revision(on(2, 10), FROM_0_TO_200, QUARTER_END)], [measured(50, at=on(1, 20))])
    assert (points[on(2, 1)].progress, points[MIDDLE].progress) == (0.5, 0.25)


def test_rescheduling_extends_the_trajectory_and_the_original_plan_stays_at_its_target() -> None:
    points = points_by_time([PLAN, Revision(on(2, 1), FROM_0_TO_100, SUMMER)], every=Step.QUARTER)
    assert list(points) == [OPENING, MIDDLE, CLOSING, on(7, 1)]
    assert [points[at].planned for at in (CLOSING, on(7, 1))] == [100, 100]
    assert points[CLOSING].replanned == pytest.approx(100 * 90 / 181)
    assert points[on(7, 1)].replanned == 100


def test_rescheduling_to_an_earlier_date_keeps_the_original_plan() -> None:
    points = points_by_time([PLAN, Revision(on(1, 15), FROM_0_TO_100, date(2026, 1, 31))])
    assert points[on(2, 1)].replanned == 100
    assert points[CLOSING].planned == 100


def test_step_change_makes_one_point_per_change() -> None:
    points = points_by_time(
        [PLAN, Revision(on(2, 1), FROM_0_TO_200, QUARTER_END)],
        [measured(20, at=on(1, 20))],
        [(on(1, 25), 0.5)],
        every=Step.CHANGE,
    )
    assert list(points) == [OPENING, on(1, 20), on(1, 25), on(2, 1), MIDDLE, CLOSING]


def test_a_key_result_added_after_its_due_is_one_point() -> None:
    (point,) = points_by_time(created_at=CLOSING + DAY, at=CLOSING + 2 * DAY).values()
    assert (point.at, point.planned) == (CLOSING + DAY, 100)


def test_milestones_are_plotted_as_shares() -> None:
    reached = [measured(None, "design", at=on(1, 20)), measured(None, "design", "pilot", at=on(2, 10))]
    points = points_by_time([Revision(OPENING, MILESTONES, QUARTER_END)], reached)
    assert [points[at].actual for at in (on(2, 1), MIDDLE)] == [0.25, 1.0]
    assert points[MIDDLE].planned == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("given", "value"),
    [
        (metric(Direction.DECREASE, start=30, target=20), 25),
        (metric(Direction.AT_LEAST, target=90, start=10), 90),
        (metric(Direction.AT_MOST, target=2), 2),
        (metric(Direction.WITHIN, lower=5, upper=10), 7.5),
        (metric(Direction.DONE), 0.5),
        (MILESTONES, 0.5),
    ],
)
def test_the_plan_is_half_way_in_the_middle_and_constant_for_a_threshold(given: Metric, value: float) -> None:
    assert planned(Revision(OPENING, given, QUARTER_END), OPENING, MIDDLE) == pytest.approx(value)


def test_a_plan_ends_exactly_on_its_target() -> None:
    tenths = metric(Direction.INCREASE, start=0.1, target=0.3)
    assert planned(Revision(OPENING, tenths, QUARTER_END), OPENING, CLOSING) == 0.3


def test_a_trajectory_of_too_many_points_is_refused() -> None:
    with pytest.raises(CommandRejected) as refused:
        points_by_time([Revision(OPENING, FROM_0_TO_100, date.max)], every=Step.DAY)
    assert refused.value.code is Code.TOO_LARGE
