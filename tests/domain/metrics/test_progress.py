"""Expected progress, progress and health of key results."""

from datetime import UTC, date, datetime, timedelta

import pytest

from domain.metrics.plan_curve import Planned
from domain.metrics.progress import course, elapsed, expected, is_level
from domain.metrics.rating import Health, band, verdict
from domain.primitives.values import Cadence, Direction, Metric, ObjectiveKind, ScoringPolicy, Verdict
from tests.domain.metrics.builders import (
    CALENDAR,
    CLOSING,
    DAY,
    FROM_0_TO_100,
    MIDDLE,
    MILESTONES,
    OPENING,
    POLICY,
    ended,
    judged,
    key_result,
    measured,
    metric,
    scored_by_a_person,
)

COMMITTED, ASPIRATIONAL = ObjectiveKind.COMMITTED, ObjectiveKind.ASPIRATIONAL
AN_INSTANT = timedelta(microseconds=1)

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
    assert expected(FROM_0_TO_100, OPENING, CLOSING, at) == pytest.approx(share, abs=1e-12)


def test_due_is_the_end_of_the_due_day() -> None:
    assert elapsed(OPENING, CLOSING, CLOSING - AN_INSTANT) < 1
    assert elapsed(OPENING, CLOSING, CLOSING) == 1


@pytest.mark.parametrize(
    ("given", "level"),
    [
        (metric(Direction.AT_LEAST, target=80, start=85), True),
        (metric(Direction.AT_LEAST, target=80, start=80), True),
        (metric(Direction.AT_LEAST, target=80, start=60), False),
        (metric(Direction.AT_LEAST, target=80), False),
        (metric(Direction.AT_MOST, target=2, start=1.5), True),
        (metric(Direction.AT_MOST, target=2, start=6), False),
        (metric(Direction.WITHIN, lower=5, upper=10, start=10), True),
        (metric(Direction.WITHIN, lower=5, upper=10, start=11), False),
        (FROM_0_TO_100, False),
        (MILESTONES, False),
        (metric(Direction.DONE), False),
    ],
)
def test_a_goal_that_starts_inside_is_level_and_expected_in_full_from_the_first_day(given: Metric, level: bool) -> None:
    assert is_level(given) is level
    assert expected(given, OPENING, CLOSING, OPENING) == float(level)
    assert expected(given, OPENING, CLOSING, MIDDLE) == (1 if level else 0.5)


FLAT = (Planned(MIDDLE, 10.0), Planned(CLOSING, 100.0))
"""A tenth of the way in the first half."""


@pytest.mark.parametrize(
    ("at", "share"), [(OPENING - DAY, 0), (OPENING, 0), (MIDDLE, 0.1), (MIDDLE + 15 * DAY, 0.4), (CLOSING + DAY, 1)]
)
def test_expected_progress_is_that_of_the_planned_value(at: datetime, share: float) -> None:
    assert expected(FROM_0_TO_100, OPENING, CLOSING, at, FLAT) == pytest.approx(share)


@pytest.mark.parametrize(
    ("given", "value", "share"),
    [
        (metric(Direction.DECREASE, start=30, target=20), 27, 0.3),
        (metric(Direction.AT_LEAST, target=90, start=10), 30, 0.25),
        (metric(Direction.AT_MOST, target=2, start=10), 4, 0.75),
        (metric(Direction.AT_LEAST, target=90, start=95), 92, 1),
        (metric(Direction.AT_LEAST, target=90, start=95), 80, 0),
        (MILESTONES, 0.75, 0.75),
    ],
)
def test_the_planned_value_counts_by_the_metric(given: Metric, value: float, share: float) -> None:
    assert expected(given, OPENING, CLOSING, MIDDLE, (Planned(MIDDLE, value),)) == pytest.approx(share)


@pytest.mark.parametrize(("value", "share"), [(-20.0, 0.0), (130.0, 1.0)])
def test_expected_progress_of_a_plan_is_limited_to_0_and_1(value: float, share: float) -> None:
    assert expected(FROM_0_TO_100, OPENING, CLOSING, MIDDLE, (Planned(MIDDLE, value), FLAT[1])) == share


def test_health_follows_the_plan() -> None:
    assert judged(key_result(12)).health is Health.OFF_TRACK
    assert judged(key_result(12, plan=FLAT)).health is Health.ON_TRACK


def test_expected_progress_of_a_plan_is_1_from_the_end_of_the_window_on() -> None:
    assert judged(ended(12, 0.2, ended_at=MIDDLE, plan=FLAT)).expected == 1


def test_a_goal_to_be_held_takes_the_first_value_as_its_start() -> None:
    at_least = metric(Direction.AT_LEAST, target=80)
    climbing = judged(key_result(metric=at_least, latest=measured(70), baseline=60))
    assert (climbing.value, climbing.expected) == (0.5, 0.5)
    held = judged(key_result(metric=at_least, latest=measured(79), last_measured_at=MIDDLE, baseline=85))
    assert (held.value, held.expected, held.health) == (0.0, 1.0, Health.OFF_TRACK)
    given = judged(key_result(metric=metric(Direction.AT_LEAST, target=80, start=40), latest=measured(60), baseline=60))
    assert given.value == 0.5


@pytest.mark.parametrize("due_at", [OPENING, OPENING - 214 * DAY], ids=["no span", "a negative span"])
def test_expected_progress_is_1_if_due_before_the_start(due_at: datetime) -> None:
    assert elapsed(OPENING, due_at, OPENING) == 1
    assert elapsed(OPENING, due_at, OPENING - 365 * DAY) == 1


def test_the_last_representable_day_can_be_due() -> None:
    assert 0 < elapsed(OPENING, CALENDAR.day_end(date.max), MIDDLE) < 0.001


def test_progress_is_expected_from_the_beginning() -> None:
    late = key_result(50, begins_at=OPENING + 30 * DAY)
    assert judged(key_result(50)).expected == pytest.approx(0.5)
    assert judged(late).expected == pytest.approx(0.25)


def test_expected_progress_does_not_wait_for_a_first_measurement() -> None:
    unmeasured = judged(key_result())
    assert (unmeasured.value, unmeasured.unclamped) == (None, None)
    assert unmeasured.expected == pytest.approx(0.5)


def test_expected_progress_is_1_from_the_end_of_the_window_on() -> None:
    early = ended(40, 0.4, ended_at=MIDDLE)
    assert judged(early, MIDDLE).expected == 1
    assert judged(early, MIDDLE + 5 * DAY).gap == pytest.approx(0.6)


# ── verdicts ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("kind", "score", "found"),
    [
        (COMMITTED, 1.0, Verdict.ACHIEVED),
        (COMMITTED, 1 - 1e-10, Verdict.ACHIEVED),
        (COMMITTED, 0.99, Verdict.PARTIAL),
        (COMMITTED, 0.7, Verdict.PARTIAL),
        (COMMITTED, 0.69, Verdict.MISSED),
        (ASPIRATIONAL, 0.7, Verdict.ACHIEVED),
        (ASPIRATIONAL, 0.1 + 0.6, Verdict.ACHIEVED),
        (ASPIRATIONAL, 0.69, Verdict.PARTIAL),
        (ASPIRATIONAL, 0.4, Verdict.PARTIAL),
        (ASPIRATIONAL, 0.39, Verdict.MISSED),
        (ASPIRATIONAL, 0.0, Verdict.MISSED),
    ],
)
def test_a_committed_goal_is_achieved_in_full_and_an_aspirational_one_from_score_green(
    kind: ObjectiveKind, score: float, found: Verdict
) -> None:
    assert verdict(score, kind, POLICY) is found
    assert judged(ended(10, score, kind=kind), CLOSING + 365 * DAY).health is Health(found)


def test_the_verdict_follows_the_given_policy() -> None:
    assert verdict(0.6, ASPIRATIONAL, ScoringPolicy(score_green=0.6)) is Verdict.ACHIEVED
    assert verdict(0.6, ASPIRATIONAL, POLICY) is Verdict.PARTIAL


# ── scores ───────────────────────────────────────────────────────────────────────────────────────


def test_a_score_does_not_replace_the_measured_progress() -> None:
    assert judged(ended(40, 0.9)).value == 0.4
    assert judged(ended(40, **scored_by_a_person(0.9))).value == 0.4


def test_a_score_given_before_the_end_changes_neither_health_nor_value() -> None:
    scored = judged(key_result(20, **scored_by_a_person(1.0)))
    assert (scored.value, scored.health) == (0.2, Health.AT_RISK)
    assert judged(key_result(**scored_by_a_person(1.0))).value is None


def test_what_a_person_scored_and_nobody_measured_has_its_score_as_value_from_its_end_on() -> None:
    scored = judged(ended(**scored_by_a_person(0.4)), CLOSING)
    assert (scored.value, scored.measured_share, scored.health) == (0.4, 1.0, Health.PARTIAL)
    (term,) = scored.explain
    assert (term.label, term.contribution, term.position) == ("scored", 0.4, 9)


def test_what_the_closing_scored_and_nobody_measured_has_no_value() -> None:
    silent = judged(ended(score=0.0), CLOSING)
    assert (silent.value, silent.measured_share, silent.health) == (None, 0.0, Health.MISSED)


# ── health: the first match counts ───────────────────────────────────────────────────────────────


def test_dropped_takes_precedence_over_every_other_health() -> None:
    assert judged(ended(100, 1.0, is_dropped=True)).health is Health.DROPPED


def test_a_draft_and_a_goal_of_a_planned_cycle_are_pending() -> None:
    assert judged(key_result(0, is_planned=True)).health is Health.PENDING
    assert judged(key_result(0, is_planned=True)).gap == 0


def test_an_unmeasured_key_result_is_pending_until_its_first_measurement_is_overdue() -> None:
    allowed = OPENING + 10.5 * DAY
    assert judged(key_result(), allowed).health is Health.PENDING
    assert judged(key_result(), allowed + AN_INSTANT).health is Health.OUTDATED
    noted = key_result(last_measured_at=OPENING + 5 * DAY)
    assert judged(noted, allowed).health is Health.PENDING
    assert judged(noted, allowed + DAY).health is Health.AT_RISK


@pytest.mark.parametrize(
    ("cadence", "days"),
    [
        (Cadence.DAILY, 1.5),
        (Cadence.WEEKLY, 10.5),
        (Cadence.BIWEEKLY, 21),
    ],
)
def test_a_key_result_without_recent_check_ins_is_outdated(cadence: Cadence, days: float) -> None:
    checked_in = key_result(90, cadence=cadence)
    assert judged(checked_in, MIDDLE + days * DAY).health is Health.ON_TRACK
    assert judged(checked_in, MIDDLE + days * DAY + AN_INSTANT).health is Health.OUTDATED


def test_silence_counts_up_to_the_due_day_at_most() -> None:
    last_week = key_result(95, latest=measured(95, at=CLOSING - 5 * DAY), last_measured_at=CLOSING - 5 * DAY)
    assert judged(last_week, CLOSING + 100 * DAY).health is Health.ON_TRACK


def test_what_is_reached_is_never_outdated_unless_it_must_be_held() -> None:
    assert judged(key_result(100), CLOSING).health is Health.ON_TRACK
    level = metric(Direction.AT_LEAST, target=80, start=85)
    assert judged(key_result(metric=level, latest=measured(90), last_measured_at=MIDDLE), CLOSING).health is (
        Health.OUTDATED
    )


def test_a_check_in_without_a_value_keeps_a_key_result_up_to_date() -> None:
    checked_in = key_result(90, last_measured_at=MIDDLE + 10 * DAY)
    assert judged(checked_in, MIDDLE + 20 * DAY).health is Health.ON_TRACK


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


def test_the_middle_of_the_test_quarter_is_half_way() -> None:
    assert MIDDLE - OPENING == CLOSING - MIDDLE == timedelta(days=45)
    assert datetime(2026, 1, 1, tzinfo=UTC) == OPENING


# ── the course until the next event ──────────────────────────────────────────────────────────────


def test_a_course_changes_its_health_at_the_moments_that_it_states() -> None:
    unmeasured, silent = course(key_result(), POLICY), course(key_result(90), POLICY)
    assert unmeasured.pace.pending_until == OPENING + 10.5 * DAY
    assert unmeasured.at(OPENING + 10.5 * DAY).health is Health.PENDING
    assert unmeasured.at(OPENING + 10.5 * DAY + AN_INSTANT).health is Health.OUTDATED
    assert (silent.pace.pending_until, silent.pace.silent_after) == (None, MIDDLE + 10.5 * DAY)
    assert course(key_result(100), POLICY).pace.silent_after is None


def test_a_course_moves_only_the_expected_progress_the_gap_and_the_health() -> None:
    of = course(key_result(30, confidence=0.4), POLICY)
    early, late = of.at(OPENING), of.at(MIDDLE)
    assert (early.value, early.unclamped, early.confidence) == (late.value, late.unclamped, late.confidence)
    assert (early.expected, early.gap, early.health) == (0, -0.3, Health.ON_TRACK)
    assert (late.expected, late.gap, late.health) == (0.5, 0.2, Health.AT_RISK)


def test_the_course_of_an_ended_key_result_stays() -> None:
    of = course(ended(60, score=0.5), POLICY)
    assert of.at(OPENING) == of.at(CLOSING + 100 * DAY)


def test_a_staleness_beyond_the_calendar_is_never_reached() -> None:
    endless = ScoringPolicy(stale_after_cadences=1e300)
    assert judged(key_result(), datetime.max.replace(tzinfo=UTC), endless).health is Health.PENDING
