"""Where an answer stands: the present, a place in the log, or a moment as far as it was known then."""

from datetime import datetime
from typing import Any, Final

import psycopg
from psycopg.rows import tuple_row

from domain.log.times import last_known, recorded_at
from domain.primitives.values import EARLIEST, Basis

NEVER_MADE: Final = "The views of this workspace were never made: run generations.create."


class ResolvedBasis(Basis, frozen=True):
    """A basis that knows when its position was recorded.

    It is *level* when its moment does not lie before that: then nothing recorded by its position can
    be effective after its moment, and a view is read by positions alone, which is the fast way. Every
    query takes a plain `Basis`, too, and answers the same.
    """

    known: datetime

    @property
    def level(self) -> bool:
        return self.known <= self.at


def is_level(basis: Basis) -> bool:
    """Whether it is known that nothing recorded by its position is effective after its moment."""
    return isinstance(basis, ResolvedBasis) and basis.known <= basis.at


def now(conn: psycopg.Connection[Any]) -> ResolvedBasis:
    """The present: the position the views stand at, and the database's clock, never before its recording."""
    position, known, at = _head(conn)
    return ResolvedBasis(at, position, known)


def at_position(conn: psycopg.Connection[Any], position: int) -> ResolvedBasis | None:
    """What a reader saw right after this event; None beyond the position the views stand at.

    Position 0 is before the first event: everything is empty there.
    """
    known = _known(conn, position)
    return None if known is None else ResolvedBasis(known, position, known)


def at_time(conn: psycopg.Connection[Any], at: datetime, known: datetime | None = None) -> ResolvedBasis:
    """What was true at `at`, as far as the log knew at `known` (default: by all the views know now)."""
    head, head_known, _ = _head(conn)
    if known is None or known >= head_known:
        return ResolvedBasis(at, head, head_known)
    last = last_known(conn, known)
    return ResolvedBasis(at, 0, EARLIEST) if last is None else ResolvedBasis(at, *last)


def stand(conn: psycopg.Connection[Any], basis: Basis) -> ResolvedBasis | None:
    """The same basis, knowing its recording; None beyond the position the views stand at."""
    known = _known(conn, basis.position)
    return None if known is None else ResolvedBasis(basis.at, basis.position, known)


def _head(conn: psycopg.Connection[Any]) -> tuple[int, datetime, datetime]:
    """The position the views stand at, when it was recorded, and the clock."""
    query = "select position, recorded_at, greatest(clock_timestamp(), recorded_at) from view_position"
    row = conn.cursor(binary=True, row_factory=tuple_row).execute(query, prepare=True).fetchone()
    if row is None:
        raise LookupError(NEVER_MADE)
    position, known, at = row
    return position, known or EARLIEST, at


def _known(conn: psycopg.Connection[Any], position: int) -> datetime | None:
    head, known, _ = _head(conn)
    if not 0 <= position <= head:
        return None
    if position in (0, head):
        return known if position else EARLIEST
    return recorded_at(conn, position)
