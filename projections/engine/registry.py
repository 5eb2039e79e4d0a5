"""The projections and their tables, and how a batch of events is applied to all of them in one transaction.

Every stored event needs a handler in a projection besides `changes`, which records all events: otherwise the effect
of an event would be visible nowhere. The check runs when this module is imported.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from hashlib import sha256
from typing import Any
from uuid import UUID

import msgspec
import psycopg

from domain.log.event_store import Log
from domain.model.event import Event, Recorded
from domain.model.event_registry import EVENTS
from domain.primitives.values import Kind
from projections.proof import merkle_tree
from projections.proof.continuity import CONTINUES, Diverged
from projections.standings import kept_rows
from projections.standings.keeping import Keeper
from projections.store import digests
from projections.store.batch_writer import BatchWriter
from projections.store.versioned_tables import Connection, Table, VersionedTable
from projections.tables import alignment, changes, cycle, discussion, key_result, kpi, measurements, objective, people
from projections.tables.across import external_reference, places, template

MODULES = (
    cycle, objective, key_result, kpi, measurements, people, alignment, discussion, external_reference, template,
    changes,
)  # fmt: skip
"""In the order in which they apply an event: alignment reads the row that objective has just written."""

TABLES: tuple[Table[Any], ...] = tuple(
    table for module in (*MODULES, kept_rows, merkle_tree) for table in module.TABLES
)

POSITION_DDL = (
    "create table view_position (position bigint not null, recorded_at timestamptz,"
    " definition text not null, program text not null, leaf_hash bytea)"
)
DEFINITION = sha256("\n".join([POSITION_DDL, *digests.DDL, *(table.ddl for table in TABLES)]).encode()).hexdigest()
"""A hash of the table definitions: tables with another hash are rebuilt."""

_POSITION = f"""
    select v.position, v.definition, {CONTINUES},
           case when %s and current_setting('synchronous_standby_names') <> ''
                then set_config('synchronous_commit', 'on', true) end
    from view_position v for update of v
"""
"""With synchronous standbys, the commit of a batch waits for them if this is asked for."""

_OF_KIND: dict[Kind, Table[Any]] = {
    **{table.kind: table for table in TABLES if isinstance(table, VersionedTable)},
    Kind.CHECK_IN: measurements.CHECK_IN,
    Kind.READING: measurements.READING,
}


class StaleBatch(Exception):
    """The tables are no longer at the position where the batch begins: read the position again."""


class OtherDefinition(Exception):
    """The generation in use has other tables than this program, whose rows would not fit."""


_NO_POISON = (
    StaleBatch,
    OtherDefinition,
    Diverged,
    psycopg.OperationalError,
    psycopg.InterfaceError,
    psycopg.ProgrammingError,
)
"""The reasons why no event of a batch is applied; with any other the batch has an event that cannot be applied."""


class Poison(Exception):
    """An event that cannot be read or applied."""

    def __init__(self, position: int, topic: str, cause: str) -> None:
        super().__init__(f"event {position} ({topic}) cannot be applied: {cause}")
        self.position = position
        self.topic = topic
        self.cause = cause


# ── reading the log ──────────────────────────────────────────────────────────────────────────────


def read(log: Log, after: int, limit: int) -> list[Recorded]:
    """Up to `limit` events after a position; fewer before one that cannot be read. Raises `Poison` for that."""
    try:
        return log.entries(after, limit)
    except (LookupError, ValueError, msgspec.MsgspecError) as error:
        if limit > 1:
            return read(log, after, limit // 2)
        (row,) = log.rows(after, 1)
        raise Poison(row.position, row.topic, _described(error)) from error


# ── writing the tables ───────────────────────────────────────────────────────────────────────────


def advance(
    conn: Connection,
    log: Log,
    entries: Sequence[Recorded],
    definition: str | None = None,
    *,
    digested: bool = True,
    confirmed: bool = False,
) -> None:
    """Apply these events, which follow the position of the tables, and move it to the last of them. With a
    `definition`, only to a generation that has it. Not `digested`: the digests are not kept up to date. `confirmed`:
    the tables show the events when the synchronous standbys have them, and not before (docs/adr/0057).

    Raises `StaleBatch`, `OtherDefinition`, `Diverged`, `psycopg.Error` for a fault of the database, and `Poison` for an
    event that cannot be applied; all events before it are applied then.
    """
    try:
        _apply(conn, log, entries, definition, digested=digested, confirmed=confirmed)
    except _NO_POISON:
        raise
    except Exception as error:
        if len(entries) == 1:
            raise Poison(entries[0].position, entries[0].event.TOPIC, _described(error)) from error
        half = len(entries) // 2
        for part in (entries[:half], entries[half:]):
            advance(conn, log, part, definition, digested=digested, confirmed=confirmed)


def dump(conn: Connection) -> Iterator[bytes]:
    """All tables as text: equal for equal contents."""
    for table in TABLES:
        yield f"{table.name}\n".encode()
        yield from table.dump(conn)


def _apply(
    conn: Connection,
    log: Log,
    entries: Sequence[Recorded],
    definition: str | None,
    *,
    digested: bool,
    confirmed: bool,
) -> None:
    after = entries[0].position - 1
    people_ids = {entry.event.originator_id for entry in entries if entry.event.KIND is Kind.PERSON}
    with conn.transaction():
        row = conn.execute(_POSITION, [confirmed], prepare=True).fetchone()
        if row is not None and definition not in (None, row[1]):
            raise OtherDefinition
        if row is None or row[0] != after:
            raise StaleBatch
        if not row[2]:
            raise Diverged(row[0], log.head().position)
        writer = BatchWriter(log.person_keys(people_ids) if people_ids else {}, after if digested else None)
        writer.load(conn, [wanted for entry in entries for wanted in _looked_up(entry.event)])
        writer.load(conn, places.later_reads(entries, writer))
        keeper = Keeper(conn, entries, writer)
        for entry in entries:
            for handle in _handlers(type(entry.event)):
                handle(entry.event, entry, writer)
            keeper.apply(entry)
        merkle_tree.grow(conn, after, entries[-1].position)
        writer.write(conn, entries[-1].position, entries[-1].recorded_at)


def _looked_up(event: Event) -> list[tuple[Table[Any], UUID]]:
    """The rows that the handlers of this event read, as table and id."""
    looked_up = [(_OF_KIND[event.KIND], event.originator_id)] if event.originator_version > 1 else []
    for reads in _reads(type(event)):
        looked_up += reads(event)
    return looked_up


@cache
def _reads(event: type[Event]) -> list[Callable[[Any], Any]]:
    """The READS functions that apply to an event of this class."""
    found = (next((module.READS[cls] for cls in event.__mro__ if cls in module.READS), None) for module in MODULES)
    return [reads for reads in found if reads is not None]


@cache
def _handlers(event: type[Event]) -> list[Callable[[Any, Recorded, BatchWriter], None]]:
    """The handlers of this event, in the order of the projections; those that ignore it are left out."""
    handlers = [module.apply.dispatch(event) for module in MODULES]
    return [handler for handler in handlers if handler not in _IGNORING]


_IGNORING = {module.apply.dispatch(object) for module in MODULES}


# ── completeness ─────────────────────────────────────────────────────────────────────────────────

NOT_PROJECTED: dict[type[Event], str] = {}
"""Events that only `changes` shows, with the reason why no other projection needs them."""


def require_handlers(events: Iterable[type[Event]]) -> None:
    """Raise `TypeError` for an event that no projection handles besides `changes`."""
    recorded = changes.apply.dispatch(Event)
    for event in events:
        if event not in NOT_PROJECTED and all(handler is recorded for handler in _handlers(event)):
            raise TypeError(
                f"no projection handles the event {event.__name__}: register a handler in projections/tables, or "
                "enter it in NOT_PROJECTED with the reason"
            )


require_handlers(EVENTS.values())


def _described(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
