"""Who is meant by an id or a handle: somebody who is here, and was neither deactivated nor erased."""

from uuid import UUID

import msgspec

from domain.log.event_store import Log
from domain.model.event import replay
from domain.model.people import Person
from domain.primitives import personal_data


class Known(msgspec.Struct, frozen=True):
    """Somebody who is in the log. Who `is_here` has neither left nor been forgotten."""

    id: UUID
    handle: str
    is_here: bool


def by_id(log: Log, id: UUID) -> Known | None:
    """The person with this id; None if there is none, or nothing names them any more. Read from the log, so what
    was decided a moment ago counts."""
    key = log.person_keys([id]).get(id)
    person = replay(log.streams([id])[id])
    if key is None or not isinstance(person, Person):
        return None
    return Known(id, personal_data.unseal(key, id, person.sealed).handle, person.active)


def by_handle(log: Log, handle: str) -> Known | None:
    """The same by what somebody is called here."""
    id = log.person_by_handle(personal_data.handle_digest(log.salt(), handle))
    return None if id is None else by_id(log, id)
