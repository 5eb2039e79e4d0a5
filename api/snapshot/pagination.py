"""Keyset pagination: a cursor holds the sort values of a row, so that inserted rows do not shift pages.

A cursor is opaque: base64url of JSON, with the order it belongs to, the value that the list is sorted by, and a
tiebreaker for equal values. A malformed cursor, or one of another order, is `INVALID`.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from collections.abc import Callable, Sequence
from datetime import date, datetime
from math import isfinite
from typing import Annotated, Any, Generic, NamedTuple, TypeVar
from uuid import UUID

import msgspec
from msgspec import Meta

from api.snapshot.snapshot import Columns
from domain.primitives.errors import CommandRejected, invalid
from projections.store.versioned_tables import Cursor, Window

PAGE_DEFAULT = 50
"""Rows of a page if neither `first` nor `last` is given."""
PAGE_MAX = 1_000
"""The most rows of one page."""
LIST_MAX = 1_000_000
"""The most rows that are read to filter or sort by a computed value."""

_BIG = 2**63 - 2
"""One more than this still fits into a `bigint`, and so does one less than its negative."""
_Int = Annotated[int, Meta(ge=-_BIG, le=_BIG)]
_VALUES: dict[str, Any] = {
    "RECORDED": _Int,
    "TITLE": str,
    "NAME": str | None,
    "KEY": str,
    "HANDLE": str | None,
    "STARTS_ON": date,
    "DUE": date,
    "WEIGHT": float,
    "PROGRESS": float | None,
    "CREATED_AT": datetime,
    "CHANGED_AT": datetime,
    "MEASURED_AT": datetime,
    "SAID": _Int | None,
    "SINCE": datetime,
    "PLACE": _Int,
    "LOG": _Int,
    "RANK": _Int,
    "ALIGNED": _Int,
}
_TIES: dict[str, Any] = {
    "MEASURED_AT": tuple[_Int, _Int],
    "SAID": _Int,
    "LOG": _Int,
    "PLACE": _Int,
    "RANK": _Int,
    "ALIGNED": _Int,
}
_DECODERS: dict[str, msgspec.json.Decoder[Any]] = {
    order: msgspec.json.Decoder(tuple.__class_getitem__((str, value, _TIES.get(order, UUID))))
    for order, value in _VALUES.items()
}
"""The decoder of the cursors of each order."""

T = TypeVar("T")
U = TypeVar("U")


class PageRequest(NamedTuple):
    """The four arguments of every connection."""

    first: int | None = None
    after: str | None = None
    last: int | None = None
    before: str | None = None

    @property
    def limit(self) -> int:
        """The requested number of rows. Raises `INVALID` below 0, above `PAGE_MAX`, or if both arguments are given."""
        if self.first is not None and self.last is not None:
            raise invalid("Give either first or last, not both.", "last")
        for name, count in (("first", self.first), ("last", self.last)):
            if count is not None and not 0 <= count <= PAGE_MAX:
                raise invalid(f"A page has 0 to {PAGE_MAX} rows, not {count}.", name)
        return next((count for count in (self.first, self.last) if count is not None), PAGE_DEFAULT)

    def window(self, order: str, descending: bool = False) -> Window:
        """The rows to read: one more than requested, to find out whether there are more."""
        after = None if self.after is None else decode(self.after, order, "after", descending=descending)
        before = None if self.before is None else decode(self.before, order, "before", descending=descending)
        return Window(self.limit + 1, after, before, backwards=self.last is not None)


class Page(Generic[T]):
    """The rows of one page. The functions run statements: whether there are rows before and after it, and the count."""

    def __init__(
        self,
        items: Sequence[T],
        cursor: Callable[[T], str],
        has_previous: Callable[[], bool],
        has_next: Callable[[], bool],
        count: Callable[[], int],
    ) -> None:
        self.items = items
        self.cursor = cursor
        self.has_previous = has_previous
        self.has_next = has_next
        self.count = count

    def of_columns(self, wanted: Columns) -> Sequence[T]:  # noqa: ARG002 - see `ReadPage` in api.schema.connections
        """The rows, of which an answer shows these columns."""
        return self.items

    def cursor_at(self, place: int) -> str:
        """The cursor of the row at a place of the page."""
        return self.cursor(self.items[place])


def page_of(
    window: Window,
    rows: Sequence[T],
    cursor: Callable[[T], str],
    is_any: Callable[[Window], bool],
    count: Callable[[], int],
    descending: bool = False,
) -> Page[T]:
    """The page of these rows, which were read by this window; `is_any` returns whether another window has a row."""
    limit = window.limit - 1
    is_cut = len(rows) > limit
    items = rows[1:] if window.backwards and is_cut else rows[:limit]

    def has_previous() -> bool:
        if window.backwards and is_cut:
            return True
        return window.after is not None and is_any(Window(1, before=_beside(window.after, not descending)))

    def has_next() -> bool:
        if is_cut and not window.backwards:
            return True
        return window.before is not None and is_any(Window(1, after=_beside(window.before, descending)))

    return Page(items, cursor, has_previous, has_next, count)


def _beside(cursor: Cursor, above: bool) -> Cursor:
    """The position next to this one, so that a bound includes this one."""
    step = 1 if above else -1
    match cursor.tie:
        case UUID() as id:
            return Cursor(cursor.value, UUID(int=(id.int + step) % 2**128))
        case int() as position:
            return Cursor(cursor.value, position + step)
        case first, position:
            return Cursor(cursor.value, (first, position + step))


def paginate(
    request: PageRequest, items: Sequence[T], place: Callable[[T], Cursor], order: str, descending: bool = False
) -> Page[T]:
    """The page of a list in memory; rows without a value come last in both directions."""
    ordered = sorted(items, key=lambda item: _rank(place(item)), reverse=descending)
    ordered.sort(key=lambda item: place(item).value is None)

    def read(window: Window) -> list[T]:
        rows = [item for item in ordered if _inside(place(item), window, descending)]
        return rows[-window.limit :] if window.backwards else rows[: window.limit]

    window = request.window(order, descending)
    return page_of(
        window,
        read(window),
        lambda item: encode(place(item), order, descending),
        lambda other: bool(read(other)),
        lambda: len(ordered),
        descending,
    )


def within(items: Sequence[T], window: Window, place: Callable[[T], Cursor]) -> Sequence[T]:
    """The items of a list in order that lie between the cursors of a window."""
    return [item for item in items if _inside(place(item), window, descending=False)]


class Placed(NamedTuple, Generic[T]):
    """An item of a list with its place there, counted from 0."""

    place: int
    item: T


def slice_of(request: PageRequest, items: Sequence[T]) -> Page[Placed[T]]:
    """The page of a list that is in order and only grows at its end, with the places as cursors."""

    def read(window: Window) -> list[Placed[T]]:
        begin = 0 if window.after is None else _place(window.after) + 1
        end = len(items) if window.before is None else min(max(_place(window.before), 0), len(items))
        if window.backwards:
            begin = max(begin, end - window.limit)
        return [Placed(place, item) for place, item in enumerate(items[begin:end][: window.limit], begin)]

    window = request.window("PLACE")
    return page_of(
        window,
        read(window),
        lambda one: encode(Cursor(one.place, 0), "PLACE"),
        lambda other: bool(read(other)),
        lambda: len(items),
    )


def _place(cursor: Cursor) -> int:
    """The place of a cursor. One beside a row, see `_beside`, is that of the next row if it is above it."""
    assert isinstance(cursor.value, int)
    assert isinstance(cursor.tie, int)
    return max(cursor.value + cursor.tie, -1)


def shown_as(page: Page[T], nodes: Sequence[U]) -> Page[U]:
    """The same page of these nodes, one for each of its items."""
    cursors = {id(node): item for node, item in zip(nodes, page.items, strict=True)}
    return Page(nodes, lambda node: page.cursor(cursors[id(node)]), page.has_previous, page.has_next, page.count)


def _rank(place: Cursor) -> Any:
    value = place.value.casefold() if isinstance(place.value, str) else place.value
    return (value is not None, value, place.tie)


def _inside(place: Cursor, window: Window, descending: bool) -> bool:
    after = window.after is None or _precedes(window.after, place, descending)
    return after and (window.before is None or _precedes(place, window.before, descending))


def _precedes(one: Cursor, other: Cursor, descending: bool) -> bool:
    if (one.value is None) != (other.value is None):
        return other.value is None
    return bool(_rank(one) > _rank(other) if descending else _rank(one) < _rank(other))


# ── cursors ──────────────────────────────────────────────────────────────────────────────────────


def encode(cursor: Cursor, order: str, descending: bool = False) -> str:
    """The text of a cursor."""
    return encoded(_order_name(order, descending), cursor.value, cursor.tie)


def encoded(*parts: Any) -> str:
    """The text of a cursor with these parts: the name of its order, its value or values, and its tie-breaker."""
    return urlsafe_b64encode(msgspec.json.encode(parts)).rstrip(b"=").decode()


def decode(text: str, order: str, *field: str, descending: bool = False) -> Cursor:
    """The cursor of this order that a text holds. Raises `INVALID`."""
    (value,), tie = decoded(_DECODERS[order], text, _order_name(order, descending), *field)
    return Cursor(value, tie)


def decoded(decoder: msgspec.json.Decoder[Any], text: str, order_name: str, *field: str) -> tuple[Sequence[Any], Any]:
    """The values and the tie-breaker of the cursor that a text holds. Raises `INVALID`, also for a cursor of another
    order."""
    try:
        name, value, tie = decoder.decode(urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4)))
    except (Error, UnicodeEncodeError, msgspec.MsgspecError, UnicodeDecodeError):
        raise _malformed(*field) from None
    values = value if isinstance(value, tuple) else (value,)
    if any(map(_is_impossible, values)):
        raise _malformed(*field)
    if name != order_name:
        raise invalid("This cursor is from a list in another order; start again without it.", *field)
    return values, tie


def _is_impossible(value: Any) -> bool:
    """Whether a value is in no list: it is infinite, contains NUL, or is a time without an offset."""
    if isinstance(value, datetime):
        return value.tzinfo is None
    return (isinstance(value, float) and not isfinite(value)) or (isinstance(value, str) and "\0" in value)


def _malformed(*field: str) -> CommandRejected:
    return invalid("This is not a valid cursor; use one from pageInfo or edges unchanged.", *field)


def _order_name(order: str, descending: bool) -> str:
    return f"-{order}" if descending else order
