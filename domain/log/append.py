"""The append of one command: its request, its stored row, and its errors."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from eventsourcing.persistence import PersistenceError, RecordConflictError

from domain.model.event import Authorship


class ConcurrencyConflict(RecordConflictError):
    """Another command changed what the unit of work has read. Nothing was recorded: handle the command again.

    `streams` are the changed streams, or the parents of new ones; empty after a lost connection, and for a
    precondition without a parent.
    """

    def __init__(self, streams: Iterable[UUID | None] = ()) -> None:
        self.streams = tuple(filter(None, streams))
        super().__init__(f"version conflict: {', '.join(map(str, self.streams)) or 'the connection was lost'}")


class Unavailable(PersistenceError):
    """The log is unreachable, timed out, or takes no writes (`outage` tells which); nothing was recorded."""


class WritesPaused(Unavailable):
    """The projections are too far behind the log; nothing was recorded."""


class LogReplaced(Unavailable):
    """The projections contain events that the log does not have, as after a restore of the log alone; nothing was
    recorded."""


class WritesStalled(Unavailable):
    """Earlier commands wait for their commit; nothing was recorded."""


class CommandInDoubt(PersistenceError):
    """The database did not confirm in time that a command is recorded, as after a lost connection.

    `command` may or may not be recorded: send it again with the same idempotency key to find out.
    """

    def __init__(self, command: UUID) -> None:
        self.command = command
        super().__init__(
            f"the connection was lost while recording command {command}; send it again when the database is back"
        )


class CommandUnconfirmed(CommandInDoubt):
    """A command is recorded at `position`, but a synchronous standby did not confirm it in time: it is lost if that
    standby takes over. Send it again with the same idempotency key to find out."""

    def __init__(self, command: UUID, position: int) -> None:
        super().__init__(command)
        self.position = position
        self.args = (f"no synchronous standby has confirmed command {command} at position {position}",)


class NoNewer(msgspec.Struct, frozen=True):
    """A precondition: after `position` no stream that `belongs_to` this one begins with an event of `topic`
    (an event's `TOPIC`, in any version). Without `belongs_to` there is no event of the topic at all."""

    belongs_to: UUID | None
    topic: str
    position: int


class PersonKey(msgspec.Struct, frozen=True):
    """A new person's encryption key, and the digest that keeps handles unique without storing them."""

    person: UUID
    key: bytes
    handle_digest: bytes


class Append(msgspec.Struct, frozen=True):
    """The data recorded with a command's events, and the preconditions of the append.

    `digest` is the digest of the command's input, `result` the encoded result for repeated requests. `reads` maps
    every stream read to its version (0: it must not exist); written streams are checked in any case.
    """

    by: Authorship
    digest: bytes
    result: bytes = b""
    reads: Mapping[UUID, int] = {}
    no_newer: Sequence[NoNewer] = ()
    keys: Sequence[PersonKey] = ()


class CommandRow(msgspec.Struct, frozen=True):
    """A recorded command. Its events have the positions `range(first, last + 1)`. A command that changed nothing
    has none; its `last` is then the head of the log at that time."""

    id: UUID
    digest: bytes
    first: int
    last: int
    recorded_at: datetime
    result: bytes
