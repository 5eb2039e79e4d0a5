"""The writes of one batch of events: handlers collect rows here, and they go into the tables together.

Handlers write nowhere else. So a batch costs a few statements however many events it has, and the contents of the
tables do not depend on how the log was cut into batches.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import cache
from typing import Any, TypeVar
from uuid import UUID

import msgspec

from domain.model.event import Event, Recorded
from projections.store import digests
from projections.store.rows import EventRow, Version
from projections.store.versioned_tables import Connection, Table, ValidityTable, VersionedTable

R = TypeVar("R", bound=msgspec.Struct)

Reads = Mapping[type[Event], Callable[[Any], Iterable[tuple[Table[Any], UUID]]]]
"""By event: the rows a handler looks up besides the last row of the event's own aggregate. An entry for a base class
applies to all its subclasses."""

_MOVE = """
    update view_position set position = %b, recorded_at = %b,
                             leaf_hash = (select l.leaf_hash from log l where l.position = %b)
"""

_NAMED_BY_ID = (("id",), ("id", "position"))
"""The keys of tables whose last row with an id is looked up."""
FEW_ROWS = 16
"""Up to this number, rows are inserted one by one in one pipeline with the position; more rows are copied."""


class BatchWriter:
    """The reads and writes of one batch. `keys` are the keys of the people in its events, without the erased. `after`
    is the position before it; None if the digests of the tables are computed afterwards, from their rows."""

    def __init__(self, keys: Mapping[UUID, bytes], after: int | None = None) -> None:
        self.keys = keys
        self._after = after
        self._current: dict[tuple[Table[Any], UUID], Any] = {}
        self._added: dict[Table[Any], list[Any]] = {}
        self._open: dict[tuple[ValidityTable[Any], tuple[Any, ...]], int] = {}
        self._ended: dict[ValidityTable[Any], list[tuple[Any, ...]]] = {}
        self._redacted: dict[tuple[VersionedTable[Any], tuple[str, ...]], list[UUID]] = {}

    # ── what handlers call ───────────────────────────────────────────────────────────────────────

    def current(self, table: Table[R], id: UUID) -> R:
        """The last row with this id. Raises `KeyError` if there is none."""
        row: R = self._current[table, id]
        return row

    def insert_first(self, table: VersionedTable[Any], entry: Recorded, **fields: Any) -> None:
        """Insert version 1 of an aggregate: the event's fields that have a column's name, and `fields`."""
        event, by = entry.event, entry.by
        place = (entry.position, entry.position, event.timestamp, event.timestamp)
        who = (by.actor, by.source, by.on_behalf_of)
        shared = _shared_fields(event, table)
        self._put(table, table.row(event.originator_id, 1, *place, *who, *who, by.reason, **shared, **fields))

    def insert_version(self, table: VersionedTable[Any], entry: Recorded, **fields: Any) -> None:
        """Insert the next version of an aggregate: a copy of the last one, with the event's fields that have a
        column's name, and `fields`."""
        event, by = entry.event, entry.by
        row = msgspec.structs.replace(
            self._current[table, event.originator_id],
            version=event.originator_version,
            position=entry.position,
            changed_at=event.timestamp,
            actor=by.actor,
            source=by.source,
            on_behalf_of=by.on_behalf_of,
            reason=by.reason,
            **_shared_fields(event, table),
            **fields,
        )
        self._put(table, row)

    def redact(self, table: VersionedTable[Any], id: UUID, *columns: str) -> None:
        """Set these columns to null in every version so far."""
        nulls: dict[str, Any] = dict.fromkeys(columns)
        rows = self._added.get(table, [])
        rows[:] = [msgspec.structs.replace(row, **nulls) if row.id == id else row for row in rows]
        self._current[table, id] = msgspec.structs.replace(self._current[table, id], **nulls)
        self._redacted.setdefault((table, columns), []).append(id)

    def add(self, table: Table[R], row: R) -> None:
        """Insert a row that is not a version."""
        rows = self._added.setdefault(table, [])
        if isinstance(table, ValidityTable):
            self._open[table, table.natural_key_of(row)] = len(rows)
        if isinstance(row, EventRow) or table.key in _NAMED_BY_ID:
            self._current[table, row.id] = row  # type: ignore[attr-defined]
        rows.append(row)

    def close(self, table: ValidityTable[Any], named: tuple[Any, ...], *ends: Any) -> None:
        """Set the end columns of the open row with this natural key. Without an open row, nothing changes."""
        place = self._open.pop((table, named), None)
        if place is None:
            self._ended.setdefault(table, []).append((*named, *ends))
        else:
            rows = self._added[table]
            rows[place] = msgspec.structs.replace(rows[place], **dict(zip(table.ends, ends, strict=True)))

    def _put(self, table: VersionedTable[Any], row: Version) -> None:
        self._current[table, row.id] = row
        self._added.setdefault(table, []).append(row)

    # ── from the tables and into them ────────────────────────────────────────────────────────────

    def load(self, conn: Connection, wanted: Iterable[tuple[Table[Any], UUID]]) -> None:
        """Read the last rows with these ids, one statement per table; ids without a row are left out."""
        by_table: dict[Table[Any], set[UUID]] = {}
        for table, id in wanted:
            by_table.setdefault(table, set()).add(id)
        for table, ids in by_table.items():
            for row in table.read(conn, table.last, {"ids": list(ids)}):
                self._current[table, row.id] = row

    def write(self, conn: Connection, position: int, recorded_at: datetime) -> None:
        """Write all collected rows and the new position, in the open transaction."""
        for (versioned, columns), ids in self._redacted.items():
            versioned.redact(conn, ids, columns)
        few = sum(map(len, self._added.values())) <= FEW_ROWS
        if not few:
            self._end(conn)
            for table, rows in self._added.items():
                table.copy(conn, rows)
        with conn.pipeline():
            if few:
                self._end(conn)
                for table, rows in self._added.items():
                    table.insert(conn, rows)
            elif self._after is not None:
                for table in self._added:
                    digests.add_copied(conn, table.name, table.placed, self._after, position)
            conn.execute(_MOVE, [position, recorded_at, position], prepare=True)

    def _end(self, conn: Connection) -> None:
        """Close rows of earlier batches. This comes before the inserts, because new rows have the same natural keys."""
        for table, ended in self._ended.items():
            table.close(conn, ended)


def event_columns(entry: Recorded) -> tuple[UUID, int, datetime, str, str, UUID | None, str | None]:
    """The leading columns of every `EventRow`."""
    by = entry.by
    place = (entry.event.originator_id, entry.position, entry.recorded_at)
    return (*place, by.actor, by.source, by.on_behalf_of, by.reason)


def _shared_fields(event: Event, table: VersionedTable[Any]) -> dict[str, Any]:
    return {name: getattr(event, name) for name in _shared_names(type(event), table)}


@cache
def _shared_names(event: type[Event], table: VersionedTable[Any]) -> frozenset[str]:
    """The fields of an event of this class that have the name of a column of this table."""
    own = set(event.__struct_fields__) - set(Event.__struct_fields__)
    return frozenset(own.intersection(table.row.__struct_fields__) - set(Version.__struct_fields__))
