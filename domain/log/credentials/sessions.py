"""Sessions of the console. The secret is in a cookie of one browser; only its digest is stored.

    opened ──(read)──▶ expired
       ├──close──▶ deleted
       └──(its token is revoked)──▶ ended

A session has the roles that its caller had when it was opened. Like tokens, sessions are not event-sourced. A read
writes nothing, so that sessions are found on a standby, too.
"""

import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

import msgspec
from psycopg import Connection

from domain.commands.permissions import Role

PREFIX: Final = "kfs_"
"""The prefix of every session's secret, by which secret scanners recognize leaked ones."""
LIFETIME_MAX: Final = timedelta(hours=12)
SESSIONS_MAX: Final = 20
"""How many sessions one caller may have at the same time: opening another one ends the oldest."""
_SECRET_BYTES: Final = 32


class Session(msgspec.Struct, frozen=True):
    """A session that is valid. A session of a person acts as that person, any other as the machine of its name."""

    name: str
    roles: frozenset[Role]
    person: UUID | None
    expires_at: datetime


def open_session(
    conn: Connection[Any],
    name: str,
    roles: Iterable[Role],
    person: UUID | None,
    *,
    token: str | None,
    until: float,
) -> tuple[Session, str]:
    """Open a session. Returns it and its secret.

    `token`: the id of the API token by which the caller signed in; the session ends with it. `until`: when the
    caller's credentials expire, in seconds since 1970. Expired sessions of all callers are deleted.
    """
    secret = f"{PREFIX}{secrets.token_urlsafe(_SECRET_BYTES)}"
    granted = sorted({role.value for role in roles})
    with conn.transaction():
        conn.execute("delete from session where expires_at <= clock_timestamp()")
        conn.execute(_END_OLDEST, {"name": name, "person": person, "kept": SESSIONS_MAX - 1})
        row = conn.execute(_OPEN, [digest(secret), token, name, granted, person, LIFETIME_MAX, until]).fetchone()
    assert row is not None
    return Session(name, frozenset(map(Role, granted)), person, row[0]), secret


_END_OLDEST = """
    delete from session where digest in (
        select digest from session where name = %(name)s and person is not distinct from %(person)s
        order by created_at desc, digest offset %(kept)s)
"""
_OPEN = """
    insert into session (digest, token, name, roles, person, created_at, expires_at)
    select %s, %s, %s, %s, %s, now, least(now + %s::interval, to_timestamp(%s::float8))
    from clock_timestamp() as now
    returning expires_at
"""


def matching(conn: Connection[Any], secret: str) -> Session | None:
    """The session with this secret; None if there is none, it has expired, or its token is no longer valid."""
    row = conn.execute(_MATCHING, [digest(secret)]).fetchone()
    if row is None:
        return None
    name, roles, person, expires_at = row
    return Session(name, frozenset(map(Role, roles)), person, expires_at)


_MATCHING = """
    select s.name, s.roles, s.person, s.expires_at
    from session s left join token t on t.id = s.token
    where s.digest = %s and s.expires_at > clock_timestamp()
        and (s.token is null or (t.revoked_at is null and t.expires_at > clock_timestamp()))
"""


def close_session(conn: Connection[Any], secret: str) -> None:
    """End a session; idempotent."""
    conn.execute("delete from session where digest = %s", [digest(secret)])


def digest(secret: str) -> bytes:
    """What is stored of a secret. It has 256 random bits, so that an unsalted SHA-256 protects it."""
    return sha256(secret.encode()).digest()
