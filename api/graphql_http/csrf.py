"""Prevention of cross-site request forgery.

A browser sends "simple" requests (GET, and POST with a few content types) for a page of any site without a CORS
preflight. So a request from a browser that is not same-origin has to carry a header that a page can only add after a
preflight. See docs/adr/0023.
"""

from http import HTTPStatus
from typing import Final

from starlette.requests import Request

from api.asgi.content_negotiation import media_type
from api.graphql_http.request import RequestRejected

PROOFS: Final = (
    "x-keyframe-request",
    "apollo-require-preflight",
    "graphql-require-preflight",
    "x-apollo-operation-name",
)
"""Headers that a page can only add after a preflight, with any value."""
_TRUSTED_SITES: Final = {"same-origin", "none"}
"""Values of Sec-Fetch-Site for a same-origin page, and for an address that a person typed."""
_SIMPLE: Final = {"", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"}
"""Content types that need no preflight."""


def reject_forgery(request: Request) -> None:
    """Raise `RequestRejected` for a request that a page of another site may have caused."""
    headers = request.headers
    if media_type(headers.get("content-type")) not in _SIMPLE or any(
        name in headers for name in (*PROOFS, "authorization")
    ):
        return
    if _may_be_cross_site(request):
        raise RequestRejected(
            HTTPStatus.FORBIDDEN,
            "The request may come from a page of another site (CSRF). Send the header "
            f"{PROOFS[0]}: 1 (or {', '.join(PROOFS[1:])}) or Authorization, or POST application/json.",
            "CSRF_PREVENTED",
        )


def _may_be_cross_site(request: Request) -> bool:
    """Whether a browser may have sent this for a page of another site.

    All browsers send Sec-Fetch-Site since 2023; older ones are recognized by their User-Agent.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site not in _TRUSTED_SITES
    browser_headers = ("origin", "referer", "cookie")
    return "mozilla/" in request.headers.get("user-agent", "").lower() or any(
        name in request.headers for name in browser_headers
    )
