"""Columns of fixed width that are also stored as one, in their binary form, and read as bytes.

PostgreSQL converts each value that it sends, and the driver each one that it receives. Bytes are sent and received as
they are, so ten columns of many rows cost as much as one. PostgreSQL generates the bytes from the columns: eight for
each of them, then eight for all that are boolean.
"""

import sys
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import isnan
from typing import Any, Final, NamedTuple

from projections.store.columns import Column

NAME: Final = "packed"
"""The column that PostgreSQL generates."""
_IS_LITTLE_ENDIAN: Final = sys.byteorder == "little"
_NO_TIME: Final = 2**63 - 1
"""PostgreSQL stores this number for the moment 'infinity'."""
_SENT: Final[Mapping[str, str]] = {
    "bigint": "int8send({})",
    "float8": "float8send(coalesce({}, 'NaN'))",
    "timestamptz": "timestamptz_send(coalesce({}, 'infinity'))",
    "date": "int8send(({} - date '2000-01-01')::bigint)",
}
"""The bytes of a column by its type. Only numbers with a fraction and moments may be null."""


class _Place(NamedTuple):
    """Where a column is: its type, the number of words of a row, its word among them, and its bit if it is boolean."""

    type: str
    width: int
    word: int
    bit: int = 0


class Packed:
    """The columns of a table that are packed, in the order in which they are unpacked; there may be none."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self._words = [column for column in columns if column.type != "boolean"]
        self._flags = [column.name for column in columns if column.type == "boolean"]
        width = len(self._words) + 1
        words = {column.name: _Place(column.type, width, word) for word, column in enumerate(self._words)}
        flags = {name: _Place("boolean", width, width - 1, bit) for bit, name in enumerate(self._flags)}
        self._places = {column.name: (words | flags)[column.name] for column in columns}
        self.stored = [NAME] if columns else []
        """The name of the generated column, if there is one."""

    @property
    def ddl(self) -> list[str]:
        """The definition of the generated column, if there is one."""
        if not self.stored:
            return []
        words = [_SENT[column.type].format(column.name) for column in self._words]
        flags = " + ".join(f"({name}::integer << {bit})" for bit, name in enumerate(self._flags)) or "0"
        return [f"{NAME} bytea generated always as ({' || '.join([*words, f'int8send(({flags})::bigint)'])}) stored"]

    def unpacked(self, packed: Iterable[bytes]) -> "Unpacked":
        """The columns of these rows, by name."""
        return Unpacked(self._places, packed)


class Unpacked(Mapping[str, list[Any]]):
    """Packed columns of rows, by name; each is unpacked when it is looked at. Moments and days are numbers, see
    `projections.store.stored_columns`."""

    def __init__(self, places: Mapping[str, _Place], packed: Iterable[bytes]) -> None:
        self._places = places
        self._words = array("q", b"".join(packed))
        if _IS_LITTLE_ENDIAN:
            self._words.byteswap()
        self._known: dict[str, list[Any]] = {}

    def __getitem__(self, name: str) -> list[Any]:
        found = self._known.get(name)
        if found is None:
            found = self._known[name] = self._unpacked(self._places[name])
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)

    def _unpacked(self, of: _Place) -> list[Any]:
        width = of.width
        if of.type == "float8":
            numbers: list[Any] = memoryview(self._words).cast("B").cast("d")[of.word :: width].tolist()
            return [None if isnan(one) else one for one in numbers] if isnan(sum(numbers)) else numbers
        values: list[Any] = self._words[of.word :: width].tolist()
        if of.type == "boolean":
            known = {one: bool(one >> of.bit & 1) for one in set(values)}
            return list(map(known.__getitem__, values))
        if of.type == "timestamptz" and _NO_TIME in values:
            return [None if one == _NO_TIME else one for one in values]
        return values
