"""How the present is read for the requests of a process: on a thread, or on the event loop.

A thread takes longer to be woken, and to wake the event loop again, than the statement takes. So where there is one
server to be asked, it is asked on the event loop, over a connection that serves nothing else. See docs/adr/0079.
"""

import asyncio
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Any, Final, NamedTuple, Protocol, TypeAlias

import psycopg
from psycopg import abc
from psycopg.adapt import Transformer
from psycopg.pq import ExecStatus, Format

from api.snapshot.sources import Connection, Source
from projections.store import basis as bases
from projections.store.basis import ResolvedBasis

LOOK_SECONDS_MAX: Final = 2.0
"""How long a look may take. Then its requests, and those that come until it ends, get no present."""
_STATEMENT: Final = b"keyframe_present"
"""The name of the prepared statement."""


class Seen(NamedTuple):
    """The present's basis, and the server from which it was read."""

    basis: ResolvedBasis
    source: Source


Ended: TypeAlias = Callable[[Seen | None], None]


class Looks(Protocol):
    """Reads the present. Used on the event loop, one look at a time."""

    def begin(self, ended: Ended) -> None:
        """Begin a look. At its end, `ended` is called on the event loop with the present; with None if the database
        answers with an error."""

    def close(self) -> None:
        """Close the connection that is open; another look would open it again."""


class LooksOnThread:
    """Looks over a connection of a pool of the server that `choose` returns, which may block."""

    def __init__(self, choose: Callable[[], Source]) -> None:
        self._choose = choose
        self._thread = ThreadPoolExecutor(1, "keyframe-present")

    def begin(self, ended: Ended) -> None:
        """See `Looks`."""
        self._thread.submit(self._look, asyncio.get_running_loop(), ended)

    def close(self) -> None:
        """See `Looks`: its connections are those of a pool."""

    def _look(self, loop: asyncio.AbstractEventLoop, ended: Ended) -> None:
        found = None
        with suppress(Exception):  # executing the operation will report it
            source = self._choose()
            with source.pool.connection(LOOK_SECONDS_MAX) as conn:
                found = Seen(bases.now(conn), source)
        with suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(ended, found)


class LooksOnLoop:
    """Looks over one connection that `connect` opens, on a thread, for the first look and after a failure. `source` is
    the server that it leads to."""

    def __init__(self, connect: Callable[[], Connection], source: Source) -> None:
        self._connect = connect
        self._source = source
        self._thread = ThreadPoolExecutor(1, "keyframe-present")
        self._session: _Session | None = None
        self._ended: Ended | None = None

    def begin(self, ended: Ended) -> None:
        """See `Looks`."""
        self._ended = ended
        loop = asyncio.get_running_loop()
        if self._session is not None and self._session.loop is loop:
            self._send(self._session)
            return
        self._drop()
        self._thread.submit(self._open, loop)

    def close(self) -> None:
        """See `Looks`."""
        self._drop()

    def _open(self, loop: asyncio.AbstractEventLoop) -> None:
        session = None
        with suppress(Exception):  # executing the operation will report it
            session = _Session.of(self._connect(), loop)
        try:
            loop.call_soon_threadsafe(self._opened, session)
        except RuntimeError:  # the loop has ended
            if session is not None:
                session.conn.close()

    def _opened(self, session: "_Session | None") -> None:
        if session is None:
            self._finish(None)
            return
        self._session = session
        session.loop.add_reader(session.fd, partial(self._receive, session))
        self._send(session)

    def _send(self, session: "_Session") -> None:
        try:
            session.send()
        except psycopg.Error:
            self._drop()
            self._finish(None)

    def _receive(self, session: "_Session") -> None:
        """Called when the server has sent something, or has closed the connection."""
        try:
            row = session.received()
        except (psycopg.Error, LookupError):
            self._drop()
            self._finish(None)
            return
        if row is not None:
            self._finish(Seen(bases.of_row(row), self._source))

    def _finish(self, found: Seen | None) -> None:
        ended, self._ended = self._ended, None
        if ended is not None:
            ended(found)

    def _drop(self) -> None:
        """Close the connection; the next look opens another one."""
        session, self._session = self._session, None
        if session is not None:
            if not session.loop.is_closed():
                session.loop.remove_reader(session.fd)
            session.conn.close()


class _Session(NamedTuple):
    """A connection with the prepared statement, read by one event loop."""

    conn: Connection
    fd: int
    loop: asyncio.AbstractEventLoop
    transformer: abc.Transformer

    @classmethod
    def of(cls, conn: Connection, loop: asyncio.AbstractEventLoop) -> "_Session":
        """Prepare the statement. Blocks. Raises `psycopg.Error`."""
        try:
            conn.execute(b"prepare %b as %b" % (_STATEMENT, bases.NOW.encode()))
        except psycopg.Error:
            conn.close()
            raise
        return cls(conn, conn.fileno(), loop, Transformer(conn))

    def send(self) -> None:
        """Send the statement, which fits into the buffer of the socket. Raises `psycopg.OperationalError`."""
        pgconn = self.conn.pgconn
        pgconn.send_query_prepared(_STATEMENT, None, result_format=Format.BINARY)
        if pgconn.flush():
            raise psycopg.OperationalError("the server does not read")

    def received(self) -> tuple[Any, ...] | None:
        """The row of the statement; None while it is not complete. Raises `psycopg.Error`, and `LookupError` without a
        row."""
        pgconn = self.conn.pgconn
        pgconn.consume_input()
        row = None
        while not pgconn.is_busy() and (result := pgconn.get_result()) is not None:
            if result.status != ExecStatus.TUPLES_OK:
                raise psycopg.OperationalError(result.get_error_message())
            if not result.ntuples:
                raise LookupError(bases.NOT_CREATED)
            self.transformer.set_pgresult(result)
            row = self.transformer.load_row(0, tuple)
        return row


def looks_of(source: Source, connect: Callable[[], Connection]) -> Looks:
    """The looks of a process with one server. Windows has no event loop that waits for connections of libpq."""
    return LooksOnThread(lambda: source) if sys.platform == "win32" else LooksOnLoop(connect, source)
