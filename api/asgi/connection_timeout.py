"""An HTTP protocol for uvicorn that limits the time and size of the head of a request. It gives a whole body, and sends
a whole response, without the messages of ASGI.

uvicorn itself waits for the head without a limit, and continues to read a body after the response is complete.
"""

import asyncio
from collections.abc import Collection
from http import HTTPStatus
from typing import Any, ClassVar, Final, NamedTuple

from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

HEAD_BYTES_MAX: Final = 256 * 1024
"""The maximum size of the request line and headers; a GraphQL document in the query string is the longest part."""
LINGER_SECONDS: Final = 2
"""How long a rejected body is still read: if the connection closed at once, the client might miss the response."""

BODY: Final = "keyframe.body"
"""The key in a scope of its `TimeoutHttpProtocol.body`."""
RESPOND: Final = "keyframe.respond"
"""The key in a scope of its `TimeoutHttpProtocol.respond`."""


# ── whole responses ──────────────────────────────────────────────────────────────────────────────


class EncodedResponse(NamedTuple):
    """A response whose body and headers are bytes already, see `header_lines`."""

    status_code: int
    lines: bytes
    body: bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - as Starlette's
        await self.sent(send)

    async def sent(self, send: Send) -> None:
        """Send it by the messages of ASGI."""
        headers = [tuple(line.split(b": ", 1)) for line in self.lines.splitlines()]
        await send({"type": "http.response.start", "status": self.status_code, "headers": headers})
        await send({"type": "http.response.body", "body": self.body})


def header_lines(headers: Collection[tuple[bytes, bytes]]) -> bytes:
    """Headers as they are sent, each with the end of its line. Raises `RuntimeError` for one with a line break."""
    lines = b"".join([b"%b: %b\r\n" % pair for pair in headers])
    if lines.count(b"\n") != len(headers) or lines.count(b"\r") != len(headers):
        raise RuntimeError("Invalid HTTP header value.")
    return lines


_CLOSE: Final = (b"connection", b"close")

# ── the protocol ─────────────────────────────────────────────────────────────────────────────────


class TimeoutHttpProtocol(HttpToolsProtocol):
    """One connection. `head_seconds`: how long the head of each request may take to arrive."""

    head_seconds: ClassVar[float] = 15

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._limit: asyncio.TimerHandle | None = None
        self._head_bytes = 0
        self._is_in_head = True
        self._is_whole = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._expect_nothing()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._is_in_head:
            self._head_bytes += len(data)
        super().data_received(data)
        if self._is_in_head and not self.transport.is_closing():
            if self._head_bytes > HEAD_BYTES_MAX:
                self._close(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
            elif self._limit is None:  # most heads arrive at once, and need no timer
                self._expect_head()
        if self._is_idle and self.timeout_keep_alive_task is None:  # only empty lines arrived
            self._head_bytes = len(data)
            self._expect_head()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope[BODY], self.scope[RESPOND] = self.body, self.respond  # type: ignore[typeddict-unknown-key]
        self._is_whole = False
        if not self._is_in_head:
            self._head_bytes = 0
            self._is_in_head = True

    def on_headers_complete(self) -> None:
        self._is_in_head = False
        self._expect_nothing()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._expect_nothing()
        self._is_whole = True
        if self.parser.should_upgrade() and self._should_upgrade():
            return
        if self._cycle is not None and self._cycle.response_complete:  # then no keep-alive timer runs
            self._unset_keepalive_if_required()
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )

    def on_response_complete(self) -> None:
        """Close the connection if the response is complete before the body has arrived."""
        super().on_response_complete()
        if self.cycle.response_complete and self.cycle.more_body:
            self._unset_keepalive_if_required()
            self._limit = self.loop.call_later(LINGER_SECONDS, self.transport.close)

    def body(self, scope: Scope) -> bytes | None:
        """The body of a request, without the messages of ASGI. None if it has not arrived yet: then these give it, and
        no part of it is lost."""
        cycle = self.cycle
        if cycle.scope is not scope or cycle.more_body or cycle.disconnected:
            return None
        body, cycle.body = bytes(cycle.body), bytearray()
        cycle.waiting_for_100_continue = False
        cycle.flow.resume_reading()
        cycle.message_event.clear()
        return body

    def respond(self, scope: Scope, response: EncodedResponse) -> bool:
        """Send a whole response, whose headers have its Content-Length. Returns whether it was sent: not if the client
        does not read, or has sent the next request already."""
        cycle = self.cycle
        if cycle.scope is not scope or cycle.response_started or cycle.disconnected or cycle.flow.write_paused:
            return False
        own = header_lines(cycle.default_headers if cycle.keep_alive else [*cycle.default_headers, _CLOSE])
        cycle.response_started = cycle.response_complete = True
        status, lines, body = response
        self.transport.writelines((b"%b%b%b\r\n" % (STATUS_LINE[status], own, lines), body))
        cycle.message_event.set()
        if not cycle.keep_alive:
            self.transport.close()
        cycle.on_response()
        return True

    @property
    def _cycle(self) -> RequestResponseCycle | None:
        """The newest request; none before the first."""
        return self.cycle

    @property
    def _is_idle(self) -> bool:
        """Whether every request has its response, and the connection was not upgraded from HTTP."""
        is_answered = self._is_whole and self._cycle is not None and self._cycle.response_complete
        return (
            is_answered
            and not self._is_in_head
            and not self.transport.is_closing()
            and self.transport.get_protocol() is self
        )

    def _expect_head(self) -> None:
        self._is_in_head = True
        self._expect_nothing()
        self._limit = self.loop.call_later(self.head_seconds, self._close, HTTPStatus.REQUEST_TIMEOUT)

    def _expect_nothing(self) -> None:
        if self._limit is not None:
            self._limit.cancel()
            self._limit = None

    def _close(self, status: HTTPStatus) -> None:
        """Close, with a status if no other request is in progress."""
        if self._cycle is None or self._cycle.response_complete:
            self.transport.write(
                f"HTTP/1.1 {status.value} {status.phrase}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n".encode()
            )
        self.transport.close()


def timeout_http_protocol(head_seconds: float) -> type[TimeoutHttpProtocol]:
    """The protocol class with this limit for the head of each request."""
    return type("TimeoutHttpProtocol", (TimeoutHttpProtocol,), {"head_seconds": head_seconds})
