"""What the closing of an objective records by default: the scores of its key results, its own score and its verdict."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from domain.model.event import Recorded
from domain.model.key_result import KeyResultScored
from domain.model.objective import ObjectiveClosed
from domain.primitives.values import ObjectiveState
from tests.reference.entities import Basis, Objective
from tests.reference.figures import figures, policy_in_force, verdict
from tests.reference.fold import Log, View, shows
from tests.reference.wholes import key_results_of, mean_of_stated, objective_figures, supporters_of


@dataclass(frozen=True)
class Closing:
    """The default outcome of an objective. `scores` has every key result that is not dropped."""

    scores: dict[UUID, float]
    score: float | None
    verdict: str | None


def default_closing(
    log: Log, closed: Recorded, score: float | None = None, given: Mapping[UUID, float] | None = None
) -> Closing:
    """The outcome that this closing records, unless it is given. A verdict follows from the score, given or not.
    `given` are the scores of key results that the closing states."""
    view = before_closing(log, closed)
    objective = view.objectives[closed.event.originator_id]
    scores = scores_of(log, closed, view, objective, given or {})
    score = default_score(view, objective, scores) if score is None else score
    judged = None if score is None else verdict(score, objective.kind, policy_in_force(view, None))
    return Closing(scores, score, judged)


def before_closing(log: Log, closed: Recorded) -> View:
    """The view that a closing is decided by: everything before it, but not the scores that it records itself."""
    basis = Basis(closed.effective_at, closed.position - 1)
    before = log.view(basis)
    own = {one.id for one in before.key_results.values() if one.objective == closed.event.originator_id}
    return View(log, basis, [one for one in log.events if shows(basis, one) and not is_own_score(one, closed, own)])


def is_own_score(recorded: Recorded, closed: Recorded, key_results: set[UUID]) -> bool:
    """Whether the event scores a key result of the closed objective in the command that closes it."""
    is_score = isinstance(recorded.event, KeyResultScored) and recorded.event.originator_id in key_results
    return is_score and recorded.by.command == closed.by.command


def scores_of(
    log: Log, closed: Recorded, view: View, objective: Objective, stated: Mapping[UUID, float]
) -> dict[UUID, float]:
    """The score that a person gave to each key result, else the one that the closing states, else its clamped progress,
    0 where nothing was measured.

    A score counts if it was recorded before the closing, also if the closing is effective before it.
    """
    basis = Basis(datetime.max.replace(tzinfo=UTC), closed.position - 1)
    own = {one.id for one in key_results_of(view, objective)}
    now = View(log, basis, [one for one in log.events if shows(basis, one) and not is_own_score(one, closed, own)])
    given = {one.id: now.key_results[one.id].score for one in key_results_of(view, objective)}
    measured = {one.id: figures(view, one).value for one in key_results_of(view, objective)}
    defaults = {id: stated.get(id, value or 0.0) for id, value in measured.items()}
    return {id: score if score is not None else defaults[id] for id, score in given.items()}


def default_score(view: View, objective: Objective, scores: dict[UUID, float]) -> float | None:
    """The weighted mean of its key results' scores. Of an objective that takes its value from others, the mean of
    their scores where they are closed, else of their progress, 0 where null. None if there is neither."""
    if scores:
        return mean_of_stated([(view.key_results[id].weight, score) for id, score in scores.items()])
    return mean_of_stated([(1, score_of_supporter(view, one)) for one in supporters_of(view, objective)])


def score_of_supporter(view: View, objective: Objective) -> float | None:
    if objective.state is ObjectiveState.CLOSED:
        return objective.score
    return objective_figures(view, objective).value or 0.0


def closings(log: Log) -> list[Recorded]:
    """The closings of objectives, in log order."""
    return [recorded for recorded in log.events if isinstance(recorded.event, ObjectiveClosed)]
