"""Resolves ids and handles to persons, and references to other systems to things."""

from uuid import UUID

import msgspec

from domain.commands.command import External
from domain.log.event_store import Log
from domain.model.discussion import ExternalReference
from domain.model.event import replay
from domain.model.people import Person
from domain.primitives import personal_data
from domain.primitives.values import Ref


class Known(msgspec.Struct, frozen=True):
    """A person in the log. `is_active`: neither deactivated nor erased."""

    id: UUID
    handle: str
    is_active: bool


def by_id(log: Log, id: UUID) -> Known | None:
    """The person with this id; None if there is none or the person is erased. Read from the log, not from a
    projection, so it is current."""
    key = log.person_keys([id]).get(id)
    person = replay(log.streams([id]).get(id, ()))
    if key is None or not isinstance(person, Person):
        return None
    return Known(id, personal_data.unseal(key, id, person.sealed).handle, person.active)


def by_handle(log: Log, handle: str) -> Known | None:
    """The person with this handle; None as for `by_id`."""
    id = log.person_by_handle(personal_data.handle_digest(log.salt(), handle))
    return None if id is None else by_id(log, id)


def by_external(log: Log, external: External) -> Ref | None:
    """The thing with this counterpart in another system; None if there is none. Read from the log."""
    name = external.stored
    if name is None:
        return None
    streams = log.streams(log.externally_named(name.system, name.id))
    found: list[ExternalReference] = [replay(events) for events in streams.values()]
    return next((one.subject for one in found if one.external_id == name.id), None)
