"""Middleware that limits the size of a request's body, and how long it may take to arrive."""

import asyncio
from collections.abc import Callable, Collection, Generator
from dataclasses import dataclass
from http import HTTPStatus
from math import inf
from time import monotonic
from typing import Any, Final, NamedTuple

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.asgi.connection_timeout import BODY
from api.asgi.error_response import error_response

BODY_BYTES_MAX = 4 * 1024 * 1024
"""Enough for about 25,000 readings as JSON; a command accepts 10,000."""
BYTES_PER_SECOND_MIN: Final = 10_000
"""The slowest average rate at which a body may arrive after its first seconds."""


class BodyTooSlow(Exception):
    """The body did not arrive in time. A handler whose response has begun reports this itself."""


class BodyTooLarge(Exception):
    """The body exceeds the limit."""


class BodyLimit:
    """Rejects a body that is too large or too slow.

    A body of more than `bytes_max` bytes is rejected as soon as that is known: by its Content-Length, or by counting
    the bytes as they arrive. The paths in `streamed` read the body as a stream and have a size limit of their own.

    A body must arrive within `seconds`, plus the time its length takes at the slowest rate. Without this limit a client
    that sends a byte now and then holds the resources of a request for as long as it likes.
    """

    def __init__(
        self, app: ASGIApp, seconds: float, bytes_max: int = BODY_BYTES_MAX, streamed: Collection[str] = ()
    ) -> None:
        self._app = app
        self._seconds = seconds
        self._streamed = streamed
        self._bytes_max = bytes_max

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        try:
            await self._app(scope, self.limited(scope, Headers(scope=scope), receive), send)
        except (BodyTooLarge, BodyTooSlow) as error:
            await self.rejection(error)(scope, receive, send)

    def limited(self, scope: Scope, headers: Headers, receive: Receive) -> Receive:
        """The `receive` of a request, which raises `BodyTooLarge` and `BodyTooSlow`. Raises `BodyTooLarge` for a
        declared length."""
        bytes_max = inf if scope["path"] in self._streamed else self._bytes_max
        declared = headers.get("content-length", "")
        if declared.isdecimal() and int(declared) > bytes_max:
            raise BodyTooLarge
        return _LimitedReceive(receive, monotonic() + self._seconds, bytes_max)

    def arrived(self, scope: Scope) -> bytes | None:
        """The body of a request if all of it has arrived, see `TimeoutHttpProtocol.body`. Raises `BodyTooLarge`."""
        take = scope.get(BODY)
        body: bytes | None = None if take is None else take(scope)
        if body is not None and len(body) > self._bytes_max:
            raise BodyTooLarge
        return body

    def rejection(self, error: BodyTooLarge | BodyTooSlow) -> Response:
        """The response to a request with such a body."""
        if isinstance(error, BodyTooLarge):
            message = f"The request body exceeds {self._bytes_max} bytes; send it in parts."
            return error_response(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, message, "TOO_LARGE")
        message = "The body of this request did not come in time; send it again, at once."
        response = error_response(HTTPStatus.REQUEST_TIMEOUT, message, "REQUEST_TIMEOUT")
        response.headers["connection"] = "close"
        return response


@dataclass(slots=True, eq=False)
class _LimitedReceive:
    """The `receive` of one request, with a deadline by the monotonic clock and a size. Raises `BodyTooSlow` and
    `BodyTooLarge`."""

    _receive: Receive
    _until: float
    _bytes_left: float
    _is_whole: bool = False

    async def __call__(self) -> Message:
        if self._is_whole:
            return await self._receive()
        steps = self._receive().__await__()
        try:
            first = next(steps)
        except StopIteration as end:  # the message was there, so that no timeout has to be set up
            message: Message = end.value
        else:
            message = await self._in_time(_Rest(steps, first))
        length = len(message.get("body", b""))
        self._is_whole = not message.get("more_body", False)
        self._until += length / BYTES_PER_SECOND_MIN
        self._bytes_left -= length
        if self._bytes_left < 0:
            raise BodyTooLarge
        return message

    async def _in_time(self, rest: "_Rest") -> Message:
        try:
            async with asyncio.timeout(self._until - monotonic()):
                return await rest
        except TimeoutError:
            raise BodyTooSlow from None


class _Rest(NamedTuple):
    """The rest of a `receive` that has begun, and waits for the future `first`. Awaited by the task that began it."""

    steps: Generator[Any, Any, Message]
    first: Any

    def __await__(self) -> Generator[Any, Any, Message]:
        """Pass on to `receive` what the task resumes it with, such as a cancellation."""
        pending, given = self.first, None
        resume: Callable[[Any], Any]
        while True:
            try:
                resume, given = self.steps.send, (yield pending)
            except BaseException as error:  # noqa: BLE001 - `receive` handles or raises it
                resume, given = self.steps.throw, error
            try:
                pending = resume(given)
            except StopIteration as end:
                message: Message = end.value
                return message
