"""The `token` command: creates, lists and revokes API tokens."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from rich.console import Console
from rich.table import Table

from api.cli.output import USAGE, Failure, err, out
from api.runtime.database import Database
from domain.commands.permissions import Role
from domain.handlers import identity
from domain.log.credentials import api_tokens
from domain.log.credentials.api_tokens import LIFETIME_MAX, Token

WIDTH: Final = 200
"""The width of the table without a terminal, so that each token has one line."""

_UNITS = {"h": "hours", "d": "days", "w": "weeks"}


class TokenRequest(NamedTuple):
    """The properties of a token to create."""

    roles: Sequence[Role]
    person: str | None
    name: str
    lifetime: timedelta


def token_request(roles: Sequence[Role], person: str | None, name: str | None, expires: str) -> TokenRequest:
    """A token request from the options of the command. The default name joins the roles. Raises `Failure`."""
    chosen = name if name is not None else "-".join(sorted(role.lower() for role in {*roles})) or "none"
    try:
        return TokenRequest(roles, person, api_tokens.name(chosen), _lifetime(expires))
    except ValueError as error:
        raise Failure(str(error), USAGE) from None


def _lifetime(text: str) -> timedelta:
    """Parse a lifetime like 90d. Raises `ValueError`."""
    shape = re.fullmatch(r"([1-9][0-9]{0,5})([hdw])", text)
    lifetime = timedelta(**{_UNITS[shape[2]]: int(shape[1])}) if shape else timedelta.max
    if lifetime > LIFETIME_MAX:
        raise ValueError(
            f"--expires: '{text}' is not a valid lifetime: write it like 12h, 90d or 52w, up to ten years."
        )
    return lifetime


def create(database: Database, request: TokenRequest) -> None:
    """Create a token, and print its secret alone on a line. The secret is not stored, so it is never shown again.

    The token is committed after it was printed: no token is valid that was never shown.
    """
    person = None
    if request.person is not None:
        person = identity.by_handle(database.log(size_max=1), request.person)
        if person is None or not person.is_active:
            raise Failure(f"--person: there is no active person with the handle '{request.person}'.")
    with database.connect() as conn, conn.transaction():
        token, secret = api_tokens.issue(
            conn, request.name, request.roles, person.id if person else None, request.lifetime
        )
        _show(secret)
    acts_as = f"as {request.person}" if person else f"as the machine '{token.name}'"
    err.print(
        f"Save it now: it is not shown again. It acts {acts_as} with the roles {_roles(token)} until "
        f"{_moment(token.expires_at)}. Revoke it with 'keyframe token revoke {token.id}'.",
        markup=False,
        soft_wrap=True,
    )


def _show(secret: str) -> None:
    """Print the secret. Raises `Failure` if standard output takes nothing."""
    try:
        out.print(secret, soft_wrap=True, markup=False)
    except OSError as error:
        raise Failure(f"The token cannot be printed ({error.strerror}); none was created.") from error


def list_all(database: Database) -> None:
    """Print all tokens, the newest first."""
    log = database.log(size_max=1)
    with database.connect() as conn:
        found = api_tokens.every(conn)
    table = Table("id", "name", "acts as", "roles", "created", "expires", "last used", "")
    for token in found:
        known = token.person and identity.by_id(log, token.person)
        acts_as = f"machine {token.name}" if token.person is None else known.handle if known else "an erased person"
        table.add_row(
            token.id, token.name, acts_as, _roles(token), _moment(token.created_at), _moment(token.expires_at),
            _moment(token.last_used_at), _state(token),
        )  # fmt: skip
    page = out if out.is_terminal else Console(width=WIDTH)
    page.print(table if found else "There are no tokens: create one with 'keyframe token create --role ADMIN'.")


def revoke(database: Database, id: str) -> None:
    """Revoke a token. Raises `Failure` if there is none with this id."""
    with database.connect() as conn:
        token = api_tokens.revoke(conn, id)
    if token is None:
        raise Failure(f"There is no token with the id '{id}': 'keyframe token list' shows the ids.")
    out.print(f"Token {token.id} ({token.name}) is revoked.", markup=False, soft_wrap=True)


def _roles(token: Token) -> str:
    return ", ".join(sorted(token.roles))


def _moment(moment: datetime | None) -> str:
    return "never" if moment is None else f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _state(token: Token) -> str:
    return "" if token.is_live else "expired" if token.revoked_at is None else "revoked"
