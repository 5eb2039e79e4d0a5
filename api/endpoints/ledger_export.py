"""Exports over HTTP for other programs: all changes or readings as of any basis, streamed page by page.

The exports read through the GraphQL schema or its `View` as the caller, so visibility rules apply as in GraphQL.
"""

from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from hashlib import sha256
from http import HTTPStatus
from typing import Any, Final, NamedTuple, TypeAlias

import msgspec
import structlog
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response, StreamingResponse

from api.asgi.disconnect import until_disconnected
from api.asgi.error_response import error_response
from api.asgi.etag import matches
from api.endpoints.csv_cells import BOM, cell, table
from api.endpoints.row_parser import CSV, NDJSON
from api.execution.context import Context
from api.execution.file_parts import file_context, next_part
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
"""Rows per page; one page at a time is in memory."""

BASIS: Final = frozenset({"at", "known", "position"})
CHANGE_PARAMS: Final = BASIS | {"cycle", "team", "types", "from", "to"}
READING_PARAMS: Final = BASIS | {"kpi", "from", "to"}
CSV_PARAMS: Final = frozenset({"bom"})

CHANGE_COLUMNS: Final = (
    "position", "recorded_at", "effective_at", "claimed_at", "type", "actor", "source", "subject_type", "subject_id",
    "cycle", "reason", "late", "backdated", "fields",
)  # fmt: skip
READING_COLUMNS: Final = ("kpi", "measured_at", "value", "note", "claimed_at", "recorded_at", "position")

_QUERY = """
    query Export(
      $at: DateTime, $known: DateTime, $position: Position, $first: Int!, $after: String, $filter: ChangeFilter
    ) {
      asOf(at: $at, known: $known, position: $position) {
        basis { at position }
        changes(first: $first, after: $after, filter: $filter) {
          pageInfo { hasNextPage endCursor }
          nodes {
            __typename position recordedAt effectiveAt claimedAt actor { handle source }
            subject { __typename ... on Entity { entityId } } cycle { key }
            reason late backdated fields { field before after }
          }
        }
      }
    }
"""
_STATUS: Final[Mapping[str, HTTPStatus]] = {
    Code.FORBIDDEN: HTTPStatus.FORBIDDEN,
    "UNAVAILABLE": HTTPStatus.SERVICE_UNAVAILABLE,
    "TIMEOUT": HTTPStatus.SERVICE_UNAVAILABLE,
    "VIEWS_OUTDATED": HTTPStatus.SERVICE_UNAVAILABLE,
    "INTERNAL_SERVER_ERROR": HTTPStatus.INTERNAL_SERVER_ERROR,
}
_CSV: Final = f"{CSV}; charset=utf-8"
_log = structlog.get_logger(__name__)


class Page(NamedTuple):
    """Some lines of an export, their basis, and the head of the log when they were read."""

    lines: bytes
    basis: Basis
    head: int


PageSource: TypeAlias = Callable[[Context, Params], Iterator[Page]]
"""Yields the pages of an export; the first page exists even if the export is empty."""


class Exports:
    """The export endpoints. Called on the event loop. `context` makes the context of a request, `seconds` is how long
    an export may take."""

    def __init__(self, context: Callable[[HTTPConnection], Context], seconds: float) -> None:
        self._context = context
        self._seconds = seconds

    async def changes_ndjson(self, request: Request) -> Response:
        return await self._export(request, CHANGE_PARAMS, partial(_changes, _as_lines), NDJSON)

    async def changes_csv(self, request: Request) -> Response:
        return await self._export_csv(request, CHANGE_PARAMS, partial(_changes, _as_rows))

    async def readings_csv(self, request: Request) -> Response:
        return await self._export_csv(request, READING_PARAMS, _readings)

    async def _export_csv(self, request: Request, known: frozenset[str], source: PageSource) -> Response:
        return await self._export(request, known | CSV_PARAMS, partial(_with_bom, source), _CSV)

    async def _export(self, request: Request, known: frozenset[str], source: PageSource, media: str) -> Response:
        context = file_context(self._context(request), self._seconds)
        if Permission.READ_LEDGER not in context.caller.can:
            return error_response(
                HTTPStatus.FORBIDDEN, "Reading the ledger needs the role AUDITOR, LEAD or ADMIN.", Code.FORBIDDEN
            )
        pages = source(context, request.query_params)
        try:
            _check_parameters(request, known)
            first = await until_disconnected(request.receive, next_part(pages, context))
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
    now = "" if BASIS & request.query_params.keys() else "now"
    key = [request.url.path, sorted(request.query_params.multi_items()), now or at, position, first.head]
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


# ── parameters ───────────────────────────────────────────────────────────────────────────────────


def _check_parameters(request: Request, known: frozenset[str]) -> None:
    for name in request.query_params:
        if name not in known:
            raise invalid(f"'{name}' is not a parameter of this export; use {', '.join(sorted(known))}.", name)
        if len(request.query_params.getlist(name)) > 1:
            raise invalid(f"The parameter '{name}' appears more than once; send it once.", name)


def _moment(params: Params, name: str) -> datetime | None:
    text = params.get(name)
    if text is None:
        return None
    try:
        parsed = datetime.fromisoformat(text)
        if parsed.tzinfo is None:
            raise invalid("The time has no offset; write it like 2026-03-31T18:00:00Z, and '+' as %2B.", name)
        return parsed.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise invalid(f"'{text[:60]}' is not a time; write it like 2026-03-31T18:00:00Z.", name) from error


def _position(params: Params, name: str) -> int | None:
    text = params.get(name)
    if text is not None and not (text.isdecimal() and text.isascii() and len(text) <= 16):
        raise invalid(f"'{text[:60]}' is not a log position; write it like 42.", name)
    return None if text is None else int(text)


def _is_set(params: Params, name: str) -> bool:
    """Whether a flag is 1. Raises `CommandRejected` for a value other than 0 or 1."""
    flag = params.get(name, "0")
    if flag not in {"0", "1"}:
        raise invalid(f"'{flag[:60]}' is not a flag; write 1, or leave it out.", name)
    return flag == "1"


def _with_bom(source: PageSource, context: Context, params: Params) -> Iterator[Page]:
    """The pages of a CSV export, with a byte order mark before the first if the parameter `bom` is 1."""
    mark = BOM if _is_set(params, "bom") else b""
    for page in source(context, params):
        yield page._replace(lines=mark + page.lines)
        mark = b""


# ── changes ──────────────────────────────────────────────────────────────────────────────────────


def _changes(encode: Callable[[Sequence[Json], bool], bytes], context: Context, params: Params) -> Iterator[Page]:
    variables: Json = {"first": CHANGES, "after": None, "filter": _filter(context, params)}
    variables |= {name: _text(_moment(params, name)) for name in ("at", "known")} | {
        "position": _position(params, "position")
    }
    is_first = True
    while True:
        current = context.for_next_part()
        view = _answer(current, variables)
        basis, page = view["basis"], view["changes"]
        page_basis = Basis(datetime.fromisoformat(basis["at"]), basis["position"])
        head = current.freshness.newest
        yield Page(encode(page["nodes"], is_first), page_basis, page_basis.position if head is None else head.position)
        if not page["pageInfo"]["hasNextPage"]:
            return
        variables |= {"known": None, **basis, "after": page["pageInfo"]["endCursor"]}
        is_first = False


def _answer(context: Context, variables: Json) -> Json:
    try:
        view: Json = schema.answer(_QUERY, variables, context)["asOf"]
    except QueryFailed as failed:
        _log.warning("export_aborted", request_id=context.request_id, code=failed.code)
        raise
    return view


def _filter(context: Context, params: Params) -> Json:
    """The filter of the query. `from` and `to` are times or log positions, and make a half-open range."""
    types = params.get("types")
    return {
        "cycle": _by_key(context, params, "cycle", cycle.cycles_by_key),
        "team": _by_key(context, params, "team", people.teams_by_key),
        "types": None if types is None else [name.strip() for name in types.split(",")],
        "recordedFrom": _text(_recorded(context, params, "from")),
        "recordedTo": _text(_recorded(context, params, "to")),
    }


def _by_key(context: Context, params: Params, name: str, by_key: ByKey[Any]) -> Json | None:
    """A cycle or team by its key. Raises `CommandRejected` with `NOT_FOUND` for an unknown key."""
    key = params.get(name)
    if key is None:
        return None
    if context.for_next_part().reads.present.by_key(by_key, key) is None:
        raise CommandRejected(Code.NOT_FOUND, f"There is no {name} with the key '{key[:60]}'.", name)
    return {"key": key}


def _recorded(context: Context, params: Params, name: str) -> datetime | None:
    text = params.get(name, "")
    if not text.isdecimal():
        return _moment(params, name)
    position = _position(params, name) or 0
    if position == 0:
        return None
    reads = context.for_next_part().reads
    found = reads.read(recorded_at, position)
    if found is None and name == "from":
        raise invalid(f"The log has no position {position} yet; use a smaller position.", name)
    return found


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _row_of_change(change: Json) -> Json:
    subject, cycle = change["subject"] or {}, change["cycle"] or {}
    return {
        "position": change["position"],
        "recordedAt": change["recordedAt"],
        "effectiveAt": change["effectiveAt"],
        "claimedAt": change["claimedAt"],
        "type": change["__typename"],
        "actor": change["actor"]["handle"],
        "source": change["actor"]["source"],
        "subjectType": subject.get("__typename"),
        "subjectId": subject.get("entityId"),
        "cycle": cycle.get("key"),
        "reason": change["reason"],
        "late": change["late"],
        "backdated": change["backdated"],
        "fields": change["fields"],
    }


def _as_lines(changes: Sequence[Json], is_first: bool) -> bytes:  # noqa: ARG001  NDJSON has no header line
    return b"".join(msgspec.json.encode(_row_of_change(change)) + b"\n" for change in changes)


def _as_rows(changes: Sequence[Json], is_first: bool) -> bytes:
    rows: Iterable[Sequence[Any]] = [[*_row_of_change(change).values()] for change in changes]
    return table([CHANGE_COLUMNS, *rows] if is_first else rows)


# ── readings ─────────────────────────────────────────────────────────────────────────────────────


def _readings(context: Context, params: Params) -> Iterator[Page]:
    """The current readings by KPI key, then by time of measurement."""
    reads = context.for_next_part().reads
    view = reads.as_of(_moment(params, "at"), _moment(params, "known"), _position(params, "position"))
    since, until = _moment(params, "from"), _moment(params, "to")
    head, selected = reads.newest.position, _kpis(view, params.get("kpi"))
    yield Page(table([READING_COLUMNS]), view.basis, head)
    for row in selected:
        window = Window(READINGS)
        while True:
            view = context.for_next_part().reads.at(view.basis)
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
    """The cells of a reading. Its value has all digits, so that an ingested export is unchanged."""
    when = (reading.claimed_at, reading.recorded_at)
    return key, reading.measured_at, Decimal(repr(reading.value)), reading.note, *when, reading.position
