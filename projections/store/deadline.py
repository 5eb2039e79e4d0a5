"""The deadline of an operation: its time limit, or the moment at which its client disconnects.

One way ends an operation for both reasons: `Deadline.end` cancels its statement, and each later check raises.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from contextvars import ContextVar
from dataclasses import dataclass, field
from math import inf
from threading import Lock
from time import monotonic
from types import TracebackType
from typing import Any, Final, TypeAlias

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
    `seconds_max` from now, for an operation in steps. `opened`: makes of each connection the one that
    its reads use, if not the same. `connections` are those in use, which `lock` keeps out of their pool. Safe to use
    from several threads.
    """

    __slots__ = ("_latest", "connections", "lock", "opened", "until")

    def __init__(self, seconds: float = inf, seconds_max: float = inf) -> None:
        self._latest = monotonic() + seconds_max
        self.until = min(monotonic() + seconds, self._latest)
        self.opened: Callable[[AbstractContextManager[Connection]], AbstractContextManager[Connection]] | None = None
        self.connections: list[Connection] = []
        self.lock = Lock()

    @property
    def seconds_left(self) -> float:
        """The seconds until the deadline; negative after it."""
        return self.until - monotonic()

    @property
    def timeout(self) -> float | None:
        """The seconds until the deadline as a timeout of asyncio: 0 after it, None without a limit."""
        return None if self.until == inf else max(0.0, self.seconds_left)

    def check(self) -> None:
        """Raises `DeadlineExceeded`."""
        if monotonic() > self.until:
            raise DeadlineExceeded

    def renew(self, seconds: float) -> None:
        """Move the deadline to `seconds` from now, unless the operation was ended."""
        with self.lock:
            if self.until > -inf:
                self.until = min(monotonic() + seconds, self._latest)

    def end(self) -> None:
        """End the operation, and cancel the statement that it executes. Blocks for a round trip to the database.

        A connection cannot return to its pool meanwhile, so no statement of another operation is cancelled.
        """
        with self.lock:
            self.until = -inf
            for conn in self.connections:
                cancel_statement(conn)


@dataclass(slots=True, eq=False)
class Reading:
    """One use of a connection by an operation; `Deadline.end` cancels its statement. Entering it raises
    `DeadlineExceeded`. As a generator it would take twice as long."""

    deadline: Deadline
    connection: AbstractContextManager[Connection]
    _conn: Connection = field(init=False)

    def __enter__(self) -> Connection:
        if monotonic() > self.deadline.until:
            raise DeadlineExceeded
        if self.deadline.opened is not None:
            self.connection = self.deadline.opened(self.connection)
        conn = self._conn = self.connection.__enter__()
        self.deadline.connections.append(conn)
        if self.deadline.until == -inf:  # it was ended while the connection was awaited
            error = DeadlineExceeded()
            self.__exit__(DeadlineExceeded, error, None)
            raise error
        return conn

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        with self.deadline.lock:
            self.deadline.connections.remove(self._conn)
        return self.connection.__exit__(kind, error, trace)


APPLIED: Final[ContextVar[Deadline | None]] = ContextVar("deadline", default=None)
"""The deadline that `raise_if_late` checks in this context."""


def raise_if_late() -> None:
    """Raise `DeadlineExceeded` if the operation of this thread is over. Long computations call it once a goal."""
    deadline = APPLIED.get()
    if deadline is not None and monotonic() > deadline.until:
        raise DeadlineExceeded
