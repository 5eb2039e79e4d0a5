"""Rescheduling a cycle: its new days, and what follows them in its key results."""

from datetime import date, datetime
from typing import TypeAlias

from msgspec import UNSET

from domain.commands.cycle_commands import RescheduleCycle, refuse_days
from domain.handlers import cycles
from domain.handlers.handler_registry import handles
from domain.handlers.key_results import begins_on
from domain.handlers.unit_of_work import UnitOfWork
from domain.metrics import plan_curve
from domain.model.cycle import Cycle, CycleOpened
from domain.model.key_result import KeyResult, KeyResultAdded
from domain.model.objective import Objective, ObjectiveDrafted
from domain.primitives.errors import Code, CommandRejected
from domain.primitives.plan_checks import Terms
from domain.primitives.rules import Rule

Days: TypeAlias = tuple[date, date]
"""The first and the last day of a cycle."""


@handles
def reschedule_cycle(uow: UnitOfWork, command: RescheduleCycle) -> Cycle:
    """What has ended keeps the days of its end. Alignments stay, and count while the cycles of both goals overlap."""
    cycle = uow.subject(uow.find(Cycle, command.cycle, "cycle"))
    before = cycle.days
    starts_on = cycle.starts_on if command.starts_on is UNSET else command.starts_on
    ends_on = cycle.ends_on if command.ends_on is UNSET else command.ends_on
    if (starts_on, ends_on) == before:
        return cycle
    cycle.refuse_closed("cycle")
    refuse_days(starts_on, ends_on)
    _refuse_relatives(uow, cycle, starts_on, ends_on)
    held = uow.children(Objective, ObjectiveDrafted, cycle.id)
    cycles.refuse_earlier(uow, held)
    cycle.reschedule(starts_on, ends_on, uow.at)
    open_ones = [one.id for one in held if not one.has_ended]
    groups = uow.children_of(KeyResult, KeyResultAdded, open_ones).values()
    key_results = [one for group in groups for one in group]
    for key_result in key_results:
        follow(uow, key_result, before, cycle.days)
    uow.record_first([cycle, *key_results])
    return cycle


def catch_up(uow: UnitOfWork, objective: Objective, ended_at: datetime) -> None:
    """Have the key results of a reopened objective follow what happened to the days of its cycle since its end."""
    cycle = uow.get(Cycle, objective.cycle)
    (then,) = uow.all_as_of([cycle], ended_at)
    if then.days != cycle.days:
        for key_result in uow.children(KeyResult, KeyResultAdded, objective.id):
            follow(uow, key_result, then.days, cycle.days)
        uow.record_first([objective])


def follow(uow: UnitOfWork, key_result: KeyResult, before: Days, after: Days) -> None:
    """Have a key result follow its cycle from some days to others: its due date, unless a person set another one, and
    its plan, which is mapped. A dropped one stays."""
    if key_result.is_dropped:
        return
    due = key_result.due_with(before[1], after[1])
    plan = plan_curve.mapped(
        key_result.plan, terms(uow, key_result, before[0], key_result.due), terms(uow, key_result, after[0], due)
    )
    key_result.follow_cycle(due, plan, uow.at)


def terms(uow: UnitOfWork, key_result: KeyResult, starts_on: date, due: date) -> Terms:
    """What the plan of a key result is agreed on in a cycle with this first day, up to this due day."""
    return Terms(key_result.metric, begins_on(uow, starts_on, key_result.created_at), due)


def _refuse_relatives(uow: UnitOfWork, cycle: Cycle, starts_on: date, ends_on: date) -> None:
    """Raises `INVALID` for days outside the parent, `CONFLICT` for those of another cycle of the same parent, or that a
    cycle inside it is not within. All of them are read through the unit of work, so that none changes meanwhile."""
    if cycle.parent is not None:
        cycles.fit_into(uow, uow.get(Cycle, cycle.parent), starts_on, ends_on, cycle.key)
    for child in uow.children(Cycle, CycleOpened, cycle.id):
        if not child.is_abandoned and not starts_on <= child.starts_on <= child.ends_on <= ends_on:
            raise CommandRejected(
                Code.CONFLICT,
                f"'{child.key}' ({child.starts_on} to {child.ends_on}) is inside this cycle and would be outside its "
                "new days; reschedule that one first, or choose other days.",
                "startsOn" if child.starts_on < starts_on else "endsOn",
                rule=Rule.CYCLE_LEAVES_CHILD,
                cycle=child.key,
                first=child.starts_on,
                last=child.ends_on,
            )
