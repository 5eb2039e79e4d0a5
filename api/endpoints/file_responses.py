"""The responses of files over HTTP: what evidence and exports share."""

from collections.abc import AsyncIterator, Iterator, Mapping
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from api.asgi.error_response import error_response
from api.asgi.etag import matches
from api.execution.context import Caller, Context
from api.execution.file_parts import next_part
from domain.commands.permissions import Permission
from domain.primitives.errors import Code, CommandRejected


def file_response(request: Request, headers: Mapping[str, str], media: str, body: AsyncIterator[bytes]) -> Response:
    """The response with a file: 304 if the client's copy is still valid, only the headers to HEAD."""
    if matches(headers["etag"], request.headers.get("if-none-match", "")):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    if request.method == "HEAD":
        response = Response(headers={**headers, "content-type": media})
        del response.headers["content-length"]  # the length is unknown
        return response
    return StreamingResponse(body, media_type=media, headers=headers)


async def streamed(parts: Iterator[bytes], context: Context, first: bytes | None = None) -> AsyncIterator[bytes]:
    """The parts of a file, after a first one that is known already. An error, such as a missed deadline or the end of
    the caller's token, aborts the connection before the last chunk, so that a client cannot take a part for the
    whole."""
    part = await next_part(parts, context) if first is None else first
    while part is not None:
        yield part
        if context.scope is not None and await context.scope.has_ended():
            raise ConnectionAbortedError("the caller's token is no longer valid")
        part = await next_part(parts, context)


def refusal(error: CommandRejected, status: HTTPStatus) -> Response:
    """The response to a request that is rejected."""
    field = {"field": [*error.field]} if error.field else {}
    return error_response(status, error.message, error.code, **field)


def ledger_refusal(caller: Caller) -> Response | None:
    """The response to a caller who may not read the ledger; None for one who may."""
    if Permission.READ_LEDGER in caller.can:
        return None
    message = "Reading the ledger needs the role AUDITOR, LEAD or ADMIN."
    return error_response(HTTPStatus.FORBIDDEN, message, Code.FORBIDDEN)
