"""Views are disposable: how a generation of them is made, rebuilt beside the old one, and swapped in."""

from collections.abc import Callable

import psycopg


def create(conn: psycopg.Connection) -> None:
    """Make the views' schema and tables where they are missing; safe for several processes at once."""


def rebuild(
    log: object,
    connect: Callable[[], psycopg.Connection],
    progress: Callable[[int, int], None] = lambda position, head: None,
) -> int:
    """Build a new generation beside the one that serves, catch up, swap in one transaction.

    `progress` is told (position reached, head of the log). Readers never see a gap. Returns the
    position the new generation stands at.
    """
