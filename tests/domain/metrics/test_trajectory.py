"""Where a key result was meant to be, where it was, and where it is heading."""

from collections.abc import Sequence
from datetime import UTC, date, datetime

import pytest

from domain.metrics.formulas import Measurement
from domain.metrics.trajectory import Revision, Source, TrajectoryPoint, forecast, history, planned, trajectory
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


def walked(
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


def test_a_trajectory_runs_from_creation_over_the_basis_to_its_due() -> None:
    assert list(walked()) == [OPENING, on(2, 1), MIDDLE, on(3, 1), CLOSING]


def test_after_it_was_due_a_trajectory_goes_no_further() -> None:
    assert list(walked(at=on(7, 1))) == [OPENING, on(2, 1), on(3, 1), CLOSING]


def test_what_was_measured_after_it_was_due_is_shown_until_it_ended() -> None:
    late = [measured(20, at=on(3, 30)), measured(90, at=on(4, 20)), measured(95, at=on(6, 20))]
    open_ended = walked(measurements=late, at=on(7, 1), every=Step.QUARTER)
    assert [(at, point.actual) for at, point in open_ended.items()][1:] == [(CLOSING, 20), (on(6, 20), 95)]
    assert [point.planned for point in open_ended.values()][1:] == [100, 100]
    ended = walked(measurements=late, at=on(7, 1), ended_at=on(5, 1), every=Step.QUARTER)
    assert [(at, point.actual) for at, point in ended.items()][1:] == [(CLOSING, 20), (on(4, 20), 90)]


def test_each_moment_is_told_by_what_was_the_source_at_that_moment() -> None:
    own = [measured(20, at=on(1, 20)), measured(70, at=on(2, 26))]
    kpi = Source(on(2, 1), [measured(30, at=on(2, 10)), measured(99, at=on(2, 28))])
    points = walked(measurements=own, then=[kpi, Source(on(2, 20), own)], every=Step.CHANGE, at=on(3, 1))
    # linked without a reading there is no value; unlinked, its own latest one counts again
    assert {at: point.actual for at, point in points.items() if at <= on(3, 1)} == {
        OPENING: None, on(1, 20): 20, on(2, 1): None, on(2, 10): 30, on(2, 20): 20, on(2, 26): 70, on(3, 1): 70,
    }  # fmt: skip
    assert [one.value for one in history([Source(OPENING, own), kpi, Source(on(2, 20), own)])] == [20, 30, 70]


def test_the_plan_goes_evenly_from_start_to_target() -> None:
    points = walked()
    assert (points[OPENING].planned, points[CLOSING].planned) == (0, 100)
    assert points[MIDDLE].planned == pytest.approx(50)


def test_the_plan_begins_with_the_cycle_or_a_later_creation() -> None:
    early, late = walked(created_at=OPENING - 10 * DAY), walked(created_at=on(1, 31))
    assert (early[OPENING - 10 * DAY].planned, early[on(1, 1)].planned, early[MIDDLE].planned) == (0, 0, 50)
    assert late[MIDDLE].planned == pytest.approx(25)


def test_what_was_measured_stands_until_the_next_measurement_and_ends_at_the_basis() -> None:
    points = walked(measurements=[measured(20, at=on(1, 20)), measured(30, at=on(2, 10))])
    assert [points[at].actual for at in points] == [None, 20, 30, None, None]
    assert [points[at].progress for at in points] == [None, 0.2, 0.3, None, None]


def test_of_two_measurements_at_one_instant_the_later_position_stands() -> None:
    twice = [measured(20, at=on(1, 20), position=7), measured(25, at=on(1, 20), position=8)]
    assert walked(measurements=twice)[MIDDLE].actual == 25


def test_confidence_is_the_last_one_stated() -> None:
    points = walked(confidences=[(on(1, 20), 0.5), (on(2, 10), 0.0)])
    assert [points[at].confidence for at in points] == [None, 0.5, 0.0, None, None]


def test_a_retarget_bends_the_current_plan_and_leaves_the_original() -> None:
    points = walked([PLAN, Revision(on(2, 1), FROM_0_TO_200, QUARTER_END)], [measured(50, at=on(1, 20))])
    assert (points[CLOSING].planned, points[CLOSING].replanned) == (100, 200)
    assert points[MIDDLE].replanned == pytest.approx(100)
    assert points[OPENING].replanned == points[OPENING].planned == 0


def test_progress_is_judged_by_the_metric_in_force() -> None:
    points = walked([PLAN, Revision(on(2, 10), FROM_0_TO_200, QUARTER_END)], [measured(50, at=on(1, 20))])
    assert (points[on(2, 1)].progress, points[MIDDLE].progress) == (0.5, 0.25)


def test_a_reschedule_runs_on_to_the_later_due_and_the_original_plan_stays_at_its_target() -> None:
    points = walked([PLAN, Revision(on(2, 1), FROM_0_TO_100, SUMMER)], every=Step.QUARTER)
    assert list(points) == [OPENING, MIDDLE, CLOSING, on(7, 1)]
    assert [points[at].planned for at in (CLOSING, on(7, 1))] == [100, 100]
    assert points[CLOSING].replanned == pytest.approx(100 * 90 / 181)
    assert points[on(7, 1)].replanned == 100


def test_a_key_result_due_sooner_still_shows_the_plan_it_had() -> None:
    points = walked([PLAN, Revision(on(1, 15), FROM_0_TO_100, date(2026, 1, 31))])
    assert points[on(2, 1)].replanned == 100
    assert points[CLOSING].planned == 100


def test_by_change_there_is_a_point_wherever_something_changed() -> None:
    points = walked(
        [PLAN, Revision(on(2, 1), FROM_0_TO_200, QUARTER_END)],
        [measured(20, at=on(1, 20))],
        [(on(1, 25), 0.5)],
        every=Step.CHANGE,
    )
    assert list(points) == [OPENING, on(1, 20), on(1, 25), on(2, 1), MIDDLE, CLOSING]


def test_a_key_result_added_after_its_due_is_one_point() -> None:
    (point,) = walked(created_at=CLOSING + DAY, at=CLOSING + 2 * DAY).values()
    assert (point.at, point.planned) == (CLOSING + DAY, 100)


def test_milestones_are_drawn_as_shares() -> None:
    reached = [measured(None, "design", at=on(1, 20)), measured(None, "design", "pilot", at=on(2, 10))]
    points = walked([Revision(OPENING, MILESTONES, QUARTER_END)], reached)
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
def test_a_plan_is_half_gone_in_the_middle_and_a_threshold_holds_throughout(given: Metric, value: float) -> None:
    assert planned(Revision(OPENING, given, QUARTER_END), OPENING, MIDDLE) == pytest.approx(value)


def test_a_plan_ends_exactly_on_its_target() -> None:
    tenths = metric(Direction.INCREASE, start=0.1, target=0.3)
    assert planned(Revision(OPENING, tenths, QUARTER_END), OPENING, CLOSING) == 0.3


def test_a_trajectory_of_too_many_points_is_refused() -> None:
    with pytest.raises(CommandRejected) as refused:
        walked([Revision(OPENING, FROM_0_TO_100, date.max)], every=Step.DAY)
    assert refused.value.code is Code.TOO_LARGE


# ── forecast ─────────────────────────────────────────────────────────────────────────────────────


def readings(*values: float) -> list[Measurement]:
    """One every ten days from the opening on."""
    return [measured(value, at=OPENING + 10 * i * DAY) for i, value in enumerate(values)]


def test_a_line_is_drawn_on_to_the_end_of_the_day_it_is_due() -> None:
    drawn = forecast(readings(0, 10, 20, 30), FROM_0_TO_100, QUARTER_END, OPENING + 35 * DAY)
    assert drawn is not None
    assert drawn.value == pytest.approx(90)
    assert drawn.progress == pytest.approx(0.9)
    assert (drawn.will_hit, drawn.hit_on, drawn.method) == (False, (OPENING + 100 * DAY).date(), "theil-sen")


def test_a_line_that_gets_there_in_time_hits() -> None:
    drawn = forecast(readings(0, 20, 40), FROM_0_TO_100, QUARTER_END, OPENING + 25 * DAY)
    assert drawn is not None
    assert (drawn.will_hit, drawn.progress, drawn.hit_on) == (True, 1.0, (OPENING + 50 * DAY).date())


def test_a_line_that_gets_there_as_it_is_due_hits_on_that_day() -> None:
    drawn = forecast(readings(0, 100 / 9), FROM_0_TO_100, QUARTER_END, OPENING + 15 * DAY)
    assert drawn is not None
    assert (drawn.will_hit, drawn.hit_on) == (True, QUARTER_END)


def test_one_odd_value_does_not_turn_the_line() -> None:
    drawn = forecast(readings(0, 10, 95, 30, 40, 50), FROM_0_TO_100, QUARTER_END, OPENING + 50 * DAY)
    assert drawn is not None
    assert drawn.value == pytest.approx(90, abs=5)


@pytest.mark.parametrize("values", [(30, 20, 10), (30, 30, 30)], ids=["away from it", "nowhere"])
def test_a_line_that_leads_elsewhere_never_hits(values: tuple[float, ...]) -> None:
    drawn = forecast(readings(*values), FROM_0_TO_100, QUARTER_END, OPENING + 25 * DAY)
    assert drawn is not None
    assert (drawn.will_hit, drawn.hit_on) == (False, None)


def test_what_is_reached_already_was_hit_on_the_day_since_when_it_holds() -> None:
    drawn = forecast(readings(100, 90, 100, 110, 120), FROM_0_TO_100, QUARTER_END, OPENING + 45 * DAY)
    assert drawn is not None
    assert (drawn.will_hit, drawn.hit_on) == (True, (OPENING + 20 * DAY).date())


def test_what_slips_away_again_was_hit_and_will_not_hold() -> None:
    at_most = metric(Direction.AT_MOST, target=10)
    drawn = forecast(readings(2, 4, 6), at_most, QUARTER_END, OPENING + 25 * DAY)
    assert drawn is not None
    assert drawn.value == pytest.approx(20)
    assert (drawn.progress, drawn.will_hit, drawn.hit_on) == (0, False, OPENING.date())


def test_a_line_that_has_arrived_while_its_last_value_has_not_hits_today() -> None:
    at = OPENING + 70 * DAY
    drawn = forecast(readings(0, 40, 80), FROM_0_TO_100, QUARTER_END, at)
    assert drawn is not None
    assert (drawn.will_hit, drawn.hit_on) == (True, at.date())


@pytest.mark.parametrize(("values", "bound"), [((2, 3), 5), ((16, 14), 10)])
def test_a_band_is_entered_at_the_bound_ahead(values: tuple[float, float], bound: float) -> None:
    band = metric(Direction.WITHIN, lower=5, upper=10)
    drawn = forecast(readings(*values), band, QUARTER_END, OPENING + 15 * DAY)
    assert drawn is not None
    days = 10 * abs(bound - values[0]) / abs(values[1] - values[0])
    assert drawn.hit_on == (OPENING + days * DAY).date()


def test_a_forecast_takes_the_later_of_two_measurements_at_one_instant() -> None:
    later = OPENING + 9 * DAY
    twice = [measured(0, at=OPENING), measured(90, at=later), measured(10, at=later, position=8)]
    drawn = forecast(twice, FROM_0_TO_100, QUARTER_END, OPENING + 10 * DAY)
    assert drawn is not None
    assert drawn.value == pytest.approx(100)


@pytest.mark.parametrize(
    ("measurements", "given", "at"),
    [
        ([], FROM_0_TO_100, MIDDLE),
        (readings(10), FROM_0_TO_100, MIDDLE),
        ([measured(10), measured(20)], FROM_0_TO_100, MIDDLE),
        (readings(0, 1), metric(Direction.DONE), MIDDLE),
        ([measured(None, "design", at=OPENING), measured(None, "pilot")], MILESTONES, MIDDLE),
        (readings(0, 10), FROM_0_TO_100, CLOSING),
        (readings(-1e308, 1e308), FROM_0_TO_100, MIDDLE),
    ],
    ids=["nothing", "one", "one instant", "done", "milestones", "once due", "beyond numbers"],
)
def test_there_is_no_forecast_of(measurements: list[Measurement], given: Metric, at: datetime) -> None:
    assert forecast(measurements, given, QUARTER_END, at) is None


def test_a_target_beyond_the_calendar_has_no_day() -> None:
    drawn = forecast(readings(0, 1e-9), FROM_0_TO_100, QUARTER_END, MIDDLE)
    assert drawn is not None
    assert drawn.hit_on is None
