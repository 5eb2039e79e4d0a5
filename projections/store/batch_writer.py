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
from projections.store.versioned_tables import Connection, EventRow, Table, ValidityTable, Version, VersionedTable

R = TypeVar("R", bound=msgspec.Struct)

Reads = Mapping[type[Event], Callable[[Any], Iterable[tuple[Table[Any], UUID]]]]
"""By event: the things a handler looks up besides the one that the event is about. A base class stands for all
of its events."""

FEW_ROWS = 16
"""Up to here rows are inserted one by one in the same breath as the commit; beyond it they are copied."""


class BatchWriter:
    """The reads and writes of one batch. `keys` are the keys of the people in its events, without the erased."""

    def __init__(self, keys: Mapping[UUID, bytes]) -> None:
        self.keys = keys
        self._current: dict[tuple[Table[Any], UUID], Any] = {}
        self._added: dict[Table[Any], list[Any]] = {}
        self._open: dict[tuple[ValidityTable[Any], tuple[Any, ...]], int] = {}
        self._ended: dict[ValidityTable[Any], list[tuple[Any, ...]]] = {}
        self._redacted: dict[tuple[VersionedTable[Any], tuple[str, ...]], list[UUID]] = {}

    # ── what handlers call ───────────────────────────────────────────────────────────────────────

    def current(self, table: Table[R], id: UUID) -> R:
        """The last row of this thing. Raises `KeyError` if there is none."""
        row: R = self._current[table, id]
        return row

    def insert_first(self, table: VersionedTable[Any], said: Recorded, **fields: Any) -> None:
        """Insert the first version of a thing: the event's fields of a column's name, and `fields` for the others."""
        event, by = said.event, said.by
        place = (said.position, said.position, event.timestamp, event.timestamp)
        who = (by.actor, by.source, by.on_behalf_of)
        told = _told(event, table)
        self._put(table, table.row(event.originator_id, 1, *place, *who, *who, by.reason, **told, **fields))

    def insert_version(self, table: VersionedTable[Any], said: Recorded, **fields: Any) -> None:
        """Insert the next version of a thing: a copy of the last one with the event's fields of a column's name,
        and `fields`."""
        event, by = said.event, said.by
        row = msgspec.structs.replace(
            self._current[table, event.originator_id],
            version=event.originator_version,
            position=said.position,
            changed_at=event.timestamp,
            actor=by.actor,
            source=by.source,
            on_behalf_of=by.on_behalf_of,
            reason=by.reason,
            **_told(event, table),
            **fields,
        )
        self._put(table, row)

    def redact(self, table: VersionedTable[Any], id: UUID, *columns: str) -> None:
        """Set these columns to null in every version of a thing so far."""
        nothing: dict[str, Any] = dict.fromkeys(columns)
        rows = self._added.get(table, [])
        rows[:] = [msgspec.structs.replace(row, **nothing) if row.id == id else row for row in rows]
        self._current[table, id] = msgspec.structs.replace(self._current[table, id], **nothing)
        self._redacted.setdefault((table, columns), []).append(id)

    def add(self, table: Table[R], row: R) -> None:
        """Insert a row that is not a version."""
        rows = self._added.setdefault(table, [])
        if isinstance(table, ValidityTable):
            self._open[table, table.named(row)] = len(rows)
        if isinstance(row, EventRow) or table.key == ("id",):
            self._current[table, row.id] = row  # type: ignore[attr-defined]
        rows.append(row)

    def close(self, table: ValidityTable[Any], named: tuple[Any, ...], *ends: Any) -> None:
        """Set the `ends` of the open row of this name. Nothing happens if none is open."""
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
        """Read the last rows of these things, one statement a table; those that are not there yet are left out."""
        by_table: dict[Table[Any], set[UUID]] = {}
        for table, id in wanted:
            by_table.setdefault(table, set()).add(id)
        for table, ids in by_table.items():
            for row in table.read(conn, table.last, {"ids": list(ids)}):
                self._current[table, row.id] = row

    def write(self, conn: Connection, position: int, recorded_at: datetime) -> None:
        """Write what was said, and the position it leads to, in the transaction that is open."""
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
            conn.execute(
                "update view_position set position = %b, recorded_at = %b", [position, recorded_at], prepare=True
            )

    def _end(self, conn: Connection) -> None:
        """End what earlier batches left open; before what is new is written, since that goes by the same names."""
        for table, ended in self._ended.items():
            table.close(conn, ended)


def event_columns(said: Recorded) -> tuple[UUID, int, datetime, str, str, UUID | None, str | None]:
    """The columns that every row of `EventRow` begins with."""
    by = said.by
    place = (said.event.originator_id, said.position, said.recorded_at)
    return (*place, by.actor, by.source, by.on_behalf_of, by.reason)


def _told(event: Event, table: VersionedTable[Any]) -> dict[str, Any]:
    return {name: getattr(event, name) for name in _shared(type(event), table)}


@cache
def _shared(event: type[Event], table: VersionedTable[Any]) -> frozenset[str]:
    """The fields of an event of this class that have the name of a column of this table."""
    said = set(event.__struct_fields__) - set(Event.__struct_fields__)
    return frozenset(said.intersection(table.row.__struct_fields__) - set(Version.__struct_fields__))
