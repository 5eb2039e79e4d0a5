"""Reopening an objective undoes its score and verdict, and the scores that its closing gave."""

import pytest

from domain.commands.command import Command
from domain.commands.key_result_commands import AddKeyResult, CheckIn, ScoreKeyResult
from domain.commands.objective_commands import CloseObjective, KeyResultScore, ReopenObjective
from domain.model.key_result import KeyResult, KeyResultReopened
from domain.model.objective import Objective, ObjectiveClosed, ObjectiveReopened
from domain.primitives.values import KeyResultState, ObjectiveState
from tests.domain.given_goals import (
    KEY_RESULT,
    OBJECTIVE,
    ZERO_TO_TEN,
    checked_in,
    closed,
    dropped,
    finished,
    working,
)
from tests.domain.scenario import called, given, made
from tests.metric_input import as_input

reopened = ReopenObjective(objective=OBJECTIVE, reason="closed too soon")
second = called("second", AddKeyResult(objective=OBJECTIVE, title="Replies", metric=as_input(ZERO_TO_TEN)))
SCORED = ScoreKeyResult(key_result=KEY_RESULT, score=0.5)


def test_reopening_undoes_score_and_verdict() -> None:
    then = given(*working, checked_in(6), finished).when(reopened)
    then.then(KeyResultReopened(), ObjectiveReopened())
    objective, key_result = then.aggregate(Objective, OBJECTIVE), then.aggregate(KeyResult, KEY_RESULT)
    assert (objective.state, objective.outcome) == (ObjectiveState.ACTIVE, None)
    assert (key_result.state, key_result.score) == (KeyResultState.ACTIVE, None)


def test_scores_given_by_people_stay() -> None:
    then = given(*working, second, SCORED, finished).when(reopened)
    then.then(KeyResultReopened(), ObjectiveReopened())
    assert then.aggregate(KeyResult, KEY_RESULT).score == 0.5
    assert then.aggregate(KeyResult, made("second")).score is None


def test_scores_given_in_the_closing_are_the_closings() -> None:
    closing = CloseObjective(objective=OBJECTIVE, scores=[KeyResultScore(KEY_RESULT, 0.5)])
    given(*working, closing).when(reopened).then(KeyResultReopened(), ObjectiveReopened())


def test_scores_of_an_earlier_closing_are_not_mistaken_for_peoples() -> None:
    then = given(*working, checked_in(6), finished, reopened, finished).when(reopened)
    then.then(KeyResultReopened(), ObjectiveReopened())


def test_score_given_after_a_reopening_is_a_persons() -> None:
    then = given(*working, finished, reopened, SCORED, finished).when(reopened)
    then.then(ObjectiveReopened())


def test_reopened_objective_closes_with_what_was_measured_since() -> None:
    later = CheckIn(key_result=KEY_RESULT, value=9)
    assert given(*working, checked_in(6), finished, reopened, later).when(finished).the(ObjectiveClosed).score == 0.9


@pytest.mark.parametrize("score", [SCORED, checked_in(3)], ids=["scored", "measured"])
def test_reopening_a_dropped_objective_changes_no_score(score: Command) -> None:
    given(*working, score, dropped).when(reopened).then(ObjectiveReopened())


def test_objective_of_a_closed_cycle_is_not_reopened() -> None:
    given(*working, closed).when(reopened).then_refused("CLOSED", "objective")
