"""What a request has to pass before anybody reads it: it names a host of ours, and its body has an end."""

import ipaddress
from collections.abc import Collection, Iterable
from http import HTTPStatus

import orjson
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

BODY_BYTES_MAX = 4 * 1024 * 1024
"""Some 25,000 readings as JSON; a command takes 10,000."""


def refusal(status: HTTPStatus, message: str, code: str, **extensions: object) -> Response:
    """An answer that carries no data: an error in the form in which GraphQL tells all of them."""
    error = {"message": message, "extensions": {"code": code, **extensions}}
    return Response(orjson.dumps({"errors": [error]}), status, media_type="application/json")


def later(message: str, code: str, **extensions: object) -> Response:
    """A refusal for the moment: the same may be asked again soon."""
    response = refusal(HTTPStatus.SERVICE_UNAVAILABLE, message, code, **extensions)
    response.headers.update({"retry-after": "1", "cache-control": "no-store"})
    return response


class KnownHosts:
    """Refuses requests by another name than ours: a page elsewhere could have its own name point here, and so
    have a browser on this machine speak to us as if we belonged to it (DNS rebinding).

    Addresses are fine, since only a name can be pointed anywhere; so are localhost, and the names given.
    """

    def __init__(self, app: ASGIApp, names: Iterable[str]) -> None:
        self._app = app
        self._names = {"localhost", *(name.strip().lower() for name in names)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" or self._is_ours(Headers(scope=scope).get("host", "")):
            return await self._app(scope, receive, send)
        message = "This host name is not one of ours; add it to KEYFRAME_HOST_NAMES if it is."
        return await refusal(HTTPStatus.MISDIRECTED_REQUEST, message, "UNKNOWN_HOST")(scope, receive, send)

    def _is_ours(self, host: str) -> bool:
        name = _name(host)
        return name in self._names or name.endswith(".localhost") or _is_address(name)


def _name(host: str) -> str:
    """A Host header without its port and brackets."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0].lower().removesuffix(".")


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


class _TooLarge(Exception):
    """More came than is read."""


class BodyLimit:
    """Refuses a body beyond `bytes_max` as soon as that is known: said beforehand, or counted as it comes. At the
    paths in `streamed`, a body is read as it comes and has a bound of its own."""

    def __init__(self, app: ASGIApp, bytes_max: int = BODY_BYTES_MAX, streamed: Collection[str] = ()) -> None:
        self._app = app
        self._streamed = streamed
        self._bytes_max = bytes_max

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in self._streamed:
            return await self._app(scope, receive, send)
        said = Headers(scope=scope).get("content-length", "")
        if said.isdecimal() and int(said) > self._bytes_max:
            return await self._refuse(scope, receive, send)
        try:
            await self._app(scope, self._counted(receive), send)
        except _TooLarge:
            await self._refuse(scope, receive, send)

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

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        message = f"A request has up to {self._bytes_max} bytes; send it in parts."
        await refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, message, "TOO_LARGE")(scope, receive, send)
