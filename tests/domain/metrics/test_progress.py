"""Expected progress, progress and health of key results, objectives, teams and cycles."""

from datetime import UTC, date, datetime, timedelta

import pytest

from domain.metrics.progress import Health, band, expected, of_objectives, verdict
from domain.primitives.values import Cadence, Direction, KeyResultState, ObjectiveState, ScoringPolicy, Verdict
from tests.domain.metrics.builders import (
    CLOSING,
    DAY,
    FROM_0_TO_100,
    MIDDLE,
    OPENING,
    POLICY,
    QUARTER_END,
    judged,
    key_result,
    measured,
    metric,
    objective,
)

DROPPED, SCORED = KeyResultState.DROPPED, KeyResultState.SCORED

# ── expected progress ────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("at", "share"),
    [
        (OPENING - DAY, 0),
        (OPENING, 0),
        (OPENING + 9 * DAY, 0.1),
        (MIDDLE, 0.5),
        (CLOSING - 9 * DAY, 0.9),
        (CLOSING, 1),
        (CLOSING + DAY, 1),
    ],
)
def test_expected_progress_is_the_elapsed_share_of_time(at: datetime, share: float) -> None:
    assert expected(Direction.INCREASE, OPENING, QUARTER_END, at) == pytest.approx(share, abs=1e-12)


def test_due_is_the_end_of_the_day_in_utc() -> None:
    last_instant = CLOSING - timedelta(microseconds=1)
    assert expected(Direction.DONE, OPENING, QUARTER_END, last_instant) < 1
    assert expected(Direction.DONE, OPENING, QUARTER_END, CLOSING) == 1


@pytest.mark.parametrize("direction", [Direction.AT_LEAST, Direction.AT_MOST, Direction.WITHIN])
def test_a_threshold_is_expected_from_the_start(direction: Direction) -> None:
    assert expected(direction, OPENING, QUARTER_END, OPENING - DAY) == 1


@pytest.mark.parametrize("due", [date(2025, 12, 31), date(2025, 6, 1)], ids=["no span", "a negative span"])
def test_expected_progress_is_1_if_due_before_the_start(due: date) -> None:
    assert expected(Direction.INCREASE, OPENING, due, OPENING) == 1
    assert expected(Direction.INCREASE, OPENING, due, OPENING - 365 * DAY) == 1


def test_the_last_representable_day_can_be_due() -> None:
    assert 0 < expected(Direction.INCREASE, OPENING, date.max, MIDDLE) < 0.001


def test_progress_is_expected_from_the_cycle_start_or_a_later_creation() -> None:
    early = key_result(50, created_at=OPENING - 30 * DAY)
    late = key_result(50, created_at=OPENING + 30 * DAY)
    assert judged(early).expected == pytest.approx(0.5)
    assert judged(late).expected == pytest.approx(0.25)


# ── health: the first match counts ───────────────────────────────────────────────────────────────


def test_dropped_takes_precedence_over_every_other_health() -> None:
    assert judged(key_result(100, state=DROPPED)).health is Health.DROPPED


@pytest.mark.parametrize(
    ("score", "health"),
    [
        (0.7, Health.ACHIEVED),
        (0.1 + 0.6, Health.ACHIEVED),
        (0.7 - 1e-15, Health.ACHIEVED),
        (0.69, Health.MISSED),
        (0.0, Health.MISSED),
        (None, Health.MISSED),
    ],
)
def test_a_scored_key_result_is_achieved_at_or_above_score_green(score: float | None, health: Health) -> None:
    assert judged(key_result(10, state=SCORED, score=score), CLOSING + 365 * DAY).health is health


def test_the_verdict_follows_the_policy_in_force() -> None:
    assert verdict(0.6, ScoringPolicy(score_green=0.6)) is Verdict.ACHIEVED
    assert verdict(0.6, POLICY) is Verdict.MISSED


def test_a_score_does_not_replace_the_measured_progress() -> None:
    assert judged(key_result(40, state=SCORED, score=0.9)).value == 0.4
    assert judged(key_result(state=SCORED, score=0.9)).value is None


def test_a_key_result_without_check_ins_is_pending() -> None:
    pending = judged(key_result())
    assert (pending.value, pending.unclamped, pending.health) == (None, None, Health.PENDING)
    assert pending.expected == pytest.approx(0.5)


def test_a_key_result_with_check_ins_but_no_value_has_the_health_of_progress_0() -> None:
    checked_in = key_result(last_measured_at=MIDDLE)
    assert judged(checked_in).value is None
    assert judged(checked_in).health is Health.OFF_TRACK
    assert judged(key_result(last_measured_at=OPENING), OPENING + DAY).health is Health.ON_TRACK


@pytest.mark.parametrize(
    ("cadence", "days"),
    [
        (Cadence.DAILY, 1.5),
        (Cadence.WEEKLY, 10.5),
        (Cadence.BIWEEKLY, 21),
        (Cadence.MONTHLY, 46.5),
        (Cadence.QUARTERLY, 138),
    ],
)
def test_a_key_result_without_recent_check_ins_is_outdated(cadence: Cadence, days: float) -> None:
    checked_in = key_result(100, cadence=cadence)
    assert judged(checked_in, MIDDLE + days * DAY).health is Health.ON_TRACK
    assert judged(checked_in, MIDDLE + days * DAY + timedelta(microseconds=1)).health is Health.OUTDATED


def test_a_check_in_without_a_value_keeps_a_key_result_up_to_date() -> None:
    checked_in = key_result(100, last_measured_at=MIDDLE + 10 * DAY)
    assert judged(checked_in, MIDDLE + 20 * DAY).health is Health.ON_TRACK


def test_a_measurement_counts_as_a_check_in() -> None:
    assert judged(key_result(50, last_measured_at=None)).health is Health.ON_TRACK


@pytest.mark.parametrize(
    ("gap", "health"),
    [
        (-0.5, Health.ON_TRACK),
        (0.1, Health.ON_TRACK),
        (0.30000000000000004 - 0.2, Health.ON_TRACK),
        (0.1 + 1e-8, Health.AT_RISK),
        (0.3, Health.AT_RISK),
        (0.1 + 0.2, Health.AT_RISK),
        (0.3 + 1e-8, Health.OFF_TRACK),
        (1.0, Health.OFF_TRACK),
    ],
)
def test_a_gap_on_a_bound_is_in_the_better_band(gap: float, health: Health) -> None:
    assert band(gap, POLICY) is health


@pytest.mark.parametrize(
    ("value", "health"), [(40, Health.ON_TRACK), (39, Health.AT_RISK), (20, Health.AT_RISK), (19, Health.OFF_TRACK)]
)
def test_health_follows_the_gap_between_expected_progress_and_progress(value: float, health: Health) -> None:
    assert judged(key_result(value)).health is health


def test_bands_are_those_of_the_policy() -> None:
    assert judged(key_result(30), policy=ScoringPolicy(on_track_gap=0.2)).health is Health.ON_TRACK
    assert judged(key_result(30), policy=ScoringPolicy(at_risk_gap=0.15)).health is Health.OFF_TRACK
    assert judged(key_result(50), MIDDLE + 8 * DAY, ScoringPolicy(stale_after_cadences=1)).health is Health.OUTDATED


def test_overshooting_shows_only_in_unclamped_progress() -> None:
    progress = judged(key_result(150))
    assert (progress.value, progress.unclamped) == (1.0, 1.5)


# ── objectives ───────────────────────────────────────────────────────────────────────────────────


def test_progress_of_an_objective_is_the_weighted_mean_of_measured_key_results() -> None:
    whole = objective(key_result(100, weight=3.0), key_result(20, weight=1.0), key_result(weight=100.0))
    assert whole.value == pytest.approx(0.8)


def test_a_dropped_key_result_does_not_count() -> None:
    whole = objective(key_result(80, confidence=0.9), key_result(0, state=DROPPED, confidence=0.1))
    assert (whole.value, whole.confidence, whole.health) == (0.8, 0.9, Health.ON_TRACK)


def test_expected_progress_of_an_objective_is_the_mean_of_the_same_key_results() -> None:
    late = key_result(0, created_at=OPENING + 30 * DAY, weight=3.0)
    assert objective(key_result(50), late).expected == pytest.approx((0.5 + 3 * 0.25) / 4)
    assert objective(key_result(50), key_result(created_at=OPENING + 30 * DAY)).expected == pytest.approx(0.5)


def test_unclamped_mean_includes_overshooting() -> None:
    whole = objective(key_result(200), key_result(50))
    assert (whole.value, whole.unclamped) == (0.75, 1.25)


def test_an_objective_without_measured_key_results_has_no_progress() -> None:
    whole = objective(key_result(), key_result())
    assert (whole.value, whole.unclamped, whole.expected, whole.health) == (None, None, None, Health.PENDING)


def test_an_objective_without_key_results_is_pending() -> None:
    assert objective().health is Health.PENDING
    assert objective(key_result(0, state=DROPPED)).health is Health.PENDING


ON_TRACK = key_result(50)
AT_RISK = key_result(30)
OFF_TRACK = key_result(0)
OUTDATED = key_result(50, last_measured_at=OPENING)
PENDING = key_result()
ACHIEVED = key_result(90, state=SCORED, score=0.9)
MISSED = key_result(10, state=SCORED, score=0.1)


@pytest.mark.parametrize(
    ("key_results", "health"),
    [
        ([ON_TRACK, PENDING, AT_RISK, OUTDATED, OFF_TRACK], Health.OFF_TRACK),
        ([ON_TRACK, PENDING, AT_RISK, OUTDATED], Health.OUTDATED),
        ([ON_TRACK, PENDING, AT_RISK], Health.AT_RISK),
        ([ON_TRACK, PENDING], Health.PENDING),
        ([ON_TRACK, ACHIEVED], Health.ON_TRACK),
        ([ACHIEVED], Health.ON_TRACK),
        ([PENDING, ACHIEVED], Health.PENDING),
        ([OUTDATED, MISSED], Health.OFF_TRACK),
    ],
)
def test_an_objective_has_the_worst_health_of_its_key_results(key_results: list, health: Health) -> None:  # type: ignore[type-arg]
    assert objective(*key_results).health is health


def test_health_of_a_closed_objective_is_its_verdict() -> None:
    closed = ObjectiveState.CLOSED
    assert objective(OFF_TRACK, state=closed, verdict=Verdict.ACHIEVED).health is Health.ACHIEVED
    assert objective(ON_TRACK, state=closed, verdict=Verdict.MISSED).health is Health.MISSED


def test_a_dropped_objective_is_dropped() -> None:
    assert objective(ON_TRACK, state=ObjectiveState.DROPPED).health is Health.DROPPED


def test_a_dropped_objective_and_its_key_results_keep_their_progress() -> None:
    part = key_result(40, confidence=0.6, is_abandoned=True)
    assert judged(part).health is Health.DROPPED
    assert judged(key_result(40, is_abandoned=True, state=SCORED, score=1.0)).health is Health.DROPPED
    dropped = objective(part, key_result(90, state=DROPPED), state=ObjectiveState.DROPPED)
    assert (dropped.value, dropped.confidence, dropped.health) == (0.4, 0.6, Health.DROPPED)
    assert [term.contribution for term in dropped.explain] == [0.4]


def test_confidence_of_an_objective_is_the_lowest_of_its_key_results() -> None:
    assert objective(key_result(1, confidence=0.8), key_result(confidence=0.3), key_result()).confidence == 0.3
    assert objective(key_result(1)).confidence is None
    assert objective(key_result(1, confidence=0.0)).confidence == 0.0


# ── teams and cycles ─────────────────────────────────────────────────────────────────────────────


def test_progress_of_a_cycle_is_the_mean_of_its_measured_objectives() -> None:
    heavy = objective(key_result(100, weight=50.0))
    whole = of_objectives([heavy, objective(key_result(20)), objective(key_result())])
    assert whole.value == pytest.approx(0.6)
    assert whole.expected == pytest.approx(0.5)


def test_a_dropped_objective_does_not_count() -> None:
    dropped = objective(OFF_TRACK, state=ObjectiveState.DROPPED)
    whole = of_objectives([objective(ON_TRACK), dropped])
    assert (whole.value, whole.health) == (0.5, Health.ON_TRACK)


def test_a_cycle_has_the_worst_health_of_its_objectives() -> None:
    missed = objective(ON_TRACK, state=ObjectiveState.CLOSED, verdict=Verdict.MISSED)
    achieved = objective(OFF_TRACK, state=ObjectiveState.CLOSED, verdict=Verdict.ACHIEVED)
    assert of_objectives([objective(AT_RISK), objective(ON_TRACK)]).health is Health.AT_RISK
    assert of_objectives([objective(AT_RISK), missed]).health is Health.OFF_TRACK
    assert of_objectives([achieved, objective(ON_TRACK)]).health is Health.ON_TRACK


def test_a_cycle_whose_objectives_have_all_ended_is_achieved_or_missed() -> None:
    missed = objective(ON_TRACK, state=ObjectiveState.CLOSED, verdict=Verdict.MISSED)
    achieved = objective(OFF_TRACK, state=ObjectiveState.CLOSED, verdict=Verdict.ACHIEVED)
    dropped = objective(AT_RISK, state=ObjectiveState.DROPPED)
    assert of_objectives([achieved, dropped]).health is Health.ACHIEVED
    assert of_objectives([achieved, missed]).health is Health.MISSED


def test_a_cycle_without_objectives_is_pending() -> None:
    empty = of_objectives([])
    assert (empty.value, empty.expected, empty.confidence, empty.health) == (None, None, None, Health.PENDING)


def test_health_depends_only_on_the_latest_measurement_given() -> None:
    earlier = key_result(metric=FROM_0_TO_100, latest=measured(20, at=OPENING + 9 * DAY))
    assert judged(earlier, OPENING + 18 * DAY).health is Health.ON_TRACK


def test_a_missed_threshold_is_off_track_from_the_first_day() -> None:
    missed = key_result(metric=metric(Direction.AT_LEAST, target=5), latest=measured(4, at=OPENING))
    assert judged(missed, OPENING + DAY).health is Health.OFF_TRACK


def test_the_middle_of_the_test_quarter_is_half_way() -> None:
    assert MIDDLE - OPENING == CLOSING - MIDDLE == timedelta(days=45)
    assert datetime(2026, 1, 1, tzinfo=UTC) == OPENING
