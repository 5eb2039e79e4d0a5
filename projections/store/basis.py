"""The basis of an answer: the present, a position of the log, or a moment as it was known at a position."""

from datetime import datetime
from typing import Any, Final

import psycopg
from psycopg.rows import tuple_row

from domain.log.reads.times import last_known, recorded_at
from domain.primitives.values import EARLIEST, Basis

NOT_CREATED: Final = "The projections of this workspace do not exist yet: run 'keyframe rebuild'."


class ResolvedBasis(Basis, frozen=True):
    """A basis with the recording time of its position.

    It is *level* if its moment is not before that time: then no event up to its position is effective after its
    moment, and queries compare positions only, which is faster. Queries also take a plain `Basis`, with the same
    results.
    """

    known: datetime

    @property
    def level(self) -> bool:
        return self.known <= self.at


def is_level(basis: Basis) -> bool:
    """Whether the basis is known to be level: no event up to its position is effective after its moment."""
    return isinstance(basis, ResolvedBasis) and basis.known <= basis.at


def now(conn: psycopg.Connection[Any]) -> ResolvedBasis:
    """The present: the position of the projections, and the time of the database, but not before the recording time of
    that position."""
    position, known, at = _head(conn)
    return ResolvedBasis(at, position, known)


def at_position(conn: psycopg.Connection[Any], position: int) -> ResolvedBasis | None:
    """The basis right after this event; None beyond the position of the projections.

    Position 0 is before the first event: everything is empty there.
    """
    known = _known(conn, position)
    return None if known is None else ResolvedBasis(known, position, known)


def at_time(conn: psycopg.Connection[Any], at: datetime, known: datetime | None = None) -> ResolvedBasis:
    """The basis at `at`, with the events recorded up to `known` (default: up to the position of the projections)."""
    head, head_known, _ = _head(conn)
    if known is None or known >= head_known:
        return ResolvedBasis(at, head, head_known)
    last = last_known(conn, known)
    return ResolvedBasis(at, 0, EARLIEST) if last is None else ResolvedBasis(at, *last)


def resolved(conn: psycopg.Connection[Any], basis: Basis) -> ResolvedBasis | None:
    """The same basis with the recording time of its position; None beyond the position of the projections."""
    known = _known(conn, basis.position)
    return None if known is None else ResolvedBasis(basis.at, basis.position, known)


def _head(conn: psycopg.Connection[Any]) -> tuple[int, datetime, datetime]:
    """The position of the projections, its recording time, and the time of the database."""
    query = "select position, recorded_at, greatest(clock_timestamp(), recorded_at) from view_position"
    row = conn.cursor(binary=True, row_factory=tuple_row).execute(query, prepare=True).fetchone()
    if row is None:
        raise LookupError(NOT_CREATED)
    position, known, at = row
    return position, known or EARLIEST, at


def _known(conn: psycopg.Connection[Any], position: int) -> datetime | None:
    head, known, _ = _head(conn)
    if not 0 <= position <= head:
        return None
    if position in (0, head):
        return known if position else EARLIEST
    return recorded_at(conn, position)
