"""Reads the log: its events in their order, its head, and the keys of persons."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import LiteralString
from uuid import UUID

import msgspec
import psycopg
from eventsourcing.persistence import ApplicationRecorder, Notification, StoredEvent
from psycopg.abc import Params

from domain.log.connections import ConnectionLost, Pool, Row, is_gone
from domain.log.mapper import EventMapper, LogRow, StoredNotification, StoredRow
from domain.model.event import AUTHORSHIP, Recorded

POSITION_MAX = 2**63 - 1
VERSION_MAX = 2**31 - 1

_RECORDED = "select position, recorded_at, metadata, topic, data, stream, version, effective_at from log"


class Head(msgspec.Struct, frozen=True):
    """The end of the log (position 0 and no time if it is empty), and the database's clock, which is never
    earlier."""

    position: int
    recorded_at: datetime | None
    now: datetime


class LogReader(ApplicationRecorder):
    """The reading half of a log, over a pool of autocommit connections with its schema in their search path. A
    statement is retried once after a lost connection."""

    def __init__(self, pool: Pool) -> None:
        self.mapper = EventMapper()
        self.pool = pool
        self._salt: bytes | None = None
        self._authorship = lru_cache(4096)(AUTHORSHIP.decode)

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

    # ── the interface of the event sourcing library ───────────────────────────────────────────────────────

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
                    if not is_gone(conn, error):
                        raise
                    conn.close()
                    if is_retry:
                        raise ConnectionLost from error
            is_retry = True
            self.pool.check()
