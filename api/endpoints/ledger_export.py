"""The ledger for other programs, over HTTP: every change, every reading, as of any basis, streamed page by page.

What is told is asked of the schema, or read at its View, by whoever asks: nobody is told more here than there.
"""

from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from http import HTTPStatus
from typing import Any, Final, NamedTuple, TypeAlias

import msgspec
import structlog
from anyio import CapacityLimiter, to_thread
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response, StreamingResponse

from api.asgi.error_response import error_response
from api.asgi.etag import matches
from api.endpoints.csv_cells import cell, table
from api.endpoints.readings_parser import CSV, NDJSON
from api.execution.context import Context
from api.schema.schema import QueryFailed, schema
from api.snapshot.snapshot import ByKey, View
from domain.commands.permissions import Permission
from domain.log.times import recorded_at
from domain.primitives.errors import Code, CommandRejected, invalid
from domain.primitives.values import Basis
from projections.store.versioned_tables import Order, Window
from projections.tables import cycle, kpi, measurements, people
from projections.tables.kpi import KpiFilter, KpiOrder

Json: TypeAlias = dict[str, Any]
Params: TypeAlias = Mapping[str, str]

CHANGES: Final = 500
READINGS: Final = 2_000
"""How many are read at once; so many are in memory, however many there are."""
WORKING_MAX: Final = 4
"""So many pages of one process are read at once; other exports wait for their turn."""

BASIS: Final = frozenset({"at", "known", "position"})
OF_CHANGES: Final = BASIS | {"cycle", "team", "types", "from", "to"}
OF_READINGS: Final = BASIS | {"kpi", "from", "to"}

CHANGE_COLUMNS: Final = (
    "position", "recorded_at", "effective_at", "type", "actor", "source", "subject_type", "subject_id", "cycle",
    "reason", "late", "fields",
)  # fmt: skip
READING_COLUMNS: Final = ("kpi", "measured_at", "value", "note", "recorded_at", "position")

_QUERY = """
    query Export(
      $at: DateTime, $known: DateTime, $position: Position, $first: Int!, $after: String, $filter: ChangeFilter
    ) {
      asOf(at: $at, known: $known, position: $position) {
        basis { at position }
        changes(first: $first, after: $after, filter: $filter) {
          pageInfo { hasNextPage endCursor }
          nodes {
            __typename position recordedAt effectiveAt actor { handle source }
            subject { __typename ... on Entity { entityId } } cycle { key }
            reason late fields { field before after }
          }
        }
      }
    }
"""
_STATUS: Final[Mapping[str, HTTPStatus]] = {
    Code.FORBIDDEN: HTTPStatus.FORBIDDEN,
    "UNAVAILABLE": HTTPStatus.SERVICE_UNAVAILABLE,
    "TIMEOUT": HTTPStatus.SERVICE_UNAVAILABLE,
    "INTERNAL_SERVER_ERROR": HTTPStatus.INTERNAL_SERVER_ERROR,
}
_CSV: Final = f"{CSV}; charset=utf-8"
_log = structlog.get_logger(__name__)


class Page(NamedTuple):
    """Some lines of an export, the basis that it stands on, and the log's end when they were read."""

    lines: bytes
    basis: Basis
    head: int


Told: TypeAlias = Callable[[Context, Params], Iterator[Page]]
"""The pages of an export, the first one even if there is nothing in it."""


class Exports:
    """Called on the event loop. `context`: who asks, and through which doors."""

    def __init__(self, context: Callable[[HTTPConnection], Context]) -> None:
        self._context = context
        self._threads = CapacityLimiter(WORKING_MAX)

    async def changes_ndjson(self, request: Request) -> Response:
        return await self._export(request, OF_CHANGES, partial(_changes, _as_lines), NDJSON)

    async def changes_csv(self, request: Request) -> Response:
        return await self._export(request, OF_CHANGES, partial(_changes, _as_rows), _CSV)

    async def readings_csv(self, request: Request) -> Response:
        return await self._export(request, OF_READINGS, _readings, _CSV)

    async def _export(self, request: Request, known: frozenset[str], told: Told, media: str) -> Response:
        context = self._context(request)
        if Permission.READ_LEDGER not in context.caller.can:
            return error_response(HTTPStatus.FORBIDDEN, "You may not read the ledger.", Code.FORBIDDEN)
        pages = told(context, request.query_params)
        try:
            _refuse_unknown(request, known)
            first = await self._next(pages)
        except (CommandRejected, QueryFailed) as why:
            return _refused(why)
        assert first is not None
        headers = _headers(first, request, context)
        if matches(headers["etag"], request.headers.get("if-none-match", "")):
            return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
        if request.method == "HEAD":
            return _without_body(headers, media)
        return StreamingResponse(self._rest(first, pages, context), media_type=media, headers=headers)

    async def _rest(self, first: Page, pages: Iterator[Page], context: Context) -> AsyncIterator[bytes]:
        """All pages. What cannot be told to its end is cut off, so that nobody takes a part for the whole."""
        page: Page | None = first
        while page is not None:
            yield page.lines
            if context.scope is not None and await context.scope.has_ended():
                raise ConnectionAbortedError("what the caller came in with holds no longer")
            page = await self._next(pages)

    async def _next(self, pages: Iterator[Page]) -> Page | None:
        return await to_thread.run_sync(next, pages, None, limiter=self._threads)


def _without_body(headers: Mapping[str, str], media: str) -> Response:
    """What stands before a body whose length nobody knows yet."""
    response = Response(headers={**headers, "content-type": media})
    del response.headers["content-length"]
    return response


def _headers(first: Page, request: Request, context: Context) -> dict[str, str]:
    """The basis, and a name for what is told at it: as long as nothing is recorded, it is the same."""
    at, position = cell(first.basis.at), str(first.basis.position)
    now = "" if BASIS & request.query_params.keys() else "now"
    asked = [request.url.path, sorted(request.query_params.multi_items()), now or at, position, first.head]
    name = sha256(msgspec.json.encode([asked, context.caller.who])).hexdigest()[:32]
    return {
        "etag": f'"{name}"',
        "x-keyframe-at": at,
        "x-keyframe-position": position,
        "cache-control": "private, no-cache",
        "vary": "authorization",
        "content-disposition": f'attachment; filename="{request.url.path.rpartition("/")[2]}"',
    }


def _refused(why: CommandRejected | QueryFailed) -> Response:
    if isinstance(why, CommandRejected):
        return error_response(
            HTTPStatus.BAD_REQUEST, why.message, why.code, **({"field": [*why.field]} if why.field else {})
        )
    return error_response(_STATUS.get(why.code, HTTPStatus.BAD_REQUEST), str(why), why.code, **why.extensions)


# ── what was asked ───────────────────────────────────────────────────────────────────────────────


def _refuse_unknown(request: Request, known: frozenset[str]) -> None:
    for name in request.query_params:
        if name not in known:
            raise invalid(f"'{name}' is no parameter here; there are {', '.join(sorted(known))}.", name)
        if len(request.query_params.getlist(name)) > 1:
            raise invalid("It is there twice.", name)


def _moment(params: Params, name: str) -> datetime | None:
    text = params.get(name)
    if text is None:
        return None
    try:
        said = datetime.fromisoformat(text)
        if said.tzinfo is None:
            raise invalid("It needs an offset, like 2026-03-31T18:00:00Z; in an address '+' is written %2B.", name)
        return said.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise invalid(f"'{text[:60]}' is no time; write it like 2026-03-31T18:00:00Z.", name) from error


def _place(params: Params, name: str) -> int | None:
    text = params.get(name)
    if text is not None and not (text.isdecimal() and text.isascii() and len(text) <= 16):
        raise invalid(f"'{text[:60]}' is no position of the log, like 42.", name)
    return None if text is None else int(text)


# ── changes ──────────────────────────────────────────────────────────────────────────────────────


def _changes(written: Callable[[Sequence[Json], bool], bytes], context: Context, params: Params) -> Iterator[Page]:
    asked: Json = {"first": CHANGES, "after": None, "filter": _filter(context, params)}
    asked |= {name: _text(_moment(params, name)) for name in ("at", "known")} | {"position": _place(params, "position")}
    is_first = True
    while True:
        here = context.for_next_operation()
        view = _answer(here, asked)
        basis, page = view["basis"], view["changes"]
        stood = Basis(datetime.fromisoformat(basis["at"]), basis["position"])
        head = here.freshness.newest
        yield Page(written(page["nodes"], is_first), stood, stood.position if head is None else head.position)
        if not page["pageInfo"]["hasNextPage"]:
            return
        asked |= {"known": None, **basis, "after": page["pageInfo"]["endCursor"]}
        is_first = False


def _answer(context: Context, asked: Json) -> Json:
    try:
        view: Json = schema.answer(_QUERY, asked, context)["asOf"]
    except QueryFailed as failed:
        _log.warning("export_given_up", request_id=context.request_id, code=failed.code)
        raise
    return view


def _filter(context: Context, params: Params) -> Json:
    """`from` and `to` are times, or positions of the log; half-open either way."""
    types = params.get("types")
    return {
        "cycle": _named(context, params, "cycle", cycle.cycles_by_key),
        "team": _named(context, params, "team", people.teams_by_key),
        "types": None if types is None else [name.strip() for name in types.split(",")],
        "recordedFrom": _text(_recorded(context, params, "from")),
        "recordedTo": _text(_recorded(context, params, "to")),
    }


def _named(context: Context, params: Params, name: str, by_key: ByKey[Any]) -> Json | None:
    """A cycle or team by its key. Raises `NOT_FOUND` for one that there is not."""
    key = params.get(name)
    if key is None:
        return None
    if context.for_next_operation().reads.present.by_key(by_key, key) is None:
        raise CommandRejected(Code.NOT_FOUND, f"There is no {name} with the key '{key[:60]}'.", name)
    return {"key": key}


def _recorded(context: Context, params: Params, name: str) -> datetime | None:
    text = params.get(name, "")
    if not text.isdecimal():
        return _moment(params, name)
    position = _place(params, name) or 0
    if position == 0:
        return None
    reads = context.for_next_operation().reads
    found = reads.read(recorded_at, position)
    if found is None and name == "from":
        raise invalid(f"The log does not have position {position} yet.", name)
    return found


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _told(change: Json) -> Json:
    subject, cycle = change["subject"] or {}, change["cycle"] or {}
    return {
        "position": change["position"],
        "recordedAt": change["recordedAt"],
        "effectiveAt": change["effectiveAt"],
        "type": change["__typename"],
        "actor": change["actor"]["handle"],
        "source": change["actor"]["source"],
        "subjectType": subject.get("__typename"),
        "subjectId": subject.get("entityId"),
        "cycle": cycle.get("key"),
        "reason": change["reason"],
        "late": change["late"],
        "fields": change["fields"],
    }


def _as_lines(changes: Sequence[Json], is_first: bool) -> bytes:  # noqa: ARG001  there is nothing before the first
    return b"".join(msgspec.json.encode(_told(change)) + b"\n" for change in changes)


def _as_rows(changes: Sequence[Json], is_first: bool) -> bytes:
    rows: Iterable[Sequence[Any]] = [
        [*list(told.values())[:-1], msgspec.json.encode(told["fields"]).decode()] for told in map(_told, changes)
    ]
    return table([CHANGE_COLUMNS, *rows] if is_first else rows)


# ── readings ─────────────────────────────────────────────────────────────────────────────────────


def _readings(context: Context, params: Params) -> Iterator[Page]:
    """By KPI, in the order of their keys, then by when they were measured."""
    reads = context.for_next_operation().reads
    view = reads.as_of(_moment(params, "at"), _moment(params, "known"), _place(params, "position"))
    since, until = _moment(params, "from"), _moment(params, "to")
    head, watched = reads.newest.position, _kpis(view, params.get("kpi"))
    yield Page(table([READING_COLUMNS]), view.basis, head)
    for row in watched:
        window = Window(READINGS)
        while True:
            view = context.for_next_operation().reads.at(view.basis)
            found = view.read(measurements.READINGS.pages, [row.id], window, since, until)[row.id]
            yield Page(table(_row(row.key, reading) for reading in found), view.basis, head)
            if len(found) < READINGS:
                break
            window = Window(READINGS, after=measurements.READINGS.cursor(found[-1]))


def _kpis(view: View, key: str | None) -> list[kpi.KpiRow]:
    if key is not None:
        found = view.by_key(kpi.kpis_by_key, key)
        if found is None:
            raise CommandRejected(Code.NOT_FOUND, f"There is no KPI with the key '{key[:60]}' at this basis.", "kpi")
        return [found]
    return view.read(kpi.KPIS.page, KpiFilter(), Order(KpiOrder.KEY), Window(1_000_000))


def _row(key: str, reading: measurements.ReadingRow) -> Sequence[Any]:
    return key, reading.measured_at, reading.value, reading.note, reading.recorded_at, reading.position
