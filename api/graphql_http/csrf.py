"""Requests that a page of another site could have a browser send: refused, unless the browser had to ask us first.

A browser sends some requests on behalf of any page at all: GETs, and posts in a few simple forms. All others it asks us
about beforehand. So whatever comes from a browser, and not from a page of ours, has to carry something that no page
can add without being asked about. See docs/adr/0023.
"""

from http import HTTPStatus
from typing import Final

from starlette.requests import Request

from api.asgi.content_negotiation import media_type
from api.graphql_http.request import Denied

PROOFS: Final = (
    "x-keyframe-request",
    "apollo-require-preflight",
    "graphql-require-preflight",
    "x-apollo-operation-name",
)
"""Headers that a browser sends only if we allowed it: any value will do."""
_OF_OURS: Final = {"same-origin", "none"}
"""What a browser says of a page of ours, and of an address that a person typed."""
_SIMPLE: Final = {"", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"}
"""Forms in which any page may post, without asking anybody."""


def refuse_forgery(request: Request) -> None:
    """Raises `Denied` for what another site may have had a browser send."""
    headers = request.headers
    if any(name in headers for name in (*PROOFS, "authorization")) or not _is_simple(request):
        return
    if _may_be_of_another_site(request):
        raise Denied(
            HTTPStatus.FORBIDDEN,
            "A browser may have been made to send this by a page of another site. If it was not, say so by a header "
            f"{PROOFS[0]}: 1 (or {', '.join(PROOFS[1:])}), by Authorization, or post as application/json.",
            "CSRF_PREVENTED",
        )


def _is_simple(request: Request) -> bool:
    return media_type(request.headers.get("content-type")) in _SIMPLE


def _may_be_of_another_site(request: Request) -> bool:
    """Whether this comes from a browser that does not say that a page of ours sent it.

    All browsers say what site a request is from, since 2023; older ones are known by the name that all of them have.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site not in _OF_OURS
    signs = ("origin", "referer", "cookie")
    return "mozilla/" in request.headers.get("user-agent", "").lower() or any(one in request.headers for one in signs)
