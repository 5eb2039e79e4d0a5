"""The commits of a log. Each has a deadline: no timeout of PostgreSQL covers the wait for a synchronous standby.

At its deadline a statement is cancelled. Before its commit it fails with `QueryCanceled`, and nothing is recorded. A
commit that waits for a standby stays: PostgreSQL ends the wait with a warning, and the commit is not confirmed, since
it is lost if the standby takes over.
"""

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from math import inf
from time import monotonic, sleep
from typing import Any, Final

import psycopg
from psycopg.errors import Diagnostic

Connection = psycopg.Connection[Any]

WATCH_SECONDS: Final = 0.1
"""The interval at which the deadlines of running commits are checked."""
CANCEL_SECONDS_MAX: Final = 2.0
"""How long the server may take to accept a cancellation."""

_STANDBY_WAIT: Final = "SyncRepWaitForLSN"
"""The function of PostgreSQL that warns of an unconfirmed commit; the text of the warning depends on its language."""


@dataclass(eq=False)
class Commit:
    """A statement that writes, from `Commits.begin` to `Commits.end`. `is_confirmed`: no synchronous standby is missing
    its commit."""

    conn: Connection
    started_at: float
    due: float
    is_confirmed: bool = True
    is_over: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, notice: Diagnostic) -> None:
        """Handle a notice of the server."""
        if notice.source_function == _STANDBY_WAIT:
            self.is_confirmed = False

    def enforce(self) -> None:
        """Cancel the statement if it is running beyond its deadline."""
        with self.lock:
            if not self.is_over and monotonic() > self.due:
                cancel_statement(self.conn)


class Commits:
    """The commits of one log in this process. Each is cancelled after `seconds`.

    `running` are those that have not ended. `is_confirmed`: whether every synchronous standby has the last one.
    `confirmed_at` is when that was so last, by the monotonic clock; `fault` is why the last one failed, at `failed_at`.
    `observe` is called with the seconds of each that wrote, waits included. `lock_seconds`: how long a statement may
    wait for the lock.
    """

    def __init__(self, seconds: float, lock_seconds: float) -> None:
        self.running: set[Commit] = set()
        self.confirmed_at = self.failed_at = -inf
        self.fault: psycopg.Error | None = None
        self.observe: Callable[[float], object] = _ignore
        self._seconds = seconds
        self._lock_seconds = lock_seconds
        self.is_confirmed = True

    def begin(self, conn: Connection, seconds: float | None = None) -> Commit:
        """The commit of the statement that this connection executes next; the caller ends it. `seconds`: its own
        deadline."""
        now = monotonic()
        commit = Commit(conn, now, now + (self._seconds if seconds is None else seconds))
        conn.add_notice_handler(commit.note)
        self.running.add(commit)
        _watched().add(commit)
        return commit

    def end(self, commit: Commit, *, did_write: bool) -> None:
        """The statement has ended, and the connection may be used for others."""
        with commit.lock:
            commit.is_over = True
        commit.conn.remove_notice_handler(commit.note)
        self.running.discard(commit)
        _watched().discard(commit)
        if did_write:
            self.is_confirmed, self.fault = commit.is_confirmed, None
            self.confirmed_at = monotonic() if commit.is_confirmed else -inf
            self.observe(monotonic() - commit.started_at)

    def fail(self, fault: psycopg.Error) -> None:
        """A statement failed for this reason, which is none of the command."""
        self.failed_at, self.fault = monotonic(), fault

    @property
    def are_stalled(self) -> bool:
        """Whether commits do not complete at the moment: one has been running for longer than it may wait for the lock,
        or the last one was not confirmed and the next is running. Another one would only wait, too."""
        oldest = min((commit.started_at for commit in self.running.copy()), default=inf)
        return (oldest < inf and not self.is_confirmed) or oldest < monotonic() - self._lock_seconds


def cancel_statement(conn: Connection) -> None:
    """Cancel the statement that a connection executes, if the server accepts it in time. Blocks for a round trip."""
    with suppress(psycopg.Error):
        conn.cancel_safe(timeout=CANCEL_SECONDS_MAX)


def _ignore(_: float) -> None:
    """The default of `observe`."""


@cache
def _watched() -> set[Commit]:
    """The running commits of all logs of the process, and a thread that enforces their deadlines."""
    commits: set[Commit] = set()
    threading.Thread(target=_watch, args=(commits,), name="commit deadlines", daemon=True).start()
    return commits


def _watch(commits: set[Commit]) -> None:
    while True:
        sleep(WATCH_SECONDS)
        for commit in commits.copy():
            commit.enforce()
