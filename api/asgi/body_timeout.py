"""Reading what is sent to us, for as long as it comes."""

import asyncio
from collections.abc import Awaitable
from http import HTTPStatus
from time import monotonic
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.asgi.error_response import error_response

BYTES_PER_SECOND_MIN: Final = 10_000
"""How fast a body has to come, on the whole, once its first seconds are over."""


class TooSlow(Exception):
    """What was to be sent did not come. Whoever has begun to answer by then has to say so."""


class Pace:
    """Refuses a body that does not come: within `seconds`, and so many more as its length needs at a slow pace.

    Whoever sends a byte now and then would else hold what a request holds for as long as they like.
    """

    def __init__(self, app: ASGIApp, seconds: float) -> None:
        self._app = app
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        try:
            await self._app(scope, _Paced(receive, self._seconds), send)
        except TooSlow:
            message = "The body of this request did not come in time; send it again, at once."
            response = error_response(HTTPStatus.REQUEST_TIMEOUT, message, "REQUEST_TIMEOUT")
            response.headers["connection"] = "close"
            await response(scope, receive, send)


class _Paced:
    """What comes of one request. Raises `TooSlow`."""

    def __init__(self, receive: Receive, seconds: float) -> None:
        self._receive = receive
        self._until = monotonic() + seconds
        self._is_whole = False

    def __call__(self) -> Awaitable[Message]:
        return self._receive() if self._is_whole else self._next()

    async def _next(self) -> Message:
        try:
            async with asyncio.timeout(self._until - monotonic()):
                message = await self._receive()
        except TimeoutError:
            raise TooSlow from None
        self._is_whole = not message.get("more_body", False)
        self._until += len(message.get("body", b"")) / BYTES_PER_SECOND_MIN
        return message
