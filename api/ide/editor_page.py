"""Serves the GraphQL editor to browsers. The editor loads nothing from other hosts."""

from importlib.resources import files
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

_PAGES: Final = files(__package__)
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""The content security policy of the page: scripts, styles and requests of the same origin only."""
PARTS: Final = {"ide.css": "text/css", "ide.js": "text/javascript"}


def page() -> Response:
    """The HTML of the page."""
    return _file("ide.html", "text/html", "no-store")


def part(request: Request) -> Response:
    """The style sheet or the script of the page."""
    name = request.url.path.rpartition("/")[2]
    return _file(name, PARTS[name], "private, no-cache")


def _file(name: str, media: str, cache_control: str) -> Response:
    headers = {"content-security-policy": POLICY, "cache-control": cache_control}
    return Response(_PAGES.joinpath(name).read_bytes(), headers=headers, media_type=media)
