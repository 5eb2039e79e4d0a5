"""Handing the open work of one person over to another."""

from collections.abc import Sequence
from uuid import UUID

from msgspec import structs

from domain.commands.people_commands import HandOver
from domain.handlers import related
from domain.handlers.handler_registry import handles
from domain.handlers.unit_of_work import UnitOfWork
from domain.model.cycle import Cycle
from domain.model.discussion import Initiative
from domain.model.event import Aggregate
from domain.model.key_result import KeyResult
from domain.model.kpi import Kpi
from domain.model.objective import Objective
from domain.model.people import Person, Team
from domain.primitives.values import InitiativeState

_TO_DO = (InitiativeState.TODO, InitiativeState.DOING)


@handles
def hand_over(uow: UnitOfWork, command: HandOver) -> Person:
    """Everything is recorded or nothing. What is open, and whose it is, is the present state: a change of it before the
    append makes the command run again. Raises `INVALID` for an effective time before the last change of any of it."""
    giver = uow.change(Person, command.from_, "from")
    taker = uow.get(Person, command.to, "to").id
    owned = related.owned_by(uow, giver.id)
    _load_goals(uow, owned)
    open_work = [one for one in owned if _is_open_work(uow, one, giver.id)]
    if open_work:
        uow.colleague(taker, "to")
        for one in open_work:
            _assign(uow, one, taker)
        giver.hand_over(taker, uow.at)
        uow.record_first([*open_work, giver])
    return giver


def _load_goals(uow: UnitOfWork, owned: Sequence[Aggregate]) -> None:
    """Read the goals that these belong to and their cycles: one statement a level."""
    uow.load(one.subject.id for one in owned if isinstance(one, Initiative))
    goals = [uow.known(one.subject.id) if isinstance(one, Initiative) else one for one in owned]
    uow.load(one.objective for one in goals if isinstance(one, KeyResult))
    objectives = [uow.known(one.objective) if isinstance(one, KeyResult) else one for one in goals]
    uow.load(one.cycle for one in objectives if isinstance(one, Objective))


def _is_open_work(uow: UnitOfWork, one: Aggregate, owner: UUID) -> bool:
    """Whether it has not ended, and this person owns it, or leads it for a team."""
    match one:
        case Objective():
            return one.owner == owner and _is_open(uow, one)
        case KeyResult():
            return one.owner == owner and not one.is_dropped and _is_open(uow, uow.get(Objective, one.objective))
        case Kpi():
            return one.definition.owner == owner and not one.retired
        case Initiative():
            return one.owner == owner and one.state in _TO_DO and _is_in_open_cycle(uow, one)
        case Team():
            return one.lead == owner and not one.disbanded
    return False


def _is_open(uow: UnitOfWork, objective: Objective) -> bool:
    return not objective.has_ended and not uow.get(Cycle, objective.cycle).has_ended


def _is_in_open_cycle(uow: UnitOfWork, initiative: Initiative) -> bool:
    goal = uow.known(initiative.subject.id)
    objective = uow.known(goal.objective) if isinstance(goal, KeyResult) else goal
    return isinstance(objective, Objective) and not uow.get(Cycle, objective.cycle).has_ended


def _assign(uow: UnitOfWork, one: Aggregate, owner: UUID) -> None:
    match one:
        case Objective():
            one.assign(owner, one.team, one.contributors, uow.at)
        case KeyResult():
            one.assign(owner, uow.at)
        case Kpi():
            one.redefine(structs.replace(one.definition, owner=owner), None, uow.at)
        case Initiative():
            one.edit(one.title, owner, one.due, uow.at)
        case Team():
            one.appoint(owner, uow.at)
