"""The shell of the console: the page that every address of it answers with, and the files that the page loads.

They are built from `console/` and hold no data, so that strangers get them, too. See docs/adr/0063.
"""

import gzip
from functools import cache
from hashlib import sha256
from http import HTTPStatus
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final, NamedTuple

import orjson
from markupsafe import escape
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.types import Scope

from api.asgi.content_negotiation import asks_for_page
from api.asgi.error_response import error_response
from api.asgi.etag import matches

FILES: Final = "/console/"
"""Where the files of the page are."""
PAGES: Final = frozenset({"/", "/alignment", "/changes", "/kpis", "/looking-back", "/proof", "/week"})
"""The addresses of the console, whose pages the script shows; `/sign-in` is one, too, and `/graphql` for a browser."""
ASK: Final = "/graphql"
"""The address of the query editor, which is that of the API, too."""
OBJECTIVE: Final = "/objective/"
"""Below this address, an objective by its id."""
KPI: Final = "/kpi/"
"""Below this address, a KPI by its id."""
PROOF: Final = "/proof/"
"""Below this address, the proof of a change by its position."""
SIGNING: Final = frozenset({"/sign-in", "/sign-in/openid", "/sign-in/openid/callback", "/sign-out"})
"""The addresses that sign in and out."""
PROBLEM: Final = "keyframe-problem"
"""The element of the page by which the script knows why the server rejected the request for the page."""
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""The content security policy of the page: nothing of another origin, and nothing that is written into the page."""
VARY: Final = "accept, accept-encoding"
"""At `/graphql`, what a client accepts decides between the page and an answer of the API."""
IMMUTABLE: Final = "public, max-age=31536000, immutable"
MEDIA: Final = {"js": "text/javascript", "css": "text/css", "svg": "image/svg+xml", "woff2": "font/woff2"}
_STATIC: Final = files(__package__).joinpath("static")
_HEADERS: Final = {"x-content-type-options": "nosniff", "referrer-policy": "same-origin"}


class File(NamedTuple):
    """A file as it is sent, and compressed."""

    plain: bytes
    compressed: bytes
    media: str


@cache
def console_documents() -> dict[str, str]:
    """The documents of the console by their digests. The script sends digests alone, and the server trusts these
    documents whatever the settings say."""
    documents: dict[str, str] = orjson.loads(files(__package__).joinpath("documents.json").read_bytes())
    return documents


def is_public(scope: Scope) -> bool:
    """Whether strangers may send this request: for a page or a file of the console."""
    path = scope["path"]
    if path == ASK:
        return asks_for_page(HTTPConnection(scope))
    return is_page(path) or path.startswith(FILES) or path in SIGNING


def is_page(path: str) -> bool:
    """Whether the console has a page at this path, beside that which signs in and the query editor."""
    return path in PAGES or path.startswith((OBJECTIVE, KPI, PROOF))


class Shell:
    """Serves the page and its files from memory."""

    def __init__(self) -> None:
        self._files = _built()
        self._page = _file(_STATIC.joinpath("index.html"), "text/html")
        self._etag = f'"{sha256(self._page.plain).hexdigest()[:16]}"'

    def page(self, request: Request) -> Response:
        """The page, which a browser validates each time: it names the files of this version."""
        headers = {"cache-control": "no-cache", "etag": self._etag, "content-security-policy": POLICY, "vary": VARY}
        if matches(self._etag, request.headers.get("if-none-match", "")):
            return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
        return _sent(request, self._page, headers)

    def problem(self, status: int, code: str, message: str) -> Response:
        """The page that shows a problem, with its status."""
        described = orjson.dumps({"status": status, "code": code, "message": message}).decode()
        element = f'<meta name="{PROBLEM}" content="{escape(described)}">'.encode()
        page = self._page.plain.replace(b"</head>", element + b"</head>", 1)
        headers = {**_HEADERS, "cache-control": "no-store", "content-security-policy": POLICY, "vary": "accept"}
        return Response(page, status, headers, media_type="text/html")

    def file(self, request: Request) -> Response:
        """A file, whose name has a digest of its content, so that it never changes."""
        found = self._files.get(request.url.path.removeprefix(FILES))
        if found is None:
            return error_response(
                HTTPStatus.NOT_FOUND, "The console has no such file; load its page again.", "NOT_FOUND"
            )
        return _sent(request, found, {"cache-control": IMMUTABLE})


def _sent(request: Request, file: File, headers: dict[str, str]) -> Response:
    takes_gzip = "gzip" in request.headers.get("accept-encoding", "")
    encoding = {"content-encoding": "gzip"} if takes_gzip else {}
    return Response(
        file.compressed if takes_gzip else file.plain,
        headers={**_HEADERS, **headers, **encoding, "vary": VARY},
        media_type=file.media,
    )


@cache
def _built() -> dict[str, File]:
    """The files of the page, by name."""
    found = [file for file in _STATIC.iterdir() if file.name.rpartition(".")[2] in MEDIA]
    return {file.name: _file(file, MEDIA[file.name.rpartition(".")[2]]) for file in found}


def _file(file: Traversable, media: str) -> File:
    content = file.read_bytes()
    return File(content, gzip.compress(content, 9, mtime=0), media)
