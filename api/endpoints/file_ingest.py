"""Ingestion of files over HTTP: a file of any length is recorded command by command while it arrives.

The rows of a batch become one or more commands, and each command is recorded atomically. While one command is recorded,
only the next batch is read. So a file needs the memory of two batches, and the projections lag by at most one command.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from http import HTTPStatus
from typing import Any, Final, NamedTuple, TypeVar

import msgspec
import psycopg
import structlog
from anyio import CapacityLimiter, to_thread
from psycopg_pool import PoolTimeout
from starlette.requests import ClientDisconnect, HTTPConnection, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.asgi.body_limit import BodyTooSlow
from api.asgi.disconnect import cancel_and_wait
from api.asgi.error_response import error_response
from api.endpoints.row_parser import CSV, FORMATS, NDJSON, Batch, Reader, RowKind
from api.execution.context import Caller, Context
from api.execution.writer import Writer
from api.schema.primitives.errors import known_failure
from domain.commands.command import Command
from domain.commands.permissions import Author, Permission
from domain.handlers.dispatcher import KEY_LENGTH_MAX, Outcome
from domain.log.append import (
    CommandInDoubt,
    CommandUnconfirmed,
    LogReplaced,
    Unavailable,
    WritesPaused,
    WritesStalled,
)
from domain.log.outage import UNREACHABLE, outage
from domain.primitives.errors import Code, CommandRejected, Problem
from domain.primitives.values import Source

T = TypeVar("T")

BODY_BYTES_MAX: Final = 1024 * 1024 * 1024
"""The maximum size of a file, which is read as a stream."""
WORKING_MAX: Final = 4
"""Batches that one process reads or records concurrently; others wait."""
KEY_LENGTH: Final = KEY_LENGTH_MAX - 12
"""The maximum length of an idempotency key: each command appends its number to it."""

_BLOCK_BYTES = 256 * 1024
_DRAINED_BYTES_MAX = 64 * 1024 * 1024
"""How much of a rejected file is still read: a client that is still sending might miss an early response."""
_STATUS: Final[Mapping[str, HTTPStatus]] = {
    Code.FORBIDDEN: HTTPStatus.FORBIDDEN,
    Code.CONFLICT: HTTPStatus.CONFLICT,
    Code.IDEMPOTENCY_MISMATCH: HTTPStatus.CONFLICT,
    Code.TOO_LARGE: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "REQUEST_TIMEOUT": HTTPStatus.REQUEST_TIMEOUT,
    "OUTCOME_UNKNOWN": HTTPStatus.SERVICE_UNAVAILABLE,
    "UNAVAILABLE": HTTPStatus.SERVICE_UNAVAILABLE,
}
_log = structlog.get_logger(__name__)


class Part(NamedTuple):
    """A command that records rows of a file, with the line number of each; the command lists the rows in `field`."""

    command: Command
    field: str
    lines: Sequence[int]

    @property
    def span(self) -> list[int]:
        """The numbers of its first and its last line."""
        return [self.lines[0], self.lines[-1]]


@dataclass(frozen=True)
class FileKind:
    """What a file contains. A caller needs one of `permissions`; `refusal` is the message to a caller without any.
    `parts` makes the commands of a batch, in the order of its lines."""

    rows: RowKind
    permissions: frozenset[Permission]
    refusal: str
    parts: Callable[[Batch], Iterable[Part]]


class IngestResult(msgspec.Struct, omit_defaults=True):
    """The number of rows that are new or changed, of unchanged rows and of commands, and the position of the last
    event. `behind`: the number of events that the projections still lack after the wait timed out."""

    recorded: int
    unchanged: int
    batches: int
    position: int
    behind: int = 0


class Stopped(Exception):
    """Ingestion stopped before the end of the file. What was recorded before stays recorded."""

    def __init__(self, code: str, message: str, **where: Any) -> None:
        super().__init__(message)
        self.errors = [{"message": message, "extensions": {"code": code, **where}}]
        self.status = _STATUS.get(code, HTTPStatus.UNPROCESSABLE_ENTITY)


class Ingest:
    """The endpoints of files of all kinds, which share their threads. `context` makes the context of a request."""

    def __init__(self, context: Callable[[HTTPConnection], Context], writer: Writer) -> None:
        self._context = context
        self._writer = writer
        self._threads = CapacityLimiter(WORKING_MAX)

    async def file(self, kind: FileKind, request: Request) -> Response:
        """Ingest a file of a kind. The response is a summary, or a line per command if the client accepts NDJSON."""
        caller = self._context(request).caller
        response = _rejection(request, caller, kind)
        if response is None:
            author = replace(caller, source=Source.INGEST).author
            file = File(self._writer, self._threads, request, author, kind)
            response = Lines(file) if NDJSON in request.headers.get("accept", "") else await _summary(file)
        response.headers.update({"cache-control": "no-store", "vary": "accept"})
        return response


def _rejection(request: Request, caller: Caller, kind: FileKind) -> Response | None:
    """The response to a request that is rejected before its body is read; None if it is acceptable."""
    if not caller.can & kind.permissions:
        return error_response(HTTPStatus.FORBIDDEN, kind.refusal, Code.FORBIDDEN)
    if _media(request) not in FORMATS:
        return _unsupported(f"Content-Type must be {NDJSON} or {CSV}, in UTF-8.", "accept-post", f"{NDJSON}, {CSV}")
    if request.headers.get("content-encoding", "identity") != "identity":
        return _unsupported(
            "Content-Encoding is not supported; send the file uncompressed.", "accept-encoding", "identity"
        )
    key = request.headers.get("idempotency-key")
    if key is not None and not (1 <= len(key) <= KEY_LENGTH and key.isprintable()):
        message = f"Idempotency-Key must have 1 to {KEY_LENGTH} printable characters."
        return error_response(HTTPStatus.BAD_REQUEST, message, Code.INVALID)
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > BODY_BYTES_MAX:
        return error_response(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, _TOO_LARGE, Code.TOO_LARGE)
    return None


_TOO_LARGE = f"The file exceeds {BODY_BYTES_MAX} bytes; send it in parts."


def _media(request: Request) -> str:
    media, _, parameters = request.headers.get("content-type", "").lower().partition(";")
    charset = parameters.partition("charset=")[2].strip(' "')
    return media.strip() if charset in ("", "utf-8", "utf8", "us-ascii") else ""


def _unsupported(message: str, header: str, value: str) -> Response:
    response = error_response(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, message, "UNSUPPORTED_MEDIA_TYPE")
    response.headers[header] = value
    return response


# ── one file ─────────────────────────────────────────────────────────────────────────────────────


class File:
    """One file during ingestion. `result` counts what was recorded so far."""

    def __init__(
        self, writer: Writer, threads: CapacityLimiter, request: Request, author: Author, kind: FileKind
    ) -> None:
        self._writer = writer
        self._threads = threads
        self._kind = kind
        self._reader = Reader(_media(request), kind.rows)
        self._stream = request.stream()
        self._bytes = 0
        self._author = author
        self._key = request.headers.get("idempotency-key")
        self._request_id = request.state.id
        self._ready: deque[Part] = deque()
        self._is_read = False
        self._is_waited_for = True
        self.result = IngestResult(0, 0, 0, 0)

    async def batches(self) -> AsyncIterator[IngestResult]:
        """Record the commands as they arrive, and yield the result of each. Raises `Stopped`, `ClientDisconnect`."""
        reading = asyncio.ensure_future(self._next())
        try:
            while (part := await reading) is not None:
                reading = asyncio.ensure_future(self._next())
                yield await self._work(partial(self._record, part))
            self._raise_bad_line()
        finally:
            await cancel_and_wait(reading)
            self.result.behind = await self._work(partial(self._writer.behind, self.result.position))

    def _raise_bad_line(self) -> None:
        bad = self._reader.bad
        if bad is not None:
            raise Stopped(bad.code, bad.message, line=bad.line, **({"field": bad.field} if bad.field else {}))

    async def drain(self) -> None:
        """Read and discard the rest of the body, up to a limit."""
        left = _DRAINED_BYTES_MAX
        with suppress(ClientDisconnect, RuntimeError, StopAsyncIteration):
            while left > 0:
                left -= len(await anext(self._stream))

    async def _work(self, work: Callable[[], T]) -> T:
        return await to_thread.run_sync(work, limiter=self._threads)

    # ── reading ──────────────────────────────────────────────────────────────────────────────────

    async def _next(self) -> Part | None:
        """The next complete command; None at the end of the file."""
        while not (self._ready or self._is_read):
            block = await self._block()
            found = await self._work(self._reader.close if block is None else partial(self._reader.feed, block))
            self._ready += [part for batch in found for part in self._kind.parts(batch)]
            self._is_read = block is None or self._reader.bad is not None
        return self._ready.popleft() if self._ready else None

    async def _block(self) -> bytes | None:
        """The next block of the file; None at its end. Raises `Stopped` if the file is too large or too slow."""
        block = bytearray()
        try:
            async for chunk in self._stream:
                block += chunk
                self._bytes += len(chunk)
                if self._bytes > BODY_BYTES_MAX:
                    raise Stopped(Code.TOO_LARGE, _TOO_LARGE)
                if len(block) >= _BLOCK_BYTES:
                    break
        except BodyTooSlow:
            raise Stopped("REQUEST_TIMEOUT", _TOO_SLOW) from None
        return bytes(block) or None

    # ── recording ────────────────────────────────────────────────────────────────────────────────

    def _record(self, part: Part) -> IngestResult:
        before = self.result.position
        key = None if self._key is None else f"{self._key}:{self.result.batches + 1}"
        try:
            outcome = self._writer.execute(msgspec.structs.replace(part.command, idempotency_key=key), self._author)
        except CommandRejected as rejected:
            raise _located(rejected, part) from rejected
        except (WritesPaused, WritesStalled, LogReplaced, CommandUnconfirmed) as error:
            known = known_failure(error)
            assert known is not None
            raise Stopped(*known, lines=part.span) from error
        except (Unavailable, CommandInDoubt, psycopg.OperationalError, PoolTimeout) as error:
            _log.warning("ingest_aborted", request_id=self._request_id, cause=type(error).__name__)
            reason = _stop_reason(error, self._kind.rows.name)
            raise Stopped("UNAVAILABLE", reason, lines=part.span) from error
        self._wait(before)
        return self._count(outcome)

    def _count(self, outcome: Outcome) -> IngestResult:
        batch = IngestResult(outcome.result.recorded, outcome.result.unchanged, 1, outcome.head)
        if outcome.repeated:  # an idempotent repetition records nothing
            batch = IngestResult(0, batch.recorded + batch.unchanged, 1, batch.position)
        total = self.result
        total.recorded += batch.recorded
        total.unchanged += batch.unchanged
        total.batches += 1
        total.position = max(total.position, batch.position)
        return batch

    def _wait(self, position: int) -> None:
        """Wait until the projections reach a position; after one timeout, no further batch waits."""
        self._is_waited_for = self._is_waited_for and not self._writer.behind(position)


def _stop_reason(error: Exception, row: str) -> str:
    reason = outage(error)
    return (_LOST if reason is UNREACHABLE else _REFUSED).format(fact=reason.fact, again=reason.again, row=row)


_REFUSED = (
    "{fact}: the batch of these lines was not recorded, the batches before it are. Send the file again {again}; no "
    "{row} is recorded twice."
)
_LOST = (
    "The connection to the database was lost: it is unknown whether the batch of these lines was recorded; the batches "
    "before it are. Send the file again in a moment; no {row} is recorded twice."
)
_TOO_SLOW = "The file did not arrive in time; send it again without pauses. No row is recorded twice."
_NAMES = {"measuredAt": "measured_at"}


def _located(rejected: CommandRejected, part: Part) -> Stopped:
    """A rejection whose problems have the number of their line, or the lines of the command if they concern all of
    it."""
    stopped = Stopped(rejected.code, rejected.message)
    stopped.errors = [
        {"message": one.message, "extensions": {"code": one.code, "rule": one.rule, **_place(one, part)}}
        for one in rejected.problems
    ]
    return stopped


def _place(problem: Problem, part: Part) -> dict[str, Any]:
    match problem.field:
        case (part.field, index, *field) if index.isdecimal():
            names = [_NAMES.get(name, name) for name in field[:1]]
            return {"line": part.lines[int(index)], **({"field": names} if names else {})}
        case _:
            return {"lines": part.span}


# ── responses ────────────────────────────────────────────────────────────────────────────────────


async def _summary(file: File) -> Response:
    """Ingest the whole file, and respond with one summary."""
    try:
        async for _ in file.batches():
            pass
    except Stopped as stopped:
        await file.drain()
        return _json(_error_summary(file, stopped), stopped.status)
    except ClientDisconnect:
        return Response(status_code=HTTPStatus.BAD_REQUEST)  # the client is gone
    return _json(msgspec.json.encode(file.result))


def _error_summary(file: File, stopped: Stopped) -> bytes:
    """The error that stopped ingestion, and what was recorded before."""
    return msgspec.json.encode({**msgspec.to_builtins(file.result), "errors": stopped.errors})


def _json(body: bytes, status: HTTPStatus = HTTPStatus.OK) -> Response:
    response = Response(body, status, media_type="application/json")
    if status is HTTPStatus.SERVICE_UNAVAILABLE:
        response.headers["retry-after"] = "1"
    return response


class Lines(Response):
    """A streaming response: one line per recorded command, and a summary line at the end."""

    media_type = NDJSON

    def __init__(self, file: File) -> None:
        super().__init__(b"")
        del self.headers["content-length"]
        self._file = file

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002  the file reads it
        begun = False
        with suppress(ClientDisconnect):
            async for status, line in self._lines():
                if not begun:
                    await send({"type": "http.response.start", "status": status, "headers": self.raw_headers})
                    begun = True
                await send({"type": "http.response.body", "body": line, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _lines(self) -> AsyncIterator[tuple[int, bytes]]:
        file = self._file
        try:
            async for batch in file.batches():
                yield HTTPStatus.OK, msgspec.json.encode({"batch": batch}) + b"\n"
        except Stopped as stopped:
            await file.drain()
            yield stopped.status, _error_summary(file, stopped) + b"\n"
        else:
            yield HTTPStatus.OK, msgspec.json.encode(file.result) + b"\n"
