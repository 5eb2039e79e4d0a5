"""Exports over HTTP for other programs: all changes or readings as of any basis, streamed page by page.

The exports read through the `View` of the caller, so visibility rules apply as in GraphQL.
"""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from functools import partial
from hashlib import sha256
from http import HTTPStatus
from typing import Final

import msgspec
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response, StreamingResponse

from api.asgi.disconnect import while_connected
from api.asgi.error_response import error_response
from api.asgi.etag import matches
from api.endpoints import export_pages, export_parameters
from api.endpoints.csv_cells import cell
from api.endpoints.export_pages import Page, PageSource
from api.endpoints.row_parser import CSV, NDJSON
from api.execution.context import Context
from api.execution.file_parts import file_context, next_part
from api.schema.schema import QueryFailed
from domain.commands.permissions import Permission
from domain.primitives.errors import Code, CommandRejected

_STATUS: Final[Mapping[str, HTTPStatus]] = {
    Code.FORBIDDEN: HTTPStatus.FORBIDDEN,
    "UNAVAILABLE": HTTPStatus.SERVICE_UNAVAILABLE,
    "BEHIND": HTTPStatus.SERVICE_UNAVAILABLE,
    "TIMEOUT": HTTPStatus.SERVICE_UNAVAILABLE,
    "VIEWS_OUTDATED": HTTPStatus.SERVICE_UNAVAILABLE,
    "INTERNAL_SERVER_ERROR": HTTPStatus.INTERNAL_SERVER_ERROR,
}
FORMAT: Final = 2
"""The form of the files. Another one has other ETags."""
_CSV: Final = f"{CSV}; charset=utf-8"


class Exports:
    """The export endpoints. Called on the event loop. `context` makes the context of a request, `seconds` is how long
    an export may take."""

    def __init__(self, context: Callable[[HTTPConnection], Context], seconds: float) -> None:
        self._context = context
        self._seconds = seconds

    async def changes_ndjson(self, request: Request) -> Response:
        return await self._export(request, export_parameters.CHANGES, export_pages.json_changes, NDJSON)

    async def changes_csv(self, request: Request) -> Response:
        return await self._export_csv(request, export_parameters.CHANGES, export_pages.csv_changes)

    async def readings_csv(self, request: Request) -> Response:
        return await self._export_csv(request, export_parameters.READINGS, export_pages.csv_readings)

    async def _export_csv(self, request: Request, known: frozenset[str], source: PageSource) -> Response:
        return await self._export(request, known | export_parameters.CSV, partial(export_pages.with_bom, source), _CSV)

    async def _export(self, request: Request, known: frozenset[str], source: PageSource, media: str) -> Response:
        context = file_context(self._context(request), self._seconds)
        if Permission.READ_LEDGER not in context.caller.can:
            return error_response(
                HTTPStatus.FORBIDDEN, "Reading the ledger needs the role AUDITOR, LEAD or ADMIN.", Code.FORBIDDEN
            )
        pages = export_pages.with_codes(source, context, request.query_params)
        try:
            export_parameters.check(request, known)
            async with while_connected(request.receive):
                first = await next_part(pages, context)
        except (CommandRejected, QueryFailed) as error:
            return _error(error)
        assert first is not None
        headers = _headers(first, request, context)
        if matches(headers["etag"], request.headers.get("if-none-match", "")):
            return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
        if request.method == "HEAD":
            return _head_response(headers, media)
        return StreamingResponse(self._rest(first, pages, context), media_type=media, headers=headers)

    async def _rest(self, first: Page, pages: Iterator[Page], context: Context) -> AsyncIterator[bytes]:
        """The lines of all pages. An error, such as a missed deadline, aborts the connection before the last chunk, so
        that a client cannot take a part for the whole."""
        page: Page | None = first
        while page is not None:
            yield page.lines
            if context.scope is not None and await context.scope.has_ended():
                raise ConnectionAbortedError("the caller's token is no longer valid")
            page = await next_part(pages, context)


def _head_response(headers: Mapping[str, str], media: str) -> Response:
    """A response to HEAD, without Content-Length since the length is unknown."""
    response = Response(headers={**headers, "content-type": media})
    del response.headers["content-length"]
    return response


def _headers(first: Page, request: Request, context: Context) -> dict[str, str]:
    """The basis, and an ETag that stays the same until the next event is recorded."""
    at, position = cell(first.basis.at), str(first.basis.position)
    now = "" if export_parameters.BASIS & request.query_params.keys() else "now"
    key = [FORMAT, request.url.path, sorted(request.query_params.multi_items()), now or at, position, first.head]
    digest = sha256(msgspec.json.encode([key, context.caller.who])).hexdigest()[:32]
    return {
        "etag": f'"{digest}"',
        "x-keyframe-at": at,
        "x-keyframe-position": position,
        "cache-control": "private, no-cache",
        "vary": "authorization",
        "content-disposition": f'attachment; filename="{request.url.path.rpartition("/")[2]}"',
    }


def _error(error: CommandRejected | QueryFailed) -> Response:
    if isinstance(error, CommandRejected):
        return error_response(
            HTTPStatus.BAD_REQUEST, error.message, error.code, **({"field": [*error.field]} if error.field else {})
        )
    return error_response(_STATUS.get(error.code, HTTPStatus.BAD_REQUEST), str(error), error.code, **error.extensions)
