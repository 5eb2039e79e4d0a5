"""Generations of the projections that are not in use: earlier ones that a long transaction still reads, and those of
interrupted rebuilds.

They are dropped as soon as no transaction holds a lock on them. Until then they contain no people, since they would not
be erased there, and the application's role cannot read them.
"""

from contextlib import suppress

import msgspec
import psycopg
from psycopg import sql

from domain.log.erasure import short_lock_timeout
from domain.log.schema import application_role, is_role, leftover_schemas, lock_key, seen_schema, views_schema
from projections.store.versioned_tables import Connection
from projections.tables import people


class Leftovers(msgspec.Struct, frozen=True):
    """The schemas that could not be dropped, and the sessions that hold locks on them, as process id and name."""

    schemas: tuple[str, ...]
    readers: tuple[str, ...]

    def __str__(self) -> str:
        held = f", held by the sessions {', '.join(self.readers)}" if self.readers else ""
        return ", ".join(self.schemas) + held


def find(conn: Connection, workspace: str) -> Leftovers | None:
    """The generations that are not in use, without the one that a rebuild fills at the moment; None if there are
    none."""
    schemas = leftover_schemas(conn, workspace)
    if is_locked(conn, workspace, "rebuild"):
        schemas = [schema for schema in schemas if schema != next_schema(workspace)]
    return Leftovers(tuple(schemas), _readers(conn, schemas)) if schemas else None


def next_schema(workspace: str) -> str:
    """The schema that a rebuild fills."""
    return f"{views_schema(workspace)}_next"


def sweep(conn: Connection, workspace: str) -> Leftovers | None:
    """Drop the generations that are not in use; returns those that are left. During a rebuild it drops nothing: the
    rebuild does it itself."""
    key = lock_key(conn.info.dbname, workspace, "rebuild")
    if conn.execute("select pg_try_advisory_lock(%s)", [key]).fetchone() == (True,):
        try:
            drop_unused(conn, workspace)
        finally:
            conn.execute("select pg_advisory_unlock(%s)", [key])
    return find(conn, workspace)


def drop_unused(conn: Connection, workspace: str, attempts: int = 1) -> None:
    """Drop the generations that are not in use, as far as no transaction reads them. From the others people are
    deleted. The caller holds the lock of rebuilds."""
    with short_lock_timeout(conn):
        for schema in leftover_schemas(conn, workspace):
            if not any(_drops(conn, schema) for _ in range(attempts)):
                _delete_people(conn, schema)


def retire(conn: Connection, schema: str, workspace: str) -> None:
    """Give a generation the name of an unused one, and take it from the application's role. This works beside readers,
    whose statements go on. Does nothing if there is no such schema."""
    if not _exists(conn, schema):
        return
    taken, base = set(leftover_schemas(conn, workspace)), f"{views_schema(workspace)}_old"
    name = next(name for name in (base, *(f"{base}{n}" for n in range(2, len(taken) + 3))) if name not in taken)
    rename(conn, schema, name)
    role = application_role(workspace, conn.info.dbname)
    if is_role(conn, role):
        for one in filter(lambda one: _exists(conn, one), (name, seen_schema(name))):
            run(conn, "revoke all on schema {} from {}", one, role)


def rename(conn: Connection, schema: str, name: str) -> None:
    """Rename a generation and its visibility views. A generation of an older version may have no such views."""
    run(conn, "alter schema {} rename to {}", schema, name)
    run(conn, "drop schema if exists {} cascade", seen_schema(name))
    if _exists(conn, seen_schema(schema)):
        run(conn, "alter schema {} rename to {}", seen_schema(schema), seen_schema(name))


def run(conn: Connection, statement: str, *names: str) -> None:
    """Run a statement with these identifiers."""
    conn.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


def is_locked(conn: Connection, workspace: str, purpose: str) -> bool:
    """Whether a session holds the workspace's advisory lock for this purpose."""
    query = """
        select from pg_locks where locktype = 'advisory' and objsubid = 1 and granted
        and (classid::bigint << 32) | objid::bigint = %s
        and database = (select oid from pg_database where datname = current_database())
    """
    return conn.execute(query, [lock_key(conn.info.dbname, workspace, purpose)]).fetchone() is not None


def _drops(conn: Connection, schema: str) -> bool:
    """Drop a generation; whether no reader prevented it."""
    try:
        for name in (seen_schema(schema), schema):
            run(conn, "drop schema if exists {} cascade", name)
    except (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected):
        return False
    return True


def _delete_people(conn: Connection, schema: str) -> None:
    """Delete all people of a generation, which works beside readers. Their dead rows go with the tables."""
    table = f"{schema}.{people.PERSON.name}"
    if conn.execute("select to_regclass(%s) is not null", [table]).fetchone() == (True,):
        with suppress(psycopg.errors.LockNotAvailable):
            run(conn, "delete from {}.{}", schema, people.PERSON.name)


def _exists(conn: Connection, schema: str) -> bool:
    return conn.execute("select to_regnamespace(%s) is not null", [schema]).fetchone() == (True,)


def _readers(conn: Connection, schemas: list[str]) -> tuple[str, ...]:
    """The sessions that hold locks on these generations."""
    query = """
        select distinct pid, coalesce(nullif(application_name, ''), usename, '?')
        from pg_locks join pg_class on pg_class.oid = relation join pg_stat_activity using (pid)
        where database = (select oid from pg_database where datname = current_database())
        and relnamespace = any(%s::regnamespace[]) and pid <> pg_backend_pid() order by pid
    """
    names = [name for schema in schemas for name in (schema, seen_schema(schema)) if _exists(conn, name)]
    return tuple(f"{pid} ({name})" for pid, name in conn.execute(query, [names]))
