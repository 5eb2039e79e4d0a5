"""Finds streams that later events refer to. Runs on the caller's connection."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import tuple_row


def referenced_later(conn: psycopg.Connection[Any], streams: Sequence[UUID], upto: int) -> set[UUID]:
    """The streams among these that have a second event or child streams, up to a position."""
    query = """
        select stream from log where stream = any(%b) and version = 2 and position <= %b
        union
        select belongs_to from log where belongs_to = any(%b) and position <= %b
    """
    cursor = conn.cursor(binary=True, row_factory=tuple_row)
    return {stream for (stream,) in cursor.execute(query, [list(streams), upto, list(streams), upto])}
