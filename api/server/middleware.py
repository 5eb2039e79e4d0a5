"""The middleware of the application, outermost first, and its exception handlers."""

from collections.abc import Callable, Coroutine, Mapping
from http import HTTPStatus
from typing import Any, Final

import psycopg
import structlog
from anyio import to_thread
from psycopg_pool import PoolTimeout
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from api.asgi.body_limit import BodyLimit
from api.asgi.disconnect import CLIENT_CLOSED_REQUEST, ClientDisconnected
from api.asgi.error_response import error_response, too_many_response, unavailable_response
from api.asgi.host_check import HostCheck
from api.auth.authentication_middleware import AuthenticationMiddleware
from api.console.browser_pages import BrowserPages
from api.console.shell import Shell, is_public
from api.endpoints import readings_ingest, targets_ingest
from api.execution.context import outdated_views
from api.execution.lanes import Busy
from api.observability.request_log import REQUEST_ID, RequestLogMiddleware
from api.schema.primitives.errors import INTERNAL, MASKED, VIEWS_OUTDATED
from api.server.authenticators import cors
from api.server.process import Process
from domain.log.outage import outage

_log = structlog.get_logger(__name__)


def middleware_of(process: Process, shell: Shell | None = None) -> list[Middleware]:
    """The middleware for these settings. `shell`: that of the console, whose pages and files strangers may request;
    None without it."""
    settings = process.settings
    strangers = {} if shell is None else {"is_public": is_public}
    return [
        Middleware(RequestLogMiddleware, metrics=process.metrics, telemetry=process.telemetry),
        Middleware(HostCheck, names=[settings.host, *(settings.host_names or "").split(",")]),
        cors(settings),
        *([] if shell is None else [Middleware(BrowserPages, shell=shell)]),
        Middleware(AuthenticationMiddleware, authenticators=process.authenticators, **strangers),
        Middleware(BodyLimit, seconds=settings.request_timeout_s, streamed={readings_ingest.PATH, targets_ingest.PATH}),
    ]


async def _database_unavailable(_: Request, error: Exception) -> Response:
    fact, again = outage(error)
    return unavailable_response(f"{fact}; retry {again}.", "UNAVAILABLE")


async def _statement_failed(request: Request, error: Exception) -> Response:
    """The projections may be outdated; any other failure is an internal error."""
    reason = await to_thread.run_sync(outdated_views, request.app.state.pool)
    if reason is None:
        return await _internal_error(request, error)
    return unavailable_response(str(reason), VIEWS_OUTDATED)


async def _unknown(request: Request, error: Exception) -> Response:
    """The response to an address or a method that no route has."""
    assert isinstance(error, HTTPException)
    status = HTTPStatus(error.status_code)
    message = (
        f"There is nothing at {request.url.path}."
        if status is HTTPStatus.NOT_FOUND
        else f"{request.url.path} takes another method: see the header Allow."
    )
    response = error_response(status, message, status.name)
    response.headers.update({**(error.headers or {}), "cache-control": "no-store"})
    return response


async def _busy(_: Request, error: Exception) -> Response:
    assert isinstance(error, Busy)
    return too_many_response(str(error), error.code, error.seconds, retryAfter=error.seconds)


async def _disconnected(_: Request, __: Exception) -> Response:
    """The response to a client that is gone, for the log."""
    return Response(status_code=CLIENT_CLOSED_REQUEST)


async def _internal_error(request: Request, error: Exception) -> Response:
    """Log an unexpected error, and mask it in the response."""
    request_id = request.state.id
    _log.error("request_failed", request_id=request_id, exc_info=error)
    response = error_response(HTTPStatus.INTERNAL_SERVER_ERROR, MASKED, INTERNAL, requestId=request_id)
    response.headers[REQUEST_ID] = request_id
    return response


async def failure_response(request: Request, error: Exception) -> Response:
    """The response to a request that an exception ended, by the same handlers."""
    handler = next((EXCEPTION_HANDLERS[kind] for kind in type(error).__mro__ if kind in EXCEPTION_HANDLERS), None)
    return await (handler or _internal_error)(request, error)


EXCEPTION_HANDLERS: Final[Mapping[Any, Callable[[Request, Exception], Coroutine[Any, Any, Response]]]] = {
    psycopg.OperationalError: _database_unavailable,
    psycopg.errors.ReadOnlySqlTransaction: _database_unavailable,
    psycopg.ProgrammingError: _statement_failed,
    PoolTimeout: _database_unavailable,
    Busy: _busy,
    ClientDisconnected: _disconnected,
    ClientDisconnect: _disconnected,
    HTTPStatus.NOT_FOUND: _unknown,
    HTTPStatus.METHOD_NOT_ALLOWED: _unknown,
    HTTPStatus.INTERNAL_SERVER_ERROR: _internal_error,
}
