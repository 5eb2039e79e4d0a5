"""Closing objectives: the scores of their key results, their own score and verdict, and what a reopening revokes.

An objective without key results of its own (none, or all dropped) takes its value from the objectives that directly
support it. All of them are read through the unit of work: a concurrent alignment, closing or check-in makes the command
run again.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from heapq import heapify, heappop, heappush
from math import fsum
from typing import TypeAlias
from uuid import UUID

from domain.commands.objective_commands import KeyResultScore
from domain.handlers import related
from domain.handlers.formulas import current_value
from domain.handlers.unit_of_work import UnitOfWork
from domain.metrics import formulas
from domain.metrics.rating import verdict as verdict_of
from domain.model.cycle import Cycle
from domain.model.key_result import KeyResult, KeyResultAdded
from domain.model.objective import Objective, ObjectiveDrafted
from domain.primitives.errors import Code, CommandRejected, invalid
from domain.primitives.rules import Rule
from domain.primitives.values import Kind, ObjectiveState, Ref, Verdict, Visibility

_Moment: TypeAlias = tuple[UUID, datetime]
"""An objective at a moment."""


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
    results, the mean of those that support it and that the whole workspace sees. Without a given verdict, it follows
    from the score by the objective's kind. An objective that can have no score is closed without one. Raises `INVALID`
    for an effective time before the last change of the objective or of a key result, so that the key results as of the
    closing are the present ones.
    """
    refuse_earlier(uow, objective)
    key_results = live_key_results(uow, objective, uow.at)
    for key_result in key_results:
        if key_result.score is None:
            _give_score(uow, key_result, scores or {})
    if score is None:
        score = _mean(key_results) if key_results else score_of_supporters(uow, objective, uow.at)
    if verdict is None and score is not None:
        verdict = verdict_of(score, objective.kind, uow.policy)
    objective.close(verdict, score, reflection, uow.at)
    uow.record_first([*key_results, objective])


def refuse_earlier(uow: UnitOfWork, objective: Objective) -> None:
    """Raises `INVALID` for an effective time before the last change of the objective or of one of its key results,
    those that were moved away included, or before the creation of its cycle."""
    uow.not_before(uow.get(Cycle, objective.cycle))
    goals: list[Objective | KeyResult] = [objective]
    goals += related.ever_children(uow, KeyResult, KeyResultAdded, objective.id)
    max(goals, key=lambda one: one.changed_at).refuse_earlier(uow.at)


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
    has another score, and `INVALID` for one that is named twice.
    """
    own = {one.id: one for one in related.children(uow, KeyResult, KeyResultAdded, objective.id)}
    scores: dict[UUID, float] = {}
    for index, one in enumerate(given):
        field = ("scores", str(index), "keyResult")
        key_result = own.get(one.key_result)
        if key_result is None:
            raise CommandRejected(Code.NOT_FOUND, f"The objective has no key result {one.key_result}.", *field)
        key_result.refuse_dropped()
        if one.key_result in scores:
            raise invalid("This key result is named twice; give one score.", *field, rule=Rule.KEY_RESULT_REPEATED)
        if key_result.score not in (None, one.score):
            raise CommandRejected(
                Code.CONFLICT,
                f"'{key_result.title}' is scored already; change it with scoreKeyResult.",
                *field,
                rule=Rule.KEY_RESULT_SCORED,
                title=key_result.title,
            )
        scores[one.key_result] = one.score
    return scores


def has_scores(uow: UnitOfWork, scores: Mapping[UUID, float]) -> bool:
    """Whether these key results have these scores already."""
    return all(uow.get(KeyResult, id).score == score for id, score in scores.items())


def revoke_scores(uow: UnitOfWork, objective: Objective) -> None:
    """Revoke the scores that the command of the objective's closing recorded; those given by people stay."""
    scored = [one for one in related.children(uow, KeyResult, KeyResultAdded, objective.id) if one.score is not None]
    for key_result in scored:
        if not current_value.is_scored_by_person(uow, key_result):
            key_result.reopen(uow.at)


def parts_first(uow: UnitOfWork, objectives: Sequence[Objective]) -> list[Objective]:
    """The objectives, the last drafted first, but each after those of them that support it or one of its key results.

    An objective is only ever delayed until its parts are done, and parts are mostly drafted after it. So the order of
    two objectives hardly ever depends on a third one, which may be hidden from a reader of the log.
    """
    order = {one.id: -place for place, one in enumerate(objectives)}
    above = {one.id: [id for id in supported_objectives(uow, one) if id in order] for one in objectives}
    waiting = Counter(id for supported in above.values() for id in supported)
    ready = [(order[one.id], one.id) for one in objectives if not waiting[one.id]]
    heapify(ready)
    by_id, ordered = {one.id: one for one in objectives}, []
    while ready:
        _, done = heappop(ready)
        ordered.append(by_id[done])
        for id in above[done]:
            waiting[id] -= 1
            if not waiting[id]:
                heappush(ready, (order[id], id))
    return ordered


def supported_objectives(uow: UnitOfWork, objective: Objective) -> list[UUID]:
    """The objectives that it supports, directly or by one of their key results."""
    uow.load(one.id for one in objective.supports if one.kind is Kind.KEY_RESULT)
    goals = [(one, uow.known(one.id) if one.kind is Kind.KEY_RESULT else None) for one in objective.supports]
    return [goal.objective if isinstance(goal, KeyResult) else one.id for one, goal in goals]


# ── what an objective takes its value from ───────────────────────────────────────────────────────


def score_of_supporters(uow: UnitOfWork, objective: Objective, at: datetime) -> float | None:
    """The mean over the objectives that directly support it: of the score where closed, else of the progress, 0 where
    nothing is measured. Those that can have neither are left out; None without any."""
    parts = supporters(uow, objective, at)
    values = [_score_of(one) if one.state is ObjectiveState.CLOSED else _value(uow, one, at) for one in parts]
    return _plain_mean([value for value in values if value is not None])


def supporters(uow: UnitOfWork, objective: Objective, at: datetime) -> list[Objective]:
    """The objectives that directly support it at a moment, as they are then: in the same or an overlapping cycle,
    neither drafts nor dropped.

    Only those that the whole workspace sees now: a recorded score is shown to everyone, so it must not depend on
    objectives that are hidden from some, whichever caller closes.
    """
    to = Ref(Kind.OBJECTIVE, objective.id)
    (cycle,) = related.all_as_of(uow, [uow.get(Cycle, objective.cycle)], at)
    return [
        one
        for one in overlapping(uow, cycle, at)
        if to in one.supports
        and one.state in (ObjectiveState.ACTIVE, ObjectiveState.CLOSED)
        and uow.get(Objective, one.id).visibility is Visibility.WORKSPACE
    ]


def overlapping(uow: UnitOfWork, cycle: Cycle, at: datetime) -> list[Objective]:
    """All objectives of the cycles that overlap a cycle, itself included, as of a moment."""
    cycles = [one for one in related.all_as_of(uow, uow.cycles, at) if one.overlaps(cycle.starts_on, cycle.ends_on)]
    return [one for other in cycles for one in related.children_as_of(uow, Objective, ObjectiveDrafted, other.id, at)]


def live_key_results(uow: UnitOfWork, objective: Objective, at: datetime) -> list[KeyResult]:
    """The key results of an objective that are not dropped, as of a moment, in the order of creation."""
    return [
        one for one in related.children_as_of(uow, KeyResult, KeyResultAdded, objective.id, at) if not one.is_dropped
    ]


# ── values ───────────────────────────────────────────────────────────────────────────────────────


def _score_of(objective: Objective) -> float | None:
    assert objective.outcome is not None
    return objective.outcome[1]


def _value(uow: UnitOfWork, objective: Objective, at: datetime) -> float | None:
    """The progress of an objective at a moment, 0 where nothing is measured; None if it can have none.

    Depth-first without recursion, since chains of objectives may be long, and each objective once. An objective that
    has ended counts its parts as they stood at its end.
    """
    known: dict[_Moment, float | None] = {}
    parts: dict[_Moment, list[Objective]] = {}
    stack = [(objective, min(at, objective.ended_at))]
    while stack:
        one, until = stack[-1]
        key = (one.id, until)
        if key not in parts:
            own = live_key_results(uow, one, until)
            parts[key] = [] if own else supporters(uow, one, until)
            known[key] = _of_key_results(uow, own, until) if own else None
            stack += [(part, min(until, part.ended_at)) for part in parts[key]]
            continue
        stack.pop()
        if parts[key]:
            values = [known[part.id, min(until, part.ended_at)] for part in parts[key]]
            known[key] = _plain_mean([value for value in values if value is not None])
    return known[objective.id, min(at, objective.ended_at)]


def _of_key_results(uow: UnitOfWork, key_results: list[KeyResult], at: datetime) -> float:
    progress = [current_value.progress(uow, one, at) or 0.0 for one in key_results]
    return formulas.mean([one.weight for one in key_results], progress)


def _plain_mean(values: list[float]) -> float | None:
    return fsum(values) / len(values) if values else None
