"""CORS: which pages of other origins may call the server from a browser."""

from http import HTTPStatus
from typing import Final

import orjson
from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.asgi.error_response import error_response

ORIGIN_NOT_ALLOWED: Final = "ORIGIN_NOT_ALLOWED"


class CrossOrigin(CORSMiddleware):
    """Starlette's middleware, which also says what to set when it refuses a preflight. Without any allowed origin,
    preflights are all that it answers."""

    async def simple_response(self, scope: Scope, receive: Receive, send: Send, request_headers: Headers) -> None:
        if self.allow_origins:
            await super().simple_response(scope, receive, send, request_headers)
        else:
            await self.app(scope, receive, send)

    def preflight_response(self, request_headers: Headers) -> Response:
        origin = request_headers["origin"]
        if self.is_allowed_origin(origin):
            return super().preflight_response(request_headers)
        return error_response(HTTPStatus.BAD_REQUEST, not_allowed(origin), ORIGIN_NOT_ALLOWED)


def not_allowed(origin: str) -> str:
    """The sentence for a page whose origin is not allowed."""
    shown = orjson.dumps(origin[:200]).decode()
    return f"Pages of {shown} may not call this server: list their exact origin in KEYFRAME_CORS_ORIGINS."
