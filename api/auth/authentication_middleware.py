"""Middleware that authenticates requests, and its responses to those that it rejects."""

from http import HTTPStatus
from typing import Final

import structlog
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from api.asgi.error_response import error_response, unavailable_response
from api.auth.authentication import (
    NOBODY,
    RATE_LIMITED,
    AuthBackendUnavailable,
    AuthenticationFailed,
    Authenticators,
    RateLimited,
)
from api.execution.request_scope import UNAUTHENTICATED

ALIVE: Final = "/healthz"
"""This path needs no authentication and looks at no token."""
READY: Final = "/readyz"
"""This path answers in one word to a request without a token, or with one that cannot be resolved now."""

_log = structlog.get_logger(__name__)


class AuthenticationMiddleware:
    """Sets `state.caller` of every request, or rejects the request unread.

    A WebSocket may authenticate in `connection_init` (see `api.graphql_http.websocket`): until then its caller is
    `NOBODY`, and `is_refused` says whether its handshake carried credentials that were rejected.
    """

    def __init__(self, app: ASGIApp, authenticators: Authenticators) -> None:
        self._app = app
        self._authenticators = authenticators

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" or scope["path"] == ALIVE:
            return await self._app(scope, receive, send)
        connection = HTTPConnection(scope)
        connection.state.authenticators = self._authenticators
        rejection = await self._rejection(connection)
        return await (rejection or self._app)(scope, receive, send)

    async def _rejection(self, connection: HTTPConnection) -> Response | None:
        """The response to a request that is rejected."""
        state, scope = connection.state, connection.scope
        state.caller, state.scope, state.is_refused = NOBODY, None, False
        may_wait = scope["type"] == "websocket" or scope["path"] == READY
        try:
            authenticated = await self._authenticators.authenticate(
                connection.headers.getlist("authorization"), address(connection)
            )
            if authenticated is None:
                return None if may_wait else _unauthenticated()
            state.caller, state.scope = authenticated
            self._authenticators.spend(state.caller)
        except AuthenticationFailed as reason:
            state.is_refused = True
            log_rejection(reason, connection)
            return None if scope["type"] == "websocket" else _unauthenticated()
        except RateLimited as limited:
            return _rate_limited(limited)
        except AuthBackendUnavailable:
            return None if scope["path"] == READY else _backend_unavailable()
        return None


def address(connection: HTTPConnection) -> str:
    """The address of the client."""
    return connection.client.host if connection.client else ""


def log_rejection(reason: AuthenticationFailed, connection: HTTPConnection) -> None:
    """Log why a request was rejected."""
    id, path = connection.state.id, connection.scope["path"]
    _log.warning("not_admitted", request_id=id, path=path, address=address(connection), reason=str(reason))


def _unauthenticated() -> Response:
    response = error_response(
        HTTPStatus.UNAUTHORIZED, "Show who you are, by 'Authorization: Bearer …'.", UNAUTHENTICATED
    )
    response.headers["www-authenticate"] = "Bearer"
    return _no_store(response)


def _rate_limited(limited: RateLimited) -> Response:
    response = error_response(HTTPStatus.TOO_MANY_REQUESTS, limited.message, RATE_LIMITED)
    response.headers["retry-after"] = str(limited.seconds)
    return _no_store(response)


def _backend_unavailable() -> Response:
    return unavailable_response("Who you are cannot be looked up at the moment; ask again in a moment.", "UNAVAILABLE")


def _no_store(response: Response) -> Response:
    response.headers["cache-control"] = "no-store"
    return response
