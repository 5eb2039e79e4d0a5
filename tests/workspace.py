"""A fresh workspace for a test: migrated, with empty projections, in its own database, which the next test drops.

Creating the tables of a workspace takes a quarter of a second; copying a database that has them takes a tenth of that.
The first worker that needs a workspace creates the template. A copy needs the names and the application role of its own
workspace, which takes as long again: so each process makes a few places, whose names it uses one after the other, and
each place has a template of its own that needs no change. A database is dropped when its name is used again: to drop
it at once, PostgreSQL would wait a tenth of a second for the sessions that have just been closed.
"""

import atexit
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from typing import Any, LiteralString, NamedTuple
from uuid import uuid4

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo
from pydantic import SecretStr

from api.runtime.database import Database, open_database
from api.runtime.settings import Settings
from domain.log.schema import application_role, migrate, seen_schema, views_schema

DIRECTORY = "KEYFRAME_TEST_DIRECTORY"
_TEMPLATE = "template"
"""The workspace in the first template; each place gives it its own name."""

Connection = psycopg.Connection[Any]


class Place(NamedTuple):
    """The name of a workspace and its database, the template to copy, and the role with rights in the template."""

    name: str
    template: str
    role: str


_free: list[Place] = []
"""The places that no test uses at the moment."""
_taken: dict[str, Place] = {}
"""By name: the places in use."""


@contextmanager
def fresh_workspace(server: str, named: Settings | None = None, **given: Any) -> Iterator[Database]:
    """The database of a fresh workspace with these settings."""
    named = named or named_settings(server, **given)
    with _copied(server, _taken[named.workspace]), ExitStack() as stack:
        yield Database(_dsn(named), named, stack)


def named_settings(server: str, **given: Any) -> Settings:
    """Settings of a workspace in a database of the same name, neither of which exists yet."""
    place = _free.pop() if _free else _new_place(server)
    _taken[place.name] = place
    dsn = make_conninfo(server, dbname=place.name)
    return Settings(**{"database_url": SecretStr(dsn), "workspace": place.name, "pool_size_max": 8, **given})


def _dsn(named: Settings) -> str:
    assert named.database_url is not None
    return named.database_url.get_secret_value()


def drop_templates(server: str) -> None:
    """Remove the templates and roles of this run from a server that outlives it."""
    with psycopg.connect(server, autocommit=True) as conn:
        for what, query in (
            ("database", "select datname::text from pg_database where starts_with(datname, %s)"),
            ("role", "select rolname::text from pg_roles where starts_with(rolname, %s)"),
        ):
            for (name,) in conn.execute(query, [_run_name()]).fetchall():
                conn.execute(sql.SQL("drop {} {}").format(sql.SQL(what), sql.Identifier(name)))


@contextmanager
def _copied(server: str, place: Place) -> Iterator[None]:
    """The database of a place, copied from its template."""
    conn = _admin(server)
    _run(conn, "drop database if exists {} with (force)", place.name)
    _copy(conn, place.template, place.name)
    try:
        yield
    finally:
        del _taken[place.name]
        if _role(conn, place.name) == place.role:
            _free.append(place)


def _new_place(server: str) -> Place:
    """A place, with the tables of the first template under its names and the rights of its role as its template."""
    conn, name = _admin(server), f"{_run_name()}_{uuid4().hex[:8]}"
    template = f"{name}_template"
    _copy(conn, _first_template(server), name)
    with psycopg.connect(make_conninfo(server, dbname=name), autocommit=True) as own:
        for old, new in zip(_schemas(_TEMPLATE), _schemas(name), strict=True):
            _run(own, "alter schema {} rename to {}", old, new)
        migrate(own, name)  # the copy has the tables; this creates the role and grants its rights
    _run(conn, "alter database {} rename to {}", name, template)
    return Place(name, template, _role(conn, name))


def _role(conn: Connection, name: str) -> str:
    """The application role of a workspace with its memberships: a test may have changed or dropped it."""
    query = """
        select r::text, array(select m::text from pg_auth_members m where r.oid in (roleid, member))
        from pg_roles r where rolname = %s
    """
    return str(conn.execute(query, [application_role(name, name)]).fetchone())


@cache
def _first_template(server: str) -> str:
    """The name of the first template; the first process that needs it creates it."""
    conn, name = _admin(server), f"{_run_name()}_first"
    conn.execute("select pg_advisory_lock(hashtext(%s))", [name])
    if not conn.execute("select from pg_database where datname = %s and not datallowconn", [name]).fetchall():
        _run(conn, "create database {}", name)
        _make_workspace(make_conninfo(server, dbname=name))
        _run(conn, "alter database {} allow_connections false", name)
    conn.execute("select pg_advisory_unlock(hashtext(%s))", [name])
    return name


def _make_workspace(dsn: str) -> None:
    """A migrated workspace with empty projections and no application role: each place has its own role."""
    with open_database(Settings(database_url=SecretStr(dsn), workspace=_TEMPLATE)) as database:
        database.migrate()
        with database.connect() as conn:
            role = application_role(_TEMPLATE, conn.info.dbname)
            _run(conn, "drop owned by {}", role)
            _run(conn, "drop role {}", role)


@cache
def _admin(server: str) -> Connection:
    """The connection of this process that copies and drops databases."""
    conn = psycopg.connect(server, autocommit=True)
    atexit.register(conn.close)
    return conn


def _schemas(name: str) -> tuple[str, str, str]:
    return name, views_schema(name), seen_schema(views_schema(name))


def _run_name() -> str:
    """What the names of all databases and roles of this run begin with."""
    return "test_" + Path(os.environ[DIRECTORY]).name.rpartition("-")[2]


def _copy(conn: Connection, template: str, name: str) -> None:
    _run(conn, "create database {} template {} strategy file_copy", name, template)


def _run(conn: Connection, statement: LiteralString, *names: str) -> None:
    conn.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))
