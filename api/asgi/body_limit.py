"""Middleware that limits the size of a request's body."""

from collections.abc import Collection
from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.asgi.error_response import error_response

BODY_BYTES_MAX = 4 * 1024 * 1024
"""Enough for some 25,000 readings as JSON; a command takes 10,000."""


class _TooLarge(Exception):
    """The body exceeds the limit."""


class BodyLimit:
    """Rejects a body of more than `bytes_max` bytes as soon as that is known: by its Content-Length, or by counting
    the bytes as they arrive. The paths in `streamed` read the body as a stream and have a limit of their own."""

    def __init__(self, app: ASGIApp, bytes_max: int = BODY_BYTES_MAX, streamed: Collection[str] = ()) -> None:
        self._app = app
        self._streamed = streamed
        self._bytes_max = bytes_max

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in self._streamed:
            return await self._app(scope, receive, send)
        declared = Headers(scope=scope).get("content-length", "")
        if declared.isdecimal() and int(declared) > self._bytes_max:
            return await self._reject(scope, receive, send)
        try:
            await self._app(scope, self._counted(receive), send)
        except _TooLarge:
            await self._reject(scope, receive, send)

    def _counted(self, receive: Receive) -> Receive:
        left = self._bytes_max

        async def counted() -> Message:
            nonlocal left
            message = await receive()
            left -= len(message.get("body", b""))
            if left < 0:
                raise _TooLarge
            return message

        return counted

    async def _reject(self, scope: Scope, receive: Receive, send: Send) -> None:
        message = f"A request has up to {self._bytes_max} bytes; send it in parts."
        await error_response(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, message, "TOO_LARGE")(scope, receive, send)
