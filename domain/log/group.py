"""A log whose appends wait for each other and are committed in groups, for imports."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import LiteralString, NamedTuple
from uuid import UUID

import psycopg
from eventsourcing.persistence import PersistenceError
from msgspec import structs
from psycopg.abc import Params

from domain.log.append import Append, CommandRow, ConcurrencyConflict
from domain.log.connections import Row
from domain.log.event_store import Log
from domain.log.mapper import StoredRow
from domain.log.reads.log_reader import Head
from domain.log.reads.stream_lookups import MOVES, Children
from domain.model.event import WHEN_RECORDED, Event
from domain.primitives.errors import CommandRejected

REMEMBERED_EVENTS_MAX = 200_000
"""The number of events that a log of groups remembers; beyond it, it reads streams again."""
_MOVES = tuple(f"{topic}.v" for topic in MOVES.values())
PENDING_EVENTS_MAX = 2_000
"""The number of events that wait for one commit; a command with more is recorded at once."""


class GroupFailed(Exception):
    """Commands of a group may or may not be recorded, because others have changed what they depend on or because the
    connection was lost: execute each of them again, with the same idempotency key."""


class _Child(NamedTuple):
    effective_at: datetime
    position: int
    stream: UUID


class GroupedLog(Log):
    """The log of one workspace, for one thread, within groups of commands.

    An append is kept and answered as if it were recorded. What is kept is recorded in one statement and one commit: at
    the end of the group, and before every read that memory cannot answer. As for single commands, the append checks
    that nothing has changed that they have read. What was read and written is remembered: also by later groups, as long
    as no other process appends between them.
    """

    def __init__(self, log: Log) -> None:
        super().__init__(log.pool, log.workspace)
        self._log = log
        """Reads and records without a look at what is kept."""
        self._head = Head(0, None, datetime.min.replace(tzinfo=UTC))
        self._base = 0
        """The head of the log before what is kept."""
        self._kept: list[tuple[Sequence[StoredRow], Append]] = []
        self.recorded: set[UUID] = set()
        """The commands that the group has recorded."""
        self._forget()

    def _forget(self) -> None:
        self._streams: dict[UUID, list[Event]] = {}
        self._commands: dict[UUID, CommandRow | None] = {}
        self._children: dict[tuple[UUID, str], list[_Child]] = {}
        self._begun: set[UUID] = set()
        """The streams that begin with an event that is remembered: all their children are."""
        self._remembered = 0

    @contextmanager
    def group(self, commands: Iterable[UUID] = ()) -> Iterator[None]:
        """Open a group. `commands` are the ids of those that may follow: one statement reads which of them are
        recorded. Raises `GroupFailed`."""
        try:
            self._begin(list(commands))
            yield
            self.commit()
        except BaseException as error:
            self._kept = []
            self._forget()
            if isinstance(error, psycopg.Error | PersistenceError):
                raise GroupFailed(str(error)) from error
            raise

    def _begin(self, commands: list[UUID]) -> None:
        self.recorded.clear()
        head = self._log.head()
        if head.position != self._head.position:
            self._forget()
        elif self._remembered > REMEMBERED_EVENTS_MAX:
            self._streams.clear()
            self._remembered = 0
        self._head, self._base = head, head.position
        self._commands = {**dict.fromkeys(commands), **self._log.commands(commands)}

    # ── appending ────────────────────────────────────────────────────────────────────────────────

    def append(self, stored: Sequence[StoredRow], append: Append) -> CommandRow:
        """Keep a command for the next commit. One whose outcome only the database knows is recorded at once, and its
        streams are read again. Raises as `Log.append`, and `GroupFailed`."""
        if _depends_on_database(stored, append):
            self.commit()
            row = self._append_now(stored, append)
            self._base = row.last
        else:
            row = self._keep(stored, append)
        self._commands[row.id] = row
        now = max(self._head.now, row.recorded_at) + timedelta(microseconds=1)
        self._head = Head(row.last, row.recorded_at, now)
        return row

    def _append_now(self, stored: Sequence[StoredRow], append: Append) -> CommandRow:
        try:
            row = self._log.append(stored, append)
        except ConcurrencyConflict:
            self._forget()
            raise
        self.recorded.add(row.id)
        self._forget_written(stored)
        return row

    def _keep(self, stored: Sequence[StoredRow], append: Append) -> CommandRow:
        if self._head.position - self._base + len(stored) > PENDING_EVENTS_MAX:
            self.commit()
        first = self._head.position + 1
        no_newer = [structs.replace(one, position=min(one.position, self._base)) for one in append.no_newer]
        self._kept.append((stored, structs.replace(append, no_newer=no_newer)))
        for position, event in enumerate(stored, first):
            self._remember(position, event)
        last = first + len(stored) - 1
        return CommandRow(append.by.command, append.digest, first, last, self._head.now, append.result)

    def _remember(self, position: int, row: StoredRow) -> None:
        stream, version = row.originator_id, row.originator_version
        assert isinstance(stream, UUID)
        if version == 1:
            self._streams[stream] = []
            self._begun.add(stream)
            if row.belongs_to in self._begun:
                topic = row.topic.rpartition(".v")[0]
                child = _Child(row.effective_at, position, stream)
                self._children.setdefault((row.belongs_to, topic), []).append(child)
        elif row.topic.startswith(_MOVES):
            parent = self.mapper.to_domain_event(row).moves_to
            self._begun -= set() if parent is None else {parent}
        known = self._streams.get(stream)
        if known is not None and len(known) == version - 1:
            known.append(self.mapper.to_domain_event(row))
            self._remembered += 1

    def _forget_written(self, stored: Sequence[StoredRow]) -> None:
        for event in stored:
            stream, parent = event.originator_id, event.belongs_to
            assert isinstance(stream, UUID)
            self._streams.pop(stream, None)
            self._begun -= {stream} if parent is None else {stream, parent}

    def commit(self) -> None:
        """Record what is kept. Raises `GroupFailed`."""
        kept, self._kept = self._kept, []
        if not kept:
            return
        try:
            rows = self._log.append_all(kept)
        except (CommandRejected, PersistenceError) as error:
            raise GroupFailed(str(error)) from error
        if [row.id for row in rows] != [append.by.command for _, append in kept]:
            raise GroupFailed("some of the commands were recorded before")
        self.recorded.update(row.id for row in rows)
        if rows[-1].last != self._head.position:
            self._forget()
            self._head = self._log.head()
        self._base = self._head.position

    # ── reading ──────────────────────────────────────────────────────────────────────────────────

    def _fetch(self, query: LiteralString, params: Params = ()) -> list[Row]:
        """The rows of a statement that what is kept may concern: it is recorded first."""
        self.commit()
        return super()._fetch(query, params)

    def streams(self, ids: Iterable[UUID]) -> dict[UUID, list[Event]]:
        """As `Log.streams`. Every stream that is kept is remembered, so the database knows the others."""
        ids = list(ids)
        unknown = [id for id in ids if id not in self._streams]
        if unknown:
            found = self._log.streams(unknown)
            self._streams.update({id: found.get(id, []) for id in unknown})
            self._remembered += sum(map(len, found.values()))
        return {id: list(events) for id in ids if (events := self._streams[id])}

    def head(self) -> Head:
        return self._head

    def command(self, id: UUID) -> CommandRow | None:
        if id not in self._commands:
            self._commands[id] = self._log.command(id)
        return self._commands[id]

    def person_by_handle(self, digest: bytes) -> UUID | None:
        """As `Log.person_by_handle`. Commands on people's handles are never kept."""
        return self._log.person_by_handle(digest)

    def children(self, parent: UUID, topic: str) -> Children:
        if parent not in self._begun:
            return super().children(parent, topic)
        return Children([child.stream for child in self._children.get((parent, topic), ())], self._head.position)

    def children_of(self, parents: Iterable[UUID], topic: str) -> dict[UUID, list[UUID]]:
        ids = list(parents)
        if not self._begun.issuperset(ids):
            return super().children_of(ids, topic)
        return {id: [child.stream for child in self._children.get((id, topic), ())] for id in ids}

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
        if parent not in self._begun:
            return super().measurements(parent, topic, since=since, upto=upto, limit=limit, oldest_first=oldest_first)
        first, last = since or datetime.min.replace(tzinfo=UTC), upto or WHEN_RECORDED
        found = [child for child in self._children.get((parent, topic), ()) if first <= child.effective_at <= last]
        return [child.stream for child in sorted(found, reverse=not oldest_first)[:limit]]


def _depends_on_database(stored: Sequence[StoredRow], append: Append) -> bool:
    """Whether only the database knows the time of an event, or whether a handle is free; or whether the command is too
    large to wait."""
    return (
        bool(append.keys)
        or len(stored) > PENDING_EVENTS_MAX
        or any(row.effective_at >= WHEN_RECORDED or row.topic.startswith("person-erased.") for row in stored)
    )
