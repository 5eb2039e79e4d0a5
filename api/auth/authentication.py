"""Who may come in: a request is somebody's whom we know before anything else of it is read.

What stands in `Authorization: Bearer …` is put before the door that knows its kind. Whoever is not let in is told
the same, whatever was wrong; the reason is for the journal, and what was shown is for nobody. See docs/adr/0017.
"""

import asyncio
import ipaddress
from collections import OrderedDict
from collections.abc import Collection, Sequence
from contextlib import suppress
from hashlib import sha256
from http import HTTPStatus
from math import ceil
from typing import Final, NamedTuple, Protocol
from weakref import WeakValueDictionary

import psycopg
import structlog
from psycopg_pool import PoolTimeout
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from api.asgi.error_response import error_response, unavailable_response
from api.asgi.rate_limiter import TokenBucketLimiter
from api.asgi.ttl_cache import SingleFlightTTLCache
from api.execution.context import Caller
from api.execution.request_scope import UNAUTHENTICATED, Visit
from domain.commands.permissions import Role

RATE_LIMITED: Final = "RATE_LIMITED"

DEMO: Final = Caller("demo", frozenset(Role))
"""Who everybody is where nobody has to say who they are: the demo, on this machine alone."""
NOBODY: Final = Caller("nobody", frozenset())
"""Who has not yet said who they are, and so gets no answer."""

ALIVE: Final = "/healthz"
"""Answered to everybody, whatever they show."""
READY: Final = "/readyz"
"""Answered in one word to those who show nothing, or nothing that can be looked up at the moment."""

BEARER_LENGTH_MAX: Final = 16_384
"""Characters of a token; those of large directories come to some thousands."""
REMEMBERED_SECONDS: Final = 5.0
"""For so long a token is taken for what it was: a revoked one opens nothing after that."""
REMEMBERED_MAX: Final = 10_000
LOOK_AGAIN_SECONDS: Final = 20.0
"""How often it is looked whether those who follow something may still do so."""
FAILURES_BURST: Final = 20
"""So many wrong tokens at once from one address …"""
FAILURES_PER_SECOND: Final = 1.0
"""… and so many a second, are looked at; others are refused unseen."""

_log = structlog.get_logger(__name__)


class NotAdmitted(Exception):
    """Whoever asks is not let in. The message says why, for the journal, and nothing of what was shown."""


class TooOften(Exception):
    """Whoever asks should come back in so many seconds."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = max(1, ceil(seconds))

    @property
    def message(self) -> str:
        return f"That is more often than you may; ask again in {self.seconds} s."


class OutOfReach(Exception):
    """What a token is compared with cannot be had at the moment."""


class Door(Protocol):
    """One kind of token."""

    def knows(self, bearer: str) -> bool:
        """Whether this looks like a token of this kind."""

    async def admit(self, bearer: str) -> Caller:
        """Whose token this is. Raises `NotAdmitted`, `OutOfReach`; what the database raises."""


class Admission(NamedTuple):
    """Who came in, and for how long; a visit of None has no end."""

    caller: Caller
    visit: Visit | None = None


class Entrance:
    """All doors of one process, and how often anybody may come through them.

    `anonymous` is who comes without a token, where that is allowed; they may come as often as they like.
    """

    def __init__(self, doors: Sequence[Door], requests: TokenBucketLimiter, anonymous: Caller | None = None) -> None:
        self.anonymous = anonymous
        self._doors = doors
        self._requests = requests
        self._failures = TokenBucketLimiter(FAILURES_PER_SECOND, FAILURES_BURST)
        self._seen: SingleFlightTTLCache[bytes, Caller | str] = SingleFlightTTLCache(REMEMBERED_SECONDS, REMEMBERED_MAX)
        self._regulars: OrderedDict[bytes, None] = OrderedDict()
        self._visits: WeakValueDictionary[bytes, Visit] = WeakValueDictionary()

    async def admit(self, authorization: Collection[str], address: str) -> Admission | None:
        """Who comes with these headers from this address; None for somebody who shows nothing.

        Raises `NotAdmitted`, `TooOften`, `OutOfReach`.
        """
        if not authorization:
            return None if self.anonymous is None else Admission(self.anonymous)
        neighbours = _neighbours(address)
        try:
            bearer = _bearer(authorization)
            digest = sha256(bearer.encode()).digest()
            if digest not in self._regulars and (seconds := self._failures.wait(neighbours)):
                raise TooOften(seconds)
            caller = await self._whose(digest, bearer)
        except NotAdmitted:
            if seconds := self._failures.take(neighbours):
                raise TooOften(seconds) from None
            raise
        self._remember(digest)
        return Admission(caller, self._visit(digest, bearer))

    def spend(self, caller: Caller) -> None:
        """Count one request of somebody's. Raises `TooOften`."""
        if caller is not self.anonymous and (seconds := self._requests.take((caller.person, caller.handle))):
            raise TooOften(seconds)

    async def look_again(self) -> None:
        """End the visits of those who would no longer be let in, for as long as this is not cancelled."""
        while True:
            await asyncio.sleep(LOOK_AGAIN_SECONDS)
            try:
                await self.look_once()
            except Exception:  # noqa: BLE001 - whatever it was, it may be better next time
                _log.exception("visits_not_looked_at")

    async def look_once(self) -> None:
        """Look at all of them once."""
        await asyncio.gather(*(visit.is_over() for visit in list(self._visits.values())))

    async def _whose(self, digest: bytes, bearer: str) -> Caller:
        found = await self._seen.get(digest, lambda: self._asked(bearer))
        if isinstance(found, str):
            raise NotAdmitted(found)
        return found

    async def _asked(self, bearer: str) -> Caller | str:
        """Whose token it is, or why it is nobody's. Raises `OutOfReach`."""
        door = next((door for door in self._doors if door.knows(bearer)), None)
        if door is None:
            return "a token of no kind that is known here"
        try:
            return await door.admit(bearer)
        except NotAdmitted as reason:
            return str(reason)
        except (psycopg.OperationalError, PoolTimeout) as error:
            raise OutOfReach("the database cannot be reached") from error

    def _remember(self, digest: bytes) -> None:
        """Who was let in before is looked at, however many others fail at the same address."""
        self._regulars[digest] = None
        self._regulars.move_to_end(digest)
        if len(self._regulars) > REMEMBERED_MAX:
            self._regulars.popitem(last=False)

    def _visit(self, digest: bytes, bearer: str) -> Visit:
        visit = self._visits.get(digest)
        if visit is None:
            visit = self._visits[digest] = Visit(lambda: self._is_good(digest, bearer))
        return visit

    async def _is_good(self, digest: bytes, bearer: str) -> bool:
        """Whether this token still lets somebody in; what cannot be found out is taken to be as it was."""
        try:
            await self._whose(digest, bearer)
        except NotAdmitted:
            return False
        except OutOfReach:
            pass
        return True


def _bearer(authorization: Collection[str]) -> str:
    """The token. Raises `NotAdmitted`."""
    if len(authorization) > 1:
        raise NotAdmitted("more than one Authorization header")
    (shown,) = authorization
    scheme, _, token = shown.strip().partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token:
        raise NotAdmitted("an Authorization header without a bearer token")
    if len(token) > BEARER_LENGTH_MAX:
        raise NotAdmitted("a token that is too long")
    return token


def _neighbours(address: str) -> str:
    """Who is taken for one stranger: an address, or a network of the size that one customer gets."""
    with suppress(ValueError):
        parsed = ipaddress.ip_address(address)
        if isinstance(parsed, ipaddress.IPv6Address):  # as which a socket for both tells of IPv4, too
            return str(parsed.ipv4_mapped or ipaddress.ip_network((parsed, 64), strict=False))
    return address


# ── at the entrance ──────────────────────────────────────────────────────────────────────────────


class Authentication:
    """Notes in the state of every request who its `caller` is, or refuses it unread.

    A WebSocket may authenticate in `connection_init` (see `api.graphql_http.websocket`): until then its caller is
    `NOBODY`, and `is_refused` says whether its handshake carried credentials that were rejected.
    """

    def __init__(self, app: ASGIApp, entrance: Entrance) -> None:
        self._app = app
        self._entrance = entrance

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" or scope["path"] == ALIVE:
            return await self._app(scope, receive, send)
        connection = HTTPConnection(scope)
        connection.state.entrance = self._entrance
        refused = await self._refusal(connection)
        return await (refused or self._app)(scope, receive, send)

    async def _refusal(self, connection: HTTPConnection) -> Response | None:
        """What to answer to somebody who does not come in."""
        state, scope = connection.state, connection.scope
        state.caller, state.visit, state.is_refused = NOBODY, None, False
        may_wait = scope["type"] == "websocket" or scope["path"] == READY
        try:
            admission = await self._entrance.admit(connection.headers.getlist("authorization"), address(connection))
            if admission is None:
                return None if may_wait else _unknown()
            state.caller, state.visit = admission
            self._entrance.spend(state.caller)
        except NotAdmitted as reason:
            state.is_refused = True
            note(reason, connection)
            return None if scope["type"] == "websocket" else _unknown()
        except TooOften as too_often:
            return _too_often(too_often)
        except OutOfReach:
            return None if scope["path"] == READY else _out_of_reach()
        return None


def address(connection: HTTPConnection) -> str:
    """Where somebody comes from."""
    return connection.client.host if connection.client else ""


def note(reason: NotAdmitted, connection: HTTPConnection) -> None:
    """Tell the journal why somebody was not let in."""
    id, path = connection.state.id, connection.scope["path"]
    _log.warning("not_admitted", request_id=id, path=path, address=address(connection), reason=str(reason))


def _unknown() -> Response:
    response = error_response(
        HTTPStatus.UNAUTHORIZED, "Show who you are, by 'Authorization: Bearer …'.", UNAUTHENTICATED
    )
    response.headers["www-authenticate"] = "Bearer"
    return _unkept(response)


def _too_often(too_often: TooOften) -> Response:
    response = error_response(HTTPStatus.TOO_MANY_REQUESTS, too_often.message, RATE_LIMITED)
    response.headers["retry-after"] = str(too_often.seconds)
    return _unkept(response)


def _out_of_reach() -> Response:
    return unavailable_response("Who you are cannot be looked up at the moment; ask again in a moment.", "UNAVAILABLE")


def _unkept(response: Response) -> Response:
    response.headers["cache-control"] = "no-store"
    return response
