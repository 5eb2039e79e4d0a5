"""A fresh workspace for a test: migrated, with empty projections, in its own database, which is dropped afterwards.

Creating the tables of a workspace takes a quarter of a second; copying a database that has them takes a tenth of that.
The first worker that needs a workspace creates the template; the others copy it.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, LiteralString
from uuid import uuid4

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo
from pydantic import SecretStr

from api.runtime.database import Database, open_database
from api.runtime.settings import Settings
from domain.log.schema import application_role, seen_schema, views_schema

DIRECTORY = "KEYFRAME_TEST_DIRECTORY"
_TEMPLATE = "template"
"""The workspace in the template; each copy gets its own name."""


@contextmanager
def fresh_workspace(server: str, named: Settings | None = None, **given: Any) -> Iterator[Database]:
    """The database of a fresh workspace with these settings, dropped at the end."""
    named = named or named_settings(server, **given)
    with copied(server, named), open_database(named) as database:
        database.migrate()  # the copy has the tables; this grants the privileges of its application role
        yield database


def named_settings(server: str, **given: Any) -> Settings:
    """Settings of a workspace in a database of the same name, neither of which exists yet."""
    name = f"test_{uuid4().hex[:12]}"
    dsn = make_conninfo(server, dbname=name)
    return Settings(**{"database_url": SecretStr(dsn), "workspace": name, "pool_size_max": 8, **given})


@contextmanager
def copied(server: str, named: Settings) -> Iterator[None]:
    """The database of these settings, copied from the template and dropped at the end."""
    name = named.workspace
    assert named.database_url is not None
    with psycopg.connect(server, autocommit=True) as conn:
        template = _template(conn, server)
        _run(conn, "create database {} template {} strategy file_copy", name, template)
    try:
        with psycopg.connect(named.database_url.get_secret_value(), autocommit=True) as conn:
            for old, new in zip(_schemas(_TEMPLATE), _schemas(name), strict=True):
                _run(conn, "alter schema {} rename to {}", old, new)
        yield
    finally:
        with psycopg.connect(server, autocommit=True) as conn:
            _run(conn, "drop database {} with (force)", name)
            _run(conn, "drop role if exists {}", application_role(name, name))


def drop_template(server: str) -> None:
    """Remove the template of this run from a server that outlives it."""
    with psycopg.connect(server, autocommit=True) as conn:
        _run(conn, "drop database if exists {}", _template_name())


def _template(conn: psycopg.Connection[Any], server: str) -> str:
    """The name of the template; the first caller creates it."""
    name = _template_name()
    conn.execute("select pg_advisory_lock(hashtext(%s))", [name])
    if not conn.execute("select from pg_database where datname = %s and not datallowconn", [name]).fetchall():
        _run(conn, "create database {}", name)
        _make_workspace(make_conninfo(server, dbname=name))
        _run(conn, "alter database {} allow_connections false", name)
    conn.execute("select pg_advisory_unlock(hashtext(%s))", [name])
    return name


def _make_workspace(dsn: str) -> None:
    """A migrated workspace with empty projections and no application role: each copy has its own role."""
    with open_database(Settings(database_url=SecretStr(dsn), workspace=_TEMPLATE)) as database:
        database.migrate()
        with database.connect() as conn:
            role = application_role(_TEMPLATE, conn.info.dbname)
            _run(conn, "drop owned by {}", role)
            _run(conn, "drop role {}", role)


def _schemas(name: str) -> tuple[str, str, str]:
    return name, views_schema(name), seen_schema(views_schema(name))


def _template_name() -> str:
    return Path(os.environ[DIRECTORY]).name


def _run(conn: psycopg.Connection[Any], statement: LiteralString, *names: str) -> None:
    conn.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))
