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
from domain.handlers.unit_of_work import UnitOfWork
from domain.metrics import formulas
from domain.metrics.progress import verdict as verdict_of
from domain.model.cycle import Cycle
from domain.model.key_result import KeyResult, KeyResultAdded
from domain.model.kpi import Kpi
from domain.model.objective import Objective, ObjectiveDrafted, refuse_without_team
from domain.primitives import values
from domain.primitives.errors import Code, CommandRejected, invalid
from domain.primitives.values import Direction, KeyResultState, Metric, ObjectiveState, Ref, Verdict, Visibility

CONTRIBUTORS_MAX = 100
SUPPORTS_MAX = 100


@handles
def draft_objective(uow: UnitOfWork, command: DraftObjective) -> Objective:
    cycle = uow.subject(uow.find(Cycle, command.cycle, "cycle"))
    cycle.refuse_closed("cycle")
    uow.not_before(cycle)
    supports = tuple(dict.fromkeys(command.supports))
    if len(supports) > SUPPORTS_MAX:
        raise CommandRejected(Code.TOO_LARGE, f"An objective supports {SUPPORTS_MAX} others at most.", "supports")
    for target in supports:
        _target(uow, cycle, target, "supports")
    visibility = Visibility.WORKSPACE if command.visibility is UNSET else command.visibility
    refuse_without_team(visibility, command.team)
    event = ObjectiveDrafted(
        cycle=cycle.id,
        title=values.title(command.title, "title"),
        description=values.prose(command.description, "description"),
        kind=command.kind,
        owner=uow.colleague(command.owner, "owner"),
        team=uow.team(command.team, "team"),
        contributors=_contributors(uow, command.contributors),
        supports=supports,
        visibility=visibility,
    )
    return uow.begin(Objective, event)


@handles
def reword_objective(uow: UnitOfWork, command: RewordObjective) -> Objective:
    objective = _open(uow, command.objective)
    title = command.title if command.title is UNSET else values.title(command.title, "title")
    description = (
        command.description if command.description is UNSET else values.prose(command.description, "description")
    )
    objective.reword(title, description, uow.at)
    return objective


@handles
def assign_objective(uow: UnitOfWork, command: AssignObjective) -> Objective:
    objective = _open(uow, command.objective)
    objective.assign(
        owner=objective.owner if command.owner is UNSET else uow.colleague(command.owner, "owner"),
        team=objective.team if command.team is UNSET else uow.team(command.team, "team"),
        contributors=(
            objective.contributors if command.contributors is UNSET else _contributors(uow, command.contributors)
        ),
        at=uow.at,
    )
    return objective


@handles
def set_objective_visibility(uow: UnitOfWork, command: SetObjectiveVisibility) -> Objective:
    """In a closed cycle, too: its outcome is read as before, by those who see it."""
    objective = uow.change(Objective, command.objective, "objective")
    objective.show_to(command.visibility, uow.at)
    return objective


@handles
def align_objective(uow: UnitOfWork, command: AlignObjective) -> Objective:
    objective = _open(uow, command.objective)
    uow.ref(command.to, (Objective, KeyResult), "to")
    if command.to in objective.supports:
        return objective
    if len(objective.supports) >= SUPPORTS_MAX:
        raise CommandRejected(Code.TOO_LARGE, f"An objective supports {SUPPORTS_MAX} others at most.", "to")
    above = _target(uow, uow.get(Cycle, objective.cycle), command.to, "to")
    _refuse_circle(uow, objective, above)
    objective.align(command.to, uow.at)
    return objective


@handles
def unalign_objective(uow: UnitOfWork, command: UnalignObjective) -> Objective:
    objective = _open(uow, command.objective)
    uow.ref(command.from_, (Objective, KeyResult), "from")
    objective.unalign(command.from_, uow.at)
    return objective


@handles
def commit_objective(uow: UnitOfWork, command: CommitObjective) -> Objective:
    objective = _open(uow, command.objective)
    objective.commit(uow.at)
    return objective


@handles
def close_objective(uow: UnitOfWork, command: CloseObjective) -> Objective:
    objective = uow.change(Objective, command.objective, "objective")
    score, reflection = values.share(command.score, "score"), values.prose(command.reflection, "reflection")
    if not objective.is_closed_as(command.verdict, score, reflection):
        uow.get(Cycle, objective.cycle).refuse_closed("objective")
        objective.refuse_ended()
        close(uow, objective, command.verdict, score, reflection)
    return objective


def close(
    uow: UnitOfWork,
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
    key_results = [one for one in _key_results(uow, objective) if not one.is_dropped]
    measured = [(one.weight, current_value.progress(uow, one)) for one in key_results]
    for key_result, (_, progress) in zip(key_results, measured, strict=True):
        if key_result.state is not KeyResultState.SCORED:
            key_result.give_score(progress or 0.0, None, uow.at)
    if score is None:
        score = _mean([(weight, progress) for weight, progress in measured if progress is not None])
    if score is None:
        score = _mean([(one.weight, one.score) for one in key_results if one.score is not None]) or 0.0
    if verdict is None:
        verdict = verdict_of(score, uow.policy)
    objective.close(verdict, score, reflection, uow.at)


@handles
def drop_objective(uow: UnitOfWork, command: DropObjective) -> Objective:
    objective = _open(uow, command.objective)
    objective.drop(uow.at)
    return objective


@handles
def reopen_objective(uow: UnitOfWork, command: ReopenObjective) -> Objective:
    """Back to work, while its cycle is open; the scores of its key results are taken back with it."""
    objective = _open(uow, command.objective)
    if objective.state is ObjectiveState.CLOSED:
        for key_result in _key_results(uow, objective):
            key_result.reopen(uow.at)
    objective.reopen(uow.at)
    return objective


@handles
def carry_objective(uow: UnitOfWork, command: CarryObjective) -> Objective:
    """Draft it anew in another cycle, with the key results that are neither dropped nor reached,
    each starting from its current value; milestones already reached stay behind."""
    old = uow.change(Objective, command.objective, "objective")
    into = uow.find(Cycle, command.into, "into")
    into.refuse_closed("into")
    uow.not_before(into)
    uow.not_before(old)
    if into.id == old.cycle:
        raise invalid("It is in this cycle already; carry it into another.", "into")
    event = ObjectiveDrafted(
        cycle=into.id, title=old.title, description=old.description, kind=old.kind, owner=old.owner,
        team=old.team, contributors=old.contributors, carried_from=old.id, visibility=old.visibility,
    )  # fmt: skip
    new = uow.begin(Objective, event)
    for key_result in _key_results(uow, old):
        metric = None if key_result.is_dropped else _rest(uow, key_result)
        if metric is not None:
            added = KeyResultAdded(
                objective=new.id, title=key_result.title, description=key_result.description, metric=metric,
                owner=key_result.owner, weight=key_result.weight, due=into.ends_on,
                kpi=_still_read(uow, key_result.kpi), carried_from=key_result.id,
            )  # fmt: skip
            uow.begin(KeyResult, added)
    return new


def _rest(uow: UnitOfWork, key_result: KeyResult) -> Metric | None:
    """What is left to do: the metric from the current value on, or None where it was reached."""
    metric = key_result.metric
    measurement = current_value.latest(uow, key_result)
    if (current_value.progress(uow, key_result) or 0.0) >= 1.0:
        return None
    if measurement is None:
        return metric
    if metric.direction is Direction.MILESTONES:
        left = tuple(one for one in metric.milestones if one.key not in (measurement.reached or ()))
        return structs.replace(metric, milestones=left)
    if measurement.value is None or metric.direction is Direction.DONE:
        return metric
    return structs.replace(metric, start=measurement.value, change_by=None)


def _still_read(uow: UnitOfWork, kpi: UUID | None) -> UUID | None:
    """The KPI, if it is one and was not retired."""
    return None if kpi is None or uow.get(Kpi, kpi).retired else kpi


def _open(uow: UnitOfWork, id: UUID) -> Objective:
    """The objective to change, in a cycle that is not closed."""
    objective = uow.change(Objective, id, "objective")
    uow.get(Cycle, objective.cycle).refuse_closed("objective")
    return objective


def _key_results(uow: UnitOfWork, objective: Objective) -> list[KeyResult]:
    return uow.children(KeyResult, KeyResultAdded, objective.id)


def _contributors(uow: UnitOfWork, people: Sequence[UUID]) -> tuple[UUID, ...]:
    contributors = tuple(dict.fromkeys(people))
    if len(contributors) > CONTRIBUTORS_MAX:
        raise CommandRejected(Code.TOO_LARGE, f"Takes up to {CONTRIBUTORS_MAX} contributors.", "contributors")
    uow.load(contributors)
    for person in contributors:
        uow.colleague(person, "contributors")
    return contributors


def _target(uow: UnitOfWork, cycle: Cycle, target: Ref, field: str) -> Objective:
    """The objective at or above an alignment target, in the same or an overlapping cycle."""
    thing = uow.ref(target, (Objective, KeyResult), field)
    above = uow.get(Objective, thing.objective) if isinstance(thing, KeyResult) else thing
    assert isinstance(above, Objective)
    if above.state is ObjectiveState.DROPPED or (isinstance(thing, KeyResult) and thing.is_dropped):
        raise CommandRejected(Code.CONFLICT, "What it would support was dropped; choose another.", field)
    other = uow.get(Cycle, above.cycle)
    if not cycle.overlaps(other.starts_on, other.ends_on):
        raise invalid(f"'{above.title}' is in '{other.key}', which does not overlap '{cycle.key}'.", field)
    return above


def _refuse_circle(uow: UnitOfWork, objective: Objective, above: Objective) -> None:
    """Walk up from the target, a level at a time; the objective itself must not stand there, nor have stood
    there since the alignment is to hold. All that is read on the way is part of the decision, so that two
    alignments cannot close a circle together."""
    if above.id == objective.id:
        raise CommandRejected(Code.CIRCULAR, "An objective supports others, not itself or its own key results.", "to")
    level, seen = [above], {above.id}
    while level:
        if any(one.id == objective.id for one in level):
            raise CommandRejected(
                Code.CIRCULAR, f"'{above.title}' supports '{objective.title}' already; it cannot go both ways.", "to"
            )
        targets = [target for one in level for target in one.supports_since(uow.at)]
        uow.load(target.id for target in targets)
        things = [uow.known(target.id) for target in targets]
        ids = [thing.objective if isinstance(thing, KeyResult) else thing.id for thing in things if thing]
        fresh = [id for id in dict.fromkeys(ids) if id not in seen]
        seen.update(fresh)
        level = uow.get_all(Objective, fresh)


def _mean(weighted: Sequence[tuple[float, float]]) -> float | None:
    return formulas.mean(*zip(*weighted, strict=True)) if weighted else None
