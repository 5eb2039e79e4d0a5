"""A workspace with many copies of its goals, KPIs and people, made in SQL: a big workspace within seconds.

The copies of an event and of its rows have the positions after it, so times and positions grow together as in a real
history. Cycles and settings are not copied: all goals are in the same cycles.
"""

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from projections.engine.registry import TABLES
from projections.proof import merkle_tree
from projections.store.versioned_tables import OPEN, Connection, Table

_SHARED = frozenset({"cycle", "scoring_policy", "calendar", "day_offset"})
"""The tables that are not copied."""
_SHARED_IDS = """
    select array(select id from cycle) || array(select id from scoring_policy) || array(select id from calendar)
"""
_HEAD = "select max(position), max(recorded_at) from log"


def copied(id: str) -> str:
    """The SQL expression of an id in the copy `k`, of something that is copied."""
    return f"case when k = 0 then {id} else md5({id}::text || k)::uuid end"


class Copies(NamedTuple):
    """`times` copies, the original included, of rows up to the position `head`. `shared` are the ids of what is not
    copied; the copies are recorded after the time `last`."""

    times: int
    head: int
    last: datetime
    shared: tuple[UUID, ...]

    def id(self, column: str) -> str:
        """The SQL expression of an id in the copy `k`."""
        shared = ", ".join(f"'{id}'" for id in self.shared)
        return f"case when {column} in ({shared}) then {column} else {copied(column)} end"

    def position(self, column: str) -> str:
        return f"case when {column} = {OPEN} then {OPEN} else ({column} - 1) * {self.times} + 1 + k end"

    def recorded_at(self) -> str:
        return f"'{self.last.isoformat()}'::timestamptz + ({self.position('position')}) * interval '1 microsecond'"

    def column(self, name: str, type: str) -> str:
        """The SQL expression of a column in the copy `k`."""
        if type == "uuid":
            return self.id(name)
        if type == "uuid[]":
            return f"array(select {self.id('one')} from unnest({name}) as one)"
        if name.endswith("position") or (name in ("born", "calendar") and type == "bigint"):
            return self.position(name)
        if name == "recorded_at":
            return self.recorded_at()
        return f"{name} || case when k > 0 then '-' || k else '' end" if name in ("key", "handle") else name


def multiply(conn: Connection, times: int) -> Copies:
    """Copy everything in the log and in the projections, and update the statistics of the planner. `conn` owns them."""
    ((shared,),) = conn.execute(_SHARED_IDS).fetchall()
    ((head, last),) = conn.execute(_HEAD).fetchall()
    copies = Copies(times, head, last, tuple(shared))
    with conn.transaction():
        conn.execute("set local statement_timeout = 0")
        for table in TABLES:
            if table.name != merkle_tree.NODE.name:
                _copy_table(conn, table, copies)
        _copy_log(conn, copies)
        conn.execute("update view_position set position = %s", [head * times])
        conn.execute("update view_position set recorded_at = (select max(recorded_at) from log)")
        conn.execute(f"truncate {merkle_tree.NODE.name}")
        merkle_tree.grow(conn, 0, head * times)
    conn.execute("vacuum analyze")
    return copies


def _copy_table(conn: Connection, table: Table[Any], copies: Copies) -> None:
    columns = ", ".join(copies.column(column.name, column.type) for column in table.stored)
    last = 0 if table.name in _SHARED else copies.times - 1
    conn.execute(f"create temp table old as table {table.name}")
    conn.execute(f"truncate {table.name}")
    rows = f"select {columns} from old, generate_series(0, {last}) as k order by 1"
    conn.execute(f"insert into {table.name} {rows} on conflict do nothing")  # what a cycle has is not copied
    conn.execute("drop table old")


def _copy_log(conn: Connection, copies: Copies) -> None:
    """Copy the events; each copy refers to the nodes of the original."""
    columns = (
        f"{copies.position('position')}, {copies.recorded_at()}, effective_at, {copied('stream')}, version, topic,"
        f" {copied('belongs_to')}, metadata, data, leaf_hash"
    )
    conn.execute("create temp table old as table log")
    conn.execute("alter table log disable trigger append_only")
    conn.execute("truncate log")
    conn.execute(f"insert into log select {columns} from old, generate_series(0, {copies.times - 1}) as k order by 1")
    conn.execute("alter table log enable always trigger append_only")
    conn.execute("drop table old")
