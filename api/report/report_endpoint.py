"""The report over HTTP: `/report/{cycle}`, the same page as from the terminal."""

from collections.abc import Callable
from http import HTTPStatus

from starlette.requests import HTTPConnection, Request
from starlette.responses import HTMLResponse, Response

from api.asgi.error_response import error_response
from api.execution.context import Context
from api.report import page
from api.report.content import read
from api.schema.schema import QueryFailed

_STATUS = {
    "NOT_FOUND": HTTPStatus.NOT_FOUND,
    "CONFLICT": HTTPStatus.CONFLICT,
    "FORBIDDEN": HTTPStatus.FORBIDDEN,
    "UNAVAILABLE": HTTPStatus.SERVICE_UNAVAILABLE,
    "BEHIND": HTTPStatus.SERVICE_UNAVAILABLE,
    "TIMEOUT": HTTPStatus.SERVICE_UNAVAILABLE,
    "INTERNAL_SERVER_ERROR": HTTPStatus.INTERNAL_SERVER_ERROR,
}
_HEADERS = {
    "content-security-policy": f"{page.POLICY}; frame-ancestors 'none'",
    "cache-control": "no-store",
}


class Reports:
    """Called on a worker thread. `context`: who asks, and through which doors."""

    def __init__(self, context: Callable[[HTTPConnection], Context]) -> None:
        self._context = context

    def page(self, request: Request) -> Response:
        """The retrospective of a cycle, by its key; `?known=` as in `Query.retrospective`."""
        try:
            story = read(self._context(request), request.path_params["cycle"], request.query_params.get("known"))
        except QueryFailed as why:
            status = _STATUS.get(why.code, HTTPStatus.BAD_REQUEST)
            return error_response(status, str(why), why.code)
        return HTMLResponse(page.rendered(story), headers=_HEADERS)
