"""The append-only log in PostgreSQL: the only door to what has happened, and the only SQL on this floor."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import repeat
from time import monotonic, sleep
from typing import Any
from uuid import UUID

import msgspec
import psycopg
from eventsourcing.persistence import (
    ApplicationRecorder,
    Notification,
    PersistenceError,
    RecordConflictError,
    StoredEvent,
    Subscription,
)
from psycopg.abc import Params
from psycopg_pool import ConnectionPool

from domain.errors import Code, Refused
from domain.event import Authorship, Event, Recorded
from domain.log_row import EventMapper, LogRow, StoredRow, leaf_hash
from domain.log_schema import lock_key

__all__ = [
    "Append", "Children", "CommandRow", "Conflict", "EventMapper", "Head", "Log", "LogRow", "NoNewer",
    "OutcomeUnknown", "PersonKey", "StoredRow", "Unavailable", "leaf_hash",
]  # fmt: skip

_log = logging.getLogger(__name__)

Connection = psycopg.Connection[tuple[Any, ...]]

_MICROSECOND = timedelta(microseconds=1)
_FEW_ROWS = 8
_FEW_BYTES = 32_768
"""Up to here rows go as plain inserts in the same breath as the commit; beyond it they are copied."""


class Conflict(RecordConflictError):
    """The world has moved on since the command was decided: nothing was recorded, decide it again.

    `streams` are the things, or parents of new things, that changed; empty after a lost connection.
    """

    def __init__(self, streams: Iterable[UUID] = ()) -> None:
        self.streams = tuple(streams)
        super().__init__(f"moved on: {', '.join(map(str, self.streams)) or 'the connection was lost'}")


class Unavailable(PersistenceError):
    """The log could not be reached, or was waited for too long; nothing was recorded."""


class OutcomeUnknown(PersistenceError):
    """The connection was lost while a command was being recorded, and the database did not come back.

    `command` may be recorded or not. Asking again with the same idempotency key finds out.
    """

    def __init__(self, command: UUID) -> None:
        self.command = command
        super().__init__(f"the database was lost while recording command {command}; look it up when it is back")


class NoNewer(msgspec.Struct, frozen=True):
    """The claim that nothing which begins with `topic` came to belong to a thing after `position`."""

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

    `digest` is of the command's input, `result` what to answer when it is asked again, `reads` the version
    of every stream read (0: it must not exist). The streams written are checked by themselves.
    """

    by: Authorship
    digest: bytes
    result: bytes = b""
    reads: Mapping[UUID, int] = {}
    no_newer: Sequence[NoNewer] = ()
    keys: Sequence[PersonKey] = ()


class CommandRow(msgspec.Struct, frozen=True):
    """A command as the log holds it. Its events are `range(first, last + 1)`: one that changed nothing
    has none, and `last` is the head it was true of."""

    id: UUID
    digest: bytes
    first: int
    last: int
    recorded_at: datetime
    result: bytes


class Head(msgspec.Struct, frozen=True):
    """The end of the log (position 0 and no time while it is empty), and the database's clock, which
    is never before it."""

    position: int
    recorded_at: datetime | None
    now: datetime


class Children(msgspec.Struct, frozen=True):
    """The streams that belong to a thing, in the order of the log, known up to a position."""

    ids: list[UUID]
    position: int


_COLUMNS = "position, recorded_at, effective_at, stream, version, topic, belongs_to, metadata, data, leaf_hash"
_TYPES = ("int8", "timestamptz", "timestamptz", "uuid", "int4", "text", "uuid", "bytea", "bytea", "bytea")
_STORED = "stream, version, topic, data, effective_at, belongs_to"
_FAMILY = "split_part(topic, '.', 1)"

_BEGIN = "begin isolation level read committed"
_LOCK = "select pg_advisory_xact_lock(%s)"
_STATE = """
    select coalesce(head.position, 0), head.recorded_at, clock_timestamp()
    from (values (1)) as one left join (select position, recorded_at from log order by position desc limit 1) as head
    on true
"""
_MOVED = """
    select stream from unnest(%s::uuid[], %s::int[]) as seen (stream, version)
    where version <> coalesce((select max(log.version) from log where log.stream = seen.stream), 0)
"""
_NEWER = f"""
    select parent from unnest(%s::uuid[], %s::text[], %s::bigint[]) as seen (parent, family, position)
    where exists (select from log where belongs_to = seen.parent and {_FAMILY} = seen.family
                  and log.position > seen.position)
"""
_TAKEN = "select person from person_key where handle_digest = any(%s)"
_COMMAND = "select id, digest, first, last, recorded_at, result from command where id = %s"
_INSERT = f"insert into log ({_COLUMNS}) values ({', '.join(['%s'] * len(_TYPES))})"
_COPY = f"copy log ({_COLUMNS}) from stdin (format binary)"
_INSERT_COMMAND = "insert into command (id, digest, first, last, recorded_at, result) values (%s, %s, %s, %s, %s, %s)"
_INSERT_KEY = "insert into person_key (person, key, handle_digest) values (%s, %s, %s)"


class Log(ApplicationRecorder):
    """The log of one workspace, over a pool of autocommitting connections whose search path ends in it.

    A command's events are appended in one transaction under one lock, so positions are gapless and
    become visible in order, and everything the command was decided on is checked under the same lock.
    `reconnect_seconds` bounds how long a command waits for a lost database to say whether it was recorded.
    """

    def __init__(
        self, pool: ConnectionPool[Connection], workspace: str = "keyframe", *, reconnect_seconds: float = 10.0
    ) -> None:
        self.mapper = EventMapper()
        self.channel = f"{workspace}_log"
        self._workspace = workspace
        self._pool = pool
        self._reconnect_seconds = reconnect_seconds
        self._salt: bytes | None = None
        self._authorship = lru_cache(4096)(msgspec.json.Decoder(Authorship).decode)

    # ── appending ────────────────────────────────────────────────────────────────────────────────

    def insert_events(
        self, stored_events: Sequence[StoredEvent], *, append: Append | None = None, **kwargs: Any
    ) -> Sequence[int]:
        """The library's door to `append`: the positions of these events."""
        assert append is not None
        row = self.append([event for event in stored_events if isinstance(event, StoredRow)], append)
        positions = range(row.first, row.last + 1)
        return positions if len(positions) == len(stored_events) else ()

    def append(self, stored: Sequence[StoredRow], append: Append) -> CommandRow:
        """Record a command and its events, all or nothing, and say where.

        A command that is there already is returned as it was first recorded. Raises `Refused`
        (`IDEMPOTENCY_MISMATCH`, `DUPLICATE`), `Conflict`, `Unavailable`, or `OutcomeUnknown`.
        """
        try:
            row = self._try(stored, append)
        except _Lost as lost:
            row = self._look_up(append, lost)
        return row

    def _try(self, stored: Sequence[StoredRow], append: Append) -> CommandRow:
        with self._pool.connection() as conn:
            try:
                row = self._write(conn, stored, append)
            except psycopg.Error as error:
                if _is_lost(conn, error):
                    conn.close()
                    raise _Lost from error
                raise
            self._notify(conn, row.last)
            return row

    def _write(self, conn: Connection, stored: Sequence[StoredRow], append: Append) -> CommandRow:
        with conn.pipeline():
            cur = conn.cursor(binary=True)
            cur.execute(_BEGIN)
            cur.execute(_LOCK, [lock_key(conn.info.dbname, self._workspace, "append")])
            s=conn.cursor(binary=True).execute(_STATE, prepare=True)
            c=conn.cursor(binary=True).execute(_COMMAND, [append.by.command], prepare=True)
            v=conn.cursor(binary=True).execute(_MOVED, [list(append.reads), list(append.reads.values())], prepare=True)
            position, last_at, now = s.fetchone()
            there = c.fetchone()
            moved = v.fetchall()
            assert not there and not moved
            at = now if last_at is None else max(now, last_at+_MICROSECOND)
            rows = _rows(stored, append, position, at)
            cmd = CommandRow(append.by.command, append.digest, position+1, position+len(rows), at, append.result)
            for row in rows: cur.execute(_INSERT, row, prepare=True)
            cur.execute(_INSERT_COMMAND, msgspec.structs.astuple(cmd), prepare=True)
            cur.execute("commit")
        return cmd
    def _notify(self, conn, position):
        with suppress(psycopg.Error):
            conn.execute("select pg_notify(%s, %s)", [self.channel, str(position)])
    max_notification_id=select_events=select_notifications=subscribe=lambda:0

def _rows(stored, append, position, at):
    metadata = msgspec.json.encode(append.by)
    rows=[]
    for i, e in enumerate(stored):
        r = at + i*_MICROSECOND
        row = LogRow(position+1+i, r, min(e.effective_at, r), e.originator_id, e.originator_version, e.topic, e.belongs_to, metadata, e.state, b"")
        rows.append(row._replace(leaf_hash=leaf_hash(row)))
    return rows
class _Lost(Exception): pass
