"""Closing an objective: default scores, verdicts, and carrying it over into another cycle."""

from datetime import date

import pytest

from domain.commands.cycle_commands import ActivateCycle, AdoptScoringPolicy, CloseCycle
from domain.commands.key_result_commands import AddKeyResult, CheckIn, CorrectCheckIn, LinkKpi, ScoreKeyResult
from domain.commands.kpi_commands import RetractReading
from domain.commands.objective_commands import CarryObjective, CloseObjective
from domain.model.key_result import KeyResultAdded, KeyResultScored
from domain.model.objective import Objective, ObjectiveClosed, ObjectiveDrafted
from domain.primitives.values import Direction, Metric, Milestone, Verdict
from tests.domain.given_goals import (
    KEY_RESULT,
    KPI,
    KPI_ID,
    OBJECTIVE,
    Q1,
    Q2,
    STEPS,
    ZERO_TO_TEN,
    activated,
    added,
    checked_in,
    closed,
    defined,
    drafted,
    dropped_key_result,
    finished,
    in_february,
    linked,
    opened,
    opened_q2,
    read,
    retired,
    stepped,
    working,
)
from tests.domain.scenario import AUTHOR, Then, called, given, made, on
from tests.metric_input import as_input

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


@pytest.mark.parametrize(("value", "verdict"), [(7, Verdict.ACHIEVED), (6.99, Verdict.MISSED)])
def test_default_verdict_is_achieved_from_score_green_on(value: float, verdict: Verdict) -> None:
    assert given(*working, checked_in(value)).when(finished).the(ObjectiveClosed).verdict is verdict


def test_given_verdict_and_score_are_kept() -> None:
    closing = CloseObjective(objective=OBJECTIVE, verdict=Verdict.ACHIEVED, score=0.2, reflection="It was enough")
    given(*working, checked_in(6)).when(closing).then(
        KeyResultScored(score=0.6), ObjectiveClosed(verdict=Verdict.ACHIEVED, score=0.2, reflection="It was enough")
    )


def test_default_verdict_follows_the_given_score() -> None:
    closing = CloseObjective(objective=OBJECTIVE, score=0.9)
    assert given(*working).when(closing).the(ObjectiveClosed).verdict is Verdict.ACHIEVED


@pytest.mark.parametrize("score", [-0.01, 1.01, float("nan"), float("inf")])
def test_a_score_is_between_0_and_1(score: float) -> None:
    given(*working).when(CloseObjective(objective=OBJECTIVE, score=score)).then_refused("INVALID", "score")


def test_unmeasured_key_result_does_not_count() -> None:
    then = given(*working, second, checked_in(8)).when(finished)
    assert then.the(ObjectiveClosed).score == 0.8
    assert then.topics() == ["key-result-scored", "key-result-scored", "objective-closed"]


def test_unmeasured_objective_scores_0() -> None:
    given(*working).when(finished).then(KeyResultScored(score=0.0), ObjectiveClosed(verdict=Verdict.MISSED, score=0.0))


def test_scored_key_result_keeps_its_score() -> None:
    scored = ScoreKeyResult(key_result=KEY_RESULT, score=0.5, note="By agreement")
    assert given(*working, checked_in(6), scored).when(finished).topics() == ["objective-closed"]


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


def test_of_two_measurements_at_one_instant_the_one_first_recorded_last_counts() -> None:
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


def test_a_linked_key_result_is_scored_by_its_kpis_readings_since_the_link() -> None:
    link = LinkKpi(key_result=KEY_RESULT, kpi=KPI, effective_at=on(2, 1))
    history = (defined, opened, drafted, added, *activated_in_february, read(9, 1, 20))
    assert given(*history, link).when(finished).the(ObjectiveClosed).score == 0.0
    assert given(*history, link, read(4, 2, 2)).when(finished).the(ObjectiveClosed).score == 0.4


def test_retracted_readings_do_not_count() -> None:
    link = LinkKpi(key_result=KEY_RESULT, kpi=KPI, effective_at=on(2, 1))
    asked = (defined, opened, drafted, added, *activated_in_february, link, read(4, 2, 2))
    base = given(*asked)
    reading = base.keyframe.execute(called("late", read(8, 2, 3)), AUTHOR).result.readings[0][0]
    base.keyframe.execute(RetractReading(reading=reading, reason="wrong meter"), AUTHOR)
    assert base.when(finished).the(ObjectiveClosed).score == 0.4


# ── carrying over ────────────────────────────────────────────────────────────────────────────────

carried = CarryObjective(objective=OBJECTIVE, into=Q2)


def test_carried_objective_links_back_and_starts_at_the_current_value() -> None:
    then = given(opened_q2, *working, checked_in(4), closed).when(carried)
    objective, key_result = then.the(ObjectiveDrafted), then.the(KeyResultAdded)
    assert (objective.carried_from, objective.title) == (OBJECTIVE, drafted.title)
    assert (key_result.carried_from, key_result.title, key_result.due) == (KEY_RESULT, added.title, date(2026, 6, 30))
    assert key_result.metric == Metric(direction=Direction.INCREASE, start=4, target=10)


def test_reached_or_dropped_key_results_are_not_carried_over() -> None:
    assert given(opened_q2, *working, checked_in(10)).when(carried).topics() == ["objective-drafted"]
    assert given(opened_q2, *working, dropped_key_result).when(carried).topics() == ["objective-drafted"]


def test_unmeasured_key_result_is_carried_over_unchanged() -> None:
    assert given(opened_q2, *working).when(carried).the(KeyResultAdded).metric == ZERO_TO_TEN


def test_reached_milestones_are_not_carried_over() -> None:
    reached = CheckIn(key_result=KEY_RESULT, reached=["draft"])
    then = given(opened_q2, opened, drafted, stepped, *activated_in_february, reached).when(carried)
    assert then.the(KeyResultAdded).metric.milestones == (Milestone(key="launch", title="Launched", weight=3.0),)
    assert len(STEPS.milestones) == 2


def test_change_by_ratio_is_not_carried_over() -> None:
    grown = Metric(direction=Direction.INCREASE, start=10, change_by=0.5)
    key_result = called("key result", AddKeyResult(objective=OBJECTIVE, title="Orders", metric=as_input(grown)))
    then = given(opened_q2, opened, drafted, key_result, *activated_in_february, checked_in(12)).when(carried)
    assert then.the(KeyResultAdded).metric == Metric(direction=Direction.INCREASE, start=12, target=15)


def test_an_objective_is_not_carried_into_its_own_cycle() -> None:
    given(*working).when(CarryObjective(objective=OBJECTIVE, into=Q1)).then_refused("INVALID", "into")


def test_an_objective_is_not_carried_into_a_closed_cycle() -> None:
    q2_is_over = (opened_q2, ActivateCycle(cycle=Q2), CloseCycle(cycle=Q2))
    given(*q2_is_over, *working).when(carried).then_refused("CLOSED")


def test_concurrent_check_in_is_included_in_the_score() -> None:
    later = CheckIn(key_result=KEY_RESULT, value=8, measured_at=on(2, 5))
    then = given(*working, checked_in(2)).meanwhile("append", later).when(finished)
    assert outcome(then) == ("ACHIEVED", 0.8, None)


def test_concurrent_reading_is_included_in_the_score() -> None:
    since = (opened, defined, drafted, added, activated, linked, in_february, read(2))
    then = given(*since).meanwhile("append", read(8, 2, 5)).when(finished)
    assert outcome(then) == ("ACHIEVED", 0.8, None)


def test_verdict_follows_the_policy_as_of_the_effective_time() -> None:
    strict = AdoptScoringPolicy(score_green=0.9)
    goals = given(*working, checked_in(8), on(2, 20), strict)
    then = goals.when(CloseObjective(objective=OBJECTIVE, effective_at=on(2, 15)))
    assert outcome(then) == ("ACHIEVED", 0.8, None)


def test_link_to_a_retired_kpi_is_not_carried_over() -> None:
    carried = CarryObjective(objective=OBJECTIVE, into=Q2)
    assert given(*working, defined, linked, opened_q2).when(carried).the(KeyResultAdded).kpi == KPI_ID
    assert given(*working, defined, linked, opened_q2, retired).when(carried).the(KeyResultAdded).kpi is None
