"""Middleware that logs and counts every HTTP request, and sets the headers of all responses.

A log line names the caller, the operation and the outcome; it never holds the document or the variables.
"""

import re
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from os import urandom
from time import perf_counter
from types import TracebackType
from typing import Any, Final, Self

from starlette.datastructures import Headers
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.asgi.connection_timeout import RESPOND, EncodedResponse, header_lines
from api.observability.metrics import Metrics
from api.observability.tracing import Span, Telemetry
from api.runtime.log_setup import log_soon

REQUEST_ID: Final = "x-request-id"
ID_LENGTH: Final = 32
"""The number of hexadecimal digits of a request id that the server makes."""
IDS_AT_ONCE: Final = 256
_IDS: Final[list[str]] = []
"""Ids that no request has yet."""
_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
NAME_LENGTH_MAX: Final = 100
"""The maximum length of an operation name in the log."""
POLICY: Final = "default-src 'none'; frame-ancestors 'none'"
"""The default Content-Security-Policy of responses; HTML pages set their own."""
_HEADERS: Final = (
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
"""Headers of responses that do not set them."""
_LINES: Final = header_lines(_HEADERS)
_REQUEST_ID: Final = REQUEST_ID.encode()
_METHODS: Final = frozenset({"GET", "POST", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH"})


class RequestLogMiddleware:
    """Logs, counts and traces HTTP requests. WebSockets only get a request id."""

    def __init__(self, app: ASGIApp, metrics: Metrics, telemetry: Telemetry | None) -> None:
        self._app = app
        self._metrics = metrics
        self.telemetry = telemetry

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        identify(scope, Headers(scope=scope))
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        with Observed(self, scope, _path(scope), send) as observed:
            await self._app(scope, receive, observed)

    def summarize(self, scope: Scope, path: str, status: int, seconds: float) -> dict[str, Any]:
        """Count a request, and return its log line."""
        state = scope["state"]
        stats, caller = state.get("stats"), state.get("caller")
        method = scope["method"] if scope["method"] in _METHODS else "other"
        self._metrics.count(path, method, status, stats, seconds)
        return {
            "request_id": state["id"],
            "method": scope["method"],
            "path": path,
            "caller": getattr(caller, "actor", None),
            "operation": (stats.name[:NAME_LENGTH_MAX] or None) if stats else None,
            "type": (stats.kind or None) if stats else None,
            "codes": sorted(set(stats.codes)) if stats and stats.codes else [],
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


def identify(scope: Scope, headers: Headers) -> None:
    """Give a request its id: the one that the client sent, if it is safe to log; else a new one."""
    id = headers.get(REQUEST_ID, "")
    if not id or not _ID.fullmatch(id):
        try:
            id = _IDS.pop()
        except IndexError:
            id = _new_id()
    scope.setdefault("state", {})["id"] = id


def _new_id() -> str:
    """A random id, and more for the next requests: at each call of the system another thread would take its turn."""
    random = urandom(IDS_AT_ONCE * ID_LENGTH // 2).hex()
    ids = [random[first : first + ID_LENGTH] for first in range(0, len(random), ID_LENGTH)]
    _IDS.extend(ids[1:])
    return ids[0]


@dataclass(slots=True, eq=False)
class Observed:
    """Logs, counts and traces a request within its block. It is the `send` of the request there: it adds headers to the
    response and notes its status. `path` is that of the route."""

    log: RequestLogMiddleware
    scope: Scope
    path: str
    send: Send
    _status: int = field(default=500, init=False)
    _started: float = field(init=False)
    _spanning: AbstractContextManager[Span] | None = field(default=None, init=False)
    _span: Span | None = field(default=None, init=False)

    def __enter__(self) -> Self:
        self._started = perf_counter()
        telemetry = self.log.telemetry
        if telemetry is not None:
            self._spanning = telemetry.span(self.scope["method"], self.path)
            self._span = self._spanning.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        summary = self.log.summarize(self.scope, self.path, self._status, perf_counter() - self._started)
        if self._span is not None:
            self._span.record(summary)
        log_soon("request", summary)
        if self._spanning is not None:
            self._spanning.__exit__(kind, error, trace)

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = int(message["status"])
            given = dict(message["headers"])
            headers = [pair for pair in message["headers"] if pair[0] != _REQUEST_ID]
            headers += (pair for pair in _HEADERS if pair[0] not in given)
            message["headers"] = [*headers, (_REQUEST_ID, self.scope["state"]["id"].encode())]
        await self.send(message)

    async def respond(self, response: EncodedResponse) -> None:
        """Send a whole response, which sets none of the headers of all responses."""
        self._status, lines, body = response
        id = self.scope["state"]["id"].encode()
        whole = EncodedResponse(self._status, b"%b%b%b: %b\r\n" % (lines, _LINES, _REQUEST_ID, id), body)
        respond = self.scope.get(RESPOND)
        if respond is None or not respond(self.scope, whole):
            await whole.sent(self.send)
