"""Rows of a statement as columns.

Many rows are read as one, with an array for each column, which takes the driver half the time that rows take. Few rows
are read as they are: PostgreSQL needs 55 µs more to aggregate any.
"""

from collections.abc import Sequence
from itertools import compress
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from domain.metrics.columns.arrays import Array, numbers
from domain.primitives.lazy import cached_property
from projections.store.packed_columns import NO_TIME, Packed

_WORD: Final = np.dtype(">i8")
"""A word as PostgreSQL sends it."""


# ── packed columns ───────────────────────────────────────────────────────────────────────────────


class Unpacked(dict[str, list[Any]]):
    """Packed columns of rows, by name: as lists, with None for what is missing, and as arrays, with NaN or `NO_TIME`
    for it. Each is made when it is looked up. Moments and days are numbers."""

    def __init__(self, packed: Packed, words: NDArray[np.int64]) -> None:
        """`words`: one row for each word of `packed`."""
        super().__init__()
        self._packed = packed
        self._words = words
        self.size: int = words.shape[1]
        """The number of rows."""
        self._arrays: dict[str, Array] = {}

    def __add__(self, others: "Unpacked") -> "Unpacked":
        """These rows, followed by others."""
        return Unpacked(self._packed, np.concatenate((self._words, others._words), axis=1))

    def all(self, name: str) -> bool:
        """Whether a boolean column is true in each row."""
        return bool(self._flags[0] >> self._packed.places[name].bit & 1)

    def any(self, name: str) -> bool:
        """Whether a boolean column is true in some row."""
        return bool(self._flags[1] >> self._packed.places[name].bit & 1)

    @cached_property
    def _flags(self) -> tuple[int, int]:
        """The boolean columns as a word: those that are true in each row, and those that are in some row."""
        words = self._words[-1]
        if self.size and np.count_nonzero(words != words[0]) == 0:  # most rows are alike
            return int(words[0]), int(words[0])
        return int(np.bitwise_and.reduce(words)), int(np.bitwise_or.reduce(words))

    def at(self, places: NDArray[np.intp]) -> "Unpacked":
        """The rows at these places."""
        return Unpacked(self._packed, self._words[:, places])

    def array(self, name: str) -> Array:
        """A column as an array."""
        words = self._arrays.get(name)
        if words is None:
            of = self._packed.places[name]
            words = self._words[of.word]
            if of.type == "float8":
                words = words.view(np.float64)
            elif of.type == "boolean":
                words = (words & (1 << of.bit)) != 0
            self._arrays[name] = words
        return words

    def __missing__(self, name: str) -> list[Any]:
        type_, column = self._packed.places[name].type, self.array(name)
        values: list[Any] = numbers(column) if type_ == "float8" else column.tolist()
        if type_ == "timestamptz" and NO_TIME in values:
            values = [None if one == NO_TIME else one for one in values]
        self[name] = values
        return values


def unpacked(packed: Packed, rows: bytes) -> Unpacked:
    """The packed columns of rows from their bytes, one row after another."""
    words = np.frombuffer(rows, _WORD).reshape(-1, packed.width)
    return Unpacked(packed, words.T.astype(np.int64, order="C"))


# ── columns of rows ──────────────────────────────────────────────────────────────────────────────


class Columns(NamedTuple):
    """What was read of rows: packed columns by name, other columns, and those that only some rows have."""

    packed: Unpacked
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
        return Columns(unpacked(self._packed, packed or b""), columns[: self._width], columns[self._width :])

    def of_rows(self, rows: Sequence[Sequence[Any]]) -> Columns:
        """The columns of rows with `as_rows`."""
        if not rows:
            return self.of_arrays([None] * (1 + self._width))
        packed, *rest = map(list, zip(*rows, strict=True))
        has_optional = rest[self._width]
        optional = rest[self._width + 1 :] if True in has_optional else []
        return Columns(
            unpacked(self._packed, b"".join(packed)),
            rest[: self._width],
            [list(compress(values, has_optional)) for values in optional],
        )
