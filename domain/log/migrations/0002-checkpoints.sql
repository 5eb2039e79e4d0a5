-- Signed checkpoints of the log.

create table checkpoint (
    size bigint primary key check (size >= 0),
    note text not null,
    signed_at timestamptz not null default clock_timestamp()
);
comment on table checkpoint is 'what the log was up to a position, as it was signed: statements, not views';

create trigger append_only before update or delete or truncate on checkpoint
    for each statement execute function refuse_to_rewrite();
alter table checkpoint enable always trigger append_only;
