-- A person's key is deleted only after the person was erased, and is never replaced: whoever could do that would make
-- people unreadable without an event. This holds for every role, as for the log.

create function refuse_unless_erased() returns trigger language plpgsql as $$
    declare
        is_erased bool;
    begin
        execute format(
            'select exists (select from %I.log where stream = $1 and topic like ''person-erased.v%%'')', tg_table_schema
        ) into is_erased using old.person;
        if not is_erased then
            raise exception 'the key of person % is deleted only by erasing the person', old.person
                using errcode = 'restrict_violation';
        end if;
        return old;
    end $$;

create trigger erased_only before delete on person_key for each row execute function refuse_unless_erased();
alter table person_key enable always trigger erased_only;
create trigger append_only before update or truncate on person_key
    for each statement execute function refuse_to_rewrite();
alter table person_key enable always trigger append_only;
