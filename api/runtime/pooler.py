"""Detects a connection pooler that gives a session's connection to others between two transactions.

Keyframe sets the search path, the role and the hidden objectives once for a session, prepares statements and holds
advisory locks of sessions. With PgBouncer in transaction or statement mode a session would read with the settings of
another: it could see what is hidden from its caller.
"""

from contextlib import closing
from typing import Any, Final

import psycopg

PROBES: Final = 3
"""How often a session is watched for another backend, since a pooler may give it the same one by chance."""

REFUSAL: Final = (
    "The database is reached through a connection pooler that shares connections between transactions, such as "
    "PgBouncer with pool_mode = transaction; callers could see what is hidden from them. Set pool_mode = session for "
    "this database, or connect to PostgreSQL directly."
)


def require_sessions(dsn: str, conn: psycopg.Connection[Any]) -> None:
    """Raise `RuntimeError` if a pooler behind this DSN shares connections between transactions.

    `conn` is a new autocommitting connection to the DSN. Without a pooler it takes one statement.
    """
    first = _backend(conn)
    if first == conn.info.backend_pid:  # a pooler tells its clients a process id of its own
        return
    if conn.execute("select current_database()").fetchone() != (conn.info.dbname,):
        raise RuntimeError(
            f"The connection pooler has the name '{conn.info.dbname}' for a database of another name: give it the name "
            "of the database, since locks and roles are named after it."
        )
    if any(_is_shared(dsn, conn) for _ in range(PROBES)):
        raise RuntimeError(REFUSAL)


def _is_shared(dsn: str, conn: psycopg.Connection[Any]) -> bool:
    """Whether a session loses its backend when another begins a transaction."""
    before = _backend(conn)
    try:
        with closing(psycopg.connect(dsn)) as other:
            return _backend(other) == before or _backend(conn) != before
    except psycopg.DatabaseError:  # statement mode refuses transactions
        return True


def _backend(conn: psycopg.Connection[Any]) -> int:
    """The process id of the backend that serves this connection at the moment."""
    row = conn.execute("select pg_backend_pid()").fetchone()
    assert row is not None
    return int(row[0])
