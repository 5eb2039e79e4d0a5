"""Middleware that authenticates requests, and its responses to those that it rejects."""

import asyncio
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Final

import structlog
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from api.asgi.error_response import error_response, too_many_response, unavailable_response
from api.auth.authentication import (
    RATE_LIMITED,
    UNAUTHENTICATED_CALLER,
    AuthBackendUnavailable,
    AuthenticationFailed,
    Authenticators,
    RateLimited,
)
from api.auth.session_cookie import session_of, set_cookie
from api.execution.request_scope import UNAUTHENTICATED

ALIVE: Final = "/healthz"
"""This path ignores authentication."""
READY: Final = "/readyz"
"""This path also serves unauthenticated requests, and tokens that cannot be resolved at the moment: those that this
process has accepted before get the details, too."""
METRICS: Final = "/metrics"
"""This path also serves tokens that cannot be resolved at the moment, if this process has accepted them before: metrics
tell that the database is unreachable, and contain nothing of a workspace but counts."""
_MONITORED: Final = frozenset({READY, METRICS})
READY_SECONDS_MAX: Final = 2.0
"""How long a request for the readiness or the metrics waits for its authentication."""

_NEEDED: Final = "Authentication is required: send 'Authorization: Bearer …' with a valid token."
_STRANGER: Final = {"caller": UNAUTHENTICATED_CALLER, "open_scope": None, "is_rejected": False}
"""The state of a request that is not authenticated."""

_log = structlog.get_logger(__name__)


class AuthenticationMiddleware:
    """Sets `state.caller` of every request, or rejects the request without reading its body. `is_public`: the requests
    that strangers may send, too; what serves them authenticates for itself.

    A WebSocket may authenticate in `connection_init` (see `api.graphql_http.websocket`): until then its caller is
    `UNAUTHENTICATED_CALLER`, and `is_rejected` is whether its handshake carried credentials that were rejected.
    """

    def __init__(
        self, app: ASGIApp, authenticators: Authenticators, is_public: Callable[[Scope], bool] = lambda _: False
    ) -> None:
        self._app = app
        self._authenticators = authenticators
        self.is_public = is_public

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" or scope["path"] == ALIVE or self.is_public(scope):
            return await self._app(scope, receive, send)
        rejection = await self.rejection(HTTPConnection(scope))
        return await (rejection or self._app)(scope, receive, send)

    async def rejection(self, connection: HTTPConnection) -> Response | None:
        """Authenticate a request, and charge its caller for it; returns the response if it is rejected."""
        scope = connection.scope
        state = scope.setdefault("state", {})
        state.update(_STRANGER, authenticators=self._authenticators)
        may_wait = scope["type"] == "websocket" or scope["path"] == READY
        given = connection.headers.getlist("authorization")
        session = None if given else session_of(connection)
        try:
            client = scope.get("client") or ("",)
            authenticating = self._authenticators.authenticate(given, client[0], session)
            if scope["path"] in _MONITORED:
                authenticating = asyncio.wait_for(authenticating, READY_SECONDS_MAX)
            authenticated = await authenticating
            if authenticated is None:
                return None if may_wait else unauthenticated_response(_NEEDED)
            state["caller"], state["open_scope"] = authenticated
            self._authenticators.spend(authenticated.caller)
        except AuthenticationFailed as reason:
            state["is_rejected"] = True
            log_rejection(reason, connection)
            return None if scope["type"] == "websocket" else _rejected(connection, session)
        except RateLimited as limited:
            return too_many_response(limited.message, RATE_LIMITED, limited.seconds)
        except (AuthBackendUnavailable, TimeoutError):
            return self._unresolved(connection, given)
        return None

    def _unresolved(self, connection: HTTPConnection, given: Sequence[str]) -> Response | None:
        """Go on without the database where that is possible; else the response that says that it is not."""
        path, state = connection.scope["path"], connection.state
        known = self._authenticators.last_known(given) if path in _MONITORED else None
        state.caller = known or UNAUTHENTICATED_CALLER
        return None if path == READY or known is not None else _backend_unavailable()


def address(connection: HTTPConnection) -> str:
    """The address of the client."""
    client = connection.scope.get("client")
    return client[0] if client else ""


def log_rejection(reason: AuthenticationFailed, connection: HTTPConnection) -> None:
    """Log why a request was rejected."""
    id, path = connection.state.id, connection.scope["path"]
    _log.warning("authentication_failed", request_id=id, path=path, address=address(connection), reason=str(reason))


def _rejected(connection: HTTPConnection, session: str | None) -> Response:
    """The response to invalid credentials, which also deletes the cookie of a session that ended."""
    response = unauthenticated_response(_NEEDED)
    if session is not None:
        set_cookie(response, connection, "", 0)
    return response


def unauthenticated_response(message: str) -> Response:
    """A 401 for a request without valid credentials."""
    response = error_response(HTTPStatus.UNAUTHORIZED, message, UNAUTHENTICATED)
    response.headers.update({"www-authenticate": "Bearer", "cache-control": "no-store"})
    return response


def _backend_unavailable() -> Response:
    return unavailable_response("Authentication is unavailable at the moment; retry in a moment.", "UNAVAILABLE")
