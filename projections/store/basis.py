"""The basis of an answer: the present, a position of the log, or a moment as it was known at a position; and in SQL
what is valid there."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import psycopg
from psycopg.rows import tuple_row

from domain.log.reads.times import last_known, recorded_at
from domain.primitives.values import EARLIEST, Basis

NOW: Final = "select position, recorded_at, greatest(clock_timestamp(), recorded_at) from view_position"
"""The statement that reads the present."""
NOT_CREATED: Final = "The projections of this workspace do not exist yet: run 'keyframe rebuild'."


class ResolvedBasis(Basis, frozen=True):
    """A basis with the recording time of its position.

    It is *level* if its moment is not before that time: then no event up to its position is effective after its
    moment, and queries compare positions only, which is faster. Queries also take a plain `Basis`, with the same
    results.
    """

    known: datetime


def is_level(basis: Basis) -> bool:
    """Whether the basis is known to be level: no event up to its position is effective after its moment."""
    return isinstance(basis, ResolvedBasis) and basis.known <= basis.at


def opaque(parameter: str, type: str) -> str:
    """The expression of a parameter whose value the planner does not see.

    PostgreSQL keeps planning a prepared statement for its parameters while this seems cheaper than the generic plan. A
    statement whose only good plan is the generic one is not planned again if its estimates do not depend on the values.
    """
    return f"(select %({parameter})b::{type})"


def last_version(table: str, basis: Basis, alias: str, id: str) -> str:
    """A lateral subquery `alias`: the version at the basis with this id, if there is one.

    At a level basis every known version is effective, and the index on the position is used. Otherwise the index on
    the effective time is used; only versions that were recorded later for the past are skipped.
    """
    if is_level(basis):
        return f"lateral ({last_known_version(table, id, '%(position)s')}) {alias}"
    reach = f"changed_at <= %(at)s and {table}.position <= %(position)s"
    order = "changed_at desc, position desc"
    return f"lateral (select * from {table} where {table}.id = {id} and {reach} order by {order} limit 1) {alias}"


def last_known_version(table: str, id: str, position: str, columns: str = "*") -> str:
    """The query for the version with this id at a level basis with this position."""
    known = f"{table}.id = {id} and {table}.position <= {position}"
    return f"select {columns} from {table} where {known} order by position desc limit 1"


def is_valid_at(basis: Basis, alias: str) -> str:
    """The condition that an edge, a row with `until_at`, is valid at the basis.

    It has ended only if its end is both known at the position and effective at the moment.
    """
    begun, is_open = f"{alias}.position <= %(position)s", f"{alias}.until_position > %(position)s"
    if is_level(basis):
        return f"{begun} and {is_open}"
    return f"{begun} and {alias}.effective_at <= %(at)s and ({is_open} or {alias}.until_at > %(at)s)"


def along_params(bases: Sequence[Basis], **params: Any) -> dict[str, Any]:
    """The parameters of a query of what each of these bases sees, with their moments and positions. Neither clock goes
    backwards."""
    moments = {"ats": [basis.at for basis in bases], "positions": [basis.position for basis in bases]}
    return {"at": bases[-1].at, "position": bases[-1].position, **moments, **params}


def first_place(alias: str, clock: str) -> str:
    """The expression of the place of the first of a sequence of bases that sees a row: the number of moments before
    its effective time `clock`, or that of the positions before its own if there are more."""
    return (
        f"greatest(width_bucket({alias}.{clock} - interval '1 microsecond', %(ats)b::timestamptz[]),"
        f" width_bucket({alias}.position - 1, %(positions)b::bigint[]))"
    )


def now(conn: psycopg.Connection[Any]) -> ResolvedBasis:
    """The present: the position of the projections, and the time of the database, but not before the recording time of
    that position."""
    return of_row(_head(conn))


def of_row(row: Sequence[Any]) -> ResolvedBasis:
    """The present by the row of the statement `NOW`."""
    position, known, at = row
    return ResolvedBasis(at, position, known or EARLIEST)


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
    row = conn.cursor(binary=True, row_factory=tuple_row).execute(NOW, prepare=True).fetchone()
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
