"""Detects a connection pooler that gives a session's connection to others between two transactions.

The projector, commands and notifications need sessions: they hold advisory locks, prepare statements and listen. So
behind PgBouncer in transaction mode they use the connection of `KEYFRAME_DIRECT_URL`, and only requests that read use
the pooler, with everything that a reader needs set for each transaction (docs/adr/0056).
"""

from contextlib import closing
from typing import Any, Final

import psycopg

PROBES: Final = 3
"""How often a session is watched for another backend, since a pooler may give it the same one by chance."""

_SHARED: Final = (
    "is reached through a connection pooler that shares connections between transactions, such as PgBouncer with "
    "pool_mode = transaction"
)
REFUSAL: Final = (
    f"The database {_SHARED}; callers could see what is hidden from them. Set KEYFRAME_DIRECT_URL to the server behind "
    "the pooler, or set pool_mode = session for this database."
)
NOT_DIRECT: Final = (
    f"The server of KEYFRAME_DIRECT_URL {_SHARED}: let KEYFRAME_DIRECT_URL name PostgreSQL itself, and "
    "KEYFRAME_DATABASE_URL the pooler."
)
OTHER_SERVER: Final = (
    "KEYFRAME_DIRECT_URL reaches another PostgreSQL server than KEYFRAME_DATABASE_URL: let both name the same one."
)


def require_sessions(dsn: str, conn: psycopg.Connection[Any], refusal: str = REFUSAL) -> None:
    """Raise `RuntimeError` with this refusal if a pooler behind this DSN shares connections between transactions.

    `conn` is a new autocommitting connection to the DSN. Without a pooler it takes one statement.
    """
    first = _backend(conn)
    if first == conn.info.backend_pid:  # a pooler reports a process id of its own to its clients
        return
    _require_name(conn)
    if any(_is_shared(dsn, conn) for _ in range(PROBES)):
        raise RuntimeError(refusal)


def require_same_server(direct: psycopg.Connection[Any], pooled: psycopg.Connection[Any]) -> None:
    """Raise `RuntimeError` unless a direct and a pooled connection reach one database of one server."""
    _require_name(pooled)
    if _server(direct) != _server(pooled):
        raise RuntimeError(OTHER_SERVER)


def _require_name(conn: psycopg.Connection[Any]) -> None:
    if conn.execute("select current_database()").fetchone() != (conn.info.dbname,):
        raise RuntimeError(
            f"The connection pooler has the name '{conn.info.dbname}' for a database of another name: give it the name "
            "of the database, since locks and roles are named after it."
        )


def _server(conn: psycopg.Connection[Any]) -> Any:
    """What two connections to one database of one running server have in common."""
    query = "select pg_postmaster_start_time()::text, oid from pg_database where datname = current_database()"
    return conn.execute(query).fetchone()


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
