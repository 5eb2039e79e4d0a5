"""One batch of events on its way into the tables: what is known before it, what it adds, what it ends.

Handlers write here and nowhere else, so that a batch costs a few statements however many events it has,
and what stands in the tables afterwards does not depend on how the log was cut into batches.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import cache
from typing import Any, TypeVar
from uuid import UUID

import msgspec

from domain.model.event import Event, Recorded
from projections.store.versioned_tables import Chain, Connection, Fact, Span, Table, Version

R = TypeVar("R", bound=msgspec.Struct)

Reads = Mapping[type[Event], Callable[[Any], Iterable[tuple[Table[Any], UUID]]]]
"""By event: the things a handler looks up besides the one that the event is about. A base class stands for all
of its events."""

FEW_ROWS = 16
"""Up to here rows are inserted one by one in the same breath as the commit; beyond it they are copied."""


class Book:
    """What one batch reads and writes. `keys` are the keys of the people it is about, without the erased."""

    def __init__(self, keys: Mapping[UUID, bytes]) -> None:
        self.keys = keys
        self._current: dict[tuple[Table[Any], UUID], Any] = {}
        self._added: dict[Table[Any], list[Any]] = {}
        self._open: dict[tuple[Span[Any], tuple[Any, ...]], int] = {}
        self._ended: dict[Span[Any], list[tuple[Any, ...]]] = {}
        self._blanked: dict[tuple[Chain[Any], tuple[str, ...]], list[UUID]] = {}

    # ── what handlers say ────────────────────────────────────────────────────────────────────────

    def current(self, table: Table[R], id: UUID) -> R:
        """The last row of this thing. Raises `KeyError` if there is none."""
        row: R = self._current[table, id]
        return row

    def begin(self, chain: Chain[Any], said: Recorded, **fields: Any) -> None:
        """The first version of a thing. What the event says in a column's name is the column's value;
        `fields` are the others."""
        event, by = said.event, said.by
        place = (said.position, said.position, event.timestamp, event.timestamp)
        who = (by.actor, by.source, by.on_behalf_of)
        told = _told(event, chain)
        self._put(chain, chain.row(event.originator_id, 1, *place, *who, *who, by.reason, **told, **fields))

    def revise(self, chain: Chain[Any], said: Recorded, **fields: Any) -> None:
        """The next version of a thing: as the last one, but for what the event says in a column's name,
        and for `fields`."""
        event, by = said.event, said.by
        row = msgspec.structs.replace(
            self._current[chain, event.originator_id],
            version=event.originator_version,
            position=said.position,
            changed_at=event.timestamp,
            actor=by.actor,
            source=by.source,
            on_behalf_of=by.on_behalf_of,
            reason=by.reason,
            **_told(event, chain),
            **fields,
        )
        self._put(chain, row)

    def blank(self, chain: Chain[Any], id: UUID, *columns: str) -> None:
        """Take what stands in these columns out of every version of a thing that there is so far."""
        nothing: dict[str, Any] = dict.fromkeys(columns)
        rows = self._added.get(chain, [])
        rows[:] = [msgspec.structs.replace(row, **nothing) if row.id == id else row for row in rows]
        self._current[chain, id] = msgspec.structs.replace(self._current[chain, id], **nothing)
        self._blanked.setdefault((chain, columns), []).append(id)

    def add(self, table: Table[R], row: R) -> None:
        """A row that is not a version."""
        rows = self._added.setdefault(table, [])
        if isinstance(table, Span):
            self._open[table, table.named(row)] = len(rows)
        if isinstance(row, Fact) or table.key == ("id",):
            self._current[table, row.id] = row  # type: ignore[attr-defined]
        rows.append(row)

    def end(self, span: Span[Any], named: tuple[Any, ...], *ends: Any) -> None:
        """The open row of this name ends, as the span's `ends` say. Nothing happens if none is open."""
        place = self._open.pop((span, named), None)
        if place is None:
            self._ended.setdefault(span, []).append((*named, *ends))
        else:
            rows = self._added[span]
            rows[place] = msgspec.structs.replace(rows[place], **dict(zip(span.ends, ends, strict=True)))

    def _put(self, chain: Chain[Any], row: Version) -> None:
        self._current[chain, row.id] = row
        self._added.setdefault(chain, []).append(row)

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
        for (chain, columns), ids in self._blanked.items():
            chain.blank(conn, ids, columns)
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
        for span, ended in self._ended.items():
            span.end(conn, ended)


def fact(said: Recorded) -> tuple[UUID, int, datetime, str, str, UUID | None, str | None]:
    """The columns that every row of `tables.Fact` begins with."""
    by = said.by
    place = (said.event.originator_id, said.position, said.recorded_at)
    return (*place, by.actor, by.source, by.on_behalf_of, by.reason)


def _told(event: Event, chain: Chain[Any]) -> dict[str, Any]:
    return {name: getattr(event, name) for name in _shared(type(event), chain)}


@cache
def _shared(event: type[Event], chain: Chain[Any]) -> frozenset[str]:
    """What an event of this class says in the name of a column of this chain."""
    said = set(event.__struct_fields__) - set(Event.__struct_fields__)
    return frozenset(said.intersection(chain.row.__struct_fields__) - set(Version.__struct_fields__))
