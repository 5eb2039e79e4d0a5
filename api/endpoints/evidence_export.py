"""The evidence of a cycle over HTTP at `/evidence/{cycle}`: the same file as `keyframe export --evidence` writes."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from http import HTTPStatus
from typing import Final

from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from api.asgi.disconnect import WhileConnected
from api.asgi.error_response import error_response, unavailable_response
from api.asgi.status_codes import file_status
from api.endpoints.file_responses import file_response, refusal, streamed
from api.execution.context import Context
from api.execution.file_parts import file_context, next_part
from api.schema.history.ledger import keys_of_evidence, require_evidence_access
from api.snapshot.sources import Connection
from domain.primitives.errors import Code, CommandRejected, invalid
from projections.proof.evidence import EvidenceFile, Wanted, evidence_file
from projections.proof.signer import Rewritten
from projections.store.deadline import DeadlineExceeded

MEDIA: Final = "application/x-ndjson"
SIZE_DIGITS_MAX: Final = 16


class EvidenceExport:
    """The evidence endpoint. Called on the event loop. `context` makes the context of a request, `seconds` is how long
    a file may take."""

    def __init__(self, context: Callable[[HTTPConnection], Context], seconds: float) -> None:
        self._context = context
        self._seconds = seconds

    async def file(self, request: Request) -> Response:
        """The evidence of the cycle with this key. `?size=` is the size of the log that it is proven against, by
        default the newest; with it, the same bytes come again until a person is erased or the key is replaced.

        403 without the permissions for ledger and private goals, 404 for an unknown cycle or without a key, 409 if the
        log does not match what was signed. An error on the way aborts the connection before the last chunk.
        """
        context = file_context(self._context(request), self._seconds)
        try:
            begun = _begun(context, Wanted(request.path_params["cycle"], _size(request)))
            async with WhileConnected(request.receive):
                file = await next_part(begun, context)
        except (CommandRejected, Rewritten) as error:
            return _refusal(error)
        except DeadlineExceeded:
            return unavailable_response("The evidence was not found in the time limit; try again later.", "TIMEOUT")
        assert file is not None
        body = streamed(file.parts(lambda: _connection(context)), context)
        return file_response(request, _headers(file), MEDIA, body)


def _begun(context: Context, wanted: Wanted) -> Iterator[EvidenceFile]:
    """The file before its first byte. Raises `CommandRejected` and `Rewritten`."""
    require_evidence_access(context.caller)
    keys = keys_of_evidence(context.keys)

    def read() -> EvidenceFile:
        with _connection(context) as conn:
            return evidence_file(conn, context.workspace, wanted, keys)

    if context.route is not None:
        context.route.want_newest()
    yield context.retrying(read)


def _connection(context: Context) -> AbstractContextManager[Connection]:
    return context.for_next_part().reads.connection()


def _size(request: Request) -> int | None:
    """The parameter `size`; None without it. Raises `INVALID` for another parameter or no number."""
    params = request.query_params
    for name in params:
        if name != "size" or len(params.getlist(name)) > 1:
            raise invalid(f"'{name[:60]}' is not a parameter of evidence, or appears twice; use size once.", name)
    text = params.get("size")
    if text is not None and not (text.isdecimal() and text.isascii() and len(text) <= SIZE_DIGITS_MAX):
        raise invalid(f"'{text[:60]}' is not the size of a checkpoint; write it like 42.", "size")
    return None if text is None else int(text)


def _refusal(error: CommandRejected | Rewritten) -> Response:
    if isinstance(error, Rewritten):
        return error_response(HTTPStatus.CONFLICT, str(error), Code.CONFLICT)
    return refusal(error, file_status(error.code))


def _headers(file: EvidenceFile) -> dict[str, str]:
    return {
        "etag": f'"{file.tag}"',
        "x-keyframe-position": str(file.checkpoint.size),
        "cache-control": "private, no-cache",
        "vary": "authorization, cookie",
        "content-disposition": f'attachment; filename="{file.about.key}-{file.checkpoint.size}.evidence"',
    }
