"""An HTTP protocol for uvicorn that limits the time and size of the head of a request, and sends a whole response.

uvicorn itself waits for the head without a limit, and continues to read a body after the response is complete.
"""

import asyncio
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any, ClassVar, Final

from starlette.types import Scope
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

HEAD_BYTES_MAX: Final = 256 * 1024
"""The maximum size of the request line and headers; a GraphQL document in the query string is the longest part."""
LINGER_SECONDS: Final = 2
"""How long a rejected body is still read: if the connection closed at once, the client might miss the response."""

RESPOND: Final = "keyframe.respond"
"""The key in a scope of its `TimeoutHttpProtocol.respond`."""


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
        self.scope[RESPOND] = self.respond  # type: ignore[typeddict-unknown-key]
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

    def respond(self, scope: Scope, status: int, headers: Iterable[tuple[bytes, bytes]], body: bytes) -> bool:
        """Send a whole response, whose headers have its Content-Length, without the messages of ASGI. Returns whether
        it was sent: not if the client does not read, or has sent the next request already. Raises `RuntimeError` for
        a header with a line break."""
        cycle = self.cycle
        if cycle.scope is not scope or cycle.response_started or cycle.disconnected or cycle.flow.write_paused:
            return False
        lines = [b"%b: %b" % pair for pair in (*cycle.default_headers, *headers)]
        if not cycle.keep_alive:
            lines.append(b"connection: close")
        head = b"\r\n".join(lines)
        if head.count(b"\n") != len(lines) - 1 or head.count(b"\r") != len(lines) - 1:
            raise RuntimeError("Invalid HTTP header value.")
        cycle.response_started = cycle.response_complete = True
        self.transport.writelines((b"%b%b\r\n\r\n" % (STATUS_LINE[status], head), body))
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
