"""Exports over HTTP for other programs: all changes or readings as of any basis, streamed page by page.

The exports read through the `View` of the caller, so visibility rules apply as in GraphQL.
"""

from collections.abc import Callable
from functools import partial
from hashlib import sha256
from http import HTTPStatus
from typing import Final

import msgspec
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from api.asgi.disconnect import WhileConnected
from api.asgi.error_response import error_response
from api.asgi.status_codes import file_status
from api.endpoints import export_pages, export_parameters
from api.endpoints.csv_cells import cell
from api.endpoints.export_pages import Page, PageSource
from api.endpoints.file_responses import file_response, ledger_refusal, refusal, streamed
from api.endpoints.row_parser import CSV, NDJSON
from api.execution.context import Context
from api.execution.file_parts import file_context, next_part
from api.schema.schema import QueryFailed
from domain.primitives.errors import CommandRejected

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
        if (forbidden := ledger_refusal(context.caller)) is not None:
            return forbidden
        pages = export_pages.with_codes(source, context, request.query_params)
        try:
            export_parameters.check(request, known)
            async with WhileConnected(request.receive):
                first = await next_part(pages, context)
        except (CommandRejected, QueryFailed) as error:
            return _error(error)
        assert first is not None
        body = streamed((page.lines for page in pages), context, first.lines)
        return file_response(request, _headers(first, request, context), media, body)


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
        "vary": "authorization, cookie",
        "content-disposition": f'attachment; filename="{request.url.path.rpartition("/")[2]}"',
    }


def _error(error: CommandRejected | QueryFailed) -> Response:
    if isinstance(error, CommandRejected):
        return refusal(error, HTTPStatus.BAD_REQUEST)
    return error_response(file_status(error.code), str(error), error.code, **error.extensions)
