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
    if connection.headers.get("cookie") is None or not is_own_page(connection):
        return None
    return kept(connection, SESSION)


def kept(connection: HTTPConnection, name: str) -> str | None:
    """The content of a cookie, also in a request that a page of another site causes; None without one."""
    return connection.cookies.get(cookie_name(connection, name))


def is_own_page(connection: HTTPConnection) -> bool:
    """Whether a page of this server sends the request. Off loopback, a WebSocket must come from a page over https:
    an attacker in the network can alter another one."""
    headers = connection.headers
    if connection.scope["type"] != "websocket":
        return headers.get("sec-fetch-site") == "same-origin"
    origin, host = headers.get("origin") or "", headers.get("host") or ""
    return is_same_origin(origin, host) and (origin.lower().startswith("https://") or is_loopback(host))


def is_plain(connection: HTTPConnection) -> bool:
    """Whether the browser is on this machine and speaks http, without TLS."""
    return connection.scope["scheme"] in {"http", "ws"} and is_loopback(connection.headers.get("host") or "")


def cookie_name(connection: HTTPConnection, name: str) -> str:
    """The full name of a cookie. It has a prefix that browsers accept only with `Secure`, without a domain, and for all
    paths; on loopback without TLS, it has the port instead: cookies do not differ by port, and several servers may run
    there."""
    host = connection.headers.get("host") or ""
    return f"{name}-{host.rpartition(']')[2].partition(':')[2] or 80}" if is_plain(connection) else f"__Host-{name}"


def set_cookie(response: Response, connection: HTTPConnection, content: str, seconds: int, name: str = SESSION) -> None:
    """Have the browser keep a content for some seconds; 0 deletes it."""
    response.set_cookie(
        cookie_name(connection, name),
        content,
        max_age=seconds,
        path="/",
        secure=not is_plain(connection),
        httponly=True,
        samesite="lax",
    )
