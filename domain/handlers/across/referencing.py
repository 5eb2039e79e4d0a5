"""References of things to their counterparts in other systems."""

from domain.commands.command import External
from domain.commands.subject_commands import SetExternalReference
from domain.handlers.handler_registry import handles
from domain.handlers.unit_of_work import UnitOfWork
from domain.model.cycle import Cycle
from domain.model.discussion import (
    ExternalReference,
    ExternalReferenceSet,
    Initiative,
    external_reference_id,
)
from domain.model.event import Aggregate
from domain.model.key_result import KeyResult
from domain.model.kpi import Kpi
from domain.model.objective import Objective
from domain.model.people import Person, Team
from domain.primitives.errors import Code, CommandRejected
from domain.primitives.rules import Rule

_REFERRING: tuple[type[Aggregate], ...] = (Cycle, Objective, KeyResult, Kpi, Initiative, Team, Person)


@handles
def set_external_reference(uow: UnitOfWork, command: SetExternalReference) -> Aggregate:
    """Returns the thing, whose version stays. Allowed for what has ended: like a comment, it changes nothing of it."""
    subject = uow.subject(uow.ref(command.subject, _REFERRING, "subject"))
    uow.not_before(subject)
    id = external_reference_id(subject.id, command.system)
    reference = uow.known(id)
    if command.id is not None:
        _refuse_taken(uow, subject, External(command.system, command.id))
    if isinstance(reference, ExternalReference):
        if command.id is None:
            reference.remove(uow.at)
        else:
            reference.set(command.id, command.url, uow.at)
    elif command.id is not None:
        event = ExternalReferenceSet(
            subject=command.subject, system=command.system, external_id=command.id, url=command.url
        )
        uow.begin(ExternalReference, event, id)
    return subject


def _refuse_taken(uow: UnitOfWork, subject: Aggregate, external: External) -> None:
    """Raises `DUPLICATE` if another thing has this counterpart. It does not say which, because the author may not see
    it. A reference that is set before the append is a conflict."""
    uow.refuse_newer(ExternalReferenceSet)
    other = uow.referring(external)
    if other is not None and other.id != subject.id:
        raise CommandRejected(
            Code.DUPLICATE,
            f"Another thing has the reference to this id of '{external.system}': remove it there first, or correct the "
            "id.",
            "id",
            rule=Rule.EXTERNAL_REFERENCE_TAKEN,
            system=external.system,
        )
