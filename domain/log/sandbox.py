"""A temporary copy of a workspace for dry runs. Copying takes no locks that block others."""

from contextlib import suppress

from psycopg import Connection, IsolationLevel, sql
from psycopg.errors import DuplicateSchema, UndefinedTable

from domain.log.schema import MIGRATIONS, application_role, lock_key, migrate, seen_schema, views_schema

SUFFIX = "_dry"
_MARK = "a copy of a Keyframe workspace to try things out in; it may be dropped"
_COPIED = ("log", "command", "person_key", "workspace")


def make_copy(conn: Connection[tuple[object, ...]], workspace: str) -> str:
    """Copy the current log of a workspace and return the copy's name. `conn` holds a lock on the copy until it is
    closed.

    The copy of a workspace that does not exist is empty. Raises `RuntimeError` if another process uses the copy, if
    its schema name is taken, or if the workspace's tables are not at the newest version.
    """
    copy = workspace + SUFFIX
    row = conn.execute("select pg_try_advisory_lock(%s)", [lock_key(conn.info.dbname, copy, "copy")]).fetchone()
    if row != (True,):
        raise RuntimeError("Another dry run is already using the copy of this workspace; wait until it ends.")
    version = _version(conn, workspace)
    if version not in (0, len(MIGRATIONS)):
        raise RuntimeError("The log's tables are not at the newest version: run 'keyframe migrate' first.")
    conn.isolation_level = IsolationLevel.REPEATABLE_READ
    with conn.transaction():
        conn.execute("set local statement_timeout = 0")
        drop_copy(conn, workspace)
        _make_schemas(conn, copy)
        migrate(conn, copy, application_role(workspace, conn.info.dbname))
        if version:
            _fill(conn, sql.Identifier(workspace), sql.Identifier(copy))
    return copy


def drop_copy(conn: Connection[tuple[object, ...]], workspace: str) -> None:
    """Drop the copy of a workspace, if there is one. Only schemas marked as copies are dropped."""
    copy = workspace + SUFFIX
    marked = "select nspname::text from pg_namespace where nspname = any(%s) and obj_description(oid) = %s"
    for name in conn.execute(marked, [_schemas(copy), _MARK]).fetchall():
        conn.execute(sql.SQL("drop schema {} cascade").format(sql.Identifier(str(name[0]))))


def drop_abandoned(conn: Connection[tuple[object, ...]], workspace: str) -> None:
    """Drop a copy that no process uses, because it contains copied person keys."""
    lock = lock_key(conn.info.dbname, workspace + SUFFIX, "copy")
    if conn.execute("select pg_try_advisory_lock(%s)", [lock]).fetchone() == (True,):
        try:
            drop_copy(conn, workspace)
        finally:
            conn.execute("select pg_advisory_unlock(%s)", [lock])


def _schemas(copy: str) -> list[str]:
    views = views_schema(copy)
    return [copy, views, seen_schema(views)]


def _make_schemas(conn: Connection[tuple[object, ...]], copy: str) -> None:
    for name in map(sql.Identifier, _schemas(copy)):
        try:
            conn.execute(sql.SQL("create schema {}").format(name))
        except DuplicateSchema as error:
            raise RuntimeError(
                f"The copy needs the schema {copy}, which exists already; rename that workspace."
            ) from error
        conn.execute(sql.SQL("comment on schema {} is {}").format(name, _MARK))


def _fill(conn: Connection[tuple[object, ...]], source: sql.Identifier, copy: sql.Identifier) -> None:
    conn.execute(sql.SQL("delete from {}.workspace").format(copy))
    for table in map(sql.Identifier, _COPIED):
        conn.execute(sql.SQL("alter table {}.{} set unlogged").format(copy, table))
        conn.execute(sql.SQL("insert into {0}.{2} select * from {1}.{2}").format(copy, source, table))
    conn.execute(sql.SQL("analyze {}.log").format(copy))


def _version(conn: Connection[tuple[object, ...]], workspace: str) -> int:
    """The version of a workspace's tables; 0 if there are none."""
    row = None
    with suppress(UndefinedTable):
        query = sql.SQL("select coalesce(max(version), 0) from {}.migration").format(sql.Identifier(workspace))
        row = conn.execute(query).fetchone()
    return row[0] if row is not None and isinstance(row[0], int) else 0
