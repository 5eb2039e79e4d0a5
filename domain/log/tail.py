"""Follows the log: waits for PostgreSQL notifications, and polls in case one is lost."""

import socket
from collections import deque
from collections.abc import Sequence
from selectors import EVENT_READ, DefaultSelector
from threading import Event
from types import TracebackType
from typing import Any, Self

import psycopg
from eventsourcing.persistence import ApplicationRecorder, Notification, Subscription
from psycopg import sql
from psycopg_pool import ConnectionPool

POLL_SECONDS = 1.0
_BATCH = 500


class Listener:
    """Waits for new events on a connection of its own. Reconnects after a lost connection.

    `wait` may return without a new event, and it may miss one until its timeout: read the log after every wait. Another
    thread may call `stop`, which ends the current `wait` and all later ones at once.
    """

    def __init__(self, pool: ConnectionPool[Any], channel: str) -> None:
        self._pool = pool
        self._channel = channel
        self._conn: psycopg.Connection[Any] | None = None
        self._stopped = Event()
        self._stopping, self._stop_signal = socket.socketpair()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def wait(self, seconds: float = POLL_SECONDS) -> bool:
        """Wait for new events for at most `seconds`. Returns whether there was a notification. The first call returns
        at once, because earlier notifications were not received."""
        try:
            if self._conn is None:
                self._conn = self._listen()
                return False
            self._wait_for_input(self._conn, seconds)
            return [*self._conn.notifies(timeout=0)] != []
        except psycopg.Error:
            self._disconnect()
            self._stopped.wait(seconds)
            return False

    @property
    def is_stopped(self) -> bool:
        return self._stopped.is_set()

    def stop(self) -> None:
        self._stopped.set()
        self._stopping.send(b".")

    def close(self) -> None:
        self._stopped.set()
        self._disconnect()
        self._stopping.close()
        self._stop_signal.close()

    def _wait_for_input(self, conn: psycopg.Connection[Any], seconds: float) -> None:
        """Wait for a message of the server, or for `stop`, which is never read, so that it ends each wait."""
        with DefaultSelector() as selector:
            selector.register(conn, EVENT_READ)
            selector.register(self._stop_signal, EVENT_READ)
            selector.select(seconds)

    def _listen(self) -> psycopg.Connection[Any]:
        conninfo = self._pool.conninfo
        conn = psycopg.connect(conninfo() if callable(conninfo) else conninfo, autocommit=True)
        try:
            conn.execute(sql.SQL("listen {}").format(sql.Identifier(self._channel)))
        except psycopg.Error:
            conn.close()
            raise
        return conn

    def _disconnect(self) -> None:
        conn, self._conn = self._conn, None
        if conn is not None:
            conn.close()


class Tail(Subscription[ApplicationRecorder]):
    """The library's subscription: every event after a position, then each new one."""

    def __init__(
        self, recorder: ApplicationRecorder, listener: Listener, gt: int | None, topics: Sequence[str]
    ) -> None:
        super().__init__(recorder, gt, topics)
        self._listener = listener
        self._ready: deque[Notification] = deque()

    def __exit__(self, *args: object, **kwargs: Any) -> None:
        super().__exit__(*args, **kwargs)
        self._listener.close()

    def __next__(self) -> Notification:
        while not self._has_been_stopped:
            if self._ready:
                self._last_notification_id = self._ready[0].id
                return self._ready.popleft()
            self._ready.extend(
                self._recorder.select_notifications(
                    self._last_notification_id, _BATCH, topics=self._topics, inclusive_of_start=False
                )
            )
            if not self._ready:
                self._listener.wait()
        raise StopIteration
