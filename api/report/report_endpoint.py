"""The report over HTTP at `/report/{cycle}`: the same page as `keyframe report` writes."""

from collections.abc import Callable
from http import HTTPStatus

from starlette.requests import HTTPConnection, Request
from starlette.responses import HTMLResponse, Response

from api.asgi.error_response import error_response
from api.execution.context import Context
from api.report import page
from api.report.content import ReportRequest, read
from api.schema.schema import QueryFailed

_STATUS = {
    "NOT_FOUND": HTTPStatus.NOT_FOUND,
    "CONFLICT": HTTPStatus.CONFLICT,
    "FORBIDDEN": HTTPStatus.FORBIDDEN,
    "UNAVAILABLE": HTTPStatus.SERVICE_UNAVAILABLE,
    "BEHIND": HTTPStatus.SERVICE_UNAVAILABLE,
    "TIMEOUT": HTTPStatus.SERVICE_UNAVAILABLE,
    "VIEWS_OUTDATED": HTTPStatus.SERVICE_UNAVAILABLE,
    "INTERNAL_SERVER_ERROR": HTTPStatus.INTERNAL_SERVER_ERROR,
}
_HEADERS = {
    "content-security-policy": f"{page.POLICY}; frame-ancestors 'none'",
    "cache-control": "no-store",
}


class Reports:
    """Serves reports, on a worker thread. `context` returns the context of a request."""

    def __init__(self, context: Callable[[HTTPConnection], Context]) -> None:
        self._context = context

    def page(self, request: Request) -> Response:
        """The report of the cycle with this key; `?known=` as in `Query.retrospective`, `?team=` by key, `?person=` by
        handle."""
        given = {name: request.query_params.get(name) for name in ("known", "team", "person")}
        try:
            story = read(self._context(request), ReportRequest(request.path_params["cycle"], **given))
        except QueryFailed as error:
            status = _STATUS.get(error.code, HTTPStatus.BAD_REQUEST)
            return error_response(status, str(error), error.code)
        return HTMLResponse(page.rendered(story), headers=_HEADERS)
