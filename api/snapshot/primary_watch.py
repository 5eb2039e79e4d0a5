"""Looks at the primary for the requests that standbys are to answer: one look serves all that came before it began.

A goal that was hidden on the primary must not be shown by a standby that does not know it yet. So the position of the
last concealing event is read after each request begins. While the primary is away, what was known last holds.
"""

from collections import deque
from collections.abc import Callable
from contextlib import closing
from threading import Condition, Thread
from time import monotonic
from typing import Any, Final, NamedTuple

import psycopg
import structlog

from api.snapshot.server_state import Observer

LOOK_SECONDS_MAX: Final = 3.0
"""How long a request waits for a look. Then the primary counts as away, until it answers again."""
IDLE_SECONDS: Final = 0.25
"""The pause between two looks without requests, and between two attempts to reach the primary."""

_log = structlog.get_logger(__name__)


class PrimaryState(NamedTuple):
    """What is known of the primary: `head` and `position` are those of its log and projections, `concealed` that of the
    last concealing event, and `position_before` the position of the projections as long ago as a standby may lag. If it
    `is_away`, they are the last ones known."""

    head: int
    position: int
    concealed: int
    position_before: int
    is_away: bool


class PrimaryWatch:
    """The looks at the primary, on a thread of its own. `lag_s`: how long a standby may lag, in seconds. `salt` is that
    of the workspace, None before the first look. `on_tick` is called on that thread several times a second."""

    def __init__(
        self,
        connect: Callable[[], psycopg.Connection[Any]],
        workspace: str,
        lag_s: float,
    ) -> None:
        self.on_tick: Callable[[], object] = int
        self.salt: bytes | None = None
        self._connect = connect
        self._observer = Observer(workspace)
        self._lag_s = lag_s
        self._changed = Condition()
        self._is_demanded = self._is_over = False
        self._began_at = -1.0
        self._history: deque[tuple[float, int]] = deque([(monotonic(), 0)])
        self._state = PrimaryState(0, 0, 0, 0, is_away=True)
        self._thread = Thread(target=self._run, name="primary watch", daemon=True)

    # ── for requests ─────────────────────────────────────────────────────────────────────────────

    @property
    def last(self) -> PrimaryState:
        """What the last look found."""
        return self._state

    def look(self) -> PrimaryState:
        """The state of the primary after this call, or the last one known while it is away. Blocks."""
        asked_at = monotonic()
        with self._changed:
            if self._state.is_away:
                return self._state
            self._is_demanded = True
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._began_at >= asked_at or self._state.is_away, LOOK_SECONDS_MAX)
            if self._began_at < asked_at and not self._state.is_away:
                self._set_away("The primary does not answer in time.")
            return self._state

    def start(self) -> None:
        """Begin to look, and wait for the first one."""
        self._thread.start()
        with self._changed:
            self._changed.wait_for(lambda: self._began_at > 0, LOOK_SECONDS_MAX)

    def stop(self) -> None:
        with self._changed:
            self._is_over = True
            self._changed.notify_all()
        self._thread.join(LOOK_SECONDS_MAX)

    # ── the thread ───────────────────────────────────────────────────────────────────────────────

    def _run(self) -> None:
        while not self._is_over:
            try:
                with closing(self._connect()) as conn:
                    self._watch(conn)
            except Exception as error:  # noqa: BLE001  any fault: the watch goes on
                with self._changed:
                    self._set_away(str(error))
            self._pause()

    def _watch(self, conn: psycopg.Connection[Any]) -> None:
        while not self._is_over:
            with self._changed:
                self._is_demanded = False
            began_at = monotonic()
            self._note(began_at, conn)
            self._pause()

    def _note(self, began_at: float, conn: psycopg.Connection[Any]) -> None:
        found = self._observer.look(conn)
        self._history.append((began_at, found.position))
        while len(self._history) > 1 and self._history[1][0] <= began_at - self._lag_s:
            self._history.popleft()
        oldest_at, before = self._history[0]
        before = min(before, found.position) if oldest_at <= began_at - self._lag_s else 0
        with self._changed:
            if self._state.is_away:
                _log.info("primary_answers", position=found.position)
            self.salt = found.salt
            self._state = PrimaryState(found.head, found.position, found.concealed, before, is_away=False)
            self._began_at = began_at
            self._changed.notify_all()

    def _pause(self) -> None:
        self.on_tick()
        with self._changed:
            self._changed.wait_for(lambda: self._is_demanded or self._is_over, IDLE_SECONDS)

    def _set_away(self, cause: str) -> None:
        """Called with the lock."""
        if not self._state.is_away:
            _log.warning("primary_away", cause=cause.strip().partition("\n")[0])
        self._state = self._state._replace(is_away=True)
        self._changed.notify_all()
