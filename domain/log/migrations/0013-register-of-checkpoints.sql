-- Checkpoints are numbered without gaps, and each has a signed entry with its number. They are removed only together
-- with a signed record of their numbers. Those of earlier versions get the numbers in their order, without entries.

create table checkpoint_removal (
    first bigint primary key check (first > 0),
    last bigint not null check (last >= first),
    note text not null,
    removed_at timestamptz not null default clock_timestamp()
);
comment on table checkpoint_removal is 'the numbers of the checkpoints that were removed, as it was signed';
create trigger append_only before update or delete or truncate on checkpoint_removal
    for each statement execute function refuse_to_rewrite();
alter table checkpoint_removal enable always trigger append_only;

drop trigger append_only on checkpoint;
alter table checkpoint add column number bigint, add column entry text;
update checkpoint c set number = n.number
from (select size, row_number() over (order by signed_at, size) as number from checkpoint) as n where n.size = c.size;
alter table checkpoint alter column number set not null, add constraint checkpoint_number unique (number);
comment on column checkpoint.entry is 'the signed entry in the register of checkpoints; null in those of earlier versions';

create trigger append_only before update or truncate on checkpoint
    for each statement execute function refuse_to_rewrite();
alter table checkpoint enable always trigger append_only;

create function refuse_unless_removed() returns trigger language plpgsql as $$
    declare
        missing bigint;
    begin
        execute format(
            'select min(g.number) from gone g'
            ' where not exists (select from %I.checkpoint_removal r where g.number between r.first and r.last)',
            tg_table_schema
        ) into missing;
        if missing is not null then
            raise exception 'checkpoint % is removed only with a signed record of its number', missing
                using errcode = 'restrict_violation';
        end if;
        return null;
    end $$;

create trigger removed_only after delete on checkpoint referencing old table as gone
    for each statement execute function refuse_unless_removed();
alter table checkpoint enable always trigger removed_only;

-- A projector of an earlier version that still runs stores checkpoints without numbers.
create function number_checkpoint() returns trigger language plpgsql as $$
    begin
        if new.number is null then
            execute format('select coalesce(max(number), 0) + 1 from %I.checkpoint', tg_table_schema) into new.number;
        end if;
        return new;
    end $$;
create trigger numbered before insert on checkpoint for each row execute function number_checkpoint();
alter table checkpoint enable always trigger numbered;

-- The commands after a position are found without reading all. Inserts into the log hardly notice such an index.
create index command_last on command using brin (last) with (autosummarize = on);
