"""What is decided about objectives: their life, their alignment, and how they end."""

from collections.abc import Sequence
from uuid import UUID

from msgspec import UNSET, structs

from domain.commands.objective_commands import (
    AlignObjective,
    AssignObjective,
    CarryObjective,
    CloseObjective,
    CommitObjective,
    DraftObjective,
    DropObjective,
    ReopenObjective,
    RewordObjective,
    SetObjectiveVisibility,
    UnalignObjective,
)
from domain.handlers import current_value
from domain.handlers.handler_registry import handles
from domain.handlers.unit_of_work import Decision
from domain.metrics import formulas
from domain.metrics.progress import verdict as verdict_of
from domain.model.cycle import Cycle
from domain.model.key_result import KeyResult, KeyResultAdded
from domain.model.kpi import Kpi
from domain.model.objective import Objective, ObjectiveDrafted, refuse_without_team
from domain.primitives import values
from domain.primitives.errors import Code, Refused, invalid
from domain.primitives.values import Direction, KeyResultState, Metric, ObjectiveState, Ref, Verdict, Visibility

CONTRIBUTORS_MAX = 100
SUPPORTS_MAX = 100


@handles
def draft_objective(case: Decision, do: DraftObjective) -> Objective:
    cycle = case.subject(case.find(Cycle, do.cycle, "cycle"))
    cycle.refuse_closed("cycle")
    case.not_before(cycle)
    supports = tuple(dict.fromkeys(do.supports))
    if len(supports) > SUPPORTS_MAX:
        raise Refused(Code.TOO_LARGE, f"An objective supports {SUPPORTS_MAX} others at most.", "supports")
    for target in supports:
        _target(case, cycle, target, "supports")
    visibility = Visibility.WORKSPACE if do.visibility is UNSET else do.visibility
    refuse_without_team(visibility, do.team)
    event = ObjectiveDrafted(
        cycle=cycle.id,
        title=values.title(do.title, "title"),
        description=values.prose(do.description, "description"),
        kind=do.kind,
        owner=case.colleague(do.owner, "owner"),
        team=case.team(do.team, "team"),
        contributors=_contributors(case, do.contributors),
        supports=supports,
        visibility=visibility,
    )
    return case.begin(Objective, event)


@handles
def reword_objective(case: Decision, do: RewordObjective) -> Objective:
    objective = _open(case, do.objective)
    title = do.title if do.title is UNSET else values.title(do.title, "title")
    description = do.description if do.description is UNSET else values.prose(do.description, "description")
    objective.reword(title, description, case.at)
    return objective


@handles
def assign_objective(case: Decision, do: AssignObjective) -> Objective:
    objective = _open(case, do.objective)
    objective.assign(
        owner=objective.owner if do.owner is UNSET else case.colleague(do.owner, "owner"),
        team=objective.team if do.team is UNSET else case.team(do.team, "team"),
        contributors=(objective.contributors if do.contributors is UNSET else _contributors(case, do.contributors)),
        at=case.at,
    )
    return objective


@handles
def set_objective_visibility(case: Decision, do: SetObjectiveVisibility) -> Objective:
    """In a closed cycle, too: its outcome is read as before, by those who see it."""
    objective = case.change(Objective, do.objective, "objective")
    objective.show_to(do.visibility, case.at)
    return objective


@handles
def align_objective(case: Decision, do: AlignObjective) -> Objective:
    objective = _open(case, do.objective)
    case.ref(do.to, (Objective, KeyResult), "to")
    if do.to in objective.supports:
        return objective
    if len(objective.supports) >= SUPPORTS_MAX:
        raise Refused(Code.TOO_LARGE, f"An objective supports {SUPPORTS_MAX} others at most.", "to")
    above = _target(case, case.get(Cycle, objective.cycle), do.to, "to")
    _refuse_circle(case, objective, above)
    objective.align(do.to, case.at)
    return objective


@handles
def unalign_objective(case: Decision, do: UnalignObjective) -> Objective:
    objective = _open(case, do.objective)
    case.ref(do.from_, (Objective, KeyResult), "from")
    objective.unalign(do.from_, case.at)
    return objective


@handles
def commit_objective(case: Decision, do: CommitObjective) -> Objective:
    objective = _open(case, do.objective)
    objective.commit(case.at)
    return objective


@handles
def close_objective(case: Decision, do: CloseObjective) -> Objective:
    objective = case.change(Objective, do.objective, "objective")
    score, reflection = values.share(do.score, "score"), values.prose(do.reflection, "reflection")
    if not objective.is_closed_as(do.verdict, score, reflection):
        case.get(Cycle, objective.cycle).refuse_closed("objective")
        objective.refuse_ended()
        close(case, objective, do.verdict, score, reflection)
    return objective


def close(
    case: Decision,
    objective: Objective,
    verdict: Verdict | None = None,
    score: float | None = None,
    reflection: str | None = None,
) -> None:
    """Score what is not scored yet, key results first, and close.

    A score that was not given is the progress at that moment; where nothing was ever measured it is
    the weighted mean of the scores given to its key results, or 0. A verdict that was not given
    follows from the score: ACHIEVED from scoreGreen on.
    """
    key_results = [one for one in _key_results(case, objective) if not one.is_dropped]
    measured = [(one.weight, current_value.progress(case, one)) for one in key_results]
    for key_result, (_, progress) in zip(key_results, measured, strict=True):
        if key_result.state is not KeyResultState.SCORED:
            key_result.give_score(progress or 0.0, None, case.at)
    if score is None:
        score = _mean([(weight, progress) for weight, progress in measured if progress is not None])
    if score is None:
        score = _mean([(one.weight, one.score) for one in key_results if one.score is not None]) or 0.0
    if verdict is None:
        verdict = verdict_of(score, case.policy)
    objective.close(verdict, score, reflection, case.at)


@handles
def drop_objective(case: Decision, do: DropObjective) -> Objective:
    objective = _open(case, do.objective)
    objective.drop(case.at)
    return objective


@handles
def reopen_objective(case: Decision, do: ReopenObjective) -> Objective:
    """Back to work, while its cycle is open; the scores of its key results are taken back with it."""
    objective = _open(case, do.objective)
    if objective.state is ObjectiveState.CLOSED:
        for key_result in _key_results(case, objective):
            key_result.reopen(case.at)
    objective.reopen(case.at)
    return objective


@handles
def carry_objective(case: Decision, do: CarryObjective) -> Objective:
    """Draft it anew in another cycle, with the key results that are neither dropped nor reached,
    each starting from its current value; milestones already reached stay behind."""
    old = case.change(Objective, do.objective, "objective")
    into = case.find(Cycle, do.into, "into")
    into.refuse_closed("into")
    case.not_before(into)
    case.not_before(old)
    if into.id == old.cycle:
        raise invalid("It is in this cycle already; carry it into another.", "into")
    event = ObjectiveDrafted(
        cycle=into.id, title=old.title, description=old.description, kind=old.kind, owner=old.owner,
        team=old.team, contributors=old.contributors, carried_from=old.id, visibility=old.visibility,
    )  # fmt: skip
    new = case.begin(Objective, event)
    for key_result in _key_results(case, old):
        metric = None if key_result.is_dropped else _rest(case, key_result)
        if metric is not None:
            added = KeyResultAdded(
                objective=new.id, title=key_result.title, description=key_result.description, metric=metric,
                owner=key_result.owner, weight=key_result.weight, due=into.ends_on,
                kpi=_still_read(case, key_result.kpi), carried_from=key_result.id,
            )  # fmt: skip
            case.begin(KeyResult, added)
    return new


def _rest(case: Decision, key_result: KeyResult) -> Metric | None:
    """What is left to do: the metric from the current value on, or None where it was reached."""
    metric = key_result.metric
    measurement = current_value.latest(case, key_result)
    if (current_value.progress(case, key_result) or 0.0) >= 1.0:
        return None
    if measurement is None:
        return metric
    if metric.direction is Direction.MILESTONES:
        left = tuple(one for one in metric.milestones if one.key not in (measurement.reached or ()))
        return structs.replace(metric, milestones=left)
    if measurement.value is None or metric.direction is Direction.DONE:
        return metric
    return structs.replace(metric, start=measurement.value, change_by=None)


def _still_read(case: Decision, kpi: UUID | None) -> UUID | None:
    """The KPI, if it is one and was not retired."""
    return None if kpi is None or case.get(Kpi, kpi).retired else kpi


def _open(case: Decision, id: UUID) -> Objective:
    """The objective to change, in a cycle that is not closed."""
    objective = case.change(Objective, id, "objective")
    case.get(Cycle, objective.cycle).refuse_closed("objective")
    return objective


def _key_results(case: Decision, objective: Objective) -> list[KeyResult]:
    return case.children(KeyResult, KeyResultAdded, objective.id)


def _contributors(case: Decision, people: Sequence[UUID]) -> tuple[UUID, ...]:
    contributors = tuple(dict.fromkeys(people))
    if len(contributors) > CONTRIBUTORS_MAX:
        raise Refused(Code.TOO_LARGE, f"Takes up to {CONTRIBUTORS_MAX} contributors.", "contributors")
    case.load(contributors)
    for person in contributors:
        case.colleague(person, "contributors")
    return contributors


def _target(case: Decision, cycle: Cycle, target: Ref, field: str) -> Objective:
    """The objective at or above an alignment target, in the same or an overlapping cycle."""
    thing = case.ref(target, (Objective, KeyResult), field)
    above = case.get(Objective, thing.objective) if isinstance(thing, KeyResult) else thing
    assert isinstance(above, Objective)
    if above.state is ObjectiveState.DROPPED or (isinstance(thing, KeyResult) and thing.is_dropped):
        raise Refused(Code.CONFLICT, "What it would support was dropped; choose another.", field)
    other = case.get(Cycle, above.cycle)
    if not cycle.overlaps(other.starts_on, other.ends_on):
        raise invalid(f"'{above.title}' is in '{other.key}', which does not overlap '{cycle.key}'.", field)
    return above


def _refuse_circle(case: Decision, objective: Objective, above: Objective) -> None:
    """Walk up from the target, a level at a time; the objective itself must not stand there, nor have stood
    there since the alignment is to hold. All that is read on the way is part of the decision, so that two
    alignments cannot close a circle together."""
    if above.id == objective.id:
        raise Refused(Code.CIRCULAR, "An objective supports others, not itself or its own key results.", "to")
    level, seen = [above], {above.id}
    while level:
        if any(one.id == objective.id for one in level):
            raise Refused(
                Code.CIRCULAR, f"'{above.title}' supports '{objective.title}' already; it cannot go both ways.", "to"
            )
        targets = [target for one in level for target in one.supports_since(case.at)]
        case.load(target.id for target in targets)
        things = [case.known(target.id) for target in targets]
        ids = [thing.objective if isinstance(thing, KeyResult) else thing.id for thing in things if thing]
        fresh = [id for id in dict.fromkeys(ids) if id not in seen]
        seen.update(fresh)
        level = case.get_all(Objective, fresh)


def _mean(weighted: Sequence[tuple[float, float]]) -> float | None:
    return formulas.mean(*zip(*weighted, strict=True)) if weighted else None
