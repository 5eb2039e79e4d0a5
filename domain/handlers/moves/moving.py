"""Moving a key result to another objective, and an objective to another cycle, with all that belongs to them.

Measurements, plans and comments move along; a basis before the move shows the old place.
"""

from collections.abc import Sequence
from uuid import UUID

from domain.commands.key_result_commands import MoveKeyResult
from domain.commands.objective_commands import MoveObjective
from domain.handlers import authorization, related
from domain.handlers.handler_registry import handles
from domain.handlers.key_results import terms
from domain.handlers.objectives import refuse_circle
from domain.handlers.unit_of_work import UnitOfWork
from domain.metrics import plan_curve
from domain.model.cycle import Cycle
from domain.model.key_result import KeyResult, KeyResultAdded, KeyResultMoved
from domain.model.objective import Objective
from domain.primitives.errors import CommandRejected
from domain.primitives.values import Kind, Ref


@handles
def move_key_result(uow: UnitOfWork, command: MoveKeyResult) -> KeyResult:
    """The author must be allowed to edit both objectives. Alignments to it go along."""
    key_result = uow.change(KeyResult, command.key_result, "keyResult")
    old, new = uow.get(Objective, key_result.objective), uow.get(Objective, command.to, "to")
    if new.id == old.id:
        return key_result
    authorization.refuse_foreign(uow, new)
    before, after = _open_cycle(uow, old, "keyResult"), _open_cycle(uow, new, "to")
    key_result.refuse_dropped()
    uow.not_before(new)
    supporters = related.supporters(uow, [key_result.id])[key_result.id]
    _refuse_circle(uow, supporters, new)
    uow.record_first([key_result])
    _move(uow, key_result, new, (before, after), supporters)
    return key_result


@handles
def move_objective(uow: UnitOfWork, command: MoveObjective) -> Objective:
    """Alignments between goals whose cycles do not overlap any more end, but for those of objectives that have ended,
    which stay as they are."""
    objective = uow.change(Objective, command.objective, "objective")
    into = uow.find(Cycle, command.to, "to")
    if into.id == objective.cycle:
        return objective
    before = _open_cycle(uow, objective, "objective")
    into.refuse_closed("to")
    uow.not_before(into)
    key_results = related.children(uow, KeyResult, KeyResultAdded, objective.id)
    supporters = related.supporters(uow, [objective.id, *(one.id for one in key_results)])
    _unalign(uow, objective, into)
    staying = _staying(uow, supporters[objective.id], Ref(Kind.OBJECTIVE, objective.id), into)
    objective.move(into.id, staying, uow.at)
    uow.record_first([objective, *key_results])
    for one in key_results:
        _move(uow, one, objective, (before, into), supporters[one.id])
    return objective


def _open_cycle(uow: UnitOfWork, objective: Objective, field: str) -> Cycle:
    """The cycle of an objective. Raises `CLOSED` if it or the objective has ended."""
    cycle = uow.get(Cycle, objective.cycle)
    cycle.refuse_closed(field)
    objective.refuse_ended(field)
    return cycle


def _move(
    uow: UnitOfWork,
    key_result: KeyResult,
    to: Objective,
    cycles: tuple[Cycle, Cycle],
    supporters: Sequence[Objective],
) -> None:
    """Move a key result from one cycle to another, which may be the same: its due date, unless a person set another
    one, and its plan, which is mapped. A dropped one keeps both."""
    before, after = cycles
    due, plan = key_result.due, key_result.plan
    if not key_result.is_dropped:
        due = key_result.due_with(before.ends_on, after.ends_on)
        old = terms(uow, key_result, before.starts_on, key_result.due)
        plan = plan_curve.mapped(plan, old, terms(uow, key_result, after.starts_on, due))
    staying = _staying(uow, supporters, Ref(Kind.KEY_RESULT, key_result.id), after)
    key_result.record(KeyResultMoved(objective=to.id, due=due, plan=plan, supported_by=staying), uow.at)


# ── alignment ────────────────────────────────────────────────────────────────────────────────────


def _refuse_circle(uow: UnitOfWork, supporters: Sequence[Objective], new: Objective) -> None:
    """Raises `CIRCULAR` if one of these would support itself. They are not named: the author may not see them."""
    try:
        for one in supporters:
            refuse_circle(uow, one, new)
    except CommandRejected as refused:
        message = f"'{new.title}' supports this key result, directly or indirectly; choose another objective."
        raise CommandRejected(refused.code, message, "to") from refused


def _staying(uow: UnitOfWork, supporters: Sequence[Objective], goal: Ref, cycle: Cycle) -> tuple[UUID, ...]:
    """The objectives that go on to support a goal in a cycle: those in an overlapping one, and those that have ended.
    The alignments of the others end. Raises `INVALID` if one of them was changed after the move."""
    uow.load(one.cycle for one in supporters)
    staying = []
    for one in supporters:
        one.refuse_earlier(uow.at)
        home = uow.get(Cycle, one.cycle)
        if one.has_ended or home.has_ended or home.overlaps(*cycle.days):
            staying.append(one.id)
        else:
            one.unalign(goal, uow.at)
    return tuple(staying)


def _unalign(uow: UnitOfWork, objective: Objective, cycle: Cycle) -> None:
    """End the alignments of an objective to goals in cycles that do not overlap this one."""
    uow.load(target.id for target in objective.supports)
    for target in objective.supports:
        goal = uow.known(target.id)
        above = uow.known(goal.objective) if isinstance(goal, KeyResult) else goal
        if isinstance(above, Objective) and not uow.get(Cycle, above.cycle).overlaps(*cycle.days):
            objective.unalign(target, uow.at)
