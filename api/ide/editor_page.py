"""The page to ask from, for a browser that comes to the API: served whole from here, and no other host is asked."""

from importlib.resources import files
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

_PAGES: Final = files(__package__)
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""What the page may do: run what is served beside it, and ask where it came from."""
PARTS: Final = {"ide.css": "text/css", "ide.js": "text/javascript"}


def page() -> Response:
    """The page itself."""
    return _file("ide.html", "text/html", "no-store")


def part(request: Request) -> Response:
    """The style and the script of the page."""
    name = request.url.path.rpartition("/")[2]
    return _file(name, PARTS[name], "private, no-cache")


def _file(name: str, media: str, kept: str) -> Response:
    headers = {"content-security-policy": POLICY, "cache-control": kept}
    return Response(_PAGES.joinpath(name).read_bytes(), headers=headers, media_type=media)
