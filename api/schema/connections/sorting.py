"""Orders of several keys: the values of all rows are sorted in memory, and a cursor has the values of its row.

So a page begins after the values of its cursor, whether their row is still in the list or not.
"""

from collections.abc import Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias
from uuid import UUID

import msgspec

from api.schema.connections.row_columns import RowColumns
from api.snapshot.pagination import Page, PageRequest, decoded, encoded

KEYS_MAX = 5
"""The most keys of one order."""


class Key(NamedTuple):
    """A field to order by, and the direction."""

    field: str
    descending: bool = False

    @property
    def name(self) -> str:
        return f"-{self.field}" if self.descending else self.field


Keys: TypeAlias = Sequence[Key]

_INT = int | None
_VALUES: dict[str, Any] = {
    "RECORDED": _INT,
    "HEALTH": _INT,
    "STATUS": _INT,
    "DUE": date | None,
    "STARTS_ON": date | None,
    "WEIGHT": float | None,
    "PROGRESS": float | None,
    "CONFIDENCE": float | None,
    "MEASURED_AT": datetime | None,
    "CREATED_AT": datetime | None,
    "CHANGED_AT": datetime | None,
}
"""The type of the values of each field; those of the other fields are texts."""


class _Bound(NamedTuple):
    """A cursor: the values and the id of its row."""

    values: Sequence[Any]
    id: UUID


def sorted_page(request: PageRequest, rows: RowColumns, keys: Keys) -> Page[UUID]:
    """The page of these rows in this order, by their ids; the values of a key are the column of its field. Without a
    value comes last in both directions. Equal rows are sorted by id, in the direction of the first key. Raises
    `INVALID` for an impossible page or cursor."""
    limit, name = request.limit, ",".join(key.name for key in keys)
    columns = [rows.column(key.field) for key in keys]
    after, before = [_bounds(keys, name, *given) for given in (("after", request.after), ("before", request.before))]
    ordered = _in_order(rows.ids, columns, keys, after, before)
    ids = [rows.ids[place] for place in ordered if place < len(rows.ids)]
    start, stop = _between(ordered, len(ids), len(after))
    if request.last is not None:
        start = max(start, stop - limit)
    stop = max(start, min(stop, start + limit))
    return Page(
        ids[start:stop],
        lambda one: encoded(name, [column[rows.places[one]] for column in columns], one),
        lambda: start > 0,
        lambda: stop < len(ids),
        lambda: len(ids),
    )


def _bounds(keys: Keys, name: str, argument: str, text: str | None) -> list[_Bound]:
    """The cursor of an argument, if it is given. Raises `INVALID`."""
    if text is None:
        return []
    return [_Bound(*decoded(_decoder(tuple(key.field for key in keys)), text, name, argument))]


def _in_order(
    ids: Sequence[UUID], columns: Sequence[Sequence[Any]], keys: Keys, after: Sequence[_Bound], before: Sequence[_Bound]
) -> list[int]:
    """The places of the rows and, counted on, those of the cursors, in order: a page begins behind the row of the
    cursor `after`, and ends ahead of that of `before`."""
    count, bounds = len(ids), [*after, *before]
    numbers = [id.int for id in (*ids, *(bound.id for bound in bounds))]
    found = [*range(count + len(after), count + len(bounds)), *range(count + len(after))]
    found.sort(key=numbers.__getitem__, reverse=keys[0].descending)
    for number in reversed(range(len(keys))):
        values = list(map(_compared, (*columns[number], *(bound.values[number] for bound in bounds))))
        with_value = [place for place in found if values[place] is not None]
        with_value.sort(key=values.__getitem__, reverse=keys[number].descending)
        found = [*with_value, *(place for place in found if values[place] is None)]
    return found


def _compared(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value


def _between(ordered: Sequence[int], count: int, after: int) -> tuple[int, int]:
    """The places of the first row after the one cursor and of the first that is not before the other, among `count`
    rows. `after`: how many of the cursors are the first kind, whose places come first."""
    start, stop = 0, count
    cursors = [(rank, place) for rank, place in enumerate(ordered) if place >= count]
    for passed, (rank, place) in enumerate(cursors):
        if place < count + after:
            start = rank - passed
        else:
            stop = rank - passed
    return start, stop


@lru_cache(256)
def _decoder(fields: tuple[str, ...]) -> msgspec.json.Decoder[Any]:
    values: Any = tuple.__class_getitem__(tuple(_VALUES.get(field, str | None) for field in fields))
    return msgspec.json.Decoder(tuple.__class_getitem__((str, values, UUID)))
