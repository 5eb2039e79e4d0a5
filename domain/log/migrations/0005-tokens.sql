-- Access tokens.

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
comment on table token is 'who may come in by a secret of which only a digest is kept';
