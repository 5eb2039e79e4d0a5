"""What is recorded in one go, what the log says of it afterwards, and how it can fail."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from eventsourcing.persistence import PersistenceError, RecordConflictError

from domain.model.event import Authorship


class ConcurrencyConflict(RecordConflictError):
    """The world has moved on since the command was decided: nothing was recorded, decide it again.

    `streams` are the things, or the parents of new things, that changed; none after a lost connection.
    """

    def __init__(self, streams: Iterable[UUID] = ()) -> None:
        self.streams = tuple(streams)
        super().__init__(f"moved on: {', '.join(map(str, self.streams)) or 'the connection was lost'}")


class Unavailable(PersistenceError):
    """The log could not be reached, or was waited for too long; nothing was recorded."""


class CommandInDoubt(PersistenceError):
    """The connection was lost while a command was being recorded, and the database did not come back.

    `command` may be recorded or not: asking again with the same idempotency key finds out.
    """

    def __init__(self, command: UUID) -> None:
        self.command = command
        super().__init__(f"the database was lost while recording command {command}; ask again when it is back")


class NoNewer(msgspec.Struct, frozen=True):
    """The claim that after `position` nothing came to belong to a thing by a first event of `topic`
    (an event's `TOPIC`, whatever its version)."""

    belongs_to: UUID
    topic: str
    position: int


class PersonKey(msgspec.Struct, frozen=True):
    """A new person's key, and the digest that keeps handles unique without saying them."""

    person: UUID
    key: bytes
    handle_digest: bytes


class Append(msgspec.Struct, frozen=True):
    """What is recorded together with a command's events, and what must still be so when it is.

    `digest` is of the command's input, `result` what to answer when it is asked again. `reads` gives the
    version of every stream read (0: it must not exist); streams written are checked by themselves.
    """

    by: Authorship
    digest: bytes
    result: bytes = b""
    reads: Mapping[UUID, int] = {}
    no_newer: Sequence[NoNewer] = ()
    keys: Sequence[PersonKey] = ()


class CommandRow(msgspec.Struct, frozen=True):
    """A command as the log holds it. Its events stand at `range(first, last + 1)`: one that changed
    nothing has none, and `last` is the head it was true of."""

    id: UUID
    digest: bytes
    first: int
    last: int
    recorded_at: datetime
    result: bytes
