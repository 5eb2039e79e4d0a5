"""Settings of a PostgreSQL server that only tests use: nothing is durable, and connecting is cheap."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from api.runtime import embedded_postgres
from api.runtime.embedded_access import PASSWORD_FILE

OFF: Final = ("fsync", "full_page_writes", "synchronous_commit", "autovacuum")
"""Durability is not needed after the run, and vacuuming hundreds of short-lived databases neither."""
BUFFERS: Final = "32MB"


@contextmanager
def starting_small() -> Iterator[None]:
    """Give the servers that start meanwhile few shared buffers: to copy or drop a database, PostgreSQL scans them."""
    with patch.dict(embedded_postgres.PARAMETERS, shared_buffers=BUFFERS):
        yield


def make_fast(dsn: str) -> None:
    """Apply the settings to an embedded server. Every worker may call this, also at the same time."""
    with psycopg.connect(dsn, autocommit=True) as conn, conn.transaction():
        conn.execute("select pg_advisory_xact_lock(0)")
        _hash_password_cheaply(conn, password(dsn))
    with psycopg.connect(dsn, autocommit=True) as conn:
        for name in OFF:
            conn.execute(f"alter system set {name} = off")
        conn.execute("select pg_reload_conf()")


def password(dsn: str) -> str:
    """The password of the superuser of an embedded server, from its password file."""
    file = Path(str(conninfo_to_dict(dsn)["passfile"]))
    assert file.name == PASSWORD_FILE
    return file.read_text("utf-8").strip().rpartition(":")[2]


def _hash_password_cheaply(conn: psycopg.Connection[Any], password: str) -> None:
    """Store the same password with one round of hashing: the 4096 of the default cost client and server some 3 ms each
    at every connection."""
    conn.execute("set local scram_iterations = 1")
    conn.execute(sql.SQL("alter role {} password {}").format(sql.Identifier(conn.info.user), password))
