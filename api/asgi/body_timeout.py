"""Middleware that limits how long the body of a request may take to arrive."""

import asyncio
from http import HTTPStatus
from time import monotonic
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.asgi.error_response import error_response

BYTES_PER_SECOND_MIN: Final = 10_000
"""The minimum average rate at which a body must arrive after its first seconds."""


class BodyTooSlow(Exception):
    """The body did not arrive in time. A handler whose response has begun reports this itself."""


class BodyTimeout:
    """Rejects a body that does not arrive within `seconds`, plus the time that its length takes at the minimum rate.

    Without this limit, a client that sends single bytes slowly could hold the resources of a request indefinitely.
    """

    def __init__(self, app: ASGIApp, seconds: float) -> None:
        self._app = app
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        try:
            await self._app(scope, _TimedReceive(receive, self._seconds), send)
        except BodyTooSlow:
            message = "The body of the request did not arrive in time; send it again without pauses."
            response = error_response(HTTPStatus.REQUEST_TIMEOUT, message, "REQUEST_TIMEOUT")
            response.headers["connection"] = "close"
            await response(scope, receive, send)


class _TimedReceive:
    """The `receive` of one request, with a deadline. Raises `BodyTooSlow`."""

    def __init__(self, receive: Receive, seconds: float) -> None:
        self._receive = receive
        self._until = monotonic() + seconds
        self._is_whole = False

    async def __call__(self) -> Message:
        if self._is_whole:
            return await self._receive()
        try:
            async with asyncio.timeout(self._until - monotonic()):
                message = await self._receive()
        except TimeoutError:
            raise BodyTooSlow from None
        self._is_whole = not message.get("more_body", False)
        self._until += len(message.get("body", b"")) / BYTES_PER_SECOND_MIN
        return message
