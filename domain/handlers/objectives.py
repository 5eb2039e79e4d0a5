"""Handlers of the commands on objectives: lifecycle, alignment and closing."""

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
from domain.metrics.health import verdict as verdict_of
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
        raise CommandRejected(
            Code.TOO_LARGE, f"An objective supports at most {SUPPORTS_MAX} goals; name fewer.", "supports"
        )
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
    """Allowed in a closed cycle, too: the visibility is no part of its outcome."""
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
        raise CommandRejected(
            Code.TOO_LARGE, f"An objective supports at most {SUPPORTS_MAX} goals; unalign one first.", "to"
        )
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
    """Score the key results that have no score, then close the objective.

    Without a given score, the score is the weighted progress at the effective time; without any measurement, it is
    the weighted mean of the scores given to the key results, or 0. Without a given verdict, the verdict follows from
    the score: ACHIEVED from scoreGreen on.
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
        verdict = verdict_of(score, objective.kind, uow.policy)
    objective.close(verdict, score, reflection, uow.at)


@handles
def drop_objective(uow: UnitOfWork, command: DropObjective) -> Objective:
    objective = _open(uow, command.objective)
    objective.drop(uow.at)
    return objective


@handles
def reopen_objective(uow: UnitOfWork, command: ReopenObjective) -> Objective:
    """Only while the cycle is open. Reopening retracts the scores of the key results, too."""
    objective = _open(uow, command.objective)
    if objective.state is ObjectiveState.CLOSED:
        for key_result in _key_results(uow, objective):
            key_result.reopen(uow.at)
    objective.reopen(uow.at)
    return objective


@handles
def carry_objective(uow: UnitOfWork, command: CarryObjective) -> Objective:
    """Draft a copy in another cycle, with the key results that are neither dropped nor reached. Each starts from
    its current value; milestones already reached are left out."""
    old = uow.change(Objective, command.objective, "objective")
    into = uow.find(Cycle, command.into, "into")
    into.refuse_closed("into")
    uow.not_before(into)
    uow.not_before(old)
    if into.id == old.cycle:
        raise invalid("The objective is already in this cycle; choose another one.", "into")
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
    """The metric from the current value on; None if the target is reached."""
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
    """The KPI, unless it is None or retired."""
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
        raise CommandRejected(
            Code.TOO_LARGE, f"An objective has at most {CONTRIBUTORS_MAX} contributors; name fewer.", "contributors"
        )
    uow.load(contributors)
    for person in contributors:
        uow.colleague(person, "contributors")
    return contributors


def _target(uow: UnitOfWork, cycle: Cycle, target: Ref, field: str) -> Objective:
    """The objective that an alignment target is or belongs to.

    Raises `CONFLICT` if it is dropped, `INVALID` if its cycle does not overlap.
    """
    goal = uow.ref(target, (Objective, KeyResult), field)
    above = uow.get(Objective, goal.objective) if isinstance(goal, KeyResult) else goal
    assert isinstance(above, Objective)
    if above.state is ObjectiveState.DROPPED or (isinstance(goal, KeyResult) and goal.is_dropped):
        raise CommandRejected(Code.CONFLICT, "The goal to support is dropped; choose another.", field)
    other = uow.get(Cycle, above.cycle)
    if not cycle.overlaps(other.starts_on, other.ends_on):
        raise invalid(
            f"'{above.title}' is in '{other.key}', which does not overlap '{cycle.key}'; choose another goal.", field
        )
    return above


def _refuse_circle(uow: UnitOfWork, objective: Objective, above: Objective) -> None:
    """Breadth-first search upwards from the target. Raises `CIRCULAR` if it meets the objective now or at any time
    since the effective time. Every stream read is part of the unit of work, so two concurrent alignments cannot
    form a circle."""
    if above.id == objective.id:
        raise CommandRejected(
            Code.CIRCULAR, "An objective cannot support itself or its own key results; choose another goal.", "to"
        )
    level, seen = [above], {above.id}
    while level:
        if any(one.id == objective.id for one in level):
            raise CommandRejected(
                Code.CIRCULAR,
                f"'{above.title}' already supports '{objective.title}', directly or indirectly; choose another goal.",
                "to",
            )
        targets = [target for one in level for target in one.supports_since(uow.at)]
        uow.load(target.id for target in targets)
        goals = [uow.known(target.id) for target in targets]
        ids = [goal.objective if isinstance(goal, KeyResult) else goal.id for goal in goals if goal]
        fresh = [id for id in dict.fromkeys(ids) if id not in seen]
        seen.update(fresh)
        level = uow.get_all(Objective, fresh)


def _mean(weighted: Sequence[tuple[float, float]]) -> float | None:
    return formulas.mean(*zip(*weighted, strict=True)) if weighted else None
