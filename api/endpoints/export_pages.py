"""The pages of the exports: some thousand changes or readings at a time, all at one basis."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, NamedTuple, TypeAlias
from uuid import UUID

from graphql import GraphQLError

from api.endpoints import export_parameters as parameters
from api.endpoints import exported_changes
from api.endpoints.csv_cells import BOM, table
from api.endpoints.export_parameters import Params
from api.endpoints.exported_changes import Exported
from api.execution.context import Context
from api.schema.primitives.errors import coded
from api.schema.schema import QueryFailed
from api.snapshot.snapshot import View
from domain.primitives.errors import Code, CommandRejected
from domain.primitives.values import Basis
from projections.store.versioned_tables import Cursor, Order, Window
from projections.tables import changes, kpi, measurements
from projections.tables.kpi import KpiFilter, KpiOrder
from projections.tables.measurements import Reported

CHANGES: Final = 2_000
"""Changes per page; one page at a time is in memory."""
POSITIONS: Final = 50_000
"""Positions of changes that are read ahead."""
READINGS: Final = 5_000
KPIS: Final = 5
"""Readings, and KPIs, per page."""

READING_COLUMNS: Final = ("kpi", "measured_at", "value", "note", "claimed_at", "recorded_at", "position")


class Page(NamedTuple):
    """Some lines of an export, their basis, and the head of the log at the beginning."""

    lines: bytes
    basis: Basis
    head: int


PageSource: TypeAlias = Callable[[Context, Params], Iterator[Page]]
"""Yields the pages of an export; the first page exists even if the export is empty."""


def with_codes(source: PageSource, context: Context, params: Params) -> Iterator[Page]:
    """The pages of an export, whose failures have the codes that they have in GraphQL. Raises `CommandRejected`,
    `QueryFailed`."""
    try:
        yield from source(context, params)
    except CommandRejected:
        raise
    except Exception as cause:
        failed = GraphQLError("The export failed.", path=["export"], original_error=cause)
        raise QueryFailed(coded([failed], context)) from cause


def with_bom(source: PageSource, context: Context, params: Params) -> Iterator[Page]:
    """The pages of a CSV export, with a byte order mark before the first if the parameter `bom` is 1."""
    mark = BOM if parameters.flag(params, "bom") else b""
    for page in source(context, params):
        yield page._replace(lines=mark + page.lines)
        mark = b""


def _pages(header: bytes, basis: Basis, head: int, parts: Iterator[bytes]) -> Iterator[Page]:
    """The parts as pages, the header in the first."""
    yield Page(header + next(parts, b""), basis, head)
    for part in parts:
        yield Page(part, basis, head)


# ── changes ──────────────────────────────────────────────────────────────────────────────────────

Encode: TypeAlias = Callable[[View, Sequence[Exported]], bytes]


def json_changes(context: Context, params: Params) -> Iterator[Page]:
    """The changes that pass the filter, in log order, as lines of JSON."""
    return _changes(context, params, b"", lambda _: exported_changes.Lines())


def csv_changes(context: Context, params: Params) -> Iterator[Page]:
    """The changed fields of the changes that pass the filter, in log order, as rows."""
    return _changes(context, params, exported_changes.HEADER, lambda view: exported_changes.Rows(view.calendar))


def _changes(context: Context, params: Params, header: bytes, encoder: Callable[[View], Encode]) -> Iterator[Page]:
    view = _view(context, params)
    filter, basis = parameters.of_changes(view, params), view.basis
    return _pages(header, basis, view.reads.newest.position, _encoded(context, basis, filter, encoder(view)))


def _view(context: Context, params: Params) -> View:
    """The view of an export, on a server that has its basis. Raises `INVALID`, `StaleProjection`."""
    return context.retrying(lambda: context.for_next_part().reads.as_of(*parameters.basis(params)))


def _encoded(context: Context, basis: Basis, filter: changes.ChangeFilter, encode: Encode) -> Iterator[bytes]:
    for positions in _positions(context, basis, filter):
        view = context.for_next_part().reads.at(basis)
        yield encode(view, exported_changes.read(view, positions))


def _positions(context: Context, basis: Basis, filter: changes.ChangeFilter) -> Iterator[Sequence[int]]:
    """The positions of the changes that pass the filter, a page at a time. They are read far ahead: to find a page of
    them, the database may have to sort all that follow."""
    window: Window | None = Window(POSITIONS)
    while window is not None:
        found = context.for_next_part().reads.at(basis).read(changes.positions, filter, window)
        yield from (found[place : place + CHANGES] for place in range(0, len(found), CHANGES))
        window = Window(POSITIONS, after=Cursor(found[-1], found[-1])) if len(found) == POSITIONS else None


# ── readings ─────────────────────────────────────────────────────────────────────────────────────


def csv_readings(context: Context, params: Params) -> Iterator[Page]:
    """The current readings by KPI key, then by time of measurement, as rows."""
    view = _view(context, params)
    since, until = parameters.in_order(parameters.moment(params, "from"), parameters.moment(params, "to"))
    keys = {row.id: row.key for row in _kpis(view, params.get("kpi"))}
    found = _readings(context, view.basis, list(keys), since, until)
    parts = (table(_row(keys[row.kpi], row) for row in rows) for rows in found)
    return _pages(table([READING_COLUMNS]), view.basis, view.reads.newest.position, parts)


def _kpis(view: View, key: str | None) -> list[kpi.KpiRow]:
    if key is not None:
        found = view.by_key(kpi.kpis_by_key, key)
        if found is None:
            raise CommandRejected(Code.NOT_FOUND, f"There is no KPI with the key '{key[:60]}' at this basis.", "kpi")
        return [found]
    return view.read(kpi.KPIS.page, KpiFilter(), Order(KpiOrder.KEY), Window(1_000_000))


def _readings(
    context: Context, basis: Basis, kpis: Sequence[UUID], since: datetime | None, until: datetime | None
) -> Iterator[list[Reported]]:
    """The readings of these KPIs, a page at a time: of several KPIs, or of one with many readings."""
    rest, after = list(kpis), None
    while rest:
        asked, window = rest[: 1 if after else KPIS], Window(READINGS, after=after)
        found = context.for_next_part().reads.at(basis).read(measurements.reported, asked, window, since, until)
        yield found
        is_complete = len(found) < READINGS
        rest = rest[len(asked) if is_complete else rest.index(found[-1].kpi) :]
        after = None if is_complete else found[-1].cursor


def _row(key: str, reading: Reported) -> Sequence[Any]:
    """The cells of a reading. Its value has all digits, so that an ingested export is unchanged."""
    when = (reading.claimed_at, reading.recorded_at)
    return key, reading.measured_at, Decimal(repr(reading.value)), reading.note, *when, reading.position
