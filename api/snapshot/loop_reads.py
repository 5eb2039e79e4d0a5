"""Statements that are read on the event loop, for queries that need a single one, and the wait for others to join them.

A thread takes longer to be woken, and to wake the event loop again, than such a statement takes. So a process keeps a
few connections that serve nothing else. Whatever cannot be read so is left to a thread.
"""

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Lock
from time import monotonic
from typing import Any, Final, NamedTuple, TypeAlias

import psycopg
from psycopg.rows import tuple_row

from api.snapshot.sources import Connection

Rows: TypeAlias = list[tuple[Any, ...]]

CONNECTIONS_MAX: Final = 4
"""How many statements are read at a time."""


IDLE_ITERATIONS: Final = 3
GATHERING_SECONDS: Final = 0.0002
"""Those who wait are answered after so many iterations of the event loop, of a few microseconds each, without another
request, or after so much time. Clients that have just got their answers often ask again at once."""


async def until_idle(count: Callable[[], int], most: int) -> None:
    """Wait for requests that arrive together, until `most` of them are there."""
    size, idle, until = count(), 0, monotonic() + GATHERING_SECONDS
    while size < most and idle < IDLE_ITERATIONS and monotonic() < until:
        await asyncio.sleep(0)
        idle = idle + 1 if size == count() else 0
        size = count()


class NeedsThread(Exception):
    """What was begun on the event loop has to be done on a thread: it needs a connection, or has failed."""


class _Session(NamedTuple):
    """A connection that was `opened` on a thread, as one of the event loop, with the cursor of all its statements."""

    opened: Connection
    conn: psycopg.AsyncConnection[Any]
    cursor: psycopg.AsyncCursor[tuple[Any, ...]]
    loop: asyncio.AbstractEventLoop


class LoopReads:
    """Reads statements on the event loop over connections that `connect` opens, on a thread, when all are in use."""

    def __init__(self, connect: Callable[[], Connection], loaders: Mapping[str, Any]) -> None:
        """`loaders`: other loaders of the driver than the usual ones, by type."""
        self._connect = connect
        self._loaders = loaders
        self._thread = ThreadPoolExecutor(1, "keyframe-reads")
        self._lock = Lock()
        self._new: list[Connection] = []
        """The connections that have been opened, and not used yet."""
        self._idle: list[_Session] = []
        self._count = 0
        """The connections that are open or being opened."""
        self._is_opening = self._is_closed = False

    async def rows(self, sql: str, params: Mapping[str, Any]) -> Rows:
        """The rows of a query, which is prepared; see `projections.store.versioned_tables.fetch`. Raises `NeedsThread`
        if no connection is free, or if the query fails."""
        session = self._taken()
        try:
            if not session.conn.autocommit:
                await session.conn.set_autocommit(True)
            await session.cursor.execute(sql, params, prepare=True)
            rows = await session.cursor.fetchall()
        except BaseException as error:
            self._drop(session.opened)
            if isinstance(error, psycopg.Error):
                raise NeedsThread from error
            raise
        if self._is_closed:
            self._drop(session.opened)
        else:
            self._idle.append(session)
        return rows

    def close(self) -> None:
        """Close the connections; those in use when their statements end."""
        with self._lock:
            self._is_closed = True
            unused, self._new = self._new, []
        for opened in (*unused, *(session.opened for session in self._idle)):
            self._drop(opened)
        self._idle.clear()

    def _taken(self) -> _Session:
        """A free connection. Without one, another is opened for later, unless they are too many."""
        loop = asyncio.get_running_loop()
        while self._idle:
            session = self._idle.pop()
            if session.loop is loop and not session.conn.closed:
                return session
            self._drop(session.opened)
        with self._lock:
            if self._new:
                return self._session(self._new.pop(), loop)
            if self._count < CONNECTIONS_MAX and not self._is_opening and not self._is_closed:
                self._is_opening = True
                self._count += 1
                self._thread.submit(self._open)
        raise NeedsThread

    def _session(self, opened: Connection, loop: asyncio.AbstractEventLoop) -> _Session:
        conn = psycopg.AsyncConnection[Any](opened.pgconn)
        for type_, loader in self._loaders.items():
            conn.adapters.register_loader(type_, loader)
        return _Session(opened, conn, conn.cursor(binary=True, row_factory=tuple_row), loop)

    def _open(self) -> None:
        """Open a connection. Runs on the thread."""
        opened = None
        with suppress(Exception):  # the threads will report it
            opened = self._connect()
        with self._lock:
            self._is_opening = False
            if opened is not None and not self._is_closed:
                self._new.append(opened)
                return
        self._drop(opened)

    def _drop(self, opened: Connection | None) -> None:
        """Close a connection that is in no use, if it could be opened."""
        with self._lock:
            self._count -= 1
        if opened is not None:
            opened.close()
