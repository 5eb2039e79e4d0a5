"""References of things to their counterparts in other systems."""

from typing import TypeVar

from msgspec import UNSET, UnsetType

from domain.commands.command import External, ExternalReferenceInput
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
from domain.primitives.values import Ref

_REFERRING: tuple[type[Aggregate], ...] = (Cycle, Objective, KeyResult, Kpi, Initiative, Team, Person)

New = TypeVar("New", bound=Aggregate)


@handles
def set_external_reference(uow: UnitOfWork, command: SetExternalReference) -> Aggregate:
    """Returns the thing, whose version stays. Allowed for what has ended: like a comment, it changes nothing of it."""
    subject = uow.subject(uow.ref(command.subject, _REFERRING, "subject"))
    uow.not_before(subject)
    id = external_reference_id(subject.id, command.system)
    reference = uow.known(id)
    if command.id is not None:
        _refuse_taken(uow, subject, External(command.system, command.id), "id")
    if isinstance(reference, ExternalReference):
        if command.id is None:
            reference.remove(uow.at)
        else:
            reference.set(command.id, command.url, uow.at)
    elif command.id is not None:
        _begin(uow, command.subject, ExternalReferenceInput(command.system, command.id, command.url))
    return subject


def with_reference(uow: UnitOfWork, new: New, external: ExternalReferenceInput | UnsetType) -> New:
    """The thing that the command creates, which begins with this reference if one is given. Raises `DUPLICATE` if
    another thing has the counterpart."""
    if external is not UNSET:
        _refuse_taken(uow, new, External(external.system, external.id), "external", "id")
        _begin(uow, Ref(new.KIND, new.id), external)
    return new


def _begin(uow: UnitOfWork, subject: Ref, external: ExternalReferenceInput) -> None:
    event = ExternalReferenceSet(subject=subject, system=external.system, external_id=external.id, url=external.url)
    uow.begin(ExternalReference, event, external_reference_id(subject.id, external.system))


def _refuse_taken(uow: UnitOfWork, subject: Aggregate, external: External, *field: str) -> None:
    """Raises `DUPLICATE` if another thing has this counterpart. It does not say which, because the author may not see
    it. A reference that is set before the append is a conflict."""
    uow.refuse_newer(ExternalReferenceSet.TOPIC)
    other = uow.referring(external)
    if other is not None and other.id != subject.id:
        raise CommandRejected(
            Code.DUPLICATE,
            f"Another thing has the reference to this id of '{external.system}': remove it there first, or correct the "
            "id.",
            *field,
            rule=Rule.EXTERNAL_REFERENCE_TAKEN,
            system=external.system,
        )
