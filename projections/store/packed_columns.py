"""Columns of fixed width that are also stored as one, in their binary form, and read as bytes.

PostgreSQL converts each value that it sends, and the driver each one that it receives. Bytes are sent and received as
they are, so ten columns of many rows cost as much as one. PostgreSQL generates the bytes from the columns: eight for
each of them, then eight for all that are boolean.
"""

import sys
from array import array
from collections.abc import Iterable, Mapping, Sequence
from math import isnan
from typing import Any, Final

from projections.store.columns import Column

NAME: Final = "packed"
"""The column that PostgreSQL generates."""
_WORD: Final = 8
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


class Packed:
    """The columns of a table that are packed, in the order in which they are unpacked; there may be none."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self._names = [column.name for column in columns]
        self._words = [column for column in columns if column.type != "boolean"]
        self._flags = [column.name for column in columns if column.type == "boolean"]
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

    def unpacked(self, packed: Iterable[bytes]) -> dict[str, list[Any]]:
        """The columns of these rows, by name. Moments and days are numbers, see `projections.store.stored_columns`."""
        words, width = array("q", b"".join(packed)), len(self._words) + 1
        if _IS_LITTLE_ENDIAN:
            words.byteswap()
        numbers = memoryview(words).cast("B").cast("d")
        found: dict[str, list[Any]] = {name: [] for name in self._names}
        for place, column in enumerate(self._words):
            found[column.name] = values = (numbers if column.type == "float8" else words)[place::width].tolist()
            if column.type == "float8" and isnan(sum(values)):
                found[column.name] = [None if isnan(one) else one for one in values]
            elif column.type == "timestamptz" and _NO_TIME in values:
                found[column.name] = [None if one == _NO_TIME else one for one in values]
        self._unpack_flags(words[width - 1 :: width].tolist(), found)
        return found

    def _unpack_flags(self, flags: Sequence[int], found: dict[str, list[Any]]) -> None:
        distinct = set(flags)
        for bit, name in enumerate(self._flags):
            if len(distinct) == 1:
                found[name] = [bool(flags[0] >> bit & 1)] * len(flags)
            else:
                known = {one: bool(one >> bit & 1) for one in distinct}
                found[name] = list(map(known.__getitem__, flags))
