"""Pages of long lists: read by keyset in one statement where the database alone decides which rows they have, and in
which order. Otherwise the computed values of all rows that may be in the list decide."""

from collections.abc import Callable, Sequence
from functools import partial
from operator import itemgetter
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec

from api.schema.connections.connection import Connection
from api.schema.connections.criteria import Criteria, Outline, passing
from api.schema.connections.row_columns import RowColumns
from api.schema.connections.sorting import Keys, sorted_page
from api.snapshot.dataloaders import TYPES, found, grouped, narrow_batch
from api.snapshot.pagination import Page, PageRequest, encode, page_of, paginate, shown_as
from api.snapshot.siblings import Siblings, all_of
from api.snapshot.snapshot import Batch, Columns, RowProxy, View
from domain.metrics.badness import place
from domain.primitives.lazy import cached_property
from domain.primitives.personal_data import ERASED
from domain.primitives.values import Kind
from projections.store.keyset import Filter, List
from projections.store.versioned_tables import Cursor, Order, Window
from projections.tables import people

COMPUTED: Final = {
    "HEALTH": "condition",
    "STATUS": "condition",
    "PROGRESS": "progress",
    "CONFIDENCE": "confidence",
    "MEASURED_AT": "measured_at",
    "DUE": "due",
}
"""The orders by computed values, unless the table of a list has the order itself: the column of each."""
OWNER: Final = "OWNER"
"""The order by the name of the owner."""


class Listing(msgspec.Struct, frozen=True):
    """A long list of `projections`: its kind, and its rows. `outline` computes the values of all rows that pass a
    filter, without reading whole rows."""

    kind: Kind
    rows: List[Any, Any, Any]
    outline: Outline | None = None

    def is_stored(self, keys: Keys) -> bool:
        """Whether the database can order by these keys, page by page."""
        return len(keys) == 1 and self.rows.orders_by(keys[0].field)


class Wanted(NamedTuple):
    """The rows that a list has, and their order."""

    criteria: Criteria
    keys: Keys

    def narrowed(self, ids: Sequence[UUID]) -> "Wanted":
        """The same of these rows only."""
        stored = self.criteria.stored
        narrow = type(stored)(ids=tuple(ids))
        inside = msgspec.structs.replace(stored, all_of=(*stored.all_of, narrow))
        return Wanted(msgspec.structs.replace(self.criteria, stored=inside), self.keys)


class Rows:
    """The rows of a list with their computed values, which are computed at most once."""

    def __init__(self, view: View, of: Listing, wanted: Wanted) -> None:
        self.view = view
        self.of = of
        self.wanted = wanted

    @cached_property
    def judged(self) -> RowColumns:
        """All rows with their computed values."""
        assert self.of.outline is not None
        return passing(self.view, self.of.rows, self.of.outline, self.wanted.criteria)

    @property
    def filter(self) -> Filter:
        """A filter that only these rows pass."""
        criteria = self.wanted.criteria
        return criteria.stored if criteria.is_stored else type(criteria.stored)(ids=tuple(self.judged.ids))

    def values(self, keys: Keys) -> RowColumns:
        """All rows with their values in an order, by the fields of its keys."""
        fields = [key.field for key in keys]
        stored = [field for field in fields if field == OWNER or self.of.rows.orders_by(field)]
        ids, known = self._stored(stored) if stored else (self.judged.ids, {})
        computed = {field: partial(self._computed, field, ids) for field in fields if field not in known}
        return RowColumns(ids, computed, known)

    def _stored(self, fields: Sequence[str]) -> tuple[Sequence[UUID], dict[str, Sequence[Any]]]:
        """All rows, and their values of these fields, which the database has."""
        rows = self.of.rows
        read = self.view.read(rows.values, self.filter, list(map(rows.expression, fields)))
        known: dict[str, Sequence[Any]] = {
            field: list(map(itemgetter(number), read.values())) for number, field in enumerate(fields)
        }
        if OWNER in known:
            known[OWNER] = self._names(known[OWNER])
        return list(read), known

    def _names(self, owners: Sequence[UUID | None]) -> Sequence[str | None]:
        """The names of these people."""
        wanted = set(filter(None, owners))
        rows = self.view.by_id(people.people, wanted) if wanted else {}
        names = {id: rows[id].name or ERASED for id in wanted if id in rows}
        return [None if owner is None else names.get(owner) for owner in owners]

    def _computed(self, field: str, ids: Sequence[UUID]) -> Sequence[Any]:
        """The values of these rows in an order by a computed value."""
        values = self.judged.of(ids).column(COMPUTED[field])
        return list(map(place, values)) if COMPUTED[field] == "condition" else values


def list_page(view: View, of: Listing, wanted: Wanted, page_request: PageRequest) -> tuple[Page[Any], Rows]:
    """A page of a long list, and all its rows."""
    rows = Rows(view, of, wanted)
    if of.is_stored(wanted.keys):
        return _read_page(rows, page_request), rows
    page = sorted_page(page_request, rows.values(wanted.keys), wanted.keys)
    nodes = found(view, of.kind, page.items)
    return shown_as(page, [nodes[id] for id in page.items]), rows


class ReadPage(Page[Any]):
    """A page that is read at the first look at its rows, with the columns that are looked at.

    `read` makes it, `count` counts the rows of its list, and `cursor` is that of a row.
    """

    def __init__(
        self, read: Callable[[Columns], Page[Any]], count: Callable[[], int], cursor: Callable[[Any], str]
    ) -> None:
        self._read = read
        self._page: Page[Any] | None = None
        self._cursor = cursor
        self.count = count

    def of_columns(self, wanted: Columns) -> Sequence[Any]:
        if self._page is None:
            self._page = self._read(wanted)
        return self._page.items

    def cursor_at(self, place: int) -> str:
        return self._cursor(self.items.few(place))

    @property
    def items(self) -> Siblings[Any]:  # type: ignore[override]
        return self.of_columns(None)  # type: ignore[return-value]

    def __getattr__(self, name: str) -> Any:
        """What the page has besides."""
        self.of_columns(None)
        return getattr(self._page, name)


def _read_page(rows: Rows, page_request: PageRequest) -> Page[Any]:
    """The page by keyset, in an order of one key that the database has."""
    view, of, ((field, descending),) = rows.view, rows.of, rows.wanted.keys
    window, filter, order = page_request.window(field, descending), rows.filter, Order(field, descending)

    def read(window: Window, wanted: Columns = None) -> Siblings[Any]:
        narrow = None if wanted is None else of.rows.narrow(wanted, field)
        if narrow is None:
            return all_of(TYPES[of.kind][0], view, view.read(of.rows.page, filter, order, window))
        few = view.read(of.rows.narrow_page, filter, order, window, narrow)
        return Siblings(TYPES[of.kind][0], narrow_batch(view, of.kind, few), 0, len(few))

    def cursor(row: Any) -> str:
        return encode(of.rows.cursor(row, field), field, descending)

    def count() -> int:
        return view.read(of.rows.count, filter)

    def page(wanted: Columns) -> Page[Any]:
        found = read(window, wanted)
        return page_of(window, found, lambda node: cursor(node.row), lambda other: bool(read(other)), count, descending)

    return ReadPage(page, count, cursor)


def group_pages(
    view: View,
    of: Listing,
    groups: Sequence[Sequence[RowProxy]],
    wanted: Wanted,
    page_request: PageRequest,
    *,
    are_filtered: bool,
) -> list[tuple[Page[Any], Callable[[], RowColumns]]]:
    """The same page of each of these groups of siblings, which are all in memory, with the computed values of all its
    rows. `are_filtered`: they pass what the database decides of the filter."""
    rows = Rows(view, of, wanted.narrowed([node.row.id for group in groups for node in group]))
    judged = [partial(_judged, rows, [node.row.id for node in group]) for group in groups]
    if are_filtered and wanted.criteria.is_stored and of.is_stored(wanted.keys):
        ((field, descending),) = wanted.keys
        pages = [
            paginate(page_request, group, lambda node: of.rows.cursor(node.row, field), field, descending)
            for group in groups
        ]
    else:
        values = rows.values(wanted.keys)
        pages = [_of_group(group, values, wanted.keys, page_request) for group in groups]
    return list(zip(pages, judged, strict=True))


def _judged(rows: Rows, ids: Sequence[UUID]) -> RowColumns:
    return rows.judged.of(ids)


def _of_group(group: Sequence[RowProxy], values: RowColumns, keys: Keys, page_request: PageRequest) -> Page[Any]:
    nodes = {node.row.id: node for node in group}
    page = sorted_page(page_request, values.of(nodes), keys)
    return shown_as(page, [nodes[id] for id in page.items])


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

    batch.clear_at_close()
    return [page(row.id, part) for row, part in zip(batch.rows, parts, strict=True)]


def _read(batch: Batch, of: Pages, window: Window, *filter: object) -> dict[UUID, list[Any]]:
    return batch.view.read(of.page, [row.id for row in batch.rows], window, *filter)


def _count(batch: Batch, of: Pages, *filter: object) -> dict[UUID, int]:
    return batch.view.read(of.count, [row.id for row in batch.rows], *filter)
