"""Where an answer stands: the present, a place in the log, or a moment as far as it was known then."""

from datetime import datetime

import psycopg

from domain.values import Basis


class Standpoint(Basis, frozen=True):
    """A basis that knows when its position was recorded.

    It is *level* when its moment does not lie before that: then nothing recorded by its position can
    be effective after its moment, and a view is read by positions alone, which is the fast way. Every
    query takes a plain `Basis`, too, and answers the same.
    """

    known: datetime

    @property
    def level(self) -> bool:
        return self.known <= self.at


def now(conn: psycopg.Connection) -> Standpoint:
    """The present: the position the views stand at, and the database's clock, never before its recording."""


def at_position(conn: psycopg.Connection, position: int) -> Standpoint | None:
    """What a reader saw right after this event; None beyond the position the views stand at."""


def at_time(conn: psycopg.Connection, at: datetime, known: datetime | None = None) -> Standpoint:
    """What was true at `at`, as far as the log knew at `known` (default: by all the views know now)."""


def stand(conn: psycopg.Connection, basis: Basis) -> Standpoint | None:
    """The same basis, knowing its recording; None beyond the position the views stand at."""
