"""Middleware that rejects requests for an unknown host name."""

import ipaddress
import re
from collections.abc import Awaitable, Iterable
from functools import lru_cache
from http import HTTPStatus
from typing import Final

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from api.asgi.error_response import error_response

_FORM: Final = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:[0-9]{1,5})?")
"""The form of a Host header (RFC 9110, 7.2)."""
HOSTS_CACHED_MAX: Final = 128
"""Host headers whose host name is cached; clients usually send the same one."""


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
        rejection = None if scope["type"] == "lifespan" else self.rejection(Headers(scope=scope))
        return (rejection or self._app)(scope, receive, send)

    def rejection(self, headers: Headers) -> Response | None:
        """The response to a request for an unknown host; None for a known one."""
        name, is_local = _host_name(headers.get("host", ""))
        if is_local or name in self._names:
            return None
        message = "The Host header is missing or not an accepted name; add the name to KEYFRAME_HOST_NAMES."
        return error_response(HTTPStatus.MISDIRECTED_REQUEST, message, "UNKNOWN_HOST")


@lru_cache(HOSTS_CACHED_MAX)
def _host_name(host: str) -> tuple[str, bool]:
    """The host name of a Host header, and whether it is an IP address or a name below localhost. Both are parts of
    addresses that responses contain, so a header of another form has no name."""
    if not _FORM.fullmatch(host):
        return "", False
    name = _without_port(host)
    return name, name.endswith(".localhost") or _is_address(name)


def is_loopback(host: str) -> bool:
    """Whether a Host header names this machine, so that a request does not leave it."""
    name = _without_port(host)
    if name == "localhost" or name.endswith(".localhost"):
        return True
    return _is_address(name) and ipaddress.ip_address(name).is_loopback


def _without_port(host: str) -> str:
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
