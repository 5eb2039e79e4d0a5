"""One hot standby: whether it answers, and up to which position."""

from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from math import inf
from threading import Event, Thread
from time import monotonic
from typing import Any, Final

import psycopg
import structlog

from api.snapshot.server_state import Observer, ServerState
from api.snapshot.sources import Source

IDLE_SECONDS: Final = 0.25
"""The pause between two looks at a standby, and between two attempts to reach it."""
HURRY_SECONDS: Final = 0.005
"""The pause between two looks while it is about to receive a position that is wanted."""
FRESH_SECONDS: Final = 1.5
"""A standby that was not seen for so long is left aside."""

_log = structlog.get_logger(__name__)


class Standby:
    """A standby of `KEYFRAME_READ_URL`, watched on a thread of its own. `source` reads from it; its maker sets it.

    `state` is what the last look found, None before the first; `fault` is why it answers no reads, None if it does.
    `salt` returns that of the primary's workspace; None while it is unknown. `on_moved` is called on that thread with
    each new position of its projections.
    """

    def __init__(
        self,
        name: str,
        connect: Callable[[], psycopg.Connection[Any]],
        workspace: str,
        salt: Callable[[], bytes | None],
    ) -> None:
        self.source: Source
        self.name = name
        self.on_moved: Callable[[int], object] = int
        self.state: ServerState | None = None
        self.fault: str | None = "It was not reached yet."
        self._connect = connect
        self._workspace = workspace
        self._salt = salt
        self._seen_at = -inf
        self._wanted = 0
        self._hurries_until = -inf
        self._wake = Event()
        self._is_over = False
        self._thread = Thread(target=self._run, name=f"standby {name}", daemon=True)

    @property
    def position(self) -> int:
        """The position of its projections, when it was seen last."""
        return 0 if self.state is None else self.state.position

    @property
    def has_settled(self) -> bool:
        """Whether its projections contain the last concealing event of its log."""
        return self.state is not None and self.state.position >= self.state.concealed

    @property
    def answers(self) -> bool:
        """Whether it can be read."""
        return self.fault is None and monotonic() - self._seen_at < FRESH_SECONDS

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._is_over = True
        self._wake.set()
        self._thread.join(1)

    def expect(self, position: int, seconds: float) -> None:
        """Look often until the standby has this position, for so long at most."""
        self._wanted, self._hurries_until = position, monotonic() + seconds
        self._wake.set()

    def leave(self) -> None:
        """A read was lost: the standby is used again after the next look at it."""
        self._set_fault("A read lost its connection.")
        self._wake.set()

    def accept(self, conn: psycopg.Connection[Any]) -> None:
        """Raise `psycopg.OperationalError` for a connection to another server than the one that is watched, as through
        a load balancer: the positions of that one are unknown."""
        row = conn.execute("select pg_postmaster_start_time()").fetchone()
        known: datetime | None = None if self.state is None else self.state.started_at
        if row is None or row[0] != known:
            raise psycopg.OperationalError(
                f"{self.name} in KEYFRAME_READ_URL reaches more than one server, or it was restarted; name each "
                "standby by itself, and no load balancer."
            )

    # ── the thread ───────────────────────────────────────────────────────────────────────────────

    def _run(self) -> None:
        while not self._is_over:
            try:
                with closing(self._connect()) as conn:
                    self._watch(conn)
            except Exception as error:  # noqa: BLE001  any fault: the watch goes on
                self._set_fault(f"It cannot be read: {str(error).strip().partition(chr(10))[0]}")
            self._wake.wait(IDLE_SECONDS)
            self._wake.clear()

    def _watch(self, conn: psycopg.Connection[Any]) -> None:
        observer = Observer(self._workspace)
        while not self._is_over:
            self._wake.clear()
            self._note(observer.look(conn))
            hurries = self.position < self._wanted and monotonic() < self._hurries_until
            self._wake.wait(HURRY_SECONDS if hurries else IDLE_SECONDS)

    def _note(self, found: ServerState) -> None:
        has_moved = found.position != self.position
        self.state, self._seen_at = found, monotonic()
        self._set_fault(unfit(found, self._salt()))
        if has_moved and self.fault is None:
            self.on_moved(found.position)

    def _set_fault(self, fault: str | None) -> None:
        if fault != self.fault:
            (_log.info if fault is None else _log.warning)("standby", standby=self.name, fault=fault)
        self.fault = fault


def unfit(found: ServerState, salt: bytes | None) -> str | None:
    """Why a server cannot be read as a standby of the workspace with this salt; None if it can."""
    if not found.is_standby:
        return "It is no standby, but accepts writes."
    if salt not in (None, found.salt):
        return "It has another workspace than the primary."
    if not found.is_current:
        return "Its projections were built by another version of Keyframe."
    return None
