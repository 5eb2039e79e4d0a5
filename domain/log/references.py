"""What the log speaks of again after it was recorded: asked on a reader's own connection."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import tuple_row


def spoken_of(conn: psycopg.Connection[Any], streams: Sequence[UUID], upto: int) -> set[UUID]:
    """Those of these streams that were changed later, or that others came to belong to, up to a position."""
    query = """
        select stream from log where stream = any(%b) and version = 2 and position <= %b
        union
        select belongs_to from log where belongs_to = any(%b) and position <= %b
    """
    cursor = conn.cursor(binary=True, row_factory=tuple_row)
    return {stream for (stream,) in cursor.execute(query, [list(streams), upto, list(streams), upto])}
