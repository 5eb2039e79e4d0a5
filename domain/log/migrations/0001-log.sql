-- The log, the recorded commands, and the encryption keys of persons. `append` and `settle` write them.
--
-- PostgreSQL stores the body of a function byte for byte: every change of a body needs a new migration.

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

-- Log, commands and checkpoints are append-only, even for their owner.
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

-- The same hash as `leaf_hash` in domain/log/mapper.py, where the encoding is described.
create function leaf_hash(
    place bigint, recorded_at timestamptz, effective_at timestamptz, stream uuid, version int, topic text,
    belongs_to uuid, metadata bytea, data bytea
) returns bytea language sql stable
return sha256(
    '\x00'::bytea || int8send(place)
    || int8send((extract(epoch from recorded_at) * 1000000)::bigint)
    || int8send((extract(epoch from effective_at) * 1000000)::bigint)
    || uuid_send(stream) || int8send(version)
    || case when belongs_to is null then '\x00'::bytea else '\x01'::bytea || uuid_send(belongs_to) end
    || int4send(length(convert_to(topic, 'UTF8'))) || convert_to(topic, 'UTF8')
    || int4send(length(metadata)) || metadata
    || int4send(length(data)) || data
);

-- Checks and records a command in one statement. The lock is never held across a network round trip, so a stalled
-- or crashed writer blocks no other.
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
    end $$;

-- The command of an append whose connection was lost. If it is not recorded, the attempt is voided: the statement may
-- still be queued and must not run later.
create function settle(workspace_lock bigint, attempt uuid, command_id uuid, out entry command)
language plpgsql as $$
    begin
        perform pg_advisory_xact_lock(workspace_lock);
        select c.* into entry from command c where c.id = command_id;
        if not found then
            insert into void_attempt (id) values (attempt) on conflict do nothing;
        end if;
    end $$;
