"""The deadline of an operation: its time limit, or the moment at which its client disconnects.

One way ends an operation for both reasons: `Deadline.end` cancels its statement, and each later check raises.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from math import inf
from threading import Lock
from time import monotonic
from typing import Any, TypeAlias

import psycopg

from domain.log.commits import cancel_statement

Connection: TypeAlias = psycopg.Connection[Any]


class Stopped(Exception):
    """The read of an operation is given up as a whole, and not field by field."""


class DeadlineExceeded(Stopped):
    """An operation has exceeded its deadline for reads."""


class Deadline:
    """The deadline of one operation, `seconds` from now.

    `until` is that moment by the monotonic clock, -inf once the operation was ended. `renew` may move it up to
    `seconds_max` from now, for an operation in steps. `opened`: makes of each connection the
    one that its reads use, if not the same. Safe to use from several threads.
    """

    __slots__ = ("_connections", "_latest", "_lock", "opened", "until")

    def __init__(self, seconds: float = inf, seconds_max: float = inf) -> None:
        self._latest = monotonic() + seconds_max
        self.until = min(monotonic() + seconds, self._latest)
        self.opened: Callable[[AbstractContextManager[Connection]], AbstractContextManager[Connection]] | None = None
        self._connections: list[Connection] = []
        self._lock = Lock()

    @property
    def seconds_left(self) -> float:
        """The seconds until the deadline; negative after it."""
        return self.until - monotonic()

    def check(self) -> None:
        """Raises `DeadlineExceeded`."""
        if monotonic() > self.until:
            raise DeadlineExceeded

    def renew(self, seconds: float) -> None:
        """Move the deadline to `seconds` from now, unless the operation was ended."""
        with self._lock:
            if self.until > -inf:
                self.until = min(monotonic() + seconds, self._latest)

    def end(self) -> None:
        """End the operation, and cancel the statement that it executes. Blocks for a round trip to the database.

        A connection cannot return to its pool meanwhile, so no statement of another operation is cancelled.
        """
        with self._lock:
            self.until = -inf
            for conn in self._connections:
                cancel_statement(conn)

    @contextmanager
    def reading(self, connection: AbstractContextManager[Connection]) -> Iterator[Connection]:
        """Use a connection, of which `end` cancels the statement. Raises `DeadlineExceeded`."""
        if monotonic() > self.until:
            raise DeadlineExceeded
        with connection if self.opened is None else self.opened(connection) as conn:
            self._connections.append(conn)
            try:
                if self.until == -inf:  # it was ended while the connection was awaited
                    raise DeadlineExceeded
                yield conn
            finally:
                with self._lock:
                    self._connections.remove(conn)

    def apply(self) -> None:
        """Make this the deadline that `raise_if_late` checks in this thread's context."""
        _applied.set(self)


_applied: ContextVar[Deadline | None] = ContextVar("deadline", default=None)


def raise_if_late() -> None:
    """Raise `DeadlineExceeded` if the operation of this thread is over. Long computations call it once a goal."""
    deadline = _applied.get()
    if deadline is not None and monotonic() > deadline.until:
        raise DeadlineExceeded
