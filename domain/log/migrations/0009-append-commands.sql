-- Several commands are appended together, in one statement and with one commit. `append`, for one command, stays for the
-- servers of earlier versions that are still running.

-- Checks and records commands, all or none, in their order. `firsts` and `lasts` are the numbers of each command's events
-- in `streams`, counted from 1 (first > last for a command without events), `of_commands` the number of each event's
-- command. Returns one row per command, or a single one that says why nothing was recorded. The lock is never held across
-- a network round trip, so a stalled or crashed writer blocks no other.
create function append_commands(
    workspace_lock bigint, attempt uuid,
    command_ids uuid[], inputs bytea[], answers bytea[], authorships bytea[], firsts int[], lasts int[],
    streams uuid[], versions int[], topics text[], parents uuid[], effective timestamptz[], bodies bytea[],
    of_commands int[],
    read_streams uuid[], read_versions int[],
    children_of uuid[], children_topics text[], children_known bigint[],
    persons uuid[], person_keys bytea[], handles bytea[]
) returns table (outcome text, moved uuid[], entry command)
language plpgsql set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
    declare
        head bigint;
        at timestamptz;
    begin
        if current_setting('transaction_isolation') <> 'read committed' then
            raise exception 'an append must see what was committed while it waited: use READ COMMITTED';
        end if;
        perform pg_advisory_xact_lock(workspace_lock);
        -- each statement from here on has a snapshot of its own, taken under the lock

        return query select 'present', null::uuid[], c from command c where c.id = any (command_ids);
        if found then
            return;
        end if;
        if exists (select from void_attempt v where v.id = attempt) then
            return query select 'void', null::uuid[], null::command;
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
            return query select 'moved', moved, null::command;
            return;
        end if;
        if handles <> '{}' and exists (select from person_key k where k.handle_digest = any (handles)) then
            return query select 'taken', null::uuid[], null::command;
            return;
        end if;

        select l.position, l.recorded_at into head, at from log l order by l.position desc limit 1;
        head := coalesce(head, 0);
        at := greatest(clock_timestamp(), at + interval '1 microsecond');
        -- all events of a command that take effect when recorded have the effective time of the first
        with placed as (
            select head + e.n as position, at + (e.n - 1) * interval '1 microsecond' as recorded_at,
                   case when e.said = '9999-12-31T23:59:59.999999+00:00'
                        then at + (firsts[e.of_command] - 1) * interval '1 microsecond'
                        else least(e.said, at + (e.n - 1) * interval '1 microsecond') end as effective_at,
                   e.stream, e.version, e.topic, e.belongs_to, authorships[e.of_command] as metadata, e.data
            from unnest(streams, versions, topics, parents, effective, bodies, of_commands)
                 with ordinality as e (stream, version, topic, belongs_to, said, data, of_command, n)
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

        return query
        with done as (
            insert into command as c
            select d.id, d.input, head + d.first, head + d.last, at + (d.first - 1) * interval '1 microsecond', d.answer
            from unnest(command_ids, inputs, firsts, lasts, answers) as d (id, input, first, last, answer)
            returning c
        )
        select 'recorded', null::uuid[], done.c from done;
    end $$;
