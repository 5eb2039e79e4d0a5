"""Times as PostgreSQL stores them.

A moment is the number of microseconds, and a day the number of days, since the beginning of 2000: the driver takes
0.07 µs for a `datetime`, and a seventh of that for a number.
"""

from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import psycopg
from psycopg.pq import Format

_START: Final = datetime(2000, 1, 1, tzinfo=UTC)
_START_DAY: Final = _START.toordinal()
MICROSECOND: Final = timedelta(microseconds=1)


def _loader_of(type_: str) -> Any:
    """The driver's loader of a type in binary."""
    return psycopg.adapters.get_loader(psycopg.adapters.types[type_].oid, Format.BINARY)


TIMES_AS_NUMBERS: Final = {"timestamptz": _loader_of("int8"), "date": _loader_of("int4")}
"""PostgreSQL sends a moment like a number of eight bytes, and a day like one of four."""


def stored(moment: datetime) -> int:
    """The number that PostgreSQL stores for a moment."""
    return (moment - _START) // MICROSECOND


def moment(stored: int) -> datetime:
    """The moment for which PostgreSQL stores this number."""
    return _START + timedelta(microseconds=stored)


def day(stored: int) -> date:
    """The day for which PostgreSQL stores this number."""
    return date.fromordinal(_START_DAY + stored)
