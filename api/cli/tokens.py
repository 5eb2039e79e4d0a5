"""Tokens at the terminal: made and shown once, listed, revoked."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final, NamedTuple

from rich.console import Console
from rich.table import Table

from api.cli.output import USAGE, Failure, err, out
from api.runtime.database import Database
from domain.commands.permissions import Role
from domain.handlers import identity
from domain.log import api_tokens
from domain.log.api_tokens import LIFETIME_MAX, Token

LIFETIME: Final = "90d"

WIDTH: Final = 200
"""How wide a table is that no terminal limits, so that each token has one line."""

_UNITS = {"h": "hours", "d": "days", "w": "weeks"}


class TokenVerb(StrEnum):
    """What can be done with tokens."""

    CREATE = "create"
    LIST = "list"
    REVOKE = "revoke"


class Wanted(NamedTuple):
    """A token to be made."""

    roles: Sequence[Role]
    person: str | None
    name: str
    lifetime: timedelta


def wanted(roles: Sequence[Role], person: str | None, name: str | None, expires: str) -> Wanted:
    """What is asked for. Raises `Failure` for what cannot be. A token nobody named is called like its roles."""
    called = name if name is not None else "-".join(sorted(role.lower() for role in {*roles})) or "none"
    try:
        return Wanted(roles, person, api_tokens.name(called), _lifetime(expires))
    except ValueError as error:
        raise Failure(str(error), USAGE) from None


def _lifetime(said: str) -> timedelta:
    """How long that is. Raises `ValueError`."""
    shape = re.fullmatch(r"([1-9][0-9]{0,5})([hdw])", said)
    lifetime = timedelta(**{_UNITS[shape[2]]: int(shape[1])}) if shape else timedelta.max
    if lifetime > LIFETIME_MAX:
        raise ValueError(f"'{said}' is no time that a token holds for: say 12h, 90d or 52w, up to ten years.")
    return lifetime


def create(database: Database, asked: Wanted) -> None:
    """Make a token, and print it alone on a line: that is the only time it is seen."""
    person = None
    if asked.person is not None:
        person = identity.by_handle(database.log(size_max=1), asked.person)
        if person is None or not person.is_here:
            raise Failure(f"There is no person with the handle '{asked.person}', or they have left.")
    with database.connect() as conn:
        token, secret = api_tokens.issue(conn, asked.name, asked.roles, person.id if person else None, asked.lifetime)
    out.print(secret, soft_wrap=True, markup=False)
    acts_as = f"as {asked.person}" if person else f"as the machine '{token.name}'"
    err.print(
        f"Keep it now: it is not shown again. Its bearer comes in {acts_as}, as {_roles(token)}, until "
        f"{_moment(token.expires_at)}. 'keyframe token revoke {token.id}' ends that.",
        markup=False,
        soft_wrap=True,
    )


def tell(database: Database) -> None:
    """All tokens, the newest first."""
    log = database.log(size_max=1)
    with database.connect() as conn:
        found = api_tokens.every(conn)
    table = Table("id", "name", "acts as", "roles", "made", "expires", "last used", "")
    for token in found:
        known = token.person and identity.by_id(log, token.person)
        acts_as = f"machine {token.name}" if token.person is None else known.handle if known else "an erased person"
        table.add_row(
            token.id, token.name, acts_as, _roles(token), _moment(token.created_at), _moment(token.expires_at),
            _moment(token.last_used_at), _state(token),
        )  # fmt: skip
    page = out if out.is_terminal else Console(width=WIDTH)
    page.print(table if found else "No token was ever made: 'keyframe token create --role ADMIN' makes one.")


def revoke(database: Database, id: str) -> None:
    """End a token. Raises `Failure` if there is none of that id."""
    with database.connect() as conn:
        token = api_tokens.revoke(conn, id)
    if token is None:
        raise Failure(f"There is no token '{id}'; 'keyframe token list' has their ids.")
    out.print(f"Token {token.id} ({token.name}) lets nobody in any more.", markup=False, soft_wrap=True)


def _roles(token: Token) -> str:
    return ", ".join(sorted(token.roles))


def _moment(moment: datetime | None) -> str:
    return "never" if moment is None else f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _state(token: Token) -> str:
    return "" if token.is_live else "expired" if token.revoked_at is None else "revoked"
