"""Closing an objective: default scores and verdicts."""

import pytest
from msgspec import structs

from domain.commands.cycle_commands import ActivateCycle, AdoptScoringPolicy
from domain.commands.key_result_commands import AddKeyResult, CheckIn, CorrectCheckIn, LinkKpi, ScoreKeyResult
from domain.commands.kpi_commands import RetractReading
from domain.commands.objective_commands import CloseObjective, KeyResultScore
from domain.model.key_result import KeyResultScored
from domain.model.objective import Objective, ObjectiveClosed
from domain.primitives.values import ObjectiveKind, Verdict
from tests.domain.given_goals import (
    KEY_RESULT,
    KPI,
    OBJECTIVE,
    Q1,
    ZERO_TO_TEN,
    activated,
    added,
    checked_in,
    defined,
    drafted,
    dropped_key_result,
    finished,
    in_february,
    linked,
    opened,
    read,
    stepped,
    working,
)
from tests.domain.scenario import AUTHOR, Then, called, given, made, on
from tests.metric_input import as_input

ACHIEVED, PARTIAL, MISSED = Verdict
SECOND = made("second")
second = called("second", AddKeyResult(objective=OBJECTIVE, title="Replies", metric=as_input(ZERO_TO_TEN), weight=3))
activated_in_february = (ActivateCycle(cycle=Q1), on(2, 10))


def second_at(value: float) -> CheckIn:
    return CheckIn(key_result=SECOND, value=value)


def outcome(then: Then) -> object:
    """The verdict, score and reflection of the objective."""
    return then.aggregate(Objective, OBJECTIVE).outcome


# ── score and verdict ────────────────────────────────────────────────────────────────────────────


def test_default_score_is_the_progress_at_closing() -> None:
    given(*working, checked_in(6)).when(finished).then(
        KeyResultScored(score=0.6), ObjectiveClosed(verdict=Verdict.MISSED, score=0.6)
    )


def test_default_score_is_weighted_by_key_result() -> None:
    then = given(*working, second, checked_in(10), second_at(2)).when(finished)
    assert then.the(ObjectiveClosed).score == pytest.approx((1 * 1.0 + 3 * 0.2) / 4)


def test_huge_weights_do_not_overflow_the_score() -> None:
    heavy = [
        called(name, AddKeyResult(objective=OBJECTIVE, title=name, metric=as_input(ZERO_TO_TEN), weight=1e308))
        for name in ("second", "heavier")
    ]
    at_half = [CheckIn(key_result=made(name), value=5) for name in ("second", "heavier")]
    then = given(*working, *heavy, *at_half).when(finished)
    assert then.the(ObjectiveClosed).score == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("value", "verdict"),
    [(10, ACHIEVED), (9.99, PARTIAL), (7, PARTIAL), (6.99, MISSED)],
)
def test_committed_objective_is_achieved_at_1_and_partly_from_score_green_on(value: float, verdict: Verdict) -> None:
    assert given(*working, checked_in(value)).when(finished).the(ObjectiveClosed).verdict is verdict


@pytest.mark.parametrize(("value", "verdict"), [(7, ACHIEVED), (6.99, PARTIAL), (4, PARTIAL), (3.99, MISSED)])
def test_aspirational_objective_is_achieved_from_score_green_and_partly_from_score_amber_on(
    value: float, verdict: Verdict
) -> None:
    aspired = structs.replace(drafted, kind=ObjectiveKind.ASPIRATIONAL)
    history = (opened, aspired, added, *activated_in_february, checked_in(value))
    assert given(*history).when(finished).the(ObjectiveClosed).verdict is verdict


def test_given_verdict_and_score_are_kept() -> None:
    closing = CloseObjective(objective=OBJECTIVE, verdict=Verdict.ACHIEVED, score=0.2, reflection="It was enough")
    given(*working, checked_in(6)).when(closing).then(
        KeyResultScored(score=0.6), ObjectiveClosed(verdict=Verdict.ACHIEVED, score=0.2, reflection="It was enough")
    )


def test_default_verdict_follows_the_given_score() -> None:
    closing = CloseObjective(objective=OBJECTIVE, score=0.9)
    assert given(*working).when(closing).the(ObjectiveClosed).verdict is Verdict.PARTIAL


@pytest.mark.parametrize("score", [-0.01, 1.01, float("nan"), float("inf")])
def test_a_score_is_between_0_and_1(score: float) -> None:
    given(*working).when(CloseObjective(objective=OBJECTIVE, score=score)).then_refused("INVALID", "score")


def test_unmeasured_key_result_scores_and_counts_0() -> None:
    then = given(*working, second, checked_in(8)).when(finished)
    then.then(
        KeyResultScored(score=0.8), KeyResultScored(score=0.0), ObjectiveClosed(verdict=Verdict.MISSED, score=0.2)
    )


def test_unmeasured_objective_scores_0() -> None:
    given(*working).when(finished).then(KeyResultScored(score=0.0), ObjectiveClosed(verdict=Verdict.MISSED, score=0.0))


def test_default_score_is_the_mean_of_the_scores_given_by_people_or_not() -> None:
    scored = ScoreKeyResult(key_result=KEY_RESULT, score=0.4, note="By agreement")
    then = given(*working, second, checked_in(6), second_at(8), scored).when(finished)
    then.then(KeyResultScored(score=0.8), ObjectiveClosed(verdict=Verdict.PARTIAL, score=0.7))


def test_key_results_can_be_scored_by_the_closing() -> None:
    scores = [KeyResultScore(KEY_RESULT, 0.5)]
    closing = CloseObjective(objective=OBJECTIVE, scores=scores)
    world = given(*working, checked_in(6))
    world.when(closing).then(KeyResultScored(score=0.5), ObjectiveClosed(verdict=Verdict.MISSED, score=0.5))
    world.when(closing).then_nothing()


def test_scores_of_a_closing_are_of_key_results_without_another_score() -> None:
    def closing(*scores: KeyResultScore) -> CloseObjective:
        return CloseObjective(objective=OBJECTIVE, scores=list(scores))

    scored = ScoreKeyResult(key_result=KEY_RESULT, score=0.5)
    field = "scores.0.keyResult"
    given(*working).when(closing(KeyResultScore(SECOND, 0.5))).then_refused("NOT_FOUND", field)
    given(*working).when(closing(KeyResultScore(KEY_RESULT, 1.5))).then_refused("INVALID", "scores.0.score")
    given(*working, scored).when(closing(KeyResultScore(KEY_RESULT, 0.6))).then_refused("CONFLICT", field)
    given(*working, dropped_key_result).when(closing(KeyResultScore(KEY_RESULT, 1))).then_refused("CLOSED")
    twice = closing(KeyResultScore(KEY_RESULT, 1), KeyResultScore(KEY_RESULT, 1))
    given(*working).when(twice).then_refused("INVALID", "scores.1.keyResult")


def test_dropped_key_results_do_not_count_and_are_not_scored() -> None:
    then = given(*working, second, checked_in(1), second_at(9), dropped_key_result).when(finished)
    assert then.topics() == ["key-result-scored", "objective-closed"]
    assert then.the(ObjectiveClosed).score == 0.9


def test_progress_beyond_the_target_scores_one() -> None:
    assert given(*working, checked_in(25)).when(finished).the(ObjectiveClosed).score == 1.0


def test_default_score_is_the_progress_as_of_the_effective_time() -> None:
    history = (opened, drafted, added, *activated_in_february, checked_in(3, 2, 1), on(3, 1))
    then = given(*history, CheckIn(key_result=KEY_RESULT, value=9)).when(
        CloseObjective(objective=OBJECTIVE, effective_at=on(2, 20))
    )
    assert then.the(ObjectiveClosed).score == 0.3
    then.effective(on(2, 20), on(2, 20))


def test_the_latest_measurement_counts_regardless_of_recording_order() -> None:
    earlier = CheckIn(key_result=KEY_RESULT, value=1, measured_at=on(1, 20))
    assert given(*working, checked_in(6), earlier).when(finished).the(ObjectiveClosed).score == 0.6


def test_of_two_measurements_at_one_instant_the_one_first_recorded_last_counts_corrected_or_not() -> None:
    again = CheckIn(key_result=KEY_RESULT, value=7, measured_at=on(2, 1))
    assert given(*working, checked_in(6), again).when(finished).the(ObjectiveClosed).score == 0.7
    corrected = CorrectCheckIn(check_in=made("check-in"), value=5, reason="miscounted")
    assert given(*working, checked_in(6), again, corrected).when(finished).the(ObjectiveClosed).score == 0.7


def test_a_check_in_without_a_value_changes_no_score() -> None:
    note = CheckIn(key_result=KEY_RESULT, confidence=0.5, note="All well")
    assert given(*working, checked_in(6), note).when(finished).the(ObjectiveClosed).score == 0.6


def test_reached_milestones_count_by_their_weight() -> None:
    reached = CheckIn(key_result=KEY_RESULT, reached=["launch"])
    history = (opened, drafted, stepped, *activated_in_february, reached)
    assert given(*history).when(finished).the(ObjectiveClosed).score == 0.75


def test_a_linked_key_result_is_scored_by_its_kpis_readings_also_from_before_the_link() -> None:
    link = LinkKpi(key_result=KEY_RESULT, kpi=KPI, effective_at=on(2, 1))
    history = (defined, opened, drafted, added, *activated_in_february, read(9, 1, 20))
    assert given(*history, link).when(finished).the(ObjectiveClosed).score == 0.9
    assert given(*history, link, read(4, 2, 2)).when(finished).the(ObjectiveClosed).score == 0.4


def test_retracted_readings_do_not_count() -> None:
    link = LinkKpi(key_result=KEY_RESULT, kpi=KPI, effective_at=on(2, 1))
    asked = (defined, opened, drafted, added, *activated_in_february, link, read(4, 2, 2))
    base = given(*asked)
    reading = base.keyframe.execute(called("late", read(8, 2, 3)), AUTHOR).result.readings[0][0]
    base.keyframe.execute(RetractReading(reading=reading, reason="wrong meter"), AUTHOR)
    assert base.when(finished).the(ObjectiveClosed).score == 0.4


def test_concurrent_check_in_is_included_in_the_score() -> None:
    later = CheckIn(key_result=KEY_RESULT, value=8, measured_at=on(2, 5))
    then = given(*working, checked_in(2)).meanwhile("append", later).when(finished)
    assert outcome(then) == ("PARTIAL", 0.8, None)


def test_concurrent_reading_is_included_in_the_score() -> None:
    since = (opened, defined, drafted, added, activated, linked, in_february, read(2))
    then = given(*since).meanwhile("append", read(8, 2, 5)).when(finished)
    assert outcome(then) == ("PARTIAL", 0.8, None)


def test_verdict_follows_the_policy_as_of_the_effective_time() -> None:
    strict = AdoptScoringPolicy(score_green=0.9, score_amber=0.4)
    goals = given(*working, checked_in(8), on(2, 20), strict)
    then = goals.when(CloseObjective(objective=OBJECTIVE, effective_at=on(2, 15)))
    assert outcome(then) == ("PARTIAL", 0.8, None)
