"""The event store: an append-only log in PostgreSQL."""

import logging
from collections.abc import Iterable, Sequence
from itertools import accumulate, chain, count, repeat, starmap
from operator import attrgetter, itemgetter
from time import monotonic, sleep
from typing import Any, LiteralString
from uuid import UUID, uuid4

import msgspec
import psycopg
from eventsourcing.persistence import StoredEvent
from psycopg.abc import Params

from domain.log.append import (
    Answer,
    Append,
    Claims,
    CommandInDoubt,
    CommandRow,
    CommandUnconfirmed,
    ConcurrencyConflict,
    Unavailable,
)
from domain.log.commits import CommandQueue, Commits, Pending
from domain.log.connections import Connection, ConnectionLost, Pool, Row, is_gone
from domain.log.mapper import StoredRow
from domain.log.outage import READ_ONLY
from domain.log.reads.stream_lookups import StreamLookups
from domain.log.schema import lock_key
from domain.log.tail import Listener, Tail
from domain.primitives.errors import Code, CommandRejected, idempotency_mismatch
from domain.primitives.rules import Rule

_log = logging.getLogger(__name__)

COMMIT_SECONDS = 15.0
"""The default deadline of a commit."""
LOCK_SECONDS = 10.0
"""The default of how long an append may wait for the write lock."""

_RETRY_SECONDS = 0.1
_UNWRITTEN = {"present", "void", "moved", "taken", "read-only"}
"""The outcomes of statements that wrote nothing."""

_COMMANDS = "select id, digest, first, last, recorded_at, result from command where id = any(%s::uuid[])"
_APPEND = """
    select outcome, moved, (entry).id, (entry).digest, (entry).first, (entry).last, (entry).recorded_at, (entry).result
    from append_commands(
        %b::bigint, %b::uuid, %b::uuid[], %b::bytea[], %b::bytea[], %b::bytea[], %b::int[], %b::int[],
        %b::uuid[], %b::int[], %b::text[], %b::uuid[], %b::timestamptz[], %b::bytea[], %b::int[],
        %b::uuid[], %b::int[], %b::uuid[], %b::text[], %b::bigint[], %b::uuid[], %b::bytea[], %b::bytea[]
    )
"""
_NOTIFY = "select pg_notify(%s, '')"
_PROBE = """
    select case when pg_is_in_recovery() or current_setting('transaction_read_only')::bool then 'read-only'
                when current_setting('synchronous_standby_names') <> ''
                     and current_setting('synchronous_commit') not in ('off', 'local')
                then pg_logical_emit_message(true, 'keyframe', '')::text end
"""
"""With synchronous standbys, a commit without rows: it is confirmed after all commits before it."""
_SETTLE = """
    select id, digest, first, last, recorded_at, result from settle(%s, %s, %s)
"""


class Log(StreamLookups):
    """The log of one workspace, over a pool of autocommit connections with its schema in their search path. Those of
    `writing` record commands, and those of `pool` by default. Their sessions last: they prepare statements and listen.

    A command's events are appended in one transaction under one lock, so positions are gapless and become visible in
    order. The preconditions of the append are checked under the same lock. The pool's connections set the timeouts of
    statements and locks (`lock_seconds`). An append is cancelled after `commit_seconds`. After a lost connection it
    waits up to `reconnect_seconds` for the database, to find out whether the command was recorded.
    """

    def __init__(
        self,
        pool: Pool,
        workspace: str = "keyframe",
        *,
        writing: Pool | None = None,
        reconnect_seconds: float = 10.0,
        commit_seconds: float = COMMIT_SECONDS,
        lock_seconds: float = LOCK_SECONDS,
    ) -> None:
        super().__init__(pool)
        self.channel = f"{workspace}_log"
        self.workspace = workspace
        self._writing = writing or pool
        self._reconnect_seconds = reconnect_seconds
        self.commits = Commits(commit_seconds, lock_seconds)
        self._queue = CommandQueue(lock_seconds)

    def insert_events(
        self, stored_events: Sequence[StoredEvent], *, append: Append | None = None, **_: Any
    ) -> Sequence[int]:
        """`append` under the library's name. Returns the positions of these events, or none if the command is
        already recorded with other events."""
        if append is None:
            raise TypeError("Events need a command: call save(…, append=Append(…)).")
        row = self.append([event for event in stored_events if isinstance(event, StoredRow)], append)
        positions = range(row.first, row.last + 1)
        return positions if len(positions) == len(stored_events) else ()

    def append(self, stored: Sequence[StoredRow], append: Append) -> CommandRow:
        """Record a command and its events, all or nothing. Returns the command's row. Commands that wait for the append
        lock in this process are recorded in one commit, in the order of their arrival (docs/adr/0049).

        If the command is already recorded, returns the first recording. Raises `CommandRejected` with
        `IDEMPOTENCY_MISMATCH` (the same command, another digest) or `DUPLICATE` (a handle is taken);
        `ConcurrencyConflict`; `Unavailable`; `CommandInDoubt`; and `CommandUnconfirmed`.
        """
        mine = Pending(stored, append)
        again: Sequence[Pending] = ()
        group = self._queue.enter(mine)
        try:
            if len(group) == 1:
                mine.answer = self._send([(stored, append)])
            elif group:
                again = self._record_group(group)
        finally:
            self._queue.leave(group, again)
        if mine.answer is None:
            raise CommandInDoubt(append.by.command)
        if mine.answer.outcome == "recorded":
            return mine.answer.rows[0]
        (row,) = self._accepted(mine.answer, [append.by.command])
        return same_command(row, append)

    def append_all(self, commands: Sequence[tuple[Sequence[StoredRow], Append]]) -> list[CommandRow]:
        """Record several commands in this order, all or none; returns their rows. If one of them is already recorded,
        nothing is recorded and only the rows of those are returned.

        Each command may depend on those before it: of a stream that they write it has read the version that they leave.
        Raises as `append`, except for `IDEMPOTENCY_MISMATCH`.
        """
        return self._accepted(self._send(commands), [append.by.command for _, append in commands])

    def _record_group(self, group: Sequence[Pending]) -> Sequence[Pending]:
        """Record commands that wait together, in their order, until the first one has its answer. Returns those that
        have to wait for the next group."""
        left = group
        while group[0].answer is None:
            left = self._record_some(left)
        return left

    def _record_some(self, group: Sequence[Pending]) -> Sequence[Pending]:
        """Record those of these commands that can be recorded together. A command that does not know what they have
        recorded is a conflict. Returns the commands without an answer, at least one fewer."""
        together, outdated = _sorted_out(group)
        self._attempt(together)
        if all(one.is_recorded for one in together):
            for one in outdated:
                one.settle(Answer("moved"))
        return [one for one in group if one.answer is None]

    def _attempt(self, group: Sequence[Pending]) -> None:
        """Record these commands, all or none, and settle them; or settle those that keep the others from being
        recorded."""
        try:
            answer = self._send([(one.stored, one.append) for one in group])
        except Exception as error:  # noqa: BLE001  the fault of one command, such as a value that the database refuses
            if len(group) == 1:
                group[0].settle(Answer("failed", error=error))
            else:
                self._apart(group)
            return
        concerned = [one for one in group if answer.concerns(one.stored, one.append)]
        if len(group) > 1 and (answer.outcome == "taken" or not concerned):
            self._apart(concerned or group)
            return
        for one in concerned:
            one.settle(answer.of(one.append.by.command))

    def _apart(self, group: Sequence[Pending]) -> None:
        """Record each of these commands by itself."""
        for one in group:
            self._attempt([one])

    def _send(self, commands: Sequence[tuple[Sequence[StoredRow], Append]]) -> Answer:
        """Record these commands, all or none, in one statement, and notify the listeners.

        The notification follows the commit: within the transaction it takes a lock that serializes all appends of the
        server. A lost notification is harmless, since listeners also poll."""
        attempt = uuid4()
        try:
            with self._writing.connection() as conn:
                lock = lock_key(conn.info.dbname, self.workspace, "append")
                params = [lock, attempt, *append_parameters(commands)]
                rows, is_confirmed = self._write(conn, _APPEND, params)
                try:
                    conn.execute(_NOTIFY, [self.channel], prepare=True)
                except psycopg.Error:
                    conn.close()
        except ConnectionLost as lost:
            return Answer("lost", attempt=attempt, error=lost)
        except psycopg.OperationalError as error:
            return Answer("unavailable", error=error)
        outcome, moved = rows[0][:2]
        if outcome in _UNWRITTEN - {"present"}:
            return Answer(outcome, streams=moved or ())
        found = list(starmap(CommandRow, map(itemgetter(slice(2, None)), rows)))
        return Answer(outcome if is_confirmed else "unconfirmed", found)

    def _accepted(self, answer: Answer, commands: Sequence[UUID]) -> list[CommandRow]:
        """The rows of these commands. Raises as `append_all`."""
        outcome, error = answer.outcome, answer.error
        if isinstance(error, ConnectionLost):
            return [self._resolve_lost(answer.attempt, command, error) for command in commands]
        if outcome == "unavailable":
            raise Unavailable(str(error)) from error
        if error is not None:
            raise error
        if outcome == "taken":
            raise CommandRejected(
                Code.DUPLICATE, "This handle is taken; choose another.", "handle", rule=Rule.HANDLE_TAKEN
            )
        if outcome in ("moved", "void"):
            raise ConcurrencyConflict(answer.streams)
        if outcome == "unconfirmed":
            raise CommandUnconfirmed(answer.rows[-1].id, answer.rows[-1].last)
        if outcome == "present":
            self._confirm(answer.rows[-1])
        return answer.rows

    def _write(
        self, conn: Connection, query: LiteralString, params: Params = (), seconds: float | None = None
    ) -> tuple[list[Row], bool]:
        """The rows of a statement that writes, and whether its commit is confirmed. `seconds`: another deadline."""
        commit, rows = self.commits.begin(conn, seconds), []
        try:
            rows = conn.cursor(binary=True).execute(query, params, prepare=True).fetchall()
        except psycopg.Error as error:
            if isinstance(error, psycopg.OperationalError | psycopg.errors.ReadOnlySqlTransaction):
                self.commits.fail(error)
            if is_gone(conn, error):
                conn.close()
                raise ConnectionLost from error
            raise
        finally:
            self.commits.end(commit, did_write=bool(rows) and rows[0][0] not in _UNWRITTEN)
        return rows, commit.is_confirmed

    def probe(self, seconds: float) -> str | None:
        """Why the database would record no command, by a commit without rows that may take so long; None if it would.

        Raises `psycopg.Error` and `PoolTimeout`.
        """
        with self._writing.connection(seconds) as conn:
            ((outcome,),), is_confirmed = self._write(conn, _PROBE, seconds=seconds)
        if outcome == "read-only":
            return f"{READ_ONLY.fact}."
        return None if is_confirmed else "No synchronous standby confirms what is recorded."

    def _confirm(self, row: CommandRow) -> None:
        """Raise `CommandUnconfirmed` for a recorded command that is missing on a synchronous standby."""
        if self.commits.are_stalled:
            raise CommandUnconfirmed(row.id, row.last)
        with self._writing.connection() as conn:
            if not self._write(conn, _PROBE)[1]:
                raise CommandUnconfirmed(row.id, row.last)

    def _resolve_lost(self, attempt: UUID, command: UUID, lost: ConnectionLost) -> CommandRow:
        """The command's row, as `_resolve_in_doubt` finds it. A statement that a read-only server refused recorded
        nothing, so without a writable server the log is `Unavailable` and the command is not in doubt."""
        try:
            return self._resolve_in_doubt(attempt, command)
        except CommandInDoubt as doubt:
            if isinstance(lost.__cause__, psycopg.errors.ReadOnlySqlTransaction):
                raise Unavailable(str(lost.__cause__)) from lost
            raise doubt from lost

    def _resolve_in_doubt(self, attempt: UUID, command: UUID) -> CommandRow:
        """The command's row after its append lost the connection. Voids the attempt if there is none.

        Raises `ConcurrencyConflict` for a voided attempt, and `CommandInDoubt` if the database does not come back.
        """
        deadline = monotonic() + self._reconnect_seconds
        while (left := deadline - monotonic()) > 0:
            try:
                row = self._look_up(attempt, command, left)
            except psycopg.Error as error:
                _log.warning("command %s: waiting for the database: %s", command, error)
                sleep(min(left, _RETRY_SECONDS))
            else:
                if row is None:
                    raise ConcurrencyConflict
                return row
        raise CommandInDoubt(command)

    def _look_up(self, attempt: UUID, command: UUID, seconds: float) -> CommandRow | None:
        self._writing.check()
        with self._writing.connection(seconds) as conn:
            lock = lock_key(conn.info.dbname, self.workspace, "append")
            ((*found,),), _ = self._write(conn, _SETTLE, [lock, attempt, command])
        if found[0] is None:
            return None
        row = CommandRow(*found)
        self._confirm(row)
        return row

    def command(self, id: UUID) -> CommandRow | None:
        """A recorded command; None if there is none. Raises `CommandUnconfirmed`."""
        return self.commands([id]).get(id)

    def commands(self, ids: Iterable[UUID]) -> dict[UUID, CommandRow]:
        """Those of these commands that are recorded, by id. Raises `CommandUnconfirmed`."""
        rows = [CommandRow(*row) for row in self._fetch(_COMMANDS, [list(ids)])]
        if rows:
            self._confirm(max(rows, key=attrgetter("last")))  # all commits before are confirmed with it
        return {row.id: row for row in rows}

    def subscribe(self, gt: int | None = None, topics: Sequence[str] = ()) -> Tail:
        """Every event after a position: the recorded ones, then each new one, until `stop()`."""
        return Tail(self, self.listener(), gt, topics)

    def listener(self) -> Listener:
        """A listener that waits for new events."""
        return Listener(self._writing, self.channel)


def _sorted_out(group: Sequence[Pending]) -> tuple[list[Pending], list[Pending]]:
    """The commands that can be recorded together, in their order, and those that do not know what these write. Others
    interfere with these."""
    claims, together, outdated = Claims(), [], []
    for one in group:
        if claims.outdate(one.stored, one.append):
            outdated.append(one)
        elif not claims.interfere(one.stored, one.append):
            claims.add(one.stored, one.append)
            together.append(one)
    return together, outdated


def same_command(row: CommandRow, append: Append) -> CommandRow:
    """The row, if its input digest matches. Raises `IDEMPOTENCY_MISMATCH`."""
    if row.digest != append.digest:
        raise idempotency_mismatch()
    return row


def append_parameters(commands: Sequence[tuple[Sequence[StoredRow], Append]]) -> list[Any]:
    """The arguments of the SQL function `append_commands` after the lock and the attempt: one array per column."""
    batches, appends = zip(*commands, strict=True)
    stored = list(chain.from_iterable(batches))
    lengths = list(map(len, batches))
    reads = _reads(commands)
    no_newer = list(chain.from_iterable(map(attrgetter("no_newer"), appends)))
    keys = list(chain.from_iterable(map(attrgetter("keys"), appends)))
    return [
        *map(list, map(map, _APPENDED, repeat(appends))),
        list(map(msgspec.json.encode, map(attrgetter("by"), appends))),
        list(accumulate(lengths[:-1], initial=1)),
        list(accumulate(lengths)),
        *map(list, map(map, _EVENT, repeat(stored))),
        list(chain.from_iterable(map(repeat, count(1), lengths))),
        list(reads),
        list(reads.values()),
        *map(list, map(map, _CLAIM, repeat(no_newer))),
        *map(list, map(map, _KEY, repeat(keys))),
    ]


_APPENDED = [attrgetter(name) for name in ("by.command", "digest", "result")]
_EVENT = [
    attrgetter(name) for name in ("originator_id", "originator_version", "topic", "belongs_to", "effective_at", "state")
]
_CLAIM = [attrgetter(name) for name in ("belongs_to", "topic", "position")]
_KEY = [attrgetter(name) for name in ("person", "key", "handle_digest")]


def _reads(commands: Sequence[tuple[Sequence[StoredRow], Append]]) -> dict[UUID, int]:
    """The expected version of every stream read or written, before these commands. Raises `ValueError` for a gap."""
    reads: dict[UUID, int] = {}
    written: dict[UUID, int] = {}
    for stored, append in commands:
        for stream, version in append.reads.items():
            if stream not in written:
                reads.setdefault(stream, version)
        for event in stored:
            stream, before = event.originator_id, event.originator_version - 1
            if written.get(stream, reads.setdefault(stream, before)) != before:
                raise ValueError(
                    f"stream {stream}: version {event.originator_version} does not follow the version read"
                )
            written[stream] = event.originator_version
    return reads
