"""Around everything that is answered over HTTP: a line in the journal, counters, and headers that all answers have.

The line says who asked for what, and how it went; never what was asked in, or with which values.
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
"""Characters of an operation's name that the journal keeps."""
POLICY: Final = "default-src 'none'; frame-ancestors 'none'"
"""What an answer may do in a browser that shows it: nothing. Pages have a policy of their own."""
_HEADERS: Final = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
}
_log = structlog.get_logger(__name__)


class Watched:
    """Watches requests over HTTP."""

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
        seen = _Seen(send, state["id"])
        began = perf_counter()
        path = _path(scope)
        with self._telemetry.span(scope["method"], path) as span:
            try:
                await self._app(scope, receive, seen)
            finally:
                told = self._told(scope, path, seen.status, perf_counter() - began)
                span.tells(told)
                _log.info("request", **told)

    def _told(self, scope: Scope, path: str, status: int, seconds: float) -> dict[str, Any]:
        """What the journal says of a request; counted, too."""
        state = scope["state"]
        noted, caller = state.get("noted"), state.get("caller")
        self._metrics.answered(path, _method(scope), status, seconds)
        if noted is not None:
            self._metrics.told(noted.kind, noted.codes)
        return {
            "request_id": state["id"],
            "method": scope["method"],
            "path": path,
            "caller": getattr(caller, "actor", None),
            "operation": (noted.name[:NAME_LENGTH_MAX] or None) if noted else None,
            "type": (noted.kind or None) if noted else None,
            "codes": sorted(set(noted.codes)) if noted else [],
            "status": status,
            "ms": round(seconds * 1000, 1),
        }


def _path(scope: Scope) -> str:
    """The path by the name of its route: there are no more of those than we made."""
    route = next((one for one in scope["app"].routes if one.matches(scope)[0] is not Match.NONE), None)
    path: str = getattr(route, "path", "other")
    return path


def _method(scope: Scope) -> str:
    return (
        scope["method"] if scope["method"] in {"GET", "POST", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH"} else "other"
    )


def _request_id(headers: Headers) -> str:
    """The caller's name for this request, if it is fit to be logged; else a new one."""
    said = headers.get(REQUEST_ID, "")
    return said if _ID.fullmatch(said) else uuid4().hex


class _Seen:
    """Passes on what is sent, and sees which status it has."""

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
