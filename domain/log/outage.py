"""Why the database takes no statement: it cannot be reached, its disk is full, it is read-only, or it is locked."""

from collections.abc import Iterator
from typing import Final, NamedTuple

import psycopg


class Outage(NamedTuple):
    """What is wrong with the database, and when to try again: two parts of a sentence."""

    fact: str
    again: str


UNREACHABLE: Final = Outage("The database cannot be reached", "in a moment")
DISK_FULL: Final = Outage("The disk of the database is full", "when its operator has freed space")
LOCKED: Final = Outage("Another command holds the write lock", "in a moment")
READ_ONLY: Final = Outage("The database is read-only", "when its operator has made it writable")

_REFUSED_SESSIONS: Final = ("session is read-only", "server is in hot standby mode")
"""The messages of libpq for a server that does not fit `target_session_attrs=read-write`."""


def outage(error: BaseException) -> Outage:
    """The outage behind an error, from the error itself and from its causes."""
    for cause in _causes(error):
        if isinstance(cause, psycopg.errors.DiskFull):
            return DISK_FULL
        if isinstance(cause, psycopg.errors.LockNotAvailable):
            return LOCKED
        if isinstance(cause, psycopg.errors.ReadOnlySqlTransaction):
            return READ_ONLY
        if isinstance(cause, psycopg.OperationalError) and any(text in str(cause) for text in _REFUSED_SESSIONS):
            return READ_ONLY
    return UNREACHABLE


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__
