"""Records that are kept as columns, for readers that take one field of all of them.

Without them each record of a large list would be made, with all its fields, although an answer shows a few.
"""

from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from operator import attrgetter
from typing import Any, TypeVar, overload

R = TypeVar("R")
S = TypeVar("S")


class Columnar(Sequence[R]):
    """Records that are made when one of them is looked at."""

    @property
    @abstractmethod
    def records(self) -> Sequence[R]:
        """All of them, made once."""

    def column(self, name: str) -> Sequence[Any]:
        """An attribute of all records."""
        return list(map(attrgetter(name), self.records))

    def distinct(self, name: str) -> set[Any]:
        """The different values of an attribute."""
        return set(self.column(name))

    @overload
    def __getitem__(self, place: int) -> R: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[R]: ...
    def __getitem__(self, place: int | slice) -> R | Sequence[R]:
        return self.records[place]

    def __iter__(self) -> Iterator[R]:
        return iter(self.records)


class Coded(Sequence[R]):
    """A column with few different values, by the place of each among these `values`, a byte each. What is done with the
    column is done once for each of these, whether it occurs or not."""

    def __init__(self, codes: bytes, values: Sequence[R]) -> None:
        self._codes = codes
        self._values = values

    def mapped(self, convert: Callable[[Sequence[R]], Sequence[S]]) -> "Coded[S]":
        """The column with other values, into which `convert` converts these."""
        return Coded(self._codes, convert(self._values))

    def __len__(self) -> int:
        return len(self._codes)

    @overload
    def __getitem__(self, place: int) -> R: ...
    @overload
    def __getitem__(self, place: slice) -> "Coded[R]": ...
    def __getitem__(self, place: int | slice) -> "R | Coded[R]":
        if isinstance(place, slice):
            return Coded(self._codes[place], self._values)
        return self._values[self._codes[place]]

    def __iter__(self) -> Iterator[R]:
        return map(self._values.__getitem__, self._codes)


def at_places(values: Sequence[R], places: Sequence[int]) -> Sequence[R]:
    """The values at these places."""
    if type(places) is not range:
        return [values[place] for place in places]
    return values if len(places) == len(values) else values[places.start : places.stop]


def in_range(places: Sequence[int]) -> Sequence[int]:
    """These places as a range if they follow each other, which `at_places` takes at once."""
    whole = range(places[0], places[0] + len(places)) if places else range(0)
    return whole if places == list(whole) else places


def tuples_of(rows: Sequence[Any], *names: str) -> Iterable[tuple[Any, ...]]:
    """Two or more attributes of each row."""
    if type(rows) is not list and isinstance(rows, Columnar):
        return zip(*[rows.column(name) for name in names], strict=True)
    return map(attrgetter(*names), rows)


def values_of(rows: Sequence[Any], name: str) -> Sequence[Any]:
    """An attribute of all rows, which may be columnar."""
    if type(rows) is not list and isinstance(rows, Columnar):  # looking a list up in an abstract class takes longer
        return rows.column(name)
    return list(map(attrgetter(name), rows))


def distinct_of(rows: Sequence[Any], name: str) -> set[Any]:
    """The different values of an attribute of all rows, which may be columnar."""
    if type(rows) is not list and isinstance(rows, Columnar):
        return rows.distinct(name)
    return set(map(attrgetter(name), rows))
