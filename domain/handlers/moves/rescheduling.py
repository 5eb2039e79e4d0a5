"""Rescheduling a cycle: its new days, and what follows them in its key results."""

from datetime import date

from msgspec import UNSET

from domain.commands.cycle_commands import RescheduleCycle, refuse_days
from domain.handlers import cycles, related
from domain.handlers.handler_registry import handles
from domain.handlers.key_results import follow
from domain.handlers.unit_of_work import UnitOfWork
from domain.model.cycle import Cycle, CycleOpened
from domain.model.key_result import KeyResult, KeyResultAdded
from domain.model.objective import Objective, ObjectiveDrafted
from domain.primitives.errors import Code, CommandRejected
from domain.primitives.rules import Rule


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
    held = related.children(uow, Objective, ObjectiveDrafted, cycle.id)
    cycles.refuse_earlier(uow, held)
    cycle.reschedule(starts_on, ends_on, uow.at)
    open_ones = [one.id for one in held if not one.has_ended]
    groups = related.children_of(uow, KeyResult, KeyResultAdded, open_ones).values()
    key_results = [one for group in groups for one in group]
    for key_result in key_results:
        follow(uow, key_result, before, cycle.days)
    uow.record_first([cycle, *key_results])
    return cycle


def _refuse_relatives(uow: UnitOfWork, cycle: Cycle, starts_on: date, ends_on: date) -> None:
    """Raises `INVALID` for days outside the parent, `CONFLICT` for those of another cycle of the same parent, or that a
    cycle inside it is not within. All of them are read through the unit of work, so that none changes meanwhile."""
    if cycle.parent is not None:
        cycles.fit_into(uow, uow.get(Cycle, cycle.parent), starts_on, ends_on, cycle.key)
    for child in related.children(uow, Cycle, CycleOpened, cycle.id):
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
