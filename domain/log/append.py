"""The append of one command: its request, its stored row, and its errors."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import msgspec
from eventsourcing.persistence import PersistenceError, RecordConflictError

from domain.log.mapper import StoredRow
from domain.model.event import NIL_ID, Authorship


class ConcurrencyConflict(RecordConflictError):
    """Another command changed what the unit of work has read. Nothing was recorded: handle the command again.

    `streams` are the changed streams, or the parents of new ones; empty after a lost connection, and for a
    precondition without a parent.
    """

    def __init__(self, streams: Iterable[UUID | None] = ()) -> None:
        self.streams = tuple(filter(None, streams))
        super().__init__(f"version conflict: {', '.join(map(str, self.streams)) or 'the connection was lost'}")


class Unavailable(PersistenceError):
    """The log is unreachable, timed out, or takes no writes (`outage` returns which); nothing was recorded."""


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


class Answer(NamedTuple):
    """The answer of the database to commands that were to be recorded together: the `outcome` of `append_commands`, or
    unconfirmed (by a synchronous standby), unavailable, lost (with the connection), failed. `streams` have moved."""

    outcome: str
    rows: list["CommandRow"] = []  # noqa: RUF012  an answer without rows
    streams: Sequence[UUID | None] = ()
    error: Exception | None = None
    attempt: UUID = NIL_ID

    def concerns(self, stored: Sequence[StoredRow], append: Append) -> bool:
        """Whether the answer is that to this command, or another command kept it from being recorded."""
        if self.outcome == "present":
            return any(row.id == append.by.command for row in self.rows)
        if self.outcome == "taken":
            return bool(append.keys)
        if self.outcome == "moved":
            claimed = {*_expected(stored, append), *(claim.belongs_to for claim in append.no_newer)}
            return not claimed.isdisjoint(self.streams)
        return True

    def of(self, command: UUID) -> "Answer":
        """The answer to one of the commands."""
        return self._replace(rows=[row for row in self.rows if row.id == command])


class Claims:
    """What commands that are recorded together have read and write, to tell whether another one may follow them."""

    def __init__(self) -> None:
        self._ids: set[UUID | bytes] = set()
        """The commands, and the digests of the handles that they take."""
        self._read: dict[UUID, int] = {}
        self._written: dict[UUID, int] = {}
        """The version of each stream before, and after these commands."""
        self._begun: set[tuple[UUID | None, str]] = set()
        """The parents of new streams with the topics of their first events, and the topics of all events."""

    def outdate(self, stored: Sequence[StoredRow], append: Append) -> bool:
        """Whether a command does not know what one of these writes."""
        expected = _expected(stored, append)
        return any(self._written.get(stream, version) != version for stream, version in expected.items()) or any(
            (claim.belongs_to, claim.topic) in self._begun for claim in append.no_newer
        )

    def interfere(self, stored: Sequence[StoredRow], append: Append) -> bool:
        """Whether one of these is the same command, takes the same handle, or claims another version of a stream: then
        the other one is recorded after it."""
        if append.by.command in self._ids or any(key.handle_digest in self._ids for key in append.keys):
            return True
        return any(
            stream in self._written or self._read.get(stream, version) != version
            for stream, version in _expected(stored, append).items()
        )

    def add(self, stored: Sequence[StoredRow], append: Append) -> None:
        """Let a command follow these."""
        self._ids |= {append.by.command, *(key.handle_digest for key in append.keys)}
        self._read = {**_expected(stored, append), **self._read}
        for one in stored:
            topic = one.topic.partition(".")[0]
            self._written[one.originator_id] = one.originator_version
            self._begun |= {(None, topic), (one.belongs_to, topic)}


def _expected(stored: Sequence[StoredRow], append: Append) -> dict[UUID, int]:
    """The version before a command of each stream that it has read or writes."""
    expected = dict(append.reads)
    for one in stored:
        expected.setdefault(one.originator_id, one.originator_version - 1)
    return expected


class CommandRow(msgspec.Struct, frozen=True):
    """A recorded command. Its events have the positions `range(first, last + 1)`, and are recorded from `recorded_at`
    on, each a microsecond after the one before. A command that changed nothing has none; its `last` is then the head of
    the log at that time."""

    id: UUID
    digest: bytes
    first: int
    last: int
    recorded_at: datetime
    result: bytes
