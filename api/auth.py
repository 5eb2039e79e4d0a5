"""Who may come in: a request is somebody's whom we know before anything else of it is read.

What stands in an `Authorization: Bearer …` header is put before each door in turn. Whoever is not let in is told
the same, whatever was wrong; the reason is for the journal, and what was shown is for nobody.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, Protocol
from uuid import uuid4

import structlog
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from api.context import Caller
from api.guards import refusal
from domain.policy import Role

UNAUTHENTICATED: Final = "UNAUTHENTICATED"
DEMO: Final = Caller("demo", frozenset(Role))
"""Who everybody is where nobody has to say who they are: the demo, on this machine alone."""

OPEN: Final = frozenset({"/healthz", "/readyz"})
"""What may be asked without credentials; what else the second one tells is for those who have some."""
BEARER_BYTES_MAX: Final = 16_384
"""How long a token may be; those of large directories come to some kilobytes."""

_log = structlog.get_logger(__name__)


class NotAdmitted(Exception):
    """Whoever asks is not let in. The message says why, for the journal, and nothing of what was shown."""


class NothingShown(NotAdmitted):
    """Nothing was shown at all."""

    def __init__(self) -> None:
        super().__init__("no credentials")


class Door(Protocol):
    """One kind of token."""

    def knows(self, bearer: str) -> bool:
        """Whether this looks like a token of this kind."""

    async def admit(self, bearer: str) -> Caller:
        """Whose token this is. Raises `NotAdmitted`; and `psycopg.OperationalError`, `PoolTimeout`."""


@dataclass(frozen=True)
class Entrance:
    """All doors of one process. `anonymous` is who comes without a token, where that is allowed."""

    doors: Sequence[Door] = ()
    anonymous: Caller | None = None

    async def admit(self, authorization: Sequence[str]) -> Caller:
        """Who comes with these headers. Raises `NotAdmitted`, and what a door raises."""
        if not authorization:
            if self.anonymous is None:
                raise NothingShown
            return self.anonymous
        bearer = _bearer(authorization)
        for door in self.doors:
            if door.knows(bearer):
                return await door.admit(bearer)
        raise NotAdmitted("a token of no kind that is known here")


def _bearer(authorization: Sequence[str]) -> str:
    """The token. Raises `NotAdmitted`."""
    if len(authorization) > 1:
        raise NotAdmitted("more than one Authorization header")
    scheme, _, token = authorization[0].partition(" ")
    token = token.strip(" ")
    if scheme.lower() != "bearer" or not token:
        raise NotAdmitted("an Authorization header without a bearer token")
    if len(token) > BEARER_BYTES_MAX:
        raise NotAdmitted("a token that is too long")
    return token


class Authentication:
    """Puts the `Caller` of every request into its state, or refuses it unread.

    A WebSocket whose handshake shows nothing may say who it is when the conversation begins; until then its
    caller is None.
    """

    def __init__(self, app: ASGIApp, entrance: Entrance) -> None:
        self._app = app
        self._entrance = entrance

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return await self._app(scope, receive, send)
        state = scope.setdefault("state", {})
        state["caller"] = None
        try:
            state["caller"] = await self._entrance.admit(_shown(scope))
        except NotAdmitted as reason:
            may_say_later = scope["type"] == "websocket" and isinstance(reason, NothingShown)
            if not (may_say_later or (scope["path"] in OPEN and isinstance(reason, NothingShown))):
                return await _refused(scope, reason)(scope, receive, send)
        return await self._app(scope, receive, send)


def _shown(scope: Scope) -> list[str]:
    return [value.decode("latin-1") for name, value in scope["headers"] if name == b"authorization"]


def _refused(scope: Scope, reason: NotAdmitted) -> Response:
    request_id = uuid4().hex
    _log.info("not_admitted", request_id=request_id, path=scope["path"], reason=str(reason))
    response = refusal(HTTPStatus.UNAUTHORIZED, "Show who you are: Authorization: Bearer …", UNAUTHENTICATED)
    response.headers.update({"www-authenticate": "Bearer", "cache-control": "no-store", "x-request-id": request_id})
    return response
