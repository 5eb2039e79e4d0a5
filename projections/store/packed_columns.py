"""Columns of fixed width that are also stored as one, in their binary form, and read as bytes.

PostgreSQL converts each value that it sends, and the driver each one that it receives. Bytes are sent and received as
they are, so ten columns of many rows cost as much as one. PostgreSQL generates the bytes from the columns: eight for
each of them, then eight for all that are boolean.
"""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from projections.store.columns import Column

NAME: Final = "packed"
"""The column that PostgreSQL generates."""
NO_TIME: Final = 2**63 - 1
"""PostgreSQL stores this number for the moment 'infinity'."""
_SENT: Final[Mapping[str, str]] = {
    "bigint": "int8send({})",
    "float8": "float8send(coalesce({}, 'NaN'))",
    "timestamptz": "timestamptz_send(coalesce({}, 'infinity'))",
    "date": "int8send(({} - date '2000-01-01')::bigint)",
}
"""The bytes of a column by its type. Only numbers with a fraction and moments may be null."""


class Place(NamedTuple):
    """Where a column is: its type, its word among those of a row, and its bit if it is boolean."""

    type: str
    word: int
    bit: int = 0


class Packed:
    """The columns of a table that are packed, in the order in which they are unpacked; there may be none."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self._words = [column for column in columns if column.type != "boolean"]
        self._flags = [column.name for column in columns if column.type == "boolean"]
        self.width = len(self._words) + 1
        """The number of words of a row."""
        words = {column.name: Place(column.type, word) for word, column in enumerate(self._words)}
        flags = {name: Place("boolean", self.width - 1, bit) for bit, name in enumerate(self._flags)}
        self.places = {column.name: (words | flags)[column.name] for column in columns}
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
