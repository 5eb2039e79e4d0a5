-- Sessions of the console.

create table session (
    digest bytea primary key check (length(digest) = 32),
    token text references token on delete cascade,
    name text not null,
    roles text[] not null,
    person uuid,
    created_at timestamptz not null default clock_timestamp(),
    expires_at timestamptz not null check (expires_at <= created_at + interval '12 hours')
);
comment on table session is 'who signed in to the console, by a secret of which only a digest is kept';
