"""Pages of lists by keyset: a cursor names a place by the values found there, so nothing shifts under insertion.

A cursor is opaque: base64url of JSON, the order it belongs to, the value that the list is ordered by, and what
tells equal values apart. One that is malformed, or of another order, is `INVALID`.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from collections.abc import Callable, Sequence
from datetime import date, datetime
from functools import lru_cache
from math import isfinite
from typing import Annotated, Any, Generic, NamedTuple, TypeVar
from uuid import UUID

import msgspec
from msgspec import Meta

from domain.primitives.errors import CommandRejected, invalid
from projections.store.versioned_tables import Cursor, Window

PAGE_DEFAULT = 50
"""How many a page has if neither `first` nor `last` is said."""
PAGE_MAX = 1_000
"""The most that one page has."""
LIST_MAX = 1_000_000
"""The most rows that are looked through where what to filter or order by has to be worked out."""

_BIG = 2**63 - 2
"""The place beside one of this size is still one that the database can hold."""
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
    "LOG": _Int,
}
_TIES: dict[str, Any] = {"MEASURED_AT": _Int, "SAID": _Int, "LOG": _Int}

T = TypeVar("T")


class PageRequest(NamedTuple):
    """The four arguments of every connection."""

    first: int | None = None
    after: str | None = None
    last: int | None = None
    before: str | None = None

    @property
    def limit(self) -> int:
        """How many rows were asked for. Raises `INVALID` beyond `PAGE_MAX`, below 0, or if said twice."""
        if self.first is not None and self.last is not None:
            raise invalid("Say first or last, not both.", "last")
        for name, said in (("first", self.first), ("last", self.last)):
            if said is not None and not 0 <= said <= PAGE_MAX:
                raise invalid(f"A page has 0 to {PAGE_MAX} rows, not {said}.", name)
        return next((said for said in (self.first, self.last) if said is not None), PAGE_DEFAULT)

    def window(self, order: str, descending: bool = False) -> Window:
        """The rows to read: one more than asked for, which tells whether there are more."""
        after = None if self.after is None else decode(self.after, order, "after", descending=descending)
        before = None if self.before is None else decode(self.before, order, "before", descending=descending)
        return Window(self.limit + 1, after, before, backwards=self.last is not None)


class Stretch(Generic[T]):
    """The rows of one page, and what lies around them; what costs a statement is only found out when asked."""

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


def stretch(
    window: Window,
    rows: Sequence[T],
    cursor: Callable[[T], str],
    is_any: Callable[[Window], bool],
    count: Callable[[], int],
    descending: bool = False,
) -> Stretch[T]:
    """The page that these rows are, read by this window; `is_any` finds out whether another one has a row."""
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

    return Stretch(items, cursor, has_previous, has_next, count)


def _beside(cursor: Cursor, above: bool) -> Cursor:
    """The place next to this one, so that a bound leaves this one in."""
    step = 1 if above else -1
    tie = cursor.tie
    return Cursor(cursor.value, UUID(int=(tie.int + step) % 2**128) if isinstance(tie, UUID) else tie + step)


def cut(
    asked: PageRequest, items: Sequence[T], place: Callable[[T], Cursor], order: str, descending: bool = False
) -> Stretch[T]:
    """The page of a list that is wholly at hand; what has no value stands last, whichever way it goes."""
    ordered = sorted(items, key=lambda item: _rank(place(item)), reverse=descending)
    ordered.sort(key=lambda item: place(item).value is None)

    def read(window: Window) -> list[T]:
        rows = [item for item in ordered if _inside(place(item), window, descending)]
        return rows[-window.limit :] if window.backwards else rows[: window.limit]

    window = asked.window(order, descending)
    return stretch(
        window,
        read(window),
        lambda item: encode(place(item), order, descending),
        lambda other: bool(read(other)),
        lambda: len(ordered),
        descending,
    )


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
    """A cursor as clients see it."""
    text = msgspec.json.encode((_named(order, descending), cursor.value, cursor.tie))
    return urlsafe_b64encode(text).rstrip(b"=").decode()


def decode(text: str, order: str, *field: str, descending: bool = False) -> Cursor:
    """The place that a cursor of this order names. Raises `INVALID`."""
    try:
        name, value, tie = _decoder(order)(urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4)))
    except (Error, UnicodeEncodeError, msgspec.MsgspecError, UnicodeDecodeError):
        raise _malformed(*field) from None
    if (isinstance(value, float) and not isfinite(value)) or (isinstance(value, str) and "\0" in value):
        raise _malformed(*field)
    if isinstance(value, datetime) and value.tzinfo is None:
        raise _malformed(*field)
    if name != _named(order, descending):
        raise invalid("This cursor belongs to a list in another order; begin again without it.", *field)
    return Cursor(value, tie)


@lru_cache
def _decoder(order: str) -> Callable[[bytes], tuple[str, Any, Any]]:
    shape: Any = tuple.__class_getitem__((str, _VALUES[order], _TIES.get(order, UUID)))
    decode: Callable[[bytes], tuple[str, Any, Any]] = msgspec.json.Decoder(shape).decode
    return decode


def _malformed(*field: str) -> CommandRejected:
    return invalid("This is not a cursor; use one from pageInfo or edges as it is.", *field)


def _named(order: str, descending: bool) -> str:
    return f"-{order}" if descending else order
