"""Raw reads of the stored rows, for verification and proofs."""

import struct
from collections.abc import Generator, Iterator, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any, NamedTuple, TypeAlias
from uuid import UUID

import psycopg
from psycopg import sql
from psycopg.rows import tuple_row

from domain.log.append import CommandRow
from domain.log.mapper import LogRow
from domain.log.reads.times import Known

Connection = psycopg.Connection[Any]

_SWEEP = """
    copy (
        select position, recorded_at, effective_at, stream, version::bigint, leaf_hash,
               belongs_to, topic, metadata, data
        from log where {} order by position
    ) to stdout (format binary)
"""
_PAGE = 1_000
_COLUMNS = "position, recorded_at, effective_at, stream, version, topic, belongs_to, metadata, data, leaf_hash"
_COPY_HEADER_BYTES = 19
_COPY_TRAILER = b"\xff\xff"
_ROW = struct.Struct(">hiqiqiqi16siqi32si")
_LENGTHS = (10, 8, 8, 8, 16, 8, 32)
_LEAF = struct.Struct(">cqqq16sq?")
_EPOCH_MICROSECONDS = 946_684_800_000_000
"""The offset from the Unix epoch of leaf hashes to the PostgreSQL epoch, 2000-01-01."""


Swept: TypeAlias = tuple[int, int, int, bytes, int, bool, bytes, bytes]
"""A row of the sweep, a tuple for speed: position, recorded_at and effective_at in microseconds, stream, version,
whether it belongs to another stream, the stored hash, and the hash computed from all other columns."""


class Unreadable(Exception):
    """A row with a missing or impossible value."""


class PersonRow(NamedTuple):
    """An event of a person with the person's key and the digest of their handle, both None without a key. A key of a
    person who is not in the log has no event: its columns are None."""

    person: UUID
    key: bytes | None
    handle_digest: bytes | None
    position: int | None
    topic: str | None
    data: bytes
    version: int
    effective_at: datetime


class CommandCoverage(NamedTuple):
    """The positions that the command table covers: the number of events, the last position, and the first position
    that is not covered exactly once."""

    events: int
    last: int
    odd: int


def sweep(conn: Connection, after: int | None = None, upto: int | None = None) -> Iterator[Swept]:
    """The log in the order of positions, in one statement: the whole, or the rows in (after, upto]. Without `upto` also
    rows without a position. Raises `Unreadable`.

    Both the binary row and the input of the leaf hash end with topic, metadata and data, each preceded by its length.
    So these bytes are hashed without decoding.
    """
    unpack, pack, rest, epoch = _ROW.unpack_from, _LEAF.pack, _ROW.size, _EPOCH_MICROSECONDS
    try:
        for row in copied(conn, after, upto):
            (n, a, position, b, recorded, c, effective, d, stream, e, version, f, stored, g) = unpack(row)
            if (n, a, b, c, d, e, f) != _LENGTHS:
                raise Unreadable
            recorded, effective, is_child = recorded + epoch, effective + epoch, g >= 0
            head = pack(b"\x00", position, recorded, effective, stream, version, is_child)
            yield position, recorded, effective, stream, version, is_child, stored, sha256(head + row[rest:]).digest()
    except struct.error as error:
        raise Unreadable from error


def copied(conn: Connection, after: int | None = None, upto: int | None = None) -> Iterator[bytes]:
    """Each row of `sweep` in PostgreSQL's binary COPY format, without header and trailer."""
    first_position = sql.SQL("true") if after is None else sql.SQL("position > {}").format(after)
    within = sql.SQL("{} and position <= {}").format(first_position, upto)
    beyond = sql.SQL("({} or position is null)").format(first_position)
    with conn.cursor().copy(sql.SQL(_SWEEP).format(beyond if upto is None else within)) as copy:
        rows = iter(copy)
        first = bytes(next(rows, b""))[_COPY_HEADER_BYTES:]
        if first not in {b"", _COPY_TRAILER}:
            yield first
        for row in rows:
            if len(row) > len(_COPY_TRAILER):
                yield bytes(row)


def commands(conn: Connection, after: int, upto: int) -> Generator[CommandRow]:
    """The commands whose last event is in (after, upto], in the order of their events. Runs in a transaction."""
    query = """
        select id, digest, first, last, recorded_at, result from command
        where last > %s and last <= %s and last >= first order by first, last, id
    """
    with conn.cursor("commands", row_factory=tuple_row) as cursor:
        cursor.itersize = _PAGE
        for row in cursor.execute(query.encode(), [after, upto]):
            yield CommandRow(*row)


def commanded(conn: Connection) -> CommandCoverage:
    query = """
        select coalesce(sum(last - first + 1), 0)::bigint, coalesce(max(last), 0),
            coalesce(min(least(first, due)) filter (where first <> due), max(last) + 1, 1)
        from (
            select first, last, 1 + coalesce(max(last) over before, 0) as due
            from command where last >= first
            window before as (order by first, last rows between unbounded preceding and 1 preceding)
        ) as spans
    """
    return CommandCoverage(*_fetch(conn, query)[0])


def clock(conn: Connection) -> datetime:
    """The time of the database."""
    found: datetime = _fetch(conn, "select clock_timestamp()")[0][0]
    return found


def first_after(conn: Connection, moment: datetime) -> Known | None:
    """The first position that was recorded after a moment; None without one."""
    query = "select position, recorded_at from log where recorded_at > %s order by recorded_at limit 1"
    return next((Known(*row) for row in _fetch(conn, query, moment)), None)


def unsigned_closings(conn: Connection, upto: int, before: datetime) -> list[int]:
    """The positions of the closings of cycles up to a position, recorded before a moment, without a checkpoint."""
    query = """
        select position from log where topic like 'cycle-closed.v%%' and position <= %s and recorded_at < %s
        and not exists (select from checkpoint where size = position) order by position
    """
    return [position for (position,) in _fetch(conn, query, upto, before)]


def head(conn: Connection) -> int:
    """The last position, 0 if the log is empty."""
    return int(_fetch(conn, "select coalesce(max(position), 0) from log")[0][0])


def person_rows(conn: Connection) -> Iterator[PersonRow]:
    """Every event of every person with their key, and every other key, person by person. Runs in a transaction."""
    query = """
        select coalesce(l.stream, k.person), k.key, k.handle_digest,
               l.position, l.topic, l.data, l.version, l.effective_at
        from (select * from log where topic like 'person-%') l full join person_key k on k.person = l.stream
        order by 1, l.version
    """
    with conn.cursor("person_rows", row_factory=tuple_row) as cursor:
        cursor.itersize = _PAGE
        for row in cursor.execute(query.encode()):
            yield PersonRow(*row)


def salts(conn: Connection) -> list[bytes]:
    """The salts of the workspace: exactly one, unless the database was changed."""
    return [salt for (salt,) in _fetch(conn, "select salt from workspace")]


def leaf_hashes(conn: Connection, after: int, upto: int) -> list[bytes]:
    """The stored hashes of the positions in (after, upto]. Raises `LookupError` if one is missing."""
    query = "select leaf_hash from log where position > %s and position <= %s order by position"
    found = [hash for (hash,) in _fetch(conn, query, after, upto)]
    if len(found) != upto - after:
        raise LookupError(f"events are missing from the log between {after + 1} and {upto}")
    return found


def erased_after(conn: Connection, position: int) -> list[UUID]:
    """The people who were erased by events after a position."""
    query = "select stream from log where position > %s and split_part(topic, '.', 1) = 'person-erased'"
    return [stream for (stream,) in _fetch(conn, query, position)]


def first_altered(conn: Connection, after: int, upto: int) -> int | None:
    """The first position in (after, upto] whose row does not match its hash; None if all match."""
    query = """
        select min(position) from log where position > %s and position <= %s and leaf_hash is distinct from
            leaf_hash(position, recorded_at, effective_at, stream, version, topic, belongs_to, metadata, data)
    """
    found: int | None = _fetch(conn, query, after, upto)[0][0]
    return found


_HELD = """
    with recursive held (stream) as (
        select %(root)s::uuid
        union
        select child.stream from held cross join lateral (
            select stream from log
            where belongs_to = held.stream and split_part(topic, '.', 1) <> 'cycle-opened' and position <= %(upto)s
            union all
            select stream from log
            where split_part(topic, '.', 1) in ('key-result-moved', 'objective-moved')
                and moved_into(data) = held.stream and position <= %(upto)s
        ) child
    )
"""
"""A stream and all its descendants, without child cycles and their descendants; what was moved away included."""


def held_rows(conn: Connection, root: UUID, topics: Sequence[str], upto: int) -> list[LogRow]:
    """The rows of these topics in this stream and all its descendants, without child cycles and their descendants, up
    to a position and in the order of the log."""
    query = f"""
        {_HELD} select l.* from held cross join lateral (
            select {_COLUMNS} from log where stream = held.stream and position <= %(upto)s
            and split_part(topic, '.', 1) = any(%(topics)s) offset 0
        ) l order by position
    """  # noqa: S608 - constants
    found = _fetch_named(conn, query, {"root": root, "topics": list(topics), "upto": upto})
    return [LogRow(*row) for row in found.fetchall()]


def held_positions(conn: Connection, root: UUID, upto: int) -> Iterator[int]:
    """The positions of every row in this stream and all its descendants, without child cycles and their descendants, up
    to a position. In no order."""
    query = f"""
        {_HELD} select l.position from held cross join lateral (
            select position from log where stream = held.stream and position <= %(upto)s offset 0
        ) l
    """  # noqa: S608 - constants
    for (position,) in _fetch_named(conn, query, {"root": root, "upto": upto}):
        yield position


def measured_positions(
    conn: Connection, parents: Sequence[UUID], topic: str, span: tuple[datetime, datetime], upto: int
) -> Iterator[int]:
    """The positions of every row of the streams that belong to these parents and begin with an event of this topic,
    effective within the span (both ends included), up to a position. In no order."""
    query = """
        select l.position from log first cross join lateral (
            select position from log where stream = first.stream and position <= %(upto)s offset 0
        ) l where first.belongs_to = any(%(parents)s) and split_part(first.topic, '.', 1) = %(topic)s
        and first.effective_at between %(since)s and %(until)s and first.position <= %(upto)s
    """
    since, until = span
    params = {"parents": list(parents), "topic": topic, "since": since, "until": until, "upto": upto}
    for (position,) in _fetch_named(conn, query, params):
        yield position


def rows_at(conn: Connection, positions: Sequence[int]) -> list[LogRow]:
    """The rows at these positions, in the order of the log."""
    query = f"select {_COLUMNS} from log where position = any(%s::bigint[]) order by position"  # noqa: S608 - constants
    return [LogRow(*row) for row in _fetch(conn, query, list(positions))]


def rows_of(conn: Connection, streams: Sequence[UUID], upto: int) -> list[LogRow]:
    """Every row of these streams up to a position, in the order of the log."""
    query = f"select {_COLUMNS} from log where stream = any(%s) and position <= %s order by position"  # noqa: S608
    return [LogRow(*row) for row in _fetch(conn, query, list(streams), upto)]


def _fetch_named(conn: Connection, query: str, params: dict[str, Any]) -> psycopg.Cursor[tuple[Any, ...]]:
    return conn.cursor(binary=True, row_factory=tuple_row).execute(query.encode(), params)


def _fetch(conn: Connection, query: str, *params: Any) -> list[tuple[Any, ...]]:
    return conn.cursor(binary=True, row_factory=tuple_row).execute(query.encode(), params).fetchall()
