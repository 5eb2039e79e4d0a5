"""Authentication: resolves the bearer token or the session of a request to a caller, before the body is read.

Each kind of token has an authenticator. Every rejected request gets the same response; the reason is logged, but the
token never is. See docs/adr/0017.
"""

import asyncio
import ipaddress
from collections import OrderedDict
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from functools import partial
from hashlib import sha256
from math import ceil
from threading import Lock
from typing import Final, NamedTuple, Protocol
from weakref import WeakValueDictionary

import psycopg
import structlog
from psycopg_pool import PoolTimeout

from api.asgi.attempt_limiter import AttemptLimiter
from api.asgi.rate_limiter import TokenBucketLimiter
from api.asgi.ttl_cache import SingleFlightTTLCache
from api.auth.token_memory import TokenMemory
from api.execution.context import Caller
from api.execution.request_scope import RequestScope
from domain.commands.permissions import Role
from domain.log.credentials import sessions

RATE_LIMITED: Final = "RATE_LIMITED"

DEMO: Final = Caller("demo", frozenset(Role))
"""The caller of requests without a token where these are allowed, unless a person is named."""
UNAUTHENTICATED_CALLER: Final = Caller("nobody", frozenset())
"""The caller of a connection that is not authenticated yet; it has no permissions."""

BEARER_LENGTH_MAX: Final = 16_384
"""The maximum length of a token; JWTs of large directories have several thousand characters."""
REMEMBERED_SECONDS: Final = 5.0
"""How long a resolved token is cached, and so how long a revoked one may still work."""
REMEMBERED_MAX: Final = 10_000
CHECK_SECONDS_MAX: Final = 2.0
"""How long the check of a token may take before a remembered one is used in its place, where there are standbys."""
REVALIDATE_SECONDS: Final = 20.0
"""The interval at which the tokens of open subscriptions are validated again."""
SESSION_SECONDS: Final = 2.0
"""How long a resolved session is cached, and the interval at which the sessions of open subscriptions are validated
again: whatever a session authorized ends within five seconds of it."""
FAILURES_BURST: Final = 20
"""Failed attempts that one address may make at once; beyond, unknown tokens from it are rejected without a lookup. At
most so many are looked up for it at once."""
FAILURES_PER_SECOND: Final = 1.0
"""The sustained rate of failed attempts per address."""

_log = structlog.get_logger(__name__)


class AuthenticationFailed(Exception):
    """The request cannot be authenticated. The message is the reason, for the log; it contains no part of the token."""


class RateLimited(Exception):
    """The caller exceeds a rate limit and may retry after `seconds`."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = max(1, ceil(seconds))

    @property
    def message(self) -> str:
        return f"Too many requests: retry after {self.seconds} s."


class AuthBackendUnavailable(Exception):
    """A token cannot be resolved because the database or the issuer's keys are unavailable."""


class Authenticator(Protocol):
    """Resolves one kind of token."""

    def accepts(self, bearer: str) -> bool:
        """Whether the token has the syntax of this kind."""

    async def authenticate(self, bearer: str) -> Caller:
        """The caller of this token. Raises `AuthenticationFailed`, `AuthBackendUnavailable`, and database errors."""


class Authenticated(NamedTuple):
    """The caller, and what opens the scope that ends when the token is no longer valid; without it, there is none."""

    caller: Caller
    open_scope: Callable[[], RequestScope] | None = None


class Authenticators:
    """The authenticators of one process, with their cache and rate limits.

    `anonymous`: the caller of requests without a token, where these are allowed; it has no rate limit. `memory`: the
    tokens that are accepted while the primary is away, where standbys answer reads.
    """

    def __init__(
        self,
        authenticators: Sequence[Authenticator],
        requests: TokenBucketLimiter,
        anonymous: Caller | None = None,
        memory: TokenMemory | None = None,
    ) -> None:
        self._memory = memory
        self.anonymous = anonymous
        self._authenticators = authenticators
        self._requests = requests
        self._failures = AttemptLimiter(FAILURES_PER_SECOND, FAILURES_BURST)
        self._seen: SingleFlightTTLCache[bytes, Caller | str] = SingleFlightTTLCache(REMEMBERED_SECONDS, REMEMBERED_MAX)
        self._known_good_tokens: OrderedDict[bytes, Caller] = OrderedDict()
        self._scopes: WeakValueDictionary[bytes, RequestScope] = WeakValueDictionary()
        self._seen_sessions: SingleFlightTTLCache[bytes, Caller | str] = SingleFlightTTLCache(
            SESSION_SECONDS, REMEMBERED_MAX
        )
        self._session_scopes: WeakValueDictionary[bytes, RequestScope] = WeakValueDictionary()
        self._opening = Lock()

    async def authenticate(
        self, authorization: Collection[str], address: str, session: str | None = None
    ) -> Authenticated | None:
        """The caller of a request with these Authorization headers, or else with the secret of this session; None
        without any, where anonymous requests are not allowed.

        Raises `AuthenticationFailed`, `RateLimited`, `AuthBackendUnavailable`.
        """
        if not authorization and session is None:
            return None if self.anonymous is None else Authenticated(self.anonymous)
        try:
            bearer = _bearer(authorization) if authorization else _secret(session)
        except AuthenticationFailed:
            if seconds := self._failures.fail(network_of(address)):
                raise RateLimited(seconds) from None
            raise
        digest = sha256(bearer.encode()).digest()
        is_session = bearer[:4] == sessions.PREFIX
        seen, scopes = (self._seen_sessions, self._session_scopes) if is_session else (self._seen, self._scopes)
        caller: Caller | str | None = None
        if digest in self._known_good_tokens:
            self._known_good_tokens.move_to_end(digest)
            caller = seen.valid(digest)
            if not isinstance(caller, Caller):
                caller = await self._resolve_caller(digest, bearer)
        else:
            caller = await self._resolve_unknown(digest, bearer, network_of(address))
        return Authenticated(caller, partial(self._open_scope, scopes, digest, bearer))

    def forget(self, secret: str) -> None:
        """This session has ended: remember nothing of it, also not for the time when the primary is away."""
        digest = sessions.digest(secret)
        self._seen_sessions.forget(digest)
        self._known_good_tokens.pop(digest, None)
        if self._memory is not None:
            self._memory.forget(digest)

    def last_known(self, authorization: Collection[str]) -> Caller | None:
        """The caller whom these headers had when this process first accepted their token; None if it never did, or if
        the token was found to be invalid since. For what must work while no token can be resolved."""
        try:
            return self._known_good_tokens.get(sha256(_bearer(authorization).encode()).digest())
        except AuthenticationFailed:
            return None

    def spend(self, caller: Caller) -> None:
        """Charge the caller for one request. Raises `RateLimited`."""
        if caller is not self.anonymous and (seconds := self._requests.take(caller.actor)):
            raise RateLimited(seconds)

    async def revalidate_forever(self) -> None:
        """End the scopes whose tokens or sessions are no longer valid, at an interval, until this is cancelled."""
        await asyncio.gather(
            self._revalidate(self._scopes, REVALIDATE_SECONDS), self._revalidate(self._session_scopes, SESSION_SECONDS)
        )

    async def _revalidate(self, scopes: "WeakValueDictionary[bytes, RequestScope]", seconds: float) -> None:
        while True:
            await asyncio.sleep(seconds)
            with self._opening:
                opened = list(scopes.values())
            try:
                await asyncio.gather(*(scope.has_ended() for scope in opened))
            except Exception:  # noqa: BLE001 - the next round may succeed
                _log.exception("credentials_not_revalidated")

    async def _resolve_caller(self, digest: bytes, bearer: str) -> Caller:
        found = await (self._checked(digest, bearer) if self._memory is None else self._recalled(digest, bearer))
        if isinstance(found, str):
            self._known_good_tokens.pop(digest, None)
            raise AuthenticationFailed(found)
        return found

    async def _checked(self, digest: bytes, bearer: str) -> Caller | str:
        """The result of a check that is not older than `REMEMBERED_SECONDS`, or `SESSION_SECONDS`. Raises
        `AuthBackendUnavailable`."""
        seen = self._seen if bearer[:4] != sessions.PREFIX else self._seen_sessions
        return await seen.get(digest, lambda: self._authenticate(bearer))

    async def _recalled(self, digest: bytes, bearer: str) -> Caller | str:
        """As `_checked`; while the primary is away, the caller of the last check, if that is remembered."""
        assert self._memory is not None
        known = self._memory.find(digest)
        if known is not None and self._memory.is_primary_away():
            return known
        try:
            async with asyncio.timeout(CHECK_SECONDS_MAX if known else None):
                return await self._checked(digest, bearer)
        except (AuthBackendUnavailable, TimeoutError) as error:
            if known is None:
                raise AuthBackendUnavailable(
                    "the primary cannot be reached, and the token is not remembered"
                ) from error
            return known

    async def _resolve_unknown(self, digest: bytes, bearer: str, address: str) -> Caller:
        """The caller of a token that this process has not accepted before. Raises `RateLimited`, too."""
        if seconds := await self._failures.begin(address):
            raise RateLimited(seconds)
        is_failure = False
        try:
            caller = await self._resolve_caller(digest, bearer)
        except AuthenticationFailed:
            is_failure = True
            raise
        finally:
            self._failures.end(address, is_failure=is_failure)
        self._remember(digest, caller)
        return caller

    async def _authenticate(self, bearer: str) -> Caller | str:
        """The caller of a token, or the reason why there is none. Raises `AuthBackendUnavailable`."""
        authenticator = next((kind for kind in self._authenticators if kind.accepts(bearer)), None)
        if authenticator is None:
            return "the kind of the token is unknown"
        digest = sha256(bearer.encode()).digest()
        try:
            caller = await authenticator.authenticate(bearer)
        except AuthenticationFailed as reason:
            if self._memory is not None:
                self._memory.forget(digest)
            return str(reason)
        except (psycopg.OperationalError, PoolTimeout) as error:
            raise AuthBackendUnavailable("the database cannot be reached") from error
        except psycopg.ProgrammingError as error:
            raise AuthBackendUnavailable("the tables of the log cannot be read") from error
        if self._memory is not None:
            self._memory.note(digest, caller)
        return caller

    def _remember(self, digest: bytes, caller: Caller) -> None:
        """Exempt this token from the limit of failed attempts from its address."""
        self._known_good_tokens[digest] = caller
        if len(self._known_good_tokens) > REMEMBERED_MAX:
            self._known_good_tokens.popitem(last=False)

    def _open_scope(
        self, scopes: "WeakValueDictionary[bytes, RequestScope]", digest: bytes, bearer: str
    ) -> RequestScope:
        """The scope of a token, one for all that is in progress under it. Any thread may open one."""
        with self._opening:
            scope = scopes.get(digest)
            if scope is None:
                scope = scopes[digest] = RequestScope(lambda: self._is_good(digest, bearer))
            return scope

    async def _is_good(self, digest: bytes, bearer: str) -> bool:
        """Whether this token is still valid; while the backend is unavailable, True without standbys: nothing can be
        read then. With standbys it is True as long as the token is remembered."""
        try:
            await self._resolve_caller(digest, bearer)
        except AuthenticationFailed:
            return False
        except AuthBackendUnavailable:
            return self._memory is None
        return True


def _bearer(authorization: Collection[str]) -> str:
    """The token. Raises `AuthenticationFailed`."""
    if len(authorization) > 1:
        raise AuthenticationFailed("the request has more than one Authorization header")
    (header,) = authorization
    scheme, _, token = header.strip().partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token:
        raise AuthenticationFailed("the Authorization header has no bearer token")
    if len(token) > BEARER_LENGTH_MAX:
        raise AuthenticationFailed("the token is too long")
    if token[:4] == sessions.PREFIX:
        raise AuthenticationFailed("a session counts as a cookie only")
    return token


def _secret(session: str | None) -> str:
    """The secret of a session. Raises `AuthenticationFailed` for another text, which no other authenticator may get."""
    if session is None or session[:4] != sessions.PREFIX:
        raise AuthenticationFailed("the cookie is no session")
    return session


def network_of(address: str) -> str:
    """What limits by address count as one: an IPv4 address, or the /64 network of an IPv6 address."""
    with suppress(ValueError):
        parsed = ipaddress.ip_address(address)
        if isinstance(parsed, ipaddress.IPv6Address):  # a dual-stack socket maps IPv4
            return str(parsed.ipv4_mapped or ipaddress.ip_network((parsed, 64), strict=False))
    return address
