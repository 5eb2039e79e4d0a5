"""The cookie that holds the secret of a session, and the requests in which it counts.

A browser adds a cookie to requests that pages of other sites cause. So it counts only in a request of a page of this
server: by `Sec-Fetch-Site`, which pages cannot change, or, for a WebSocket, by `Origin`. See docs/adr/0064.
"""

from typing import Final

from starlette.requests import HTTPConnection
from starlette.responses import Response
from strawberry.http.websocket_origin import is_same_origin

from api.asgi.host_check import is_loopback

SESSION: Final = "keyframe"
"""The cookie of a session."""
PENDING: Final = "keyframe-sign-in"
"""The cookie of a sign-in that waits for the issuer's answer."""


def session_of(connection: HTTPConnection) -> str | None:
    """The secret of the session in a request from a page of this server; None without one."""
    headers = connection.headers
    if headers.get("cookie") is None or not is_own_page(connection):
        return None
    return kept(connection, SESSION)


def kept(connection: HTTPConnection, name: str) -> str | None:
    """The content of a cookie, whoever caused the request; None without one."""
    return connection.cookies.get(cookie_name(connection.headers.get("host") or "", name))


def is_own_page(connection: HTTPConnection) -> bool:
    """Whether a page of this server sends the request."""
    headers = connection.headers
    if connection.scope["type"] == "websocket":
        return is_same_origin(headers.get("origin") or "", headers.get("host"))
    return headers.get("sec-fetch-site") == "same-origin"


def cookie_name(host: str, name: str = SESSION) -> str:
    """The full name of a cookie for a Host header. Off loopback it has a prefix that browsers accept only with
    `Secure`, without a domain, and for all paths. Cookies do not differ by port, so on loopback, where several servers
    may run, the name has it."""
    return f"{name}-{host.rpartition(']')[2].partition(':')[2] or 80}" if is_loopback(host) else f"__Host-{name}"


def set_cookie(response: Response, host: str, content: str, seconds: int, name: str = SESSION) -> None:
    """Have the browser keep a content for some seconds; 0 deletes it."""
    response.set_cookie(
        cookie_name(host, name),
        content,
        max_age=seconds,
        path="/",
        secure=not is_loopback(host),
        httponly=True,
        samesite="lax",
    )
