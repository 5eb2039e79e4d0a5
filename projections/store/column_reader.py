"""Rows of a statement as columns.

Many rows are read as one, with an array for each column, which takes the driver half the time that rows take. Few rows
are read as they are: PostgreSQL needs 55 µs more to aggregate any.
"""

import sys
from array import array
from collections.abc import Iterable, Mapping, Sequence
from itertools import compress
from math import isnan
from typing import Any, Final, NamedTuple

from projections.store.packed_columns import NO_TIME, Packed

_IS_LITTLE_ENDIAN: Final = sys.byteorder == "little"

# ── packed columns ───────────────────────────────────────────────────────────────────────────────


class Unpacked(dict[str, list[Any]]):
    """Packed columns of rows, by name; each is unpacked when it is looked up. Moments and days are numbers."""

    def __init__(self, packed: Packed, rows: Iterable[bytes], *, at_once: bool) -> None:
        """`at_once`: whether all columns are unpacked now, which costs less than to look each of few rows up."""
        super().__init__()
        self._places = packed.places
        self._words = array("q", b"".join(rows))
        if _IS_LITTLE_ENDIAN:
            self._words.byteswap()
        if at_once:
            self.unpack(self._places)

    def __missing__(self, name: str) -> list[Any]:
        self.unpack([name])
        return self[name]

    def unpack(self, names: Iterable[str]) -> None:
        """Unpack these columns."""
        for name in names:
            of = self._places[name]
            values: list[Any]
            if of.type == "float8":
                values = memoryview(self._words).cast("B").cast("d")[of.word :: of.width].tolist()
                if isnan(sum(values)):
                    values = [None if isnan(one) else one for one in values]
            else:
                values = self._words[of.word :: of.width].tolist()
                if of.type == "boolean":
                    values = list(map(bool, map((1 << of.bit).__and__, values)))
                elif of.type == "timestamptz" and NO_TIME in values:
                    values = [None if one == NO_TIME else one for one in values]
            self[name] = values


# ── columns of rows ──────────────────────────────────────────────────────────────────────────────


class Columns(NamedTuple):
    """What was read of rows: packed columns by name, other columns, and those that only some rows have."""

    packed: Mapping[str, list[Any]]
    each: Sequence[list[Any]]
    optional: Sequence[list[Any]]


class ColumnReader:
    """How columns of rows `v` are read: packed ones, others or expressions of them, and `optional` ones, which are only
    wanted of rows for which the condition `has_optional` is true.

    `as_rows` and `as_arrays` are select lists: of the rows, and of the only row into which they are aggregated, which
    needs `has_optional` as a column of `v`."""

    def __init__(self, packed: Packed, columns: Sequence[str], has_optional: str, optional: Sequence[str]) -> None:
        self._packed = packed
        self._width = len(columns)
        self.has_optional = f"{has_optional} as has_optional"
        self.as_rows = ", ".join(["v.packed", *columns, self.has_optional, *optional])
        arrays = ["string_agg(v.packed, '')", *(f"array_agg({one})" for one in columns)]
        self.as_arrays = ", ".join([*arrays, *(f"array_agg({one}) filter (where v.has_optional)" for one in optional)])

    def of_arrays(self, row: Sequence[Any]) -> Columns:
        """The columns of the only row with `as_arrays`."""
        packed, *rest = row
        columns = [values or [] for values in rest]
        unpacked = Unpacked(self._packed, [] if packed is None else [packed], at_once=False)
        return Columns(unpacked, columns[: self._width], columns[self._width :])

    def of_rows(self, rows: Sequence[Sequence[Any]]) -> Columns:
        """The columns of rows with `as_rows`."""
        if not rows:
            return Columns(Unpacked(self._packed, [], at_once=True), [[] for _ in range(self._width)], [])
        packed, *rest = map(list, zip(*rows, strict=True))
        has_optional = rest[self._width]
        optional = rest[self._width + 1 :] if True in has_optional else []
        return Columns(
            Unpacked(self._packed, packed, at_once=True),
            rest[: self._width],
            [list(compress(values, has_optional)) for values in optional],
        )
