"""Handlers of the commands on objectives: lifecycle and alignment."""

from collections.abc import Sequence
from uuid import UUID

from msgspec import UNSET

from domain.commands.objective_commands import (
    SUPPORTS_MAX,
    AlignObjective,
    AssignObjective,
    CloseObjective,
    CommitObjective,
    DraftObjective,
    DropObjective,
    ReopenObjective,
    RewordObjective,
    SetObjectiveVisibility,
    UnalignObjective,
)
from domain.handlers import closing, key_results
from domain.handlers.across.referencing import with_reference
from domain.handlers.handler_registry import handles
from domain.handlers.unit_of_work import UnitOfWork
from domain.model.cycle import Cycle
from domain.model.key_result import KeyResult, KeyResultAdded
from domain.model.objective import Objective, ObjectiveDrafted
from domain.primitives.errors import Code, CommandRejected, ItemFaults, invalid
from domain.primitives.rules import Rule
from domain.primitives.values import ObjectiveState, Ref, Visibility


@handles
def draft_objective(uow: UnitOfWork, command: DraftObjective) -> Objective:
    """All faults of the objective and its key results are reported together."""
    cycle = uow.subject(uow.find(Cycle, command.cycle, "cycle"))
    cycle.refuse_closed("cycle")
    uow.not_before(cycle)
    faults, drafts, added = ItemFaults(), list[ObjectiveDrafted](), list[KeyResultAdded]()
    with faults.of():
        drafts.append(_draft(uow, cycle, command))
    given = command.key_results or []
    for index, one in enumerate(given):
        with faults.of("keyResults", str(index)):
            added.append(key_results.addition(uow, cycle, one))
    faults.refuse()
    objective = with_reference(uow, uow.begin(Objective, drafts[0]), command.external)
    for index, addition in enumerate(added):
        with faults.of("keyResults", str(index)):
            key_results.begun(uow, objective, addition, given[index])
    faults.refuse()
    if command.commit is True:
        uow.record_now()
        objective.commit(uow.at)
    return objective


def _draft(uow: UnitOfWork, cycle: Cycle, command: DraftObjective) -> ObjectiveDrafted:
    supports = tuple(dict.fromkeys(command.supports))
    for target in supports:
        _target(uow, cycle, target, "supports")
    return ObjectiveDrafted(
        cycle=cycle.id,
        title=command.title,
        description=command.description,
        kind=command.kind,
        owner=uow.colleague(command.owner, "owner"),
        team=uow.team(command.team, "team"),
        contributors=_contributors(uow, command.contributors),
        supports=supports,
        visibility=Visibility.WORKSPACE if command.visibility is UNSET else command.visibility,
    )


@handles
def reword_objective(uow: UnitOfWork, command: RewordObjective) -> Objective:
    objective = _open(uow, command.objective)
    objective.reword(command.title, command.description, uow.at)
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
            Code.TOO_LARGE,
            f"An objective supports at most {SUPPORTS_MAX} goals; unalign one first.",
            "to",
            rule=Rule.SUPPORTS_TOO_MANY,
            max=SUPPORTS_MAX,
        )
    above = _target(uow, uow.get(Cycle, objective.cycle), command.to, "to")
    refuse_circle(uow, objective, above)
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
    score, reflection = command.score, command.reflection
    scores = closing.given_scores(uow, objective, [] if command.scores is UNSET else command.scores)
    if not (objective.is_closed_as(command.verdict, score, reflection) and closing.has_scores(uow, scores)):
        uow.get(Cycle, objective.cycle).refuse_closed("objective")
        objective.refuse_ended()
        closing.close(uow, objective, command.verdict, score, reflection, scores)
    return objective


@handles
def drop_objective(uow: UnitOfWork, command: DropObjective) -> Objective:
    """Not before the last change of one of its key results, which end with it."""
    objective = _open(uow, command.objective)
    if objective.state is not ObjectiveState.DROPPED:
        closing.refuse_earlier(uow, objective)
    objective.drop(uow.at)
    return objective


@handles
def reopen_objective(uow: UnitOfWork, command: ReopenObjective) -> Objective:
    """Only while the cycle is open. Reopening undoes score and verdict, and revokes the scores that the closing gave to
    the key results; those that people gave stay. Due dates that follow the cycle, and plans, go on with its days."""
    objective = _open(uow, command.objective)
    ended_at = objective.ended_at
    if objective.state is ObjectiveState.CLOSED:
        closing.revoke_scores(uow, objective)
    objective.reopen(uow.at)
    key_results.catch_up(uow, objective, ended_at)
    return objective


def _open(uow: UnitOfWork, id: UUID) -> Objective:
    """The objective to change, in a cycle that is not closed."""
    objective = uow.change(Objective, id, "objective")
    uow.get(Cycle, objective.cycle).refuse_closed("objective")
    return objective


def _contributors(uow: UnitOfWork, people: Sequence[UUID]) -> tuple[UUID, ...]:
    contributors = tuple(dict.fromkeys(people))
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
        raise CommandRejected(
            Code.CONFLICT,
            "The goal to support is dropped; choose another.",
            field,
            rule=Rule.SUPPORTED_GOAL_DROPPED,
        )
    uow.not_before_move(goal)
    other = uow.get(Cycle, above.cycle)
    if not cycle.overlaps(other.starts_on, other.ends_on):
        raise invalid(
            f"'{above.title}' is in '{other.key}', which does not overlap '{cycle.key}'; choose another goal.",
            field,
            rule=Rule.SUPPORTED_CYCLE_ELSEWHERE,
            title=above.title,
            cycle=other.key,
        )
    return above


def refuse_circle(uow: UnitOfWork, objective: Objective, above: Objective) -> None:
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
