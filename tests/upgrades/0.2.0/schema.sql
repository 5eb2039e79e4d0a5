CREATE SCHEMA upgrade;

CREATE TABLE upgrade.command (
    id uuid NOT NULL,
    digest bytea NOT NULL,
    first bigint NOT NULL,
    last bigint NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    result bytea NOT NULL,
    CONSTRAINT command_check CHECK ((last >= (first - 1)))
);

CREATE FUNCTION upgrade.append(workspace_lock bigint, attempt uuid, command_id uuid, input bytea, answer bytea, authorship bytea, streams uuid[], versions integer[], topics text[], parents uuid[], effective timestamp with time zone[], bodies bytea[], read_streams uuid[], read_versions integer[], children_of uuid[], children_topics text[], children_known bigint[], persons uuid[], person_keys bytea[], handles bytea[], OUT outcome text, OUT moved uuid[], OUT entry upgrade.command) RETURNS record
    LANGUAGE plpgsql
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_seqscan TO 'off'
    AS $$
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
                   case when e.said = '9999-12-31T23:59:59.999999+00:00' then at else least(e.said, at + (e.n - 1) * interval '1 microsecond') end as effective_at,
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

        if exists (select from unnest(topics) as t (topic) where t.topic like 'person-erased.v%') then
            delete from person_key k using unnest(streams, topics) as e (stream, topic)
            where k.person = e.stream and e.topic like 'person-erased.v%';
        end if;

        entry := row(command_id, input, head + 1, head + cardinality(streams), at, answer);
        insert into command select (entry).*;
        outcome := 'recorded';
    end $$;

CREATE FUNCTION upgrade.leaf_hash(place bigint, recorded_at timestamp with time zone, effective_at timestamp with time zone, stream uuid, version integer, topic text, belongs_to uuid, metadata bytea, data bytea) RETURNS bytea
    LANGUAGE sql STABLE
    RETURN sha256((((((((((((('\x00'::bytea || int8send(place)) || int8send(((EXTRACT(epoch FROM recorded_at) * (1000000)::numeric))::bigint)) || int8send(((EXTRACT(epoch FROM effective_at) * (1000000)::numeric))::bigint)) || uuid_send(stream)) || int8send((version)::bigint)) || CASE WHEN (belongs_to IS NULL) THEN '\x00'::bytea ELSE ('\x01'::bytea || uuid_send(belongs_to)) END) || int4send(length(convert_to(topic, 'UTF8'::name)))) || convert_to(topic, 'UTF8'::name)) || int4send(length(metadata))) || metadata) || int4send(length(data))) || data));

CREATE FUNCTION upgrade.refuse_to_rewrite() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
    begin
        raise exception '% is append-only: % is refused', tg_table_name, tg_op using errcode = 'restrict_violation';
    end $$;

CREATE FUNCTION upgrade.settle(workspace_lock bigint, attempt uuid, command_id uuid, OUT entry upgrade.command) RETURNS upgrade.command
    LANGUAGE plpgsql
    AS $$
    begin
        perform pg_advisory_xact_lock(workspace_lock);
        select c.* into entry from command c where c.id = command_id;
        if not found then
            insert into void_attempt (id) values (attempt) on conflict do nothing;
        end if;
    end $$;

CREATE TABLE upgrade.checkpoint (
    size bigint NOT NULL,
    note text NOT NULL,
    signed_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT checkpoint_size_check CHECK ((size >= 0))
);

COMMENT ON TABLE upgrade.checkpoint IS 'what the log was up to a position, as it was signed: statements, not views';

CREATE TABLE upgrade.log (
    "position" bigint NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    effective_at timestamp with time zone NOT NULL,
    stream uuid NOT NULL,
    version integer NOT NULL,
    topic text NOT NULL,
    belongs_to uuid,
    metadata bytea NOT NULL,
    data bytea NOT NULL,
    leaf_hash bytea NOT NULL,
    CONSTRAINT log_check CHECK ((effective_at <= recorded_at)),
    CONSTRAINT log_check1 CHECK (((belongs_to IS NULL) OR (version = 1))),
    CONSTRAINT log_leaf_hash_check CHECK ((length(leaf_hash) = 32)),
    CONSTRAINT log_position_check CHECK (("position" > 0)),
    CONSTRAINT log_version_check CHECK ((version > 0))
);

CREATE TABLE upgrade.migration (
    version integer NOT NULL,
    applied_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

CREATE TABLE upgrade.person_key (
    person uuid NOT NULL,
    key bytea NOT NULL,
    handle_digest bytea NOT NULL,
    CONSTRAINT person_key_key_check CHECK ((length(key) = 32))
);
ALTER TABLE ONLY upgrade.person_key ALTER COLUMN key SET STATISTICS 0;
ALTER TABLE ONLY upgrade.person_key ALTER COLUMN handle_digest SET STATISTICS 0;

CREATE TABLE upgrade.token (
    id text NOT NULL,
    name text NOT NULL,
    digest bytea NOT NULL,
    roles text[] NOT NULL,
    person uuid,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    revoked_at timestamp with time zone,
    last_used_at timestamp with time zone,
    CONSTRAINT token_digest_check CHECK ((length(digest) = 32)),
    CONSTRAINT token_roles_check CHECK ((roles <> '{}'::text[]))
);

COMMENT ON TABLE upgrade.token IS 'who may come in by a secret of which only a digest is kept';

CREATE TABLE upgrade.void_attempt (
    id uuid NOT NULL
);

COMMENT ON TABLE upgrade.void_attempt IS 'appends that were given up after a lost connection: they may not happen late';

CREATE TABLE upgrade.workspace (
    salt bytea NOT NULL
);

ALTER TABLE ONLY upgrade.checkpoint
    ADD CONSTRAINT checkpoint_pkey PRIMARY KEY (size);

ALTER TABLE ONLY upgrade.command
    ADD CONSTRAINT command_pkey PRIMARY KEY (id);

ALTER TABLE ONLY upgrade.log
    ADD CONSTRAINT log_pkey PRIMARY KEY ("position");

ALTER TABLE ONLY upgrade.log
    ADD CONSTRAINT log_recorded_at_key UNIQUE (recorded_at);

ALTER TABLE ONLY upgrade.log
    ADD CONSTRAINT log_stream_version_key UNIQUE (stream, version);

ALTER TABLE ONLY upgrade.migration
    ADD CONSTRAINT migration_pkey PRIMARY KEY (version);

ALTER TABLE ONLY upgrade.person_key
    ADD CONSTRAINT person_key_handle_digest_key UNIQUE (handle_digest);

ALTER TABLE ONLY upgrade.person_key
    ADD CONSTRAINT person_key_pkey PRIMARY KEY (person);

ALTER TABLE ONLY upgrade.token
    ADD CONSTRAINT token_pkey PRIMARY KEY (id);

ALTER TABLE ONLY upgrade.void_attempt
    ADD CONSTRAINT void_attempt_pkey PRIMARY KEY (id);

CREATE INDEX log_children ON upgrade.log USING btree (belongs_to, split_part(topic, '.'::text, 1), "position") WHERE (belongs_to IS NOT NULL);

CREATE INDEX log_measurements ON upgrade.log USING btree (belongs_to, split_part(topic, '.'::text, 1), effective_at, "position") WHERE (belongs_to IS NOT NULL);

CREATE UNIQUE INDEX workspace_is_one_row ON upgrade.workspace USING btree ((true));

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON upgrade.checkpoint FOR EACH STATEMENT EXECUTE FUNCTION upgrade.refuse_to_rewrite();

ALTER TABLE upgrade.checkpoint ENABLE ALWAYS TRIGGER append_only;

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON upgrade.command FOR EACH STATEMENT EXECUTE FUNCTION upgrade.refuse_to_rewrite();

ALTER TABLE upgrade.command ENABLE ALWAYS TRIGGER append_only;

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON upgrade.log FOR EACH STATEMENT EXECUTE FUNCTION upgrade.refuse_to_rewrite();

ALTER TABLE upgrade.log ENABLE ALWAYS TRIGGER append_only;
