"""Checks the log's tables for operators: version, triggers and the rights of the application's role."""

import msgspec
from psycopg import Connection

from domain.log.schema import MIGRATIONS, application_role, migrated_by

VERSION = len(MIGRATIONS)
"""The version of the log's tables that this program expects."""


class Checkup(msgspec.Struct, frozen=True):
    """The results of the checks. `version`: the version of the tables, 0 if there are none. `program`: the version of
    Keyframe that brought them there, None before 0.3.0. `rewritable`: the tables
    without a trigger that makes them append-only. `role`: the rights of the application's role, "TOO LITTLE",
    "TOO MUCH" or "RIGHT"; None if the role does not exist. `takes_role`: whether the current user can assume it."""

    version: int
    program: str | None = None
    rewritable: tuple[str, ...] = ()
    role: str | None = None
    takes_role: bool = False


def examine(conn: Connection[tuple[object, ...]], workspace: str) -> Checkup:
    """Check the tables of a workspace."""
    found = version(conn, workspace)
    if found == 0:
        return Checkup(found)
    role = application_role(workspace, conn.info.dbname)
    return Checkup(
        found,
        migrated_by(conn, f"{workspace}.migration"),
        tuple(str(name) for (name,) in conn.execute(_UNGUARDED, [workspace]).fetchall()),
        _rights(conn, workspace, role),
        conn.execute(_TAKES_ROLE, [role]).fetchone() is not None,
    )


_UNGUARDED = """
    select distinct guarded.name
    from (values ('log', 'append_only'), ('command', 'append_only'), ('checkpoint', 'append_only'),
                 ('checkpoint', 'removed_only'), ('checkpoint_removal', 'append_only'),
                 ('person_key', 'append_only'), ('person_key', 'erased_only')) as guarded (name, by)
    where not exists (
        select from pg_trigger join pg_class on pg_class.oid = tgrelid
        where relnamespace = to_regnamespace(%s) and relname = guarded.name
        and tgname = guarded.by and tgenabled = 'A'
    ) order by 1
"""

_TAKES_ROLE = "select from pg_roles where rolname = %s and pg_has_role(oid, 'MEMBER')"


def version(conn: Connection[tuple[object, ...]], workspace: str) -> int:
    """The version of the tables of a workspace, 0 if there are none."""
    table = f"{workspace}.migration"
    row = conn.execute("select to_regclass(%s) is not null", [table]).fetchone()
    if row != (True,):
        return 0
    row = conn.execute(f"select coalesce(max(version), 0) from {table}").fetchone()  # noqa: S608
    return row[0] if row is not None and isinstance(row[0], int) else 0


def _rights(conn: Connection[tuple[object, ...]], workspace: str, role: str) -> str | None:
    if conn.execute("select from pg_roles where rolname = %s", [role]).fetchone() is None:
        return None
    tables = {"role": role, "log": f"{workspace}.log", "command": f"{workspace}.command", "workspace": workspace}
    row = conn.execute(
        """
        select has_schema_privilege(%(role)s, %(workspace)s, 'USAGE')
               and has_table_privilege(%(role)s, %(log)s, 'SELECT') and has_table_privilege(%(role)s, %(log)s, 'INSERT')
               and has_table_privilege(%(role)s, %(command)s, 'SELECT')
               and has_table_privilege(%(role)s, %(command)s, 'INSERT'),
               has_table_privilege(%(role)s, %(log)s, 'UPDATE, DELETE, TRUNCATE')
               or has_table_privilege(%(role)s, %(command)s, 'UPDATE, DELETE, TRUNCATE')
        """,
        tables,
    ).fetchone()
    assert row is not None
    enough, too_much = row
    return "TOO MUCH" if too_much else "RIGHT" if enough else "TOO LITTLE"
