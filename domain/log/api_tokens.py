"""Tokens that Keyframe makes itself: a secret that is shown once, and what is kept of it.

    made ──(used)──▶ expired
      └──revoke──▶ revoked

A token is `kf_ID_SECRET`. The id finds the row and is no secret; of the secret, 256 random bits, only its SHA-256
is kept, which is enough where nothing can be guessed. They are no events: what was done by them is in the log
under the name that they gave, and whether they still open anything is nobody's history.
"""

import hmac
import re
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

import msgspec
from psycopg import Connection

from domain.commands.permissions import Role

PREFIX: Final = "kf_"
"""What every token begins with, so that it is recognised wherever it was left lying about."""
SECRET_BYTES: Final = 32
LIFETIME_MAX: Final = timedelta(days=3660)

_ID_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"
_ID_LENGTH = 10
_SHAPE = re.compile(rf"{PREFIX}([{_ID_LETTERS}]{{{_ID_LENGTH}}})_([A-Za-z0-9_-]{{43}})")
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_NOTHING = sha256(b"").digest()

_COLUMNS = """
    id, name, roles, person, created_at, expires_at, revoked_at, last_used_at,
    revoked_at is null and expires_at > clock_timestamp() as is_live
"""


class Token(msgspec.Struct, frozen=True):
    """What is kept of a token. One that is bound to a person acts as that person, any other as a machine by its
    name. `last_used_at` is noted once a minute at most."""

    id: str
    name: str
    roles: frozenset[Role]
    person: UUID | None
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    last_used_at: datetime | None
    is_live: bool


def name(said: str) -> str:
    """The name, if a token, and so a machine, can be called that. Raises `ValueError`."""
    if not _NAME.fullmatch(said):
        raise ValueError(
            f"'{said}' cannot name a token: up to 64 lower-case letters, digits, '.', '_' and '-', "
            "beginning with a letter or digit."
        )
    return said


def issue(
    conn: Connection[Any], called: str, roles: Iterable[Role], person: UUID | None, lifetime: timedelta
) -> tuple[Token, str]:
    """Make a token: what is kept of it, and the token itself, which nobody will see again."""
    id = "".join(secrets.choice(_ID_LETTERS) for _ in range(_ID_LENGTH))
    secret = secrets.token_urlsafe(SECRET_BYTES)
    row = conn.execute(
        f"""
        insert into token (id, name, digest, roles, person, expires_at)
        values (%s, %s, %s, %s, %s, clock_timestamp() + %s) returning {_COLUMNS}
        """,  # noqa: S608 - columns of ours
        [id, name(called), _digest(secret), sorted({role.value for role in roles}), person, lifetime],
    ).fetchone()
    return _token(row), f"{PREFIX}{id}_{secret}"


def every(conn: Connection[Any]) -> list[Token]:
    """All tokens that were ever made, the newest first."""
    query = f"select {_COLUMNS} from token order by created_at desc, id"  # noqa: S608 - columns of ours
    return [_token(row) for row in conn.execute(query).fetchall()]


def is_any_live(conn: Connection[Any]) -> bool:
    """Whether somebody could come in by a token."""
    query = "select from token where revoked_at is null and expires_at > clock_timestamp() limit 1"
    return conn.execute(query).fetchone() is not None


def revoke(conn: Connection[Any], id: str) -> Token | None:
    """End a token for good; harmless if that was done before. None if there is no such token."""
    row = conn.execute(
        f"update token set revoked_at = coalesce(revoked_at, clock_timestamp()) where id = %s returning {_COLUMNS}",  # noqa: S608
        [id],
    ).fetchone()
    return None if row is None else _token(row)


def shown(conn: Connection[Any], bearer: str) -> Token | None:
    """The token that somebody shows, live or not; None if it is none of ours. Notes that it was used, if it is live."""
    shape = _SHAPE.fullmatch(bearer)
    if shape is None:
        return None
    id, secret = shape.groups()
    row = conn.execute(f"select digest, {_COLUMNS} from token where id = %s", [id]).fetchone()  # noqa: S608
    digest, *kept = row or (_NOTHING,)
    if not hmac.compare_digest(digest, _digest(secret)) or not kept:
        return None
    token = _token(kept)
    if token.is_live:
        _note_use(conn, token)
    return token


def _note_use(conn: Connection[Any], token: Token) -> None:
    conn.execute(
        "update token set last_used_at = clock_timestamp() where id = %s"
        " and coalesce(last_used_at < clock_timestamp() - interval '1 minute', true)",
        [token.id],
    )


def _digest(secret: str) -> bytes:
    return sha256(secret.encode()).digest()


def _token(row: Any) -> Token:
    id, called, roles, *rest = row
    return Token(id, called, frozenset(map(Role, roles)), *rest)
