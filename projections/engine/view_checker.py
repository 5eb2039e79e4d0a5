"""The running check of the projections: compares the rows of each table with their digests, one block after the other.

It finds rows that were changed, deleted or added by anything but the projector. A block that differs is an alarm until
a later check finds it in order, or a rebuild replaces the tables. An edit that changes the digest as well is found only
by a comparison with the log: see `projections.engine.comparison`.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, NamedTuple

import psycopg
import structlog
from psycopg.sql import quote

from projections.engine.rebuild import is_current
from projections.engine.registry import TABLES
from projections.store import digests
from projections.store.versioned_tables import Connection, Table

_log = structlog.get_logger(__name__)

BLOCK: Final = 1 << digests.BLOCK_BITS
"""The number of positions of a block."""
_FIRST, _LAST = -(2**63), 2**63 - 1
"""The ends of all positions; the first block begins and the last one ends there, so that no row is outside of them."""


class Damage(NamedTuple):
    """A table whose rows of the events from position `first` to `last` are not those that the projector wrote."""

    table: str
    first: int
    last: int

    def __str__(self) -> str:
        return f"{self.table} (positions {self.first} to {self.last})"


REMEDY: Final = "'keyframe verify --views' names the rows, 'keyframe rebuild' restores them."


def named(damages: Sequence[Damage]) -> str:
    """The first of these damages, and the number of the others."""
    return f"{damages[0]} and {len(damages) - 1} more" if len(damages) > 1 else str(damages[0])


# ── the running check ────────────────────────────────────────────────────────────────────────────


class ViewChecker:
    """Checks one block of every table of a workspace after each pause of `pause_s` seconds, the first pause included,
    while its projector leads. 0 turns it off."""

    def __init__(self, pause_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._pause_s = pause_s
        self._clock = clock
        self._due = clock() + pause_s
        self._next = 0

    def keep(self, conn: Connection, position: int) -> None:
        """Check the next block if it is due. `position` is that of the projections."""
        if not self._pause_s or self._clock() < self._due:
            return
        block = self._next if self._next <= position >> digests.BLOCK_BITS else 0
        self._next = block + 1
        try:
            check_block(conn, block)
        except psycopg.ProgrammingError as error:
            _log.error("projections not checked", cause=str(error))
        self._due = self._clock() + self._pause_s


def check_block(conn: Connection, block: int) -> None:
    """Check one block of every table, and store or withdraw its alarms. Projections of another version, and digests of
    another server, are not checked."""
    if is_current(conn) and digests.are_comparable(conn) and _changed(conn, block):
        with conn.transaction():
            # No rebuild replaces the tables between the check and the alarm.
            if conn.execute("select from view_position for update").fetchone() is not None:
                for table, is_damaged in _changed(conn, block):
                    _store(conn, table, block, is_damaged=is_damaged)


def _of_block(name: str, placed: str) -> str:
    """The query whether the rows of a table in a block differ from their digest."""
    rows = f"select count(*) as rows, coalesce(sum({digests.hashed('r')}), 0) as digest from {name} r"
    return f"""
        select {quote(name)} as name, (a.rows, a.digest) <> (coalesce(d.rows, 0), coalesce(d.digest, 0)) as is_damaged
        from ({rows} where {placed} between %(first)s and %(last)s) a
        left join view_digest d on d.name = {quote(name)} and d.block = %(block)s
    """


_CHANGED = f"""
    select c.name, is_damaged from ({" union all ".join(_of_block(table.name, table.placed) for table in TABLES)}) c
    left join view_alarm l on l.name = c.name and l.block = %(block)s
    where is_damaged <> (l.name is not null)
"""


def _changed(conn: Connection, block: int) -> list[tuple[str, bool]]:
    """The tables of which this block is damaged without an alarm, or has an alarm and is in order."""
    head = conn.execute("select position from view_position", prepare=True).fetchone()
    first = block * BLOCK if block else _FIRST
    last = _LAST if head is None or block >= head[0] >> digests.BLOCK_BITS else block * BLOCK + BLOCK - 1
    return conn.execute(_CHANGED, {"block": block, "first": first, "last": last}, prepare=True).fetchall()


def _store(conn: Connection, table: str, block: int, *, is_damaged: bool) -> None:
    ((damage),) = _ranges([(table, block)])
    where = {"table": table, "first": damage.first, "last": damage.last}
    if is_damaged:
        conn.execute("insert into view_alarm (name, block) values (%s, %s)", [table, block])
        _log.critical("projections damaged", **where, remedy="keyframe verify --views, then keyframe rebuild")
    else:
        conn.execute("delete from view_alarm where name = %s and block = %s", [table, block])
        _log.warning("projections in order again", **where)


# ── its result, and the check of everything ──────────────────────────────────────────────────────


def alarms(conn: Connection) -> list[Damage]:
    """The damages that the running check has found, for projections of this version."""
    return _ranges(conn.execute("select name, block from view_alarm order by 1, 2", prepare=True))


def check_all(conn: Connection, progress: Callable[[int, int], None] | None = None) -> list[Damage] | None:
    """The damages of all tables, by their digests; None if these come from another server and cannot be compared.

    `progress` is called with (tables checked, all tables). The projections must be of this version.
    """
    found: list[tuple[str, int]] = []
    with conn.transaction(force_rollback=True):
        conn.execute("set local statement_timeout = 0")
        if not digests.are_comparable(conn):
            return None
        for number, table in enumerate(TABLES, 1):
            found += _damaged_blocks(conn, table)
            if progress is not None:
                progress(number, len(TABLES))
    return _ranges(found)


def _damaged_blocks(conn: Connection, table: Table[Any]) -> list[tuple[str, int]]:
    """The damaged blocks of a table; the first one, if the table has lost columns or is missing."""
    try:
        with conn.transaction():
            return conn.execute(_of_table(table.name, table.placed)).fetchall()
    except psycopg.ProgrammingError:
        return [(table.name, 0)]


def _of_table(name: str, placed: str) -> str:
    """The query for the blocks of a table whose rows differ from their digest."""
    return f"""
        select {quote(name)}, block from ({digests.summed(name, placed)}) a
        full join (select block, rows, digest from view_digest where name = {quote(name)}) d using (block)
        where (a.rows, a.digest) is distinct from (d.rows, d.digest) order by block
    """


def _ranges(blocks: Iterable[tuple[str, int]]) -> list[Damage]:
    """The blocks, given as table and number in this order, as ranges of positions; neighbours are joined."""
    ranges: list[Damage] = []
    for table, block in blocks:
        first = block * BLOCK
        last = ranges[-1] if ranges else None
        if last is not None and last.table == table and last.last + 1 == first:
            ranges[-1] = last._replace(last=first + BLOCK - 1)
        else:
            ranges.append(Damage(table, first, first + BLOCK - 1))
    return ranges
