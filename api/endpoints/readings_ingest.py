"""Readings over HTTP: a file of any length streams in, and is recorded batch by batch as it comes.

Each batch is a command like any other, all or nothing. While one is recorded the next one is read, and no further:
so a file takes as much memory as two batches, and the views are never further behind than one.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from http import HTTPStatus
from typing import Any, Final, TypeVar

import msgspec
import psycopg
import structlog
from anyio import CapacityLimiter, to_thread
from psycopg_pool import PoolTimeout
from starlette.requests import ClientDisconnect, HTTPConnection, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.asgi.body_limit import BodyTooSlow
from api.asgi.error_response import error_response
from api.endpoints.readings_parser import CSV, FORMS, NDJSON, Batch, Reader
from api.execution.context import Caller, Context
from api.execution.request_scope import cancel_and_wait
from api.execution.writer import Writer
from domain.commands.kpi_commands import RecordReadings
from domain.commands.permissions import Permission
from domain.handlers.dispatcher import KEY_LENGTH_MAX, Outcome
from domain.handlers.unit_of_work import Author
from domain.log.append import CommandInDoubt, Unavailable
from domain.primitives.errors import Code, CommandRejected
from domain.primitives.values import Source

T = TypeVar("T")

PATH: Final = "/ingest/readings"
BODY_BYTES_MAX: Final = 1024 * 1024 * 1024
"""How long a file may be; it is read as it comes."""
WORKING_MAX: Final = 4
"""So many batches of one process are read or recorded at once; others wait for their turn."""
KEY_LENGTH: Final = KEY_LENGTH_MAX - 12
"""How long an idempotency key may be: every batch has one of its own, with its number."""

_BLOCK_BYTES = 256 * 1024
_DRAINED_BYTES_MAX = 64 * 1024 * 1024
"""So much is still taken of a file that was refused: who is told too early, while still sending, hears nothing."""
_STATUS: Final[Mapping[str, HTTPStatus]] = {
    Code.FORBIDDEN: HTTPStatus.FORBIDDEN,
    Code.CONFLICT: HTTPStatus.CONFLICT,
    Code.IDEMPOTENCY_MISMATCH: HTTPStatus.CONFLICT,
    Code.TOO_LARGE: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "REQUEST_TIMEOUT": HTTPStatus.REQUEST_TIMEOUT,
    "UNAVAILABLE": HTTPStatus.SERVICE_UNAVAILABLE,
}
_log = structlog.get_logger(__name__)


class Told(msgspec.Struct, omit_defaults=True):
    """What became of readings: how many were new, how many were there already, in how many batches, and where the
    last of them can be read. `behind`: so many events the views still lack for that, if they did not come in time."""

    recorded: int
    unchanged: int
    batches: int
    position: int
    behind: int = 0


class Stopped(Exception):
    """A file was not taken to its end; what was recorded before stays."""

    def __init__(self, code: str, message: str, **where: Any) -> None:
        super().__init__(message)
        self.error = {"message": message, "extensions": {"code": code, **where}}
        self.status = _STATUS.get(code, HTTPStatus.UNPROCESSABLE_ENTITY)


class Ingest:
    """`POST /ingest/readings`. `context`: who asks, and through which doors."""

    def __init__(self, context: Callable[[HTTPConnection], Context], writer: Writer) -> None:
        self._context = context
        self._writer = writer
        self._threads = CapacityLimiter(WORKING_MAX)

    async def readings(self, request: Request) -> Response:
        """Take a file, and say what became of it: once when it is done, or of every batch as it goes."""
        caller = self._context(request).caller
        response = _refused(request, caller)
        if response is None:
            author = replace(caller, source=Source.INGEST).author
            file = File(self._writer, self._threads, request, author)
            response = Lines(file) if NDJSON in request.headers.get("accept", "") else await _summary(file)
        response.headers.update({"cache-control": "no-store", "vary": "accept"})
        return response


def _refused(request: Request, caller: Caller) -> Response | None:
    """What to answer to a request of which no line is looked at."""
    if not caller.can & {Permission.RECORD_READINGS, Permission.RECORD_OWN_READINGS}:
        return error_response(HTTPStatus.FORBIDDEN, "You may not record readings.", Code.FORBIDDEN)
    if _media(request) not in FORMS:
        return _unsupported(f"Readings come as {NDJSON}, or as {CSV} in UTF-8.", "accept-post", f"{NDJSON}, {CSV}")
    if request.headers.get("content-encoding", "identity") != "identity":
        return _unsupported("Send it as it is, without a Content-Encoding.", "accept-encoding", "identity")
    key = request.headers.get("idempotency-key")
    if key is not None and not (1 <= len(key) <= KEY_LENGTH and key.isprintable()):
        message = f"An idempotency key has 1 to {KEY_LENGTH} characters."
        return error_response(HTTPStatus.BAD_REQUEST, message, Code.INVALID)
    said = request.headers.get("content-length", "")
    if said.isdecimal() and int(said) > BODY_BYTES_MAX:
        return error_response(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, _TOO_LARGE, Code.TOO_LARGE)
    return None


_TOO_LARGE = f"A file has up to {BODY_BYTES_MAX} bytes; send it in parts."


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
    """A file on its way in. `told` is what became of it so far."""

    def __init__(self, writer: Writer, threads: CapacityLimiter, request: Request, author: Author) -> None:
        self._writer = writer
        self._threads = threads
        self._reader = Reader(FORMS[_media(request)]())
        self._stream = request.stream()
        self._bytes = 0
        self._author = author
        self._key = request.headers.get("idempotency-key")
        self._request_id = request.state.id
        self._ready: deque[Batch] = deque()
        self._is_read = False
        self._is_waited_for = True
        self.told = Told(0, 0, 0, 0)

    async def batches(self) -> AsyncIterator[Told]:
        """Record what comes, and say of each batch what became of it. Raises `Stopped`, `ClientDisconnect`."""
        reading = asyncio.ensure_future(self._next())
        try:
            while (batch := await reading) is not None:
                reading = asyncio.ensure_future(self._next())
                yield await self._work(partial(self._record, batch))
            self._refuse_bad()
        finally:
            await cancel_and_wait(reading)
            self.told.behind = await self._work(partial(self._writer.behind, self.told.position))

    def _refuse_bad(self) -> None:
        bad = self._reader.bad
        if bad is not None:
            raise Stopped(bad.code, bad.message, line=bad.line, **({"field": bad.field} if bad.field else {}))

    async def drain(self) -> None:
        """Take what is still being sent."""
        left = _DRAINED_BYTES_MAX
        with suppress(ClientDisconnect, RuntimeError, StopAsyncIteration):
            while left > 0:
                left -= len(await anext(self._stream))

    async def _work(self, work: Callable[[], T]) -> T:
        return await to_thread.run_sync(work, limiter=self._threads)

    # ── reading ──────────────────────────────────────────────────────────────────────────────────

    async def _next(self) -> Batch | None:
        """The next batch, as soon as it is whole; None if there is none any more."""
        while not (self._ready or self._is_read):
            block = await self._block()
            self._ready += await self._work(self._reader.close if block is None else partial(self._reader.feed, block))
            self._is_read = block is None or self._reader.bad is not None
        return self._ready.popleft() if self._ready else None

    async def _block(self) -> bytes | None:
        """The next stretch of the file. Raises `Stopped` for too much of it."""
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

    def _record(self, batch: Batch) -> Told:
        told, before = self.told, self.told.position
        key = None if self._key is None else f"{self._key}:{told.batches + 1}"
        try:
            outcome = self._writer.execute(RecordReadings(readings=batch.readings, idempotency_key=key), self._author)
        except CommandRejected as refused:
            raise _named(refused, batch) from refused
        except (Unavailable, CommandInDoubt, psycopg.OperationalError, PoolTimeout) as error:
            _log.warning("ingest_given_up", request_id=self._request_id, cause=type(error).__name__)
            raise Stopped("UNAVAILABLE", _LOST, lines=[batch.lines[0], batch.lines[-1]]) from error
        self._wait(before)
        return self._count(outcome)

    def _count(self, outcome: Outcome) -> Told:
        one = Told(outcome.result.recorded, outcome.result.unchanged, 1, outcome.head)
        if outcome.repeated:  # it did nothing this time
            one = Told(0, one.recorded + one.unchanged, 1, one.position)
        told = self.told
        told.recorded += one.recorded
        told.unchanged += one.unchanged
        told.batches += 1
        told.position = max(told.position, one.position)
        return one

    def _wait(self, position: int) -> None:
        """Let the views come to a position, unless they did not come to another one in time."""
        self._is_waited_for = self._is_waited_for and not self._writer.behind(position)


_LOST = (
    "The database was lost: the batch of these lines may be recorded or not, those before it are. Send the file again "
    "in a moment; what is there already is not recorded twice."
)
_TOO_SLOW = "The file did not come in time; send it again, at once. What is there already is not recorded twice."
_NAMES = {"measuredAt": "measured_at"}


def _named(refused: CommandRejected, batch: Batch) -> Stopped:
    """What was refused, by the number of its line; or by those of its batch, if it is about all of them."""
    match refused.field:
        case ("readings", index, *field) if index.isdecimal():
            names = [_NAMES.get(name, name) for name in field[:1]]
            return Stopped(
                refused.code, refused.message, line=batch.lines[int(index)], **({"field": names} if names else {})
            )
        case _:
            return Stopped(refused.code, refused.message, lines=[batch.lines[0], batch.lines[-1]])


# ── answering ────────────────────────────────────────────────────────────────────────────────────


async def _summary(file: File) -> Response:
    """What became of all of it."""
    try:
        async for _ in file.batches():
            pass
    except Stopped as stopped:
        await file.drain()
        return _json(_refusal(file, stopped), stopped.status)
    except ClientDisconnect:
        return Response(status_code=HTTPStatus.BAD_REQUEST)  # nobody will read it
    return _json(msgspec.json.encode(file.told))


def _refusal(file: File, stopped: Stopped) -> bytes:
    """Why it went no further, and what was recorded before."""
    return msgspec.json.encode({**msgspec.to_builtins(file.told), "errors": [stopped.error]})


def _json(told: bytes, status: HTTPStatus = HTTPStatus.OK) -> Response:
    response = Response(told, status, media_type="application/json")
    if status is HTTPStatus.SERVICE_UNAVAILABLE:
        response.headers["retry-after"] = "1"
    return response


class Lines(Response):
    """A line for each batch once it is recorded, and one for all of it at the end."""

    media_type = NDJSON

    def __init__(self, file: File) -> None:
        super().__init__(b"")
        del self.headers["content-length"]
        self._file = file

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002  the file reads it
        begun = False
        with suppress(ClientDisconnect):
            async for status, line in self._told():
                if not begun:
                    await send({"type": "http.response.start", "status": status, "headers": self.raw_headers})
                    begun = True
                await send({"type": "http.response.body", "body": line, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _told(self) -> AsyncIterator[tuple[int, bytes]]:
        file = self._file
        try:
            async for one in file.batches():
                yield HTTPStatus.OK, msgspec.json.encode({"batch": one}) + b"\n"
        except Stopped as stopped:
            await file.drain()
            yield stopped.status, _refusal(file, stopped) + b"\n"
        else:
            yield HTTPStatus.OK, msgspec.json.encode(file.told) + b"\n"
