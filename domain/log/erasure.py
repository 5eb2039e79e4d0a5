"""Wipes the personal data of erased persons from the database's files.

A changed or deleted row stays on its page until the page is overwritten. So `vacuum full` rewrites the tables that hold
personal data, which removes the old files and indexes. It copies dead rows that a snapshot may still need, and its own
snapshot counts: a transaction in another database of the server is enough. A vacuum after it would remove the copies
without overwriting them. So a plain vacuum, which needs no snapshot, removes the dead rows first and counts the others.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import sql

from domain.log import sandbox

KEYS = "person_key"

_LOCK_WAIT = "200ms"
"""The longest that a wipe or a drop waits for a lock, and so delays others; it is retried later. It is shorter than the
server's `deadlock_timeout`, so that a reader is never the victim of a deadlock."""


class NotTableOwner(Exception):
    """The tables belong to another role, and only their owner can rewrite them."""


def wipe(conn: psycopg.Connection[Any], workspace: str, projections: Sequence[str]) -> bool:
    """Rewrite the key table and these projection tables, and delete the tokens and sessions of erased persons
    and an abandoned copy of the workspace. Returns whether nothing is left.

    False while an open transaction still sees old rows or a table is locked: call again later. Raises `NotTableOwner`.
    """
    tables = (KEYS, *projections)
    _require_owner(conn, tables)
    sandbox.drop_abandoned(conn, workspace)
    for credentials in ("token", "session"):
        conn.execute(_DELETE_ERASED.format(credentials))
    conn.execute("select pg_stat_force_next_flush()")  # a later flush would count rows as dead that are removed here
    with short_lock_timeout(conn):
        return all([rewrite(conn, table) for table in tables])  # noqa: C419  every table, without short-circuit


_DELETE_ERASED = """
    delete from {0} where person is not null and not exists (select from person_key k where k.person = {0}.person)
"""


def rewrite(conn: psycopg.Connection[Any], table: str) -> bool:
    """Rewrite the table and return whether no dead row was left to be copied. False if it is locked, too."""
    name = sql.Identifier(table)
    try:
        conn.execute(sql.SQL("vacuum {}").format(name))
        left = int(_fetch(conn, "select pg_stat_get_dead_tuples(%s::regclass)", table))
        conn.execute(sql.SQL("vacuum (full, analyze) {}").format(name))
    except psycopg.errors.LockNotAvailable:
        return False
    return left == 0


def _require_owner(conn: psycopg.Connection[Any], tables: Sequence[str]) -> None:
    """Raises `NotTableOwner` early: for any other role PostgreSQL skips the table with a warning."""
    query = "select bool_and(pg_has_role(relowner, 'usage')) from pg_class where oid = any(%s::regclass[])"
    if not _fetch(conn, query, list(tables)):
        raise NotTableOwner(f"{', '.join(tables)} belong to another role; connect as their owner")


@contextmanager
def short_lock_timeout(conn: psycopg.Connection[Any]) -> Iterator[None]:
    """Limit lock waits to `_LOCK_WAIT` within the block."""
    previous = _fetch(conn, "select current_setting('lock_timeout')")
    conn.execute("select set_config('lock_timeout', %s, false)", [_LOCK_WAIT])
    try:
        yield
    finally:
        conn.execute("select set_config('lock_timeout', %s, false)", [previous])


def _fetch(conn: psycopg.Connection[Any], query: str, *params: Any) -> Any:
    row = conn.execute(query.encode(), params).fetchone()
    assert row is not None
    return row[0]
