"""A copy of a workspace to try things out in: made beside it without holding anybody up, dropped afterwards."""

from contextlib import suppress

from psycopg import Connection, IsolationLevel, sql
from psycopg.errors import DuplicateSchema, UndefinedTable

from domain.log.schema import MIGRATIONS, application_role, lock_key, migrate, seen_schema, views_schema

SUFFIX = "_dry"
_MARK = "a copy of a Keyframe workspace to try things out in; it may be dropped"
_COPIED = ("log", "command", "person_key", "workspace")


def make_copy(conn: Connection[tuple[object, ...]], workspace: str) -> str:
    """Copy the log of a workspace as it stands now, and say the copy's name. `conn` holds on to it until
    it is closed or the copy is dropped.

    An empty copy is made of a workspace that is not there. Raises `RuntimeError` if somebody else is
    using the copy, if a schema stands in its place, or if the workspace's tables are not the newest.
    """
    copy = workspace + SUFFIX
    row = conn.execute("select pg_try_advisory_lock(%s)", [lock_key(conn.info.dbname, copy, "copy")]).fetchone()
    if row != (True,):
        raise RuntimeError("Somebody is trying something out with this workspace already; wait until it is done.")
    version = _version(conn, workspace)
    if version not in (0, len(MIGRATIONS)):
        raise RuntimeError("The log's tables are not the newest: run 'keyframe migrate' first.")
    conn.isolation_level = IsolationLevel.REPEATABLE_READ
    with conn.transaction():
        conn.execute("set local statement_timeout = 0")
        drop_copy(conn, workspace)
        _make_schemas(conn, copy)
        migrate(conn, copy, application_role(workspace))
        if version:
            _fill(conn, sql.Identifier(workspace), sql.Identifier(copy))
    return copy


def drop_copy(conn: Connection[tuple[object, ...]], workspace: str) -> None:
    """Drop the copy of a workspace, if there is one; never a schema that is something else."""
    copy = workspace + SUFFIX
    ours = "select nspname::text from pg_namespace where nspname = any(%s) and obj_description(oid) = %s"
    for name in conn.execute(ours, [_schemas(copy), _MARK]).fetchall():
        conn.execute(sql.SQL("drop schema {} cascade").format(sql.Identifier(str(name[0]))))


def drop_abandoned(conn: Connection[tuple[object, ...]], workspace: str) -> None:
    """Drop a copy that nobody uses any more, and that was left behind: it has keys of its own."""
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
            raise RuntimeError(f"There is a workspace {copy}, where the copy would have to stand.") from error
        conn.execute(sql.SQL("comment on schema {} is {}").format(name, _MARK))


def _fill(conn: Connection[tuple[object, ...]], source: sql.Identifier, copy: sql.Identifier) -> None:
    conn.execute(sql.SQL("delete from {}.workspace").format(copy))
    for table in map(sql.Identifier, _COPIED):
        conn.execute(sql.SQL("alter table {}.{} set unlogged").format(copy, table))
        conn.execute(sql.SQL("insert into {0}.{2} select * from {1}.{2}").format(copy, source, table))
    conn.execute(sql.SQL("analyze {}.log").format(copy))


def _version(conn: Connection[tuple[object, ...]], workspace: str) -> int:
    """Which version the tables of a workspace are at; 0 if there are none."""
    row = None
    with suppress(UndefinedTable):
        query = sql.SQL("select coalesce(max(version), 0) from {}.migration").format(sql.Identifier(workspace))
        row = conn.execute(query).fetchone()
    return row[0] if row is not None and isinstance(row[0], int) else 0
