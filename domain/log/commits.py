"""The commits of a log, their deadlines, and the queue of commands that wait for them.

Commands that wait together are recorded in one commit.

Each commit has a deadline: no timeout of PostgreSQL covers the wait for a synchronous standby.

At its deadline a statement is cancelled. Before its commit it fails with `QueryCanceled`, and nothing is recorded. A
commit that waits for a standby stays: PostgreSQL ends the wait with a warning, and the commit is not confirmed, since
it is lost if the standby takes over.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from math import inf
from time import monotonic, sleep
from typing import Any, Final

import psycopg
from psycopg.errors import Diagnostic

from domain.log.append import Answer, Append, WritesStalled
from domain.log.mapper import StoredRow

Connection = psycopg.Connection[Any]

WATCH_SECONDS: Final = 0.1
"""The interval at which the deadlines of running commits are checked."""
GROUP_COMMANDS_MAX: Final = 100
"""How many commands are recorded in one commit."""
GROUP_EVENTS_MAX: Final = 2_000
"""How many events are recorded in one commit of several commands."""
CANCEL_SECONDS_MAX: Final = 2.0
"""How long the server may take to accept a cancellation."""

_STANDBY_WAIT: Final = "SyncRepWaitForLSN"
"""The function of PostgreSQL that warns of an unconfirmed commit; the text of the warning depends on its language."""
_STARTING: Final = threading.Lock()
"""Held by the thread that starts the watch of the commits, since `cache` lets several threads compute a value."""


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


@dataclass(eq=False)
class Pending:
    """A command that waits to be recorded. `leads`: its thread, which has waited, records the next group."""

    stored: Sequence[StoredRow]
    append: Append
    answer: Answer | None = None
    leads: bool = False
    changed: threading.Event = field(default_factory=threading.Event)

    @property
    def is_recorded(self) -> bool:
        return self.answer is not None and self.answer.outcome in ("recorded", "unconfirmed")

    def settle(self, answer: Answer) -> None:
        """Let the caller go on with this answer."""
        self.answer = answer
        self.changed.set()

    def lead(self) -> None:
        """Let the caller record the next group."""
        self.leads = True
        self.changed.set()


class CommandQueue:
    """The commands of a process that wait to be recorded, in the order of their arrival.

    One caller at a time leads: its thread records the commands that wait, its own first. Then the first of those that
    wait leads. So a command alone waits for nothing. A command waits up to `seconds` for the commits before it.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._waiting: deque[Pending] = deque()
        self._is_led = False
        self._lock = threading.Lock()

    def enter(self, mine: Pending) -> Sequence[Pending]:
        """Wait until the command is settled or leads; returns the commands that its caller has to record in that case,
        before it calls `leave`. Raises `WritesStalled`."""
        with self._lock:
            leads, self._is_led = not self._is_led, True
            if not leads:
                self._waiting.append(mine)
        # not `mine.leads`: the leader before may set it by now, and then the command is still in the queue
        return (mine,) if leads else self._awaited(mine)

    def leave(self, group: Sequence[Pending], again: Sequence[Pending] = ()) -> None:
        """Let the next command lead. Those of the group that have no answer are in doubt, as after an interruption,
        except for `again`: these wait for the next group."""
        if not group:
            return
        with self._lock:
            self._waiting.extendleft(reversed(again))
            self._is_led = bool(self._waiting)
            if self._is_led:
                self._waiting[0].lead()
        for one in group[1:]:
            if one not in again:
                one.changed.set()

    def _awaited(self, mine: Pending) -> Sequence[Pending]:
        if not mine.changed.wait(self._seconds) and self._withdraw(mine):
            raise WritesStalled("earlier commands wait for their commit")
        mine.changed.wait()
        return self._next_group() if mine.leads else ()

    def _withdraw(self, mine: Pending) -> bool:
        """Whether the command waits no longer, because its turn did not come."""
        with self._lock:
            is_waiting = mine in self._waiting and not mine.leads
            if is_waiting:
                self._waiting.remove(mine)
            return is_waiting

    def _next_group(self) -> list[Pending]:
        with self._lock:
            group = [self._waiting.popleft()]
            events = len(group[0].stored)
            while self._waiting and len(group) < GROUP_COMMANDS_MAX:
                events += len(self._waiting[0].stored)
                if events > GROUP_EVENTS_MAX:
                    break
                group.append(self._waiting.popleft())
        return group


def cancel_statement(conn: Connection) -> None:
    """Cancel the statement that a connection executes, if the server accepts it in time. Blocks for a round trip."""
    with suppress(psycopg.Error):
        conn.cancel_safe(timeout=CANCEL_SECONDS_MAX)


def _ignore(_: float) -> None:
    """The default of `observe`."""


def _watched() -> set[Commit]:
    """The running commits of all logs of the process. The first call starts a thread that enforces their deadlines."""
    with _STARTING:
        return _started()


@cache
def _started() -> set[Commit]:
    commits: set[Commit] = set()
    threading.Thread(target=_watch, args=(commits,), name="commit deadlines", daemon=True).start()
    return commits


def _watch(commits: set[Commit]) -> None:
    while True:
        sleep(WATCH_SECONDS)
        for commit in commits.copy():
            commit.enforce()
