"""The log's tables in PostgreSQL, and how a database comes to have them."""

import re
import secrets
from hashlib import blake2b

from psycopg import Connection, sql
from psycopg.errors import DuplicateObject, InsufficientPrivilege, UniqueViolation

from domain.model.event import WHEN_RECORDED

_WORKSPACE = re.compile(r"[a-z][a-z0-9_]{0,39}")

TABLES = """
    create table log (
        position bigint primary key check (position > 0),
        recorded_at timestamptz not null unique,
        effective_at timestamptz not null check (effective_at <= recorded_at),
        stream uuid not null,
        version int not null check (version > 0),
        topic text not null,
        belongs_to uuid check (belongs_to is null or version = 1),
        metadata bytea not null,
        data bytea not null,
        leaf_hash bytea not null check (length(leaf_hash) = 32),
        unique (stream, version)
    );
    create index log_children on log (belongs_to, split_part(topic, '.', 1), position)
        where belongs_to is not null;
    create index log_measurements on log (belongs_to, split_part(topic, '.', 1), effective_at, position)
        where belongs_to is not null;

    create table command (
        id uuid primary key,
        digest bytea not null,
        first bigint not null,
        last bigint not null check (last >= first - 1),
        recorded_at timestamptz not null,
        result bytea not null
    );

    create table person_key (
        person uuid primary key,
        key bytea not null check (length(key) = 32),
        handle_digest bytea not null unique
    );

    create table void_attempt (id uuid primary key);
    comment on table void_attempt is 'appends that were given up after a lost connection: they may not happen late';

    create table workspace (salt bytea not null);
    create unique index workspace_is_one_row on workspace ((true));

    create function refuse_to_rewrite() returns trigger language plpgsql as $$
    begin
        raise exception '% is append-only: % is refused', tg_table_name, tg_op using errcode = 'restrict_violation';
    end $$;

    create trigger append_only before update or delete or truncate on log
        for each statement execute function refuse_to_rewrite();
    alter table log enable always trigger append_only;
    create trigger append_only before update or delete or truncate on command
        for each statement execute function refuse_to_rewrite();
    alter table command enable always trigger append_only;
"""

LEAF_HASH = """
    create function leaf_hash(
        place bigint, recorded_at timestamptz, effective_at timestamptz, stream uuid, version int, topic text,
        belongs_to uuid, metadata bytea, data bytea
    ) returns bytea language sql stable
    return sha256(
        '\\x00'::bytea || int8send(place)
        || int8send((extract(epoch from recorded_at) * 1000000)::bigint)
        || int8send((extract(epoch from effective_at) * 1000000)::bigint)
        || uuid_send(stream) || int8send(version)
        || case when belongs_to is null then '\\x00'::bytea else '\\x01'::bytea || uuid_send(belongs_to) end
        || int4send(length(convert_to(topic, 'UTF8'))) || convert_to(topic, 'UTF8')
        || int4send(length(metadata)) || metadata
        || int4send(length(data)) || data
    )
"""
"""The same hash as `domain.log.mapper.leaf_hash`, where the encoding is described."""

APPEND = """
    create function append(
        workspace_lock bigint, attempt uuid, command_id uuid, input bytea, answer bytea, authorship bytea,
        streams uuid[], versions int[], topics text[], parents uuid[], effective timestamptz[], bodies bytea[],
        read_streams uuid[], read_versions int[],
        children_of uuid[], children_topics text[], children_known bigint[],
        persons uuid[], person_keys bytea[], handles bytea[],
        out outcome text, out moved uuid[], out entry command
    ) language plpgsql set plan_cache_mode = force_generic_plan as $$
    declare
        head bigint;
        at timestamptz;
    begin
        if current_setting('transaction_isolation') <> 'read committed' then
            raise exception 'an append must see what was committed while it waited: use READ COMMITTED';
        end if;
        perform pg_advisory_xact_lock(workspace_lock);
        -- each statement from here on has a snapshot of its own, taken under the lock

        select c.* into entry from command c where c.id = command_id;
        if found then
            outcome := 'present';
            return;
        end if;
        if exists (select from void_attempt v where v.id = attempt) then
            outcome := 'void';
            return;
        end if;

        moved := array(
            select seen.stream from unnest(read_streams, read_versions) as seen (stream, version)
            where seen.version <> coalesce((select max(l.version) from log l where l.stream = seen.stream), 0)
        );
        if children_of <> '{}' then
            moved := moved || array(
                select seen.parent
                from unnest(children_of, children_topics, children_known) as seen (parent, topic, known)
                where exists (select from log l where l.belongs_to = seen.parent
                              and split_part(l.topic, '.', 1) = seen.topic and l.position > seen.known)
            );
        end if;
        if moved <> '{}' then
            outcome := 'moved';
            return;
        end if;
        if handles <> '{}' and exists (select from person_key k where k.handle_digest = any (handles)) then
            outcome := 'taken';
            return;
        end if;

        select l.position, l.recorded_at into head, at from log l order by l.position desc limit 1;
        head := coalesce(head, 0);
        at := greatest(clock_timestamp(), at + interval '1 microsecond');
        with placed as (
            select head + e.n as position, at + (e.n - 1) * interval '1 microsecond' as recorded_at,
                   least(e.said, at + (e.n - 1) * interval '1 microsecond') as effective_at,
                   e.stream, e.version, e.topic, e.belongs_to, authorship as metadata, e.data
            from unnest(streams, versions, topics, parents, effective, bodies)
                 with ordinality as e (stream, version, topic, belongs_to, said, data, n)
        )
        insert into log
        select p.*, leaf_hash(p.position, p.recorded_at, p.effective_at, p.stream, p.version, p.topic, p.belongs_to,
                              p.metadata, p.data)
        from placed p;
        if persons <> '{}' then
            insert into person_key select * from unnest(persons, person_keys, handles);
        end if;

        entry := row(command_id, input, head + 1, head + cardinality(streams), at, answer);
        insert into command select (entry).*;
        outcome := 'recorded';
    end $$
"""
"""Checks and records a command in one statement: the lock is never held across a way over the network,
so a writer that stalls or dies holds nobody up."""

SETTLE = """
    create function settle(workspace_lock bigint, attempt uuid, command_id uuid, out entry command)
    language plpgsql as $$
    begin
        perform pg_advisory_xact_lock(workspace_lock);
        select c.* into entry from command c where c.id = command_id;
        if not found then
            insert into void_attempt (id) values (attempt) on conflict do nothing;
        end if;
    end $$
"""
"""What became of an append whose connection was lost. If nothing, it must not happen later either: its
statement may still be on its way."""

CHECKPOINTS = """
    create table checkpoint (
        size bigint primary key check (size >= 0),
        note text not null,
        signed_at timestamptz not null default clock_timestamp()
    );
    comment on table checkpoint is 'what the log was up to a position, as it was signed: statements, not views';

    create trigger append_only before update or delete or truncate on checkpoint
        for each statement execute function refuse_to_rewrite();
    alter table checkpoint enable always trigger append_only;
"""

APPEND_AT_ONE_MOMENT = APPEND.replace("create function", "create or replace function").replace(
    "least(e.said, at + (e.n - 1) * interval '1 microsecond')",
    f"case when e.said = '{WHEN_RECORDED.isoformat()}' then at "
    "else least(e.said, at + (e.n - 1) * interval '1 microsecond') end",
)
"""What a command says is true from when it is recorded is true from one moment: the first of its recordings."""

APPEND_AND_ERASE = APPEND_AT_ONE_MOMENT.replace(
    """        entry := row(""",
    """        if exists (select from unnest(topics) as t (topic) where t.topic like 'person-erased.v%') then
            delete from person_key k using unnest(streams, topics) as e (stream, topic)
            where k.person = e.stream and e.topic like 'person-erased.v%';
        end if;

        entry := row(""",
)
"""Whoever is erased loses their key with the event that says so: never one without the other."""

KEYS_WITHOUT_A_TRACE = """
    alter table person_key alter column key type bytea, alter column handle_digest type bytea;
    alter table person_key alter column key set statistics 0, alter column handle_digest set statistics 0
"""
"""What the planner remembers of columns are values of them. The first statement makes it forget, the second keeps
it from learning them again."""

TOKENS = """
    create table token (
        id text primary key,
        name text not null,
        digest bytea not null check (length(digest) = 32),
        roles text[] not null check (roles <> '{}'),
        person uuid,
        created_at timestamptz not null default clock_timestamp(),
        expires_at timestamptz not null,
        revoked_at timestamptz,
        last_used_at timestamptz
    );
    comment on table token is 'who may come in by a secret of which only a digest is kept'
"""

APPEND_BY_INDEX = APPEND_AND_ERASE.replace(
    "set plan_cache_mode = force_generic_plan as",
    "set plan_cache_mode = force_generic_plan set enable_seqscan = off as",
)
"""A plan is kept for as long as the session. One that was made while the log was small would read all of it for each
event, and go on doing so as it grows."""

MIGRATIONS = (
    (TABLES, LEAF_HASH, APPEND, SETTLE),
    (CHECKPOINTS,),
    (APPEND_AT_ONE_MOMENT,),
    (APPEND_AND_ERASE, KEYS_WITHOUT_A_TRACE),
    (TOKENS,),
    (APPEND_BY_INDEX,),
)


def workspace_name(name: str) -> str:
    """The name, if it can name a schema everywhere. Raises `ValueError`."""
    taken = (
        name.startswith("pg_") or name.endswith(("_views", "_views_seen")) or name in ("public", "information_schema")
    )
    if taken or not _WORKSPACE.fullmatch(name):
        raise ValueError(
            f"'{name}' cannot name a workspace: up to 40 lower-case letters, digits and '_', beginning with a letter."
        )
    return name


def views_schema(workspace: str) -> str:
    """The schema in which a workspace's views live."""
    return f"{workspace}_views"


def seen_schema(views: str) -> str:
    """The schema beside that of some views, in which is what may be seen of them where something is hidden."""
    return f"{views}_seen"


def application_role(workspace: str) -> str:
    """The role that may read the log and add to it, and nothing else."""
    return f"{workspace}_app"


def lock_key(database: str, workspace: str, purpose: str) -> int:
    """The advisory lock of a workspace for one purpose: a signed 64-bit number."""
    digest = blake2b(f"keyframe/{database}/{workspace}/{purpose}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, signed=True)


def migrate(conn: Connection[tuple[object, ...]], workspace: str = "keyframe", app_role: str | None = None) -> None:
    """Bring a workspace's tables to the newest version; one transaction, safe from many processes at once.

    `app_role` is the application's role, by default `<workspace>_app`; it is created if the user may,
    and without it everything works with the rights of whoever connects.
    Raises `RuntimeError` if the tables are newer than this program.
    """
    role = app_role or application_role(workspace)
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
        if _role_exists(conn, role):
            _grant(conn, schema, views, seen, sql.Identifier(role))


def drop(conn: Connection[tuple[object, ...]], workspace: str) -> None:
    """Remove a workspace with everything in it, for ever; harmless if there is none."""
    views = views_schema(workspace)
    for name in (seen_schema(views), views, workspace_name(workspace)):
        conn.execute(sql.SQL("drop schema if exists {} cascade").format(sql.Identifier(name)))


def _apply(conn: Connection[tuple[object, ...]]) -> bool:
    """Run what has not run yet; whether there was anything."""
    conn.execute(
        "create table if not exists migration"
        " (version int primary key, applied_at timestamptz not null default clock_timestamp())"
    )
    row = conn.execute("select coalesce(max(version), 0) from migration").fetchone()
    assert row is not None
    assert isinstance(row[0], int)
    if row[0] > len(MIGRATIONS):
        raise RuntimeError(
            f"The log's tables are at version {row[0]}, this Keyframe knows {len(MIGRATIONS)}: install the newer one."
        )
    for version, scripts in enumerate(MIGRATIONS[row[0] :], row[0] + 1):
        for script in scripts:
            conn.execute(script)
        conn.execute("insert into migration (version) values (%s)", [version])
    return row[0] < len(MIGRATIONS)


def _role_exists(conn: Connection[tuple[object, ...]], role: str) -> bool:
    """Whether the application's role is there, after creating it if the user may."""
    exists = "select 1 from pg_roles where rolname = %s"
    if conn.execute(exists, [role]).fetchone() is not None:
        return True
    name = sql.Identifier(role)
    try:
        with conn.transaction():
            conn.execute(sql.SQL("create role {} nologin").format(name))
            conn.execute(sql.SQL("grant {} to current_user").format(name))
    except (DuplicateObject, UniqueViolation):
        return True  # another database of this server has just made it
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
        "grant select on workspace, migration, checkpoint, token to {role}",
        "grant update (last_used_at) on token to {role}",
        "grant select on all tables in schema {views} to {role}",
        "alter default privileges in schema {views} grant select on tables to {role}",
        "grant select on all tables in schema {seen} to {role}",
        "alter default privileges in schema {seen} grant select on tables to {role}",
    ):
        conn.execute(sql.SQL(grant).format(schema=schema, views=views, seen=seen, role=role))
