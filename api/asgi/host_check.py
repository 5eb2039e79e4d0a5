"""Middleware that rejects requests for an unknown host name."""

import ipaddress
from collections.abc import Awaitable, Iterable
from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from api.asgi.error_response import error_response


class HostCheck:
    """Middleware that rejects a Host header that is not one of `names`, is empty, or is missing.

    This prevents DNS rebinding: a page of another site points its own name at this server and so has a browser on
    this machine send requests as if they were same-origin. IP addresses and localhost pass, since an attacker cannot
    point them elsewhere.
    """

    def __init__(self, app: ASGIApp, names: Iterable[str]) -> None:
        self._app = app
        self._names = {"localhost", *(name.strip().lower() for name in names)} - {""}

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["type"] == "lifespan" or self._is_known(Headers(scope=scope).get("host", "")):
            return self._app(scope, receive, send)
        message = "The Host header is missing or not an accepted name; add the name to KEYFRAME_HOST_NAMES."
        return error_response(HTTPStatus.MISDIRECTED_REQUEST, message, "UNKNOWN_HOST")(scope, receive, send)

    def _is_known(self, host: str) -> bool:
        name = _host_name(host)
        return name in self._names or name.endswith(".localhost") or _is_address(name)


def _host_name(host: str) -> str:
    """The host name of a Host header, without port and brackets."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0].lower().removesuffix(".")


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
