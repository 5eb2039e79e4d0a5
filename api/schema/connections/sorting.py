"""Orders of several keys: the values of all rows are sorted in memory, and a cursor has the values of its row.

So a page begins after the values of its cursor, whether their row is still in the list or not.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from operator import attrgetter
from typing import Any, NamedTuple, TypeAlias
from uuid import UUID

import msgspec

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


class Place(NamedTuple):
    """The values of a row in an order, and its id. `beside` is 0 for a row, 1 for a cursor right after its row, and -1
    for one right before it."""

    values: Sequence[Any]
    id: UUID
    beside: int = 0


def in_order(places: Sequence[Place], keys: Keys) -> list[Place]:
    """The places sorted by these keys; without a value comes last in both directions. Equal ones are sorted by id, in
    the direction of the first key."""
    found = sorted(places, key=attrgetter("beside"))
    found.sort(key=attrgetter("id"), reverse=keys[0].descending)
    for number in reversed(range(len(keys))):
        with_value = [place for place in found if place.values[number] is not None]
        with_value.sort(key=lambda place: _compared(place.values[number]), reverse=keys[number].descending)
        found = [*with_value, *(place for place in found if place.values[number] is None)]
    return found


def _compared(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value


def sorted_page(request: PageRequest, values: Mapping[UUID, Sequence[Any]], keys: Keys) -> Page[UUID]:
    """The page of these rows in this order, by their ids. Raises `INVALID` for an impossible page or cursor."""
    limit, name = request.limit, ",".join(key.name for key in keys)
    bounds = [
        Place(*decoded(_decoder(tuple(key.field for key in keys)), text, name, field), beside)
        for field, text, beside in (("after", request.after, 1), ("before", request.before, -1))
        if text is not None
    ]
    ordered = in_order([*(Place(found, id) for id, found in values.items()), *bounds], keys)
    ids = [place.id for place in ordered if not place.beside]
    start, stop = _between(ordered, len(ids))
    if request.last is not None:
        start = max(start, stop - limit)
    stop = max(start, min(stop, start + limit))
    return Page(
        ids[start:stop],
        lambda one: encoded(name, values[one], one),
        lambda: start > 0,
        lambda: stop < len(ids),
        lambda: len(ids),
    )


def _between(ordered: Sequence[Place], count: int) -> tuple[int, int]:
    """The places of the first row after the one cursor and of the first that is not before the other."""
    start, stop, rows = 0, count, 0
    for place in ordered:
        if place.beside > 0:
            start = rows
        elif place.beside < 0:
            stop = rows
        else:
            rows += 1
    return start, stop


@lru_cache(256)
def _decoder(fields: tuple[str, ...]) -> msgspec.json.Decoder[Any]:
    values: Any = tuple.__class_getitem__(tuple(_VALUES.get(field, str | None) for field in fields))
    return msgspec.json.Decoder(tuple.__class_getitem__((str, values, UUID)))
