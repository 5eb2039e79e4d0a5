"""Pages of long lists, read by keyset in one statement. For health, status and progress the whole list is judged first:
from outlines of its rows where there are any, otherwise from the rows."""

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from api.schema.connections.connection import Connection
from api.snapshot.dataloaders import TYPES, found, grouped
from api.snapshot.pagination import LIST_MAX, PageRequest, encode, page_of, paginate, shown_as
from api.snapshot.siblings import all_of
from api.snapshot.snapshot import Batch, RowProxy, View, as_batch
from domain.primitives.values import Kind
from projections.store.keyset import List
from projections.store.versioned_tables import Cursor, Order, Window

PROGRESS = "PROGRESS"
RECORDED = "RECORDED"


class Judged(NamedTuple):
    """The computed values of a row: its condition (health or status) and its progress."""

    condition: StrEnum | None
    progress: float | None


class Listing(msgspec.Struct, frozen=True):
    """A long list of `projections`: its kind, its rows, and how their condition and progress are computed. `outlined`
    computes those of all rows that pass a filter, by their ids, without reading the rows."""

    kind: Kind
    rows: List[Any, Any, Any]
    judge: Callable[[Batch], Sequence[Judged]] | None = None
    outlined: Callable[[View, Any], dict[UUID, Judged]] | None = None


def list_page(
    view: View,
    of: Listing,
    filter: object,
    order: Order[Any],
    page_request: PageRequest,
    only: frozenset[StrEnum] | None = None,
) -> Connection[Any]:
    """A page of a long list, restricted to the conditions in `only`."""
    if only is None and order.field != PROGRESS:
        return _read_page(view, of, filter, order, page_request)
    if of.outlined is not None:
        judged = of.outlined(view, filter)
        kept = {id: one for id, one in judged.items() if only is None or one.condition in only}
        return _outlined_page(view, of, filter, order, page_request, kept)
    rows = view.read(of.rows.page, filter, Order(RECORDED), Window(LIST_MAX))
    return computed_page(of, as_batch(TYPES[of.kind][0], view, rows), order, page_request, only)


def _outlined_page(
    view: View,
    of: Listing,
    filter: Any,
    order: Order[Any],
    page_request: PageRequest,
    kept: dict[UUID, Judged],
) -> Connection[Any]:
    """The page of these rows: by progress from their outlines, in any other order by keyset."""
    if order.field != PROGRESS:
        return _read_page(view, of, msgspec.structs.replace(filter, ids=tuple(kept)), order, page_request)

    def place(id: UUID) -> Cursor:
        return Cursor(kept[id].progress, id)

    page = paginate(page_request, list(kept), place, order.field, order.descending)
    nodes = found(view, of.kind, page.items)
    return Connection(page=shown_as(page, [nodes[id] for id in page.items]))


def _read_page(
    view: View, of: Listing, filter: object, order: Order[Any], page_request: PageRequest
) -> Connection[Any]:
    field, descending = order.field, order.descending
    window = page_request.window(field, descending)

    def read(window: Window) -> list[Any]:
        return view.read(of.rows.page, filter, order, window)

    return Connection(
        page=page_of(
            window,
            all_of(TYPES[of.kind][0], view, read(window)),
            lambda node: encode(of.rows.cursor(node.row, field), field, descending),
            lambda other: bool(read(other)),
            lambda: view.read(of.rows.count, filter),
            descending,
        )
    )


def computed_page(
    of: Listing,
    nodes: Sequence[RowProxy],
    order: Order[Any],
    page_request: PageRequest,
    only: frozenset[StrEnum] | None = None,
) -> Connection[Any]:
    """A page of siblings that are all in memory."""
    judge, by_progress = of.judge, order.field == PROGRESS

    def judged(node: RowProxy) -> Judged:
        assert judge is not None
        return node.each(judge)

    def place(node: RowProxy) -> Cursor:
        return Cursor(judged(node).progress, node.row.id) if by_progress else of.rows.cursor(node.row, order.field)

    kept = nodes if only is None else [node for node in nodes if judged(node).condition in only]
    return Connection(page=paginate(page_request, kept, place, order.field, order.descending))


# ── lists with one page per parent ───────────────────────────────────────────────────────────────


class Pages(msgspec.Struct, frozen=True):
    """A list that each of many parents has: its kind, its order, the queries for pages and counts, and its cursor.

    `page` takes (ids, window, *filter), `count` takes (ids, *filter).
    """

    kind: Kind
    order: str
    page: Callable[..., dict[UUID, list[Any]]]
    count: Callable[..., dict[UUID, int]]
    cursor: Callable[[Any], Cursor]


def paged(batch: Batch, of: Pages, page_request: PageRequest, *filter: object) -> Sequence[Connection[Any]]:
    """The requested page of each sibling's list, read in one statement."""
    window = page_request.window(of.order)
    parts = grouped(batch.view, TYPES[of.kind][0], _read(batch, of, window, *filter), batch)

    def cursor(node: RowProxy) -> str:
        return encode(of.cursor(node.row), of.order)

    def page(id: UUID, part: list[RowProxy]) -> Connection[Any]:
        return Connection(
            page=page_of(
                window,
                part,
                cursor,
                lambda other: bool(batch.all(_read, of, other, *filter).get(id)),
                lambda: batch.all(_count, of, *filter).get(id, 0),
            )
        )

    batch.let_go_later()
    return [page(row.id, part) for row, part in zip(batch.rows, parts, strict=True)]


def _read(batch: Batch, of: Pages, window: Window, *filter: object) -> dict[UUID, list[Any]]:
    return batch.view.read(of.page, [row.id for row in batch.rows], window, *filter)


def _count(batch: Batch, of: Pages, *filter: object) -> dict[UUID, int]:
    return batch.view.read(of.count, [row.id for row in batch.rows], *filter)
