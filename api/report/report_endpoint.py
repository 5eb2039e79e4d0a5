"""The report over HTTP at `/report/{cycle}`: the same page as `keyframe report` writes."""

from collections.abc import AsyncIterator, Callable, Iterator
from math import inf

from starlette.requests import HTTPConnection, Request
from starlette.responses import Response, StreamingResponse

from api.asgi.disconnect import WhileConnected
from api.asgi.error_response import error_response
from api.asgi.status_codes import file_status
from api.execution.context import Context
from api.execution.file_parts import file_context, next_part
from api.report import page
from api.report.content import ReportRequest, read, read_heading
from api.report.report_figures import signer_of
from api.schema.schema import QueryFailed

_HEADERS = {
    "content-security-policy": f"{page.POLICY}; frame-ancestors 'none'",
    "cache-control": "no-store",
}


class Reports:
    """Serves reports. `context` returns the context of a request."""

    def __init__(self, context: Callable[[HTTPConnection], Context]) -> None:
        self._context = context

    async def page(self, request: Request) -> Response:
        """The report of the cycle with this key; `?known=` as in `Query.retrospective`, `?team=` by key, `?person=` by
        handle. The head is sent at once, the rest when it is computed; each has the time of an answer. An error after
        the head aborts the connection before the last chunk. Over outdated projections, which may lack what the rest
        reads, the head waits for it."""
        given = {name: request.query_params.get(name) for name in ("known", "team", "person")}
        context = file_context(self._context(request), inf)
        parts = _parts(context, ReportRequest(request.path_params["cycle"], **given))
        try:
            async with WhileConnected(request.receive):
                first = await next_part(parts, context)
        except QueryFailed as error:
            return error_response(file_status(error.code), str(error), error.code)
        return StreamingResponse(_rest(first, parts, context), media_type="text/html", headers=_HEADERS)


def _parts(context: Context, asked: ReportRequest) -> Iterator[str]:
    heading = read_heading(context, asked)
    is_sent = context.outdated_views is None
    if is_sent:
        yield page.head(heading)
    story = read(context, asked)
    if story.heading != heading:
        raise ConnectionAbortedError("the cycle was renamed while its report was read")
    if not is_sent:
        yield page.head(heading)
    yield from page.parts(story, signer_of(context), is_linked=True)


async def _rest(first: str | None, parts: Iterator[str], context: Context) -> AsyncIterator[str]:
    part = first
    while part is not None:
        yield part
        part = await next_part(parts, context)
