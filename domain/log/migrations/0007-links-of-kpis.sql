-- The key results that were ever linked to a KPI are found without scanning the log, and `append` can verify that no
-- event of a topic is newer than a position, whatever it belongs to: `children_of` is null there.

create index log_links on log (position) where split_part(topic, '.', 1) in ('key-result-added', 'key-result-linked');

create or replace function append(
    workspace_lock bigint, attempt uuid, command_id uuid, input bytea, answer bytea, authorship bytea,
    streams uuid[], versions int[], topics text[], parents uuid[], effective timestamptz[], bodies bytea[],
    read_streams uuid[], read_versions int[],
    children_of uuid[], children_topics text[], children_known bigint[],
    persons uuid[], person_keys bytea[], handles bytea[],
    out outcome text, out moved uuid[], out entry command
) language plpgsql set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
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
        if array_position(children_of, null) is not null then
            moved := moved || array(
                select seen.parent
                from unnest(children_of, children_topics, children_known) as seen (parent, topic, known)
                where seen.parent is null
                and exists (select from log l where l.position > seen.known and split_part(l.topic, '.', 1) = seen.topic)
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
