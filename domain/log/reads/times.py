"""Converts between positions and times of recording. Runs on the caller's connection."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import psycopg
from psycopg.rows import tuple_row

Connection = psycopg.Connection[Any]


class Known(NamedTuple):
    """A position of the log and its time of recording."""

    position: int
    recorded_at: datetime


def recorded_at(conn: Connection, position: int) -> datetime | None:
    """The time of recording of a position; None for position 0 and after the end of the log."""
    return recordings(conn, [position]).get(position)


def recordings(conn: Connection, positions: Sequence[int]) -> dict[int, datetime]:
    """The time of recording of each position. Unknown positions are omitted."""
    query = "select position, recorded_at from log where position = any(%b::bigint[])"
    return dict(_rows(conn, query, list(positions)))


def last_known(conn: Connection, known: datetime) -> Known | None:
    """The last position recorded at or before a moment; None before the first."""
    (last,) = known_by(conn, [known])
    return last


def known_by(conn: Connection, moments: Sequence[datetime]) -> list[Known | None]:
    """For each moment, in order: the last position recorded at or before it; None before the first."""
    query = """
        select l.position, l.recorded_at from unnest(%b::timestamptz[]) with ordinality as asked (at, place)
        left join lateral (
            select position, recorded_at from log where recorded_at <= asked.at order by recorded_at desc limit 1
        ) l on true order by asked.place
    """
    return [None if row[0] is None else Known(*row) for row in _rows(conn, query, list(moments))]


def _rows(conn: Connection, query: str, values: list[Any]) -> list[tuple[Any, ...]]:
    cursor = conn.cursor(binary=True, row_factory=tuple_row)
    return cursor.execute(query.encode(), [values], prepare=True).fetchall()
