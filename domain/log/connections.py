"""Connections to the log's database, and how a lost one is recognized."""

from typing import Any

import psycopg
from psycopg_pool import ConnectionPool

Row = tuple[Any, ...]
Connection = psycopg.Connection[Row]
Pool = ConnectionPool[Connection]

_SERVER_GONE = {"57P01", "57P02", "57P03", "57P05", "25P03", "25P04", "25006"}
"""The SQL states with which a server ends a session: shutdown, timeouts, and read-only standbys."""


class ConnectionLost(psycopg.OperationalError):
    """The connection was lost during a statement."""


def is_gone(conn: Connection, error: psycopg.Error) -> bool:
    """Whether this error of a statement ended its session."""
    return conn.closed or error.sqlstate in _SERVER_GONE
