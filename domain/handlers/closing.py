"""Closing objectives: the scores of their key results, their own score and verdict, and what a reopening revokes."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from domain.commands.objective_commands import KeyResultScore
from domain.handlers import current_value, supporters
from domain.handlers.unit_of_work import UnitOfWork
from domain.metrics import formulas
from domain.metrics.health import verdict as verdict_of
from domain.model.key_result import KeyResult, KeyResultAdded
from domain.model.objective import Objective
from domain.primitives import values
from domain.primitives.errors import Code, CommandRejected, invalid
from domain.primitives.values import Kind, Verdict


def close(
    uow: UnitOfWork,
    objective: Objective,
    verdict: Verdict | None = None,
    score: float | None = None,
    reflection: str | None = None,
    scores: Mapping[UUID, float] | None = None,
) -> None:
    """Score the key results that have no score, then close the objective.

    A key result without a score gets the one in `scores`, else its clamped progress, 0 without a measurement. Without a
    given score, the objective's is the weighted mean of its key results' scores, given by people or not; without key
    results, the mean of what supports it. Without a given verdict, it follows from the score by the objective's kind.
    An objective that can have no score is closed without one.
    """
    key_results = supporters.live_key_results(uow, objective, uow.at)
    for key_result in key_results:
        if key_result.score is None:
            _give_score(uow, key_result, scores or {})
    if score is None:
        score = _mean(key_results) if key_results else supporters.score(uow, objective, uow.at)
    if verdict is None and score is not None:
        verdict = verdict_of(score, objective.kind, uow.policy)
    objective.close(verdict, score, reflection, uow.at)
    uow.record_first([*key_results, objective])


def _give_score(uow: UnitOfWork, key_result: KeyResult, scores: Mapping[UUID, float]) -> None:
    score = scores.get(key_result.id)
    if score is None:
        score = current_value.progress(uow, key_result, uow.at) or 0.0
    key_result.give_score(score, None, uow.at)


def _mean(key_results: Sequence[KeyResult]) -> float:
    return formulas.mean([one.weight for one in key_results], [one.score or 0.0 for one in key_results])


def given_scores(uow: UnitOfWork, objective: Objective, given: Sequence[KeyResultScore]) -> dict[UUID, float]:
    """The scores of a closing by key result.

    Raises `NOT_FOUND` for what is no key result of the objective, `CLOSED` for a dropped one, `CONFLICT` for one that
    has another score, and `INVALID` for one that is named twice and for a score outside of [0, 1].
    """
    own = {one.id: one for one in uow.children(KeyResult, KeyResultAdded, objective.id)}
    scores: dict[UUID, float] = {}
    for index, one in enumerate(given):
        field = ("scores", str(index), "keyResult")
        key_result = own.get(one.key_result)
        if key_result is None:
            raise CommandRejected(Code.NOT_FOUND, f"The objective has no key result {one.key_result}.", *field)
        key_result.refuse_dropped()
        if one.key_result in scores:
            raise invalid("This key result is named twice; give one score.", *field)
        score = values.share(one.score, "scores", str(index), "score")
        assert score is not None
        if key_result.score not in (None, score):
            raise CommandRejected(
                Code.CONFLICT, f"'{key_result.title}' is scored already; change it with scoreKeyResult.", *field
            )
        scores[one.key_result] = score
    return scores


def has_scores(uow: UnitOfWork, scores: Mapping[UUID, float]) -> bool:
    """Whether these key results have these scores already."""
    return all(uow.get(KeyResult, id).score == score for id, score in scores.items())


def revoke_scores(uow: UnitOfWork, objective: Objective) -> None:
    """Revoke the scores that the command of the objective's closing recorded; those given by people stay."""
    scored = [one for one in uow.children(KeyResult, KeyResultAdded, objective.id) if one.score is not None]
    for key_result in scored:
        if not current_value.is_scored_by_person(uow, key_result):
            key_result.reopen(uow.at)


def parts_first(uow: UnitOfWork, objectives: Sequence[Objective]) -> list[Objective]:
    """The objectives, each after those of them that support it or one of its key results."""
    by_id = {one.id: one for one in objectives}
    parts: dict[UUID, list[Objective]] = {id: [] for id in by_id}
    for one in objectives:
        for supported in supported_objectives(uow, one):
            if supported in parts:
                parts[supported].append(one)
    return _depth_first(objectives, parts)


def _depth_first(objectives: Sequence[Objective], parts: Mapping[UUID, Sequence[Objective]]) -> list[Objective]:
    """Each objective once, after its parts. Without recursion, since chains of objectives may be long."""
    ordered: list[Objective] = []
    seen: set[UUID] = set()
    stack = [(one, False) for one in reversed(objectives)]
    while stack:
        one, has_parts_done = stack.pop()
        if has_parts_done:
            ordered.append(one)
        elif one.id not in seen:
            seen.add(one.id)
            stack += [(one, True), *((part, False) for part in reversed(parts[one.id]))]
    return ordered


def supported_objectives(uow: UnitOfWork, objective: Objective) -> list[UUID]:
    """The objectives that it supports, directly or by one of their key results."""
    uow.load(one.id for one in objective.supports if one.kind is Kind.KEY_RESULT)
    goals = [(one, uow.known(one.id) if one.kind is Kind.KEY_RESULT else None) for one in objective.supports]
    return [goal.objective if isinstance(goal, KeyResult) else one.id for one, goal in goals]
