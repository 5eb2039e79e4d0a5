"""API tokens issued by Keyframe. The secret is displayed once; only its digest is stored.

    issued ──(used)──▶ expired
       └──revoke──▶ revoked

A token is `kf_ID_SECRET`. The id finds the row and is public. The secret has 256 random bits, so an unsalted SHA-256
is enough to protect it. Tokens are not event-sourced: the log records actions under the actor's name, and the state of
a token is no part of the history.
"""

import hmac
import re
import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

import msgspec
from psycopg import Connection

from domain.commands.permissions import Role

PREFIX: Final = "kf_"
"""The prefix of every token, by which secret scanners recognize leaked ones."""
SECRET_BYTES: Final = 32
LIFETIME_MAX: Final = timedelta(days=3660)

_ID_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"
_ID_LENGTH = 10
_FORMAT = re.compile(rf"{PREFIX}([{_ID_LETTERS}]{{{_ID_LENGTH}}})_([A-Za-z0-9_-]{{43}})")
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_NO_DIGEST = sha256(b"").digest()

_COLUMNS = """
    id, name, roles, person, created_at, expires_at, revoked_at, last_used_at,
    revoked_at is null and expires_at > clock_timestamp() as is_live
"""


class Token(msgspec.Struct, frozen=True):
    """The stored part of a token. A token bound to a person acts as that person, any other as the machine of its
    name. `last_used_at` is written some time after the use (`record_uses`)."""

    id: str
    name: str
    roles: frozenset[Role]
    person: UUID | None
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    last_used_at: datetime | None
    is_live: bool


def name(text: str) -> str:
    """The text, if it is a valid name of a token. Raises `ValueError`."""
    if not _NAME.fullmatch(text):
        raise ValueError(
            f"'{text}' is not a valid token name: use up to 64 lower-case letters, digits, '.', '_' and '-', "
            "beginning with a letter or digit."
        )
    return text


def issue(
    conn: Connection[Any], token_name: str, roles: Iterable[Role], person: UUID | None, lifetime: timedelta
) -> tuple[Token, str]:
    """Issue a token. Returns the stored part and the token itself, which cannot be displayed again."""
    id = "".join(secrets.choice(_ID_LETTERS) for _ in range(_ID_LENGTH))
    secret = secrets.token_urlsafe(SECRET_BYTES)
    row = conn.execute(
        f"""
        insert into token (id, name, digest, roles, person, expires_at)
        values (%s, %s, %s, %s, %s, clock_timestamp() + %s) returning {_COLUMNS}
        """,  # noqa: S608 - constant column list
        [id, name(token_name), _digest(secret), sorted({role.value for role in roles}), person, lifetime],
    ).fetchone()
    return _token(row), f"{PREFIX}{id}_{secret}"


def every(conn: Connection[Any]) -> list[Token]:
    """All tokens ever issued, the newest first."""
    query = f"select {_COLUMNS} from token order by created_at desc, id"  # noqa: S608 - constant column list
    return [_token(row) for row in conn.execute(query).fetchall()]


def is_any_live(conn: Connection[Any]) -> bool:
    """Whether there is a token that is neither expired nor revoked."""
    query = "select from token where revoked_at is null and expires_at > clock_timestamp() limit 1"
    return conn.execute(query).fetchone() is not None


def revoke(conn: Connection[Any], id: str) -> Token | None:
    """Revoke a token permanently; idempotent. None if there is no such token."""
    row = conn.execute(
        f"update token set revoked_at = coalesce(revoked_at, clock_timestamp()) where id = %s returning {_COLUMNS}",  # noqa: S608
        [id],
    ).fetchone()
    return None if row is None else _token(row)


def matching(conn: Connection[Any], bearer: str) -> Token | None:
    """The token that a bearer token matches, live or not; None if there is none."""
    match = _FORMAT.fullmatch(bearer)
    if match is None:
        return None
    id, secret = match.groups()
    row = conn.execute(f"select digest, {_COLUMNS} from token where id = %s", [id]).fetchone()  # noqa: S608
    digest, *columns = row or (_NO_DIGEST,)
    if not hmac.compare_digest(digest, _digest(secret)) or not columns:
        return None
    return _token(columns)


def id_of(bearer: str) -> str | None:
    """The public id of an API token; None for any other text."""
    match = _FORMAT.fullmatch(bearer)
    return None if match is None else match[1]


def record_uses(conn: Connection[Any], seconds_since: Mapping[str, float]) -> None:
    """Record the last use of tokens: the seconds since, by token id. An earlier time than the recorded one is ignored.

    The commit waits neither for the disk nor for a standby: a crash may lose it.
    """
    with conn.transaction():
        conn.execute("set local synchronous_commit = off")
        conn.execute(_RECORD_USES, [list(seconds_since), list(seconds_since.values())])


_RECORD_USES = """
    update token set last_used_at = used.at
    from (select id, clock_timestamp() - make_interval(secs => seconds) as at
          from unnest(%s::text[], %s::float8[]) as uses (id, seconds)) as used
    where token.id = used.id and coalesce(last_used_at < used.at, true)
"""


def _digest(secret: str) -> bytes:
    return sha256(secret.encode()).digest()


def _token(row: Any) -> Token:
    id, token_name, roles, *rest = row
    return Token(id, token_name, frozenset(map(Role, roles)), *rest)
