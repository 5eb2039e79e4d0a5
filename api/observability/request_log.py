"""Middleware that logs and counts every HTTP request, and sets the headers of all responses.

A log line names the caller, the operation and the outcome; it never holds the document or the variables.
"""

import re
from time import perf_counter
from typing import Any, Final
from uuid import uuid4

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.observability.metrics import Metrics
from api.observability.tracing import Telemetry

REQUEST_ID: Final = "x-request-id"
_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
NAME_LENGTH_MAX: Final = 100
"""The maximum length of an operation name in the log."""
POLICY: Final = "default-src 'none'; frame-ancestors 'none'"
"""The default Content-Security-Policy of responses; HTML pages set their own."""
_HEADERS: Final = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
}
_METHODS: Final = frozenset({"GET", "POST", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH"})
_log = structlog.get_logger(__name__)


class RequestLogMiddleware:
    """Logs, counts and traces HTTP requests. WebSockets only get a request id."""

    def __init__(self, app: ASGIApp, metrics: Metrics, telemetry: Telemetry) -> None:
        self._app = app
        self._metrics = metrics
        self._telemetry = telemetry

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return await self._app(scope, receive, send)
        state = scope.setdefault("state", {})
        state["id"] = _request_id(Headers(scope=scope))
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        observer = _ResponseObserver(send, state["id"])
        started = perf_counter()
        path = _path(scope)
        with self._telemetry.span(scope["method"], path) as span:
            try:
                await self._app(scope, receive, observer)
            finally:
                summary = self._summarize(scope, path, observer.status, perf_counter() - started)
                span.record(summary)
                _log.info("request", **summary)

    def _summarize(self, scope: Scope, path: str, status: int, seconds: float) -> dict[str, Any]:
        """Count a request, and return its log line."""
        state = scope["state"]
        stats, caller = state.get("stats"), state.get("caller")
        method = scope["method"] if scope["method"] in _METHODS else "other"
        self._metrics.count_response(path, method, status, seconds)
        if stats is not None:
            self._metrics.count_operation(stats.kind, stats.name, stats.codes, seconds)
        return {
            "request_id": state["id"],
            "method": scope["method"],
            "path": path,
            "caller": getattr(caller, "actor", None),
            "operation": (stats.name[:NAME_LENGTH_MAX] or None) if stats else None,
            "type": (stats.kind or None) if stats else None,
            "codes": sorted(set(stats.codes)) if stats else [],
            "status": status,
            "ms": round(seconds * 1000, 1),
        }


def _path(scope: Scope) -> str:
    """The path of the route, so that the number of labels is bounded."""
    for route in scope["app"].routes:
        if route.matches(scope)[0] is not Match.NONE:
            path: str = getattr(route, "path", "other")
            return path
    return "other"


def _request_id(headers: Headers) -> str:
    """The request id that the client sent, if it is safe to log; else a new one."""
    sent = headers.get(REQUEST_ID, "")
    return sent if _ID.fullmatch(sent) else uuid4().hex


class _ResponseObserver:
    """Wraps `send`: records the status, and adds headers."""

    def __init__(self, send: Send, request_id: str) -> None:
        self._send = send
        self._request_id = request_id
        self.status = 500

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = int(message["status"])
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
            headers[REQUEST_ID] = self._request_id
        await self._send(message)
