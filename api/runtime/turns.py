"""Turns at computing for threads that also wait for PostgreSQL.

Python executes one thread at a time, so more threads than a few compute no faster, and others wait longer. But a thread
that waits for a statement computes nothing. Without turns its core would be idle meanwhile, or every further heavy
operation would delay the light ones.
"""

from collections import Counter
from collections.abc import Callable, Hashable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from contextvars import ContextVar
from threading import Condition
from typing import Any, Final, Self, TypeVar

import psycopg

from projections.store.deadline import Connection, Deadline

T = TypeVar("T")

RETRY_SECONDS: Final = 0.25
"""The interval at which a thread that waits for its turn looks whether its operation is over."""


class Turns:
    """Up to `most` threads compute at a time, of one caller up to `caller_most`. Safe to use from several threads."""

    def __init__(self, most: int, caller_most: int) -> None:
        self._most = most
        self._caller_most = caller_most
        self._computing: Counter[Hashable] = Counter()
        self._changed = Condition()

    def taking(self, work: Callable[[], T], caller: Hashable, deadline: Deadline) -> Callable[[], T]:
        """Work of an operation that computes in turns with others."""
        deadline.opened = in_turns
        turn = _Turn(self, caller, deadline)

        def taken() -> T:
            _current.set(turn)
            turn.take()
            try:
                return work()
            finally:
                turn.give_up()

        return taken

    def take(self, caller: Hashable, deadline: Deadline) -> bool:
        """Wait for a turn; whether there is one, and the deadline did not pass before."""
        with self._changed:
            while not self._is_free(caller):
                if deadline.seconds_left < 0:
                    return False
                self._changed.wait(RETRY_SECONDS)
            self._computing[caller] += 1
        return True

    def _is_free(self, caller: Hashable) -> bool:
        return self._computing.total() < self._most and self._computing[caller] < self._caller_most

    def give_up(self, caller: Hashable) -> None:
        """Let the next thread compute."""
        with self._changed:
            self._computing[caller] -= 1
            if not self._computing[caller]:
                del self._computing[caller]
            self._changed.notify_all()


class _Turn:
    """The turn of one operation. Used by its thread alone."""

    def __init__(self, turns: Turns, caller: Hashable, deadline: Deadline) -> None:
        self._turns = turns
        self._caller = caller
        self._deadline = deadline
        self._is_taken = False

    def take(self) -> None:
        self._is_taken = self._turns.take(self._caller, self._deadline)

    def give_up(self) -> None:
        if self._is_taken:
            self._is_taken = False
            self._turns.give_up(self._caller)


_current: ContextVar[_Turn | None] = ContextVar("turn", default=None)


@contextmanager
def waiting() -> Iterator[None]:
    """Let another thread compute during the block, in which this one only waits."""
    turn = _current.get()
    if turn is None:
        yield
        return
    turn.give_up()
    try:
        yield
    finally:
        turn.take()


@contextmanager
def in_turns(connection: AbstractContextManager[Connection]) -> Iterator[Connection]:
    """A connection of this thread's operation, which lets others compute while it is awaited and in each statement."""
    with ExitStack() as stack:
        with waiting():
            conn = stack.enter_context(connection)
        usual, conn.cursor_factory = conn.cursor_factory, _WaitingCursor
        try:
            yield conn
        finally:
            conn.cursor_factory = usual


class _WaitingCursor(psycopg.Cursor[Any]):
    def execute(self, *args: Any, **options: Any) -> Self:
        with waiting():
            return super().execute(*args, **options)
