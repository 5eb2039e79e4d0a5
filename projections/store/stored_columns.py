"""Rows of a statement as columns, with times as PostgreSQL stores them.

Many rows are read as one, with an array for each column, which takes the driver half the time that rows take. Few rows
are read as they are: PostgreSQL needs 55 µs more to aggregate any.

A moment is the number of microseconds, and a day the number of days, since the beginning of 2000: the driver takes
0.07 µs for a `datetime`, and a seventh of that for a number.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import compress
from typing import Any, Final

import psycopg
from psycopg.pq import Format

from projections.store.versioned_tables import Connection, Params, fetch

_START: Final = datetime(2000, 1, 1, tzinfo=UTC)
_START_DAY: Final = _START.toordinal()
MICROSECOND: Final = timedelta(microseconds=1)


def _loader_of(type_: str) -> Any:
    """The driver's loader of a type in binary."""
    return psycopg.adapters.get_loader(psycopg.adapters.types[type_].oid, Format.BINARY)


TIMES_AS_NUMBERS: Final = {"timestamptz": _loader_of("int8"), "date": _loader_of("int4")}
"""PostgreSQL sends a moment like a number of eight bytes, and a day like one of four."""


class ColumnQuery:
    """A query for columns of rows `v`, or expressions of them. `source` is what follows its select list, up to its
    order. `optional`: those that are only wanted of rows for which the condition `has_optional` is true."""

    def __init__(
        self, source: str, order: str, columns: Sequence[str], has_optional: str, optional: Sequence[str]
    ) -> None:
        self._width = len(columns)
        self._nothing: list[list[Any]] = [[] for _ in range(1 + len(columns) + len(optional))]
        arrays = [f"array_agg({one})" for one in columns]
        arrays += [f"array_agg({one}) filter (where v.has_optional)" for one in optional]
        rows = f"select v.*, {has_optional} as has_optional {source} order by {order}"
        self._as_arrays = f"select {', '.join(arrays)} from ({rows}) v"
        self._as_rows = f"select {has_optional}, {', '.join([*columns, *optional])} {source} order by {order}"

    def fetch(self, conn: Connection, params: Params, *, are_many: bool) -> tuple[list[list[Any]], list[list[Any]]]:
        """The columns, and the optional ones of the rows that have them. `are_many`: whether hundreds of rows are to be
        expected. Times are numbers. The query is prepared, see `fetch` of `versioned_tables`."""
        found = fetch(conn, self._as_arrays if are_many else self._as_rows, params, loaders=TIMES_AS_NUMBERS)
        if are_many:
            columns = [values or [] for values in found[0]]
            return columns[: self._width], columns[self._width :]
        has_optional, *rest = [*map(list, zip(*found, strict=True))] or self._nothing
        return rest[: self._width], [list(compress(values, has_optional)) for values in rest[self._width :]]


def stored(moment: datetime) -> int:
    """The number that PostgreSQL stores for a moment."""
    return (moment - _START) // MICROSECOND


def moment(stored: int) -> datetime:
    """The moment for which PostgreSQL stores this number."""
    return _START + timedelta(microseconds=stored)


def day(stored: int) -> date:
    """The day for which PostgreSQL stores this number."""
    return date.fromordinal(_START_DAY + stored)
