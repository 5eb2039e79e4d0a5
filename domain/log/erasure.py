"""What a person who was erased leaves behind in the database's files, and how it is wiped away.

A row that is changed or deleted stays on its page until that is written over. So the tables that held what named
people are written anew: the files that had it go, and with them what the indexes had.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import sql

from domain.log import sandbox

KEYS = "person_key"

_LOCK_WAIT = "200ms"
"""Nobody who reads or writes waits longer for us than that; where we are not let in, we come again."""


class NotOurs(Exception):
    """The tables belong to a role that is not ours: only that one can write them anew."""


def wipe(conn: psycopg.Connection[Any], workspace: str, views: Sequence[str]) -> bool:
    """Write the keys and these tables of the views anew, and drop what else spoke of people without a key: tokens
    of theirs, and a copy of the workspace that was left behind. Whether nothing is left.

    While somebody still reads what was there before, it cannot go: then, or where a table is in use, come again.
    Raises `NotOurs`.
    """
    tables = (KEYS, *views)
    _refuse_strangers(conn, tables)
    sandbox.drop_abandoned(conn, workspace)
    without_key = "person is not null and not exists (select from person_key k where k.person = token.person)"
    conn.execute(f"delete from token where {without_key}")  # noqa: S608  our own words
    with _briefly(conn):
        return all([_wiped(conn, table) for table in tables])  # noqa: C419  each of them, in any case


def _wiped(conn: psycopg.Connection[Any], table: str) -> bool:
    """Whether the table was written anew, without anything that is dead: the second run counts that."""
    try:
        for how in ("(full)", "(analyze)"):
            conn.execute(sql.SQL("vacuum {} {}").format(sql.SQL(how), sql.Identifier(table)))
    except psycopg.errors.LockNotAvailable:
        return False
    return int(_fetch(conn, "select pg_stat_get_dead_tuples(%s::regclass)", table)) == 0


def _refuse_strangers(conn: psycopg.Connection[Any], tables: Sequence[str]) -> None:
    """To somebody else, the database would only give a warning."""
    query = "select bool_and(pg_has_role(relowner, 'usage')) from pg_class where oid = any(%s::regclass[])"
    if not _fetch(conn, query, list(tables)):
        raise NotOurs(f"{', '.join(tables)} belong to another role")


@contextmanager
def _briefly(conn: psycopg.Connection[Any]) -> Iterator[None]:
    """For once, do not wait for others."""
    was = _fetch(conn, "select current_setting('lock_timeout')")
    conn.execute("select set_config('lock_timeout', %s, false)", [_LOCK_WAIT])
    try:
        yield
    finally:
        conn.execute("select set_config('lock_timeout', %s, false)", [was])


def _fetch(conn: psycopg.Connection[Any], query: str, *params: Any) -> Any:
    row = conn.execute(query.encode(), params).fetchone()
    assert row is not None
    return row[0]
