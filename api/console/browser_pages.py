"""Middleware that answers the navigation of a browser with a page where other clients get an error in JSON."""

from http import HTTPStatus
from typing import Any, Final

import orjson
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.console.shell import Shell

KEPT: Final = ("set-cookie", "retry-after", "allow", "www-authenticate")
"""The headers of an error that its page has, too."""


class BrowserPages:
    """Middleware that shows errors to people. `shell` serves the page."""

    def __init__(self, app: ASGIApp, shell: Shell) -> None:
        self._app = app
        self._shell = shell

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not is_navigation(scope["method"], Headers(scope=scope)):
            await self._app(scope, receive, send)
            return
        held = HeldErrors(send)
        await self._app(scope, receive, held)
        if held.error is not None:
            await self._page(held.error)(scope, receive, send)

    def shown(self, request: Request, error: Response) -> Response:
        """The response to a rejected request: the page, if it is the navigation of a browser."""
        return self._page(error) if is_navigation(request.method, request.headers) else error

    def _page(self, error: Response) -> Response:
        described = _code_and_message(error)
        if described is None:
            return error
        page = self._shell.problem(error.status_code, *described)
        page.raw_headers.extend((name, value) for name, value in error.raw_headers if name.decode() in KEPT)
        return page


def is_navigation(method: str, headers: Headers) -> bool:
    """Whether a browser opens an address for a person to look at."""
    mode = headers.get("sec-fetch-mode") or "navigate"
    return method == "GET" and mode == "navigate" and "text/html" in (headers.get("accept") or "")


class HeldErrors:
    """Sends what it is given, but for an error in JSON, which it holds."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._start: Message | None = None
        self._body = b""
        self.error: Response | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start" and _is_error(message):
            self._start = message
        elif self._start is None:
            await self._send(message)
        else:
            self._body += message.get("body", b"")
            if not message.get("more_body", False):
                self.error = Response(self._body, self._start["status"])
                self.error.raw_headers = list(self._start["headers"])


def _is_error(message: Message) -> bool:
    headers = MutableHeaders(raw=message["headers"])
    return message["status"] >= HTTPStatus.BAD_REQUEST and headers.get("content-type") == "application/json"


def _code_and_message(error: Response) -> tuple[str, str] | None:
    """The code and the message of an error as `error_response` writes it; None for other content, such as the report
    of a process that is not ready."""
    content: dict[str, Any] = orjson.loads(error.body)
    if "errors" not in content:
        return None
    first = content["errors"][0]
    return first["extensions"]["code"], first["message"]
