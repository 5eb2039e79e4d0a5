"""The event store: an append-only log in PostgreSQL."""

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import accumulate, chain, count, repeat, starmap
from operator import attrgetter, itemgetter
from time import monotonic, sleep
from typing import Any, LiteralString
from uuid import UUID, uuid4

import msgspec
import psycopg
from eventsourcing.persistence import ApplicationRecorder, Notification, StoredEvent
from psycopg.abc import Params
from psycopg_pool import ConnectionPool

from domain.log.append import (
    Answer,
    Append,
    Claims,
    CommandInDoubt,
    CommandRow,
    CommandUnconfirmed,
    ConcurrencyConflict,
    NoNewer,
    PersonKey,
    Unavailable,
)
from domain.log.commits import CommandQueue, Commits, Pending
from domain.log.mapper import EventMapper, LogRow, StoredNotification, StoredRow, leaf_hash
from domain.log.outage import READ_ONLY
from domain.log.schema import lock_key
from domain.log.tail import Listener, Tail
from domain.model.event import Authorship, Event, Recorded
from domain.primitives.errors import Code, CommandRejected, idempotency_mismatch
from domain.primitives.rules import Rule

__all__ = [
    "MOVES",
    "OWNING",
    "Append",
    "Children",
    "CommandInDoubt",
    "CommandRow",
    "ConcurrencyConflict",
    "EventMapper",
    "Head",
    "Log",
    "LogRow",
    "NoNewer",
    "PersonKey",
    "StoredRow",
    "Unavailable",
    "leaf_hash",
]  # fmt: skip

_log = logging.getLogger(__name__)

Row = tuple[Any, ...]
Connection = psycopg.Connection[Row]
Pool = ConnectionPool[Connection]

POSITION_MAX = 2**63 - 1
VERSION_MAX = 2**31 - 1
COMMIT_SECONDS = 15.0
"""The default deadline of a commit."""
OWNING = (
    "objective-drafted", "objective-assigned", "key-result-added", "key-result-assigned", "kpi-defined",
    "kpi-redefined", "initiative-planned", "initiative-edited", "team-formed", "team-lead-appointed",
)  # fmt: skip
"""The topics of events that name an owner or a lead; migration 0014 has an index of them."""
MOVES = {"key-result-added": "key-result-moved", "objective-drafted": "objective-moved"}
"""By the topic of first events: the topic of the events that move such a stream to another parent."""
LOCK_SECONDS = 10.0
"""The default of how long an append may wait for the write lock."""

_RETRY_SECONDS = 0.1
_UNWRITTEN = {"present", "void", "moved", "taken", "read-only"}
"""The outcomes of statements that wrote nothing."""
_SERVER_GONE = {"57P01", "57P02", "57P03", "57P05", "25P03", "25P04", "25006"}
"""The SQL states with which a server ends a session: shutdown, timeouts, and read-only standbys."""


class Head(msgspec.Struct, frozen=True):
    """The end of the log (position 0 and no time if it is empty), and the database's clock, which is never
    earlier."""

    position: int
    recorded_at: datetime | None
    now: datetime


class Children(msgspec.Struct, frozen=True):
    """The child streams of a stream, in the order of the log, up to a position."""

    ids: list[UUID]
    position: int


_COMMANDS = "select id, digest, first, last, recorded_at, result from command where id = any(%s::uuid[])"
_RECORDED = "select position, recorded_at, metadata, topic, data, stream, version, effective_at from log"
_MEASURED = """
    select stream from log where belongs_to = %s and split_part(topic, '.', 1) = %s
    and effective_at between %s and %s
"""
_LATEST_FIRST = _MEASURED + " order by effective_at desc, position desc limit %s"
_OLDEST_FIRST = _MEASURED + " order by effective_at, position limit %s"
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


class Log(ApplicationRecorder):
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
        self.mapper = EventMapper()
        self.channel = f"{workspace}_log"
        self.workspace = workspace
        self.pool = pool
        self._writing = writing or pool
        self._reconnect_seconds = reconnect_seconds
        self.commits = Commits(commit_seconds, lock_seconds)
        self._queue = CommandQueue(lock_seconds)
        self._salt: bytes | None = None
        self._authorship = lru_cache(4096)(msgspec.json.Decoder(Authorship).decode)

    # ── appending ────────────────────────────────────────────────────────────────────────────────

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
        except _Lost as lost:
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
        if isinstance(error, _Lost):
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
            if _is_gone(conn, error):
                conn.close()
                raise _Lost from error
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

    def _resolve_lost(self, attempt: UUID, command: UUID, lost: "_Lost") -> CommandRow:
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

    # ── reading ──────────────────────────────────────────────────────────────────────────────────

    def streams(self, ids: Iterable[UUID]) -> dict[UUID, list[Event]]:
        """The events of each stream, in order; unknown streams are left out. One statement."""
        streams: dict[UUID, list[Event]] = {}
        query = """
            select topic, data, stream, version, effective_at from log
            where stream = any(%b::uuid[]) order by stream, version
        """
        for row in self._fetch(query, [list(ids)]):
            streams.setdefault(row[2], []).append(self.mapper.decode(*row))
        return streams

    def children(self, parent: UUID, topic: str) -> Children:
        """The streams that begin with an event of this topic and ever belonged to `parent`."""
        query = f"""
            select coalesce((select max(position) from log), 0),
                   array(select c.stream from unnest(array[%s::uuid]) as p (id) cross join {_CHILDREN}
                         group by c.stream order by min(c.position))
        """  # noqa: S608 - constants
        ((position, ids),) = self._fetch(query, [parent, *_topics(topic)])
        return Children(ids, position)

    def children_of(self, parents: Iterable[UUID], topic: str) -> dict[UUID, list[UUID]]:
        """The same for each of these parents, in one statement."""
        query = f"""
            select p.id, c.stream from unnest(%b::uuid[]) as p (id) cross join {_CHILDREN}
            group by p.id, c.stream order by p.id, min(c.position)
        """  # noqa: S608 - constants
        found: dict[UUID, list[UUID]] = {parent: [] for parent in parents}
        for parent, stream in self._fetch(query, [list(found), *_topics(topic)]):
            found[parent].append(stream)
        return found

    def supporting(self, goals: Iterable[UUID]) -> list[UUID]:
        """The streams of the objectives that were ever aligned to one of these goals, in the order of the log."""
        query = """
            select stream from log
            where split_part(topic, '.', 1) in ('objective-drafted', 'objective-aligned')
            and exists (select from unnest(%s::bytea[]) as named (id) where position(named.id in data) > 0)
            group by stream order by min(position)
        """
        return [stream for (stream,) in self._fetch(query, [[f'"id":"{goal}"'.encode() for goal in goals]])]

    def linked_to(self, kpi: UUID) -> list[UUID]:
        """The streams of the key results that were ever linked to a KPI, in the order of their ids."""
        query = """
            select distinct stream from log
            where split_part(topic, '.', 1) in ('key-result-added', 'key-result-linked')
            and position(%s::bytea in data) > 0 order by stream
        """
        return [stream for (stream,) in self._fetch(query, [f'"kpi":"{kpi}"'.encode()])]

    def kpis_naming(self, kpis: Iterable[UUID]) -> list[UUID]:
        """The streams of the KPIs whose definitions ever contained one of these ids, in the order of their ids."""
        query = """
            select distinct stream from log
            where split_part(topic, '.', 1) in ('kpi-defined', 'kpi-redefined')
            and exists (select from unnest(%s::bytea[]) as named (id) where position(named.id in data) > 0)
            order by stream
        """
        return [stream for (stream,) in self._fetch(query, [[f'"{kpi}"'.encode() for kpi in kpis]])]

    def owned_by(self, person: UUID) -> list[UUID]:
        """The streams whose events of `OWNING` ever named a person, in the order of the first of these events."""
        query = """
            select stream from log
            where split_part(topic, '.', 1) in (
                'objective-drafted', 'objective-assigned', 'key-result-added', 'key-result-assigned', 'kpi-defined',
                'kpi-redefined', 'initiative-planned', 'initiative-edited', 'team-formed', 'team-lead-appointed'
            )
            and position(%s::bytea in data) > 0 group by stream order by min(position)
        """
        return [stream for (stream,) in self._fetch(query, [f'"{person}"'.encode()])]

    def externally_named(self, system: str, external_id: str) -> list[UUID]:
        """The streams of the references that ever had this id of another system."""
        query = """
            select distinct stream from log
            where split_part(topic, '.', 1) = 'external-reference-set' and external_name(data) = array[%s, %s]::text[]
        """
        return [stream for (stream,) in self._fetch(query, [system, external_id])]

    def named_by(self, system: str) -> list[UUID]:
        """The streams of all references to another system."""
        query = """
            select distinct stream from log
            where split_part(topic, '.', 1) = 'external-reference-set' and (external_name(data))[1] = %s
        """
        return [stream for (stream,) in self._fetch(query, [system])]

    def all_externally_named(self, names: Sequence[tuple[str, str]]) -> dict[tuple[str, str], list[UUID]]:
        """The same for each of these systems and ids, in one statement."""
        query = """
            select distinct external_name(data), stream from log
            where split_part(topic, '.', 1) = 'external-reference-set'
            and external_name(data) in (
                select array[n.system, n.id] from unnest(%s::text[], %s::text[]) as n (system, id)
            )
        """
        found: dict[tuple[str, str], list[UUID]] = {name: [] for name in names}
        for (system, id), stream in self._fetch(query, [[one[0] for one in names], [one[1] for one in names]]):
            found[system, id].append(stream)
        return found

    def cycles(self) -> list[UUID]:
        """The streams of all cycles, in the order of the log."""
        query = "select stream from log where split_part(topic, '.', 1) = 'cycle-opened' order by position"
        return [stream for (stream,) in self._fetch(query)]

    def begun(self, topic: str) -> list[UUID]:
        """All streams that begin with an event of this topic, in the order of the log."""
        query = "select stream from log where split_part(topic, '.', 1) = %s and version = 1 order by position"
        return [stream for (stream,) in self._fetch(query, [topic])]

    def children_of_all(self, parents: Iterable[UUID], topic: str) -> list[UUID]:
        """The streams that belong to one of these and begin with an event of this topic, in the order of the log."""
        query = """
            select stream from log
            where belongs_to = any(%b::uuid[]) and split_part(topic, '.', 1) = %s and version = 1 order by position
        """
        return [stream for (stream,) in self._fetch(query, [list(parents), topic])]

    def measurements(
        self,
        parent: UUID,
        topic: str,
        *,
        since: datetime | None = None,
        upto: datetime | None = None,
        limit: int | None = None,
        oldest_first: bool = False,
    ) -> list[UUID]:
        """The streams that belong to `parent` and begin with an event of this topic that is effective from `since` to
        `upto`, both included. The latest first, by effective time, then position; or in the opposite order."""
        query = _OLDEST_FIRST if oldest_first else _LATEST_FIRST
        params = [parent, topic, since or "-infinity", upto or "infinity", limit]
        return [stream for (stream,) in self._fetch(query, params)]

    def measured_at(self, topic: str, instants: Sequence[tuple[UUID, datetime]]) -> list[tuple[UUID, datetime, UUID]]:
        """The streams that belong to a parent and begin with an event of this topic that is effective at an instant,
        each with both, the latest recorded first. One statement."""
        query = """
            select l.belongs_to, l.effective_at, l.stream
            from unnest(%s::uuid[], %s::timestamptz[]) as m (parent, at)
            cross join lateral (
                select belongs_to, effective_at, stream, position from log
                where belongs_to = m.parent and split_part(topic, '.', 1) = %s and effective_at = m.at
            ) l order by l.position desc
        """
        parents, moments = zip(*instants, strict=True)
        return [(parent, at, stream) for parent, at, stream in self._fetch(query, [[*parents], [*moments], topic])]

    def entries(self, after: int, limit: int) -> list[Recorded]:
        """Up to `limit` events after a position, in the order of the log.

        Raises `LookupError` or `msgspec.MsgspecError` for an event that this version cannot read.
        """
        return self._recorded(_RECORDED + " where position > %s order by position limit %s", [after, limit])

    def at(self, positions: Iterable[int]) -> list[Recorded]:
        """The events at these positions, in the order of the log. Unknown positions are omitted."""
        return self._recorded(_RECORDED + " where position = any(%s::bigint[]) order by position", [list(positions)])

    def since(self, stream: UUID, version: int, limit: int) -> list[Recorded]:
        """Up to `limit` events of a stream after a version, in order."""
        query = _RECORDED + " where stream = %s and version > %s order by version limit %s"
        return self._recorded(query, [stream, version, limit])

    def rows(self, after: int, limit: int) -> list[LogRow]:
        """Up to `limit` stored rows after a position."""
        query = """
            select position, recorded_at, effective_at, stream, version, topic, belongs_to, metadata, data, leaf_hash
            from log where position > %s order by position limit %s
        """
        return [LogRow(*row) for row in self._fetch(query, [after, limit])]

    def head(self) -> Head:
        query = """
            select coalesce(max(position), 0), max(recorded_at), greatest(clock_timestamp(), max(recorded_at))
            from (select position, recorded_at from log order by position desc limit 1) as head
        """
        return Head(*self._fetch(query)[0])

    def position_at(self, known: datetime) -> int:
        """The last position recorded at or before a moment; 0 before the first."""
        query = "select position from log where recorded_at <= %s order by recorded_at desc limit 1"
        return next((position for (position,) in self._fetch(query, [known])), 0)

    def command(self, id: UUID) -> CommandRow | None:
        """A recorded command; None if there is none. Raises `CommandUnconfirmed`."""
        return self.commands([id]).get(id)

    def commands(self, ids: Iterable[UUID]) -> dict[UUID, CommandRow]:
        """Those of these commands that are recorded, by id. Raises `CommandUnconfirmed`."""
        rows = [CommandRow(*row) for row in self._fetch(_COMMANDS, [list(ids)])]
        if rows:
            self._confirm(max(rows, key=attrgetter("last")))  # all commits before are confirmed with it
        return {row.id: row for row in rows}

    def person_keys(self, persons: Iterable[UUID]) -> dict[UUID, bytes]:
        """The encryption keys of these persons. Erased persons are omitted."""
        query = "select person, key from person_key where person = any(%s::uuid[])"
        return dict(self._fetch(query, [list(persons)]))

    def person_by_handle(self, digest: bytes) -> UUID | None:
        query = "select person from person_key where handle_digest = %s"
        return next((person for (person,) in self._fetch(query, [digest])), None)

    def handles_taken(self, digests: Iterable[bytes]) -> set[bytes]:
        """Those of these digests of handles that persons have."""
        query = "select handle_digest from person_key where handle_digest = any(%s::bytea[])"
        return {digest for (digest,) in self._fetch(query, [list(digests)])}

    def salt(self) -> bytes:
        """The workspace's random salt of handle digests."""
        if self._salt is None:
            ((self._salt,),) = self._fetch("select salt from workspace")
        return self._salt

    # ── reading through the library's interface ─────────────────────────────────────────────────────────────

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        query = """
            select stream, version, topic, data, effective_at, belongs_to from log
            where stream = %s and version > %s and version <= %s
            order by case when %s then -version else version end limit %s
        """
        last = VERSION_MAX if lte is None else lte
        return [StoredRow(*row) for row in self._fetch(query, [originator_id, gt or 0, last, desc, limit])]

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        query = """
            select stream, version, topic, data, effective_at, belongs_to, position from log
            where position between %s and %s and (%s or topic = any(%s::text[])) order by position limit %s
        """
        first = (start or 0) + (not inclusive_of_start)
        last = POSITION_MAX if stop is None else stop
        rows = self._fetch(query, [first, last, not topics, list(topics), limit])
        return [StoredNotification(*row) for row in rows]

    def max_notification_id(self) -> int | None:
        return self.head().position or None

    def subscribe(self, gt: int | None = None, topics: Sequence[str] = ()) -> Tail:
        """Every event after a position: the recorded ones, then each new one, until `stop()`."""
        return Tail(self, self.listener(), gt, topics)

    def listener(self) -> Listener:
        """A listener that waits for new events."""
        return Listener(self._writing, self.channel)

    def _recorded(self, query: LiteralString, params: Params) -> list[Recorded]:
        return [
            Recorded(position, recorded_at, self.mapper.decode(*event), self._authorship(metadata))
            for position, recorded_at, metadata, *event in self._fetch(query, params)
        ]

    def _fetch(self, query: LiteralString, params: Params = ()) -> list[Row]:
        """The rows of a read-only statement, which is retried once after a lost connection."""
        is_retry = False
        while True:
            with self.pool.connection() as conn:
                try:
                    return conn.cursor(binary=True).execute(query, params).fetchall()
                except psycopg.Error as error:
                    if not _is_gone(conn, error):
                        raise
                    conn.close()
                    if is_retry:
                        raise _Lost from error
            is_retry = True
            self.pool.check()


_CHILDREN = """lateral (
    select stream, position from log where belongs_to = p.id and split_part(topic, '.', 1) = %s
    union all
    select m.stream, (select f.position from log f where f.stream = m.stream and f.version = 1) from log m
    where split_part(m.topic, '.', 1) in ('key-result-moved', 'objective-moved') and moved_into(m.data) = p.id
        and split_part(m.topic, '.', 1) = %s
) c"""
"""The streams that ever belonged to a parent `p`, each with the position of its first event."""


def _topics(first: str) -> tuple[str, str]:
    return first, MOVES.get(first, "")


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


class _Lost(psycopg.OperationalError):
    """The connection was lost during a statement."""


def _is_gone(conn: Connection, error: psycopg.Error) -> bool:
    return conn.closed or error.sqlstate in _SERVER_GONE


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
