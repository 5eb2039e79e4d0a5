"""Names, migrations and rights of the log's tables in PostgreSQL."""

import re
import secrets
from functools import lru_cache
from hashlib import blake2b
from importlib.metadata import version
from importlib.resources import files
from typing import Any, Final

from psycopg import Connection, sql
from psycopg.errors import DuplicateObject, InsufficientPrivilege, UniqueViolation

_WORKSPACE = re.compile(r"[a-z][a-z0-9_]{0,39}")
_GENERATION = re.compile(r".*_views(_next|_old[0-9]*)?(_seen)?")
"""The names of the schemas that Keyframe makes beside a workspace."""

PROGRAM: Final = version("keyframe")
"""The version of this program."""

MIGRATIONS: Final = tuple(
    file.read_bytes()
    for file in sorted(files(__package__).joinpath("migrations").iterdir(), key=lambda file: file.name)
    if file.name.endswith(".sql")
)
"""The scripts under `migrations`, in the order of their numbers: the n-th migrates the tables to version n."""


def workspace_name(name: str) -> str:
    """The name, if it is a valid workspace name. Raises `ValueError`."""
    taken = name.startswith("pg_") or _GENERATION.fullmatch(name) or name in ("public", "information_schema")
    if taken or not _WORKSPACE.fullmatch(name):
        raise ValueError(
            f"'{name}' is not a valid workspace name: use up to 40 lower-case letters, digits and '_', "
            "beginning with a letter."
        )
    return name


def views_schema(workspace: str) -> str:
    """The schema of a workspace's projection tables."""
    return f"{workspace}_views"


def seen_schema(views: str) -> str:
    """The schema of the SQL views that filter these projection tables by visibility."""
    return f"{views}_seen"


def leftover_schemas(conn: Connection[Any], workspace: str) -> list[str]:
    """The schemas of projections that are not in use: of earlier generations, and of the next one of a rebuild."""
    query = "select nspname::text from pg_namespace where nspname ~ %s order by 1"
    return [name for (name,) in conn.execute(query, [f"^{views_schema(workspace)}_(next|old[0-9]*)$"]).fetchall()]


@lru_cache
def application_role(workspace: str, database: str) -> str:
    """The role that may only read and append to the log of a workspace. Roles belong to the whole server, so the name
    ends with a digest: a workspace of the same name in another database has another role."""
    digest = blake2b(f"keyframe/{database}/{workspace}/application".encode(), digest_size=4).hexdigest()
    return f"{workspace}_app_{digest}"


@lru_cache
def lock_key(database: str, workspace: str, purpose: str) -> int:
    """The key of a workspace's advisory lock for one purpose, a signed 64-bit integer."""
    digest = blake2b(f"keyframe/{database}/{workspace}/{purpose}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, signed=True)


def migrate(conn: Connection[tuple[object, ...]], workspace: str = "keyframe", app_role: str | None = None) -> None:
    """Migrate a workspace's tables to the newest version, in one transaction. Safe for concurrent processes.

    `app_role` is the application's role, by default `application_role`. It is created if the user has the right to;
    without it the application has the rights of the connecting user. Application roles of earlier versions, and of the
    database from which this one was copied, lose their rights.
    Raises `RuntimeError` if the tables are newer than this program.
    """
    role = app_role or application_role(workspace, conn.info.dbname)
    schema, views = sql.Identifier(workspace_name(workspace)), sql.Identifier(views_schema(workspace))
    seen = sql.Identifier(seen_schema(views_schema(workspace)))
    with conn.transaction():
        conn.execute("select pg_advisory_xact_lock(%s)", [lock_key(conn.info.dbname, workspace, "migrate")])
        conn.execute(sql.SQL("create schema if not exists {}").format(schema))
        conn.execute(sql.SQL("create schema if not exists {}").format(views))
        conn.execute(sql.SQL("create schema if not exists {}").format(seen))
        conn.execute(sql.SQL("set local search_path to {}").format(schema))
        if _apply(conn):
            conn.execute("insert into workspace (salt) values (%s) on conflict do nothing", [secrets.token_bytes(32)])
        _end_default_privileges(conn, workspace)
        _revoke_from_others(conn, workspace, role)
        if _role_exists(conn, role):
            _grant(conn, schema, views, seen, sql.Identifier(role))


def drop(conn: Connection[Any], workspace: str) -> None:
    """Drop a workspace with all its data; idempotent."""
    generations = [views_schema(workspace), *leftover_schemas(conn, workspace)]
    for name in (*map(seen_schema, generations), *generations, workspace_name(workspace)):
        conn.execute(sql.SQL("drop schema if exists {} cascade").format(sql.Identifier(name)))


def _apply(conn: Connection[tuple[object, ...]]) -> bool:
    """Run the pending migrations. Returns whether there were any."""
    conn.execute(
        "create table if not exists migration"
        " (version int primary key, applied_at timestamptz not null default clock_timestamp())"
    )
    row = conn.execute("select coalesce(max(version), 0) from migration").fetchone()
    assert row is not None
    assert isinstance(row[0], int)
    if row[0] > len(MIGRATIONS):
        raise RuntimeError(f"{versions(row[0], migrated_by(conn, 'migration'))}: install the newer one.")
    for number, script in enumerate(MIGRATIONS[row[0] :], row[0] + 1):
        conn.execute(script)
        conn.execute("insert into migration (version) values (%s)", [number])
    conn.execute("update migration set program = %s where version > %s", [PROGRAM, row[0]])
    return row[0] < len(MIGRATIONS)


def versions(found: int, program: str | None) -> str:
    """A clause about the version of the tables and the program that migrated them, beside those of this program."""
    by = "" if program is None else f" of Keyframe {program}"
    ours = f"this is Keyframe {PROGRAM} with version {len(MIGRATIONS)}"
    return f"The tables of the log are at version {found}{by}, and {ours}"


def migrated_by(conn: Connection[Any], table: str) -> str | None:
    """The version of Keyframe that ran the last migration in this table; None if an early one did."""
    query = "select to_jsonb(m) ->> 'program' from {} m order by version desc limit 1"
    row = conn.execute(sql.SQL(query).format(sql.Identifier(*table.split(".")))).fetchone()
    return None if row is None else row[0]


def is_role(conn: Connection[Any], role: str) -> bool:
    """Whether the server has this role."""
    return conn.execute("select from pg_roles where rolname = %s", [role]).fetchone() is not None


def _role_exists(conn: Connection[tuple[object, ...]], role: str) -> bool:
    """Create the application's role if it is missing and the user has the right to. Returns whether it exists."""
    if is_role(conn, role):
        return True
    name = sql.Identifier(role)
    try:
        with conn.transaction():
            conn.execute(sql.SQL("create role {} nologin").format(name))
            conn.execute(sql.SQL("grant {} to current_user").format(name))
    except (DuplicateObject, UniqueViolation):
        return True  # created concurrently for another database of this server
    except InsufficientPrivilege:
        return False
    return True


def _grant(
    conn: Connection[tuple[object, ...]],
    schema: sql.Identifier,
    views: sql.Identifier,
    seen: sql.Identifier,
    role: sql.Identifier,
) -> None:
    for grant in (
        "grant usage on schema {schema}, {views}, {seen} to {role}",
        "grant select, insert on log, command, void_attempt to {role}",
        "grant select, insert, delete on person_key to {role}",
        "grant select on workspace, migration, checkpoint, checkpoint_removal, token to {role}",
        "grant update (last_used_at) on token to {role}",
        "grant select, insert, delete on session to {role}",
        "grant select on all tables in schema {views} to {role}",
        "grant select on all tables in schema {seen} to {role}",
    ):
        conn.execute(sql.SQL(grant).format(schema=schema, views=views, seen=seen, role=role))


def grant_to(conn: Connection[Any], workspace: str, login: str) -> str:
    """Make a login a member of the application's role, and return the name of that role.

    Raises `LookupError` if one of the two roles does not exist.
    """
    role = application_role(workspace, conn.info.dbname)
    require_login(conn, login)
    if not is_role(conn, role):
        raise LookupError(
            f"There is no role '{role}', and this user may not create it: run 'keyframe migrate' as a user with "
            "CREATEROLE."
        )
    conn.execute(sql.SQL("grant {} to {}").format(sql.Identifier(role), sql.Identifier(login)))
    return role


def require_login(conn: Connection[Any], login: str) -> None:
    """Raises `LookupError` if there is no role of this name."""
    if not is_role(conn, login):
        raise LookupError(f"There is no role '{login}' on this server: create it first, with 'create role … login'.")


def _revoke_from_others(conn: Connection[Any], workspace: str, role: str) -> None:
    """Take all rights from other application roles of a workspace of this name."""
    query = """
        select nspname::text, rolname::text
        from pg_namespace, aclexplode(nspacl) join pg_roles on pg_roles.oid = grantee
        where nspname = any(%s) and rolname ~ %s and rolname <> %s
    """
    pattern = f"^{workspace}_app(_[0-9a-f]{{8}})?$"
    for names in conn.execute(query, [_schemas(workspace), pattern, role]).fetchall():
        schema, other = map(sql.Identifier, names)
        for what in ("all tables in schema", "schema"):
            conn.execute(sql.SQL("revoke all on {} {} from {}").format(sql.SQL(what), schema, other))


def _end_default_privileges(conn: Connection[Any], workspace: str) -> None:
    """Remove the default privileges of earlier versions, which only their owner can restore from a dump. Generations
    of projections are granted one by one."""
    query = """
        select pg_get_userbyid(defaclrole)::text, nspname::text, pg_get_userbyid(grantee)::text
        from pg_default_acl join pg_namespace on pg_namespace.oid = defaclnamespace, aclexplode(defaclacl)
        where nspname = any(%s) and grantee <> defaclrole and pg_has_role(defaclrole, 'usage')
    """
    for names in conn.execute(query, [_schemas(workspace)]).fetchall():
        statement = "alter default privileges for role {} in schema {} revoke all on tables from {}"
        conn.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


def _schemas(workspace: str) -> list[str]:
    views = views_schema(workspace)
    return [workspace, views, seen_schema(views)]
