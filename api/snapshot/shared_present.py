"""The present of the requests of one process: one look at the database serves all requests that came before it began.

Without it every request would look for itself, or a request could miss what another process has recorded before it.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import Final, NamedTuple
from uuid import UUID

from api.snapshot.sources import Source
from projections.store import basis as bases
from projections.store.basis import ResolvedBasis

LOOK_SECONDS_MAX: Final = 2.0
"""How long a look may take. Then its requests, and those that come until it ends, get no present."""
CALLERS_MAX: Final = 10_000
"""Callers whose hidden objectives are remembered."""


class Seen(NamedTuple):
    """The present's basis, and the server from which it was read."""

    basis: ResolvedBasis
    source: Source


class SharedPresent:
    """Looks at the present on a thread of its own, on the server that `choose` returns. Used on the event loop, except
    for `learn`."""

    def __init__(self, choose: Callable[[], Source]) -> None:
        self._choose = choose
        self._thread = ThreadPoolExecutor(1, "keyframe-present")
        self._lock = Lock()
        self._waiting: list[asyncio.Future[Seen | None]] = []
        self._served: list[asyncio.Future[Seen | None]] = []
        self._is_looking = self._is_late = False
        self._late: asyncio.TimerHandle | None = None
        self._hidden: dict[UUID | None, tuple[ResolvedBasis, frozenset[UUID]]] = {}

    # ── the basis ────────────────────────────────────────────────────────────────────────────────

    async def newest(self) -> Seen | None:
        """The present, read after this call; None if the database does not answer in time, or with an error."""
        if self._is_late:
            return None
        loop = asyncio.get_running_loop()
        mine: asyncio.Future[Seen | None] = loop.create_future()
        with self._lock:
            self._waiting.append(mine)
        if not self._is_looking:
            self._is_looking = True
            loop.call_soon(self._begin, loop)  # together with the requests that have arrived already
        return await mine

    def _begin(self, loop: asyncio.AbstractEventLoop) -> None:
        self._late = loop.call_later(LOOK_SECONDS_MAX, self._give_up)
        self._thread.submit(self._look_while_waited_for, loop)

    def _look_while_waited_for(self, loop: asyncio.AbstractEventLoop) -> None:
        """Look on the thread until no request waits: handing over each look would take longer than looking."""
        served, is_looking = self._serve(), True
        while is_looking:
            found, ended = self._look(), served
            served = self._serve()
            is_looking = bool(served)
            try:
                loop.call_soon_threadsafe(self._ended, loop, ended, found, is_looking)
            except RuntimeError:  # the loop has ended
                return

    def _serve(self) -> "list[asyncio.Future[Seen | None]]":
        """Begin to serve the requests that wait."""
        with self._lock:
            self._served, self._waiting = self._waiting, []
        return self._served

    def _look(self) -> Seen | None:
        try:
            source = self._choose()
            with source.pool.connection(LOOK_SECONDS_MAX) as conn:
                return Seen(bases.now(conn), source)
        except Exception:  # noqa: BLE001 - executing the operation will report it
            return None

    def _ended(
        self,
        loop: asyncio.AbstractEventLoop,
        served: "list[asyncio.Future[Seen | None]]",
        found: Seen | None,
        is_looking: bool,
    ) -> None:
        """Give the requests the present. `is_looking`: whether the thread has begun the next look."""
        assert self._late is not None
        self._late.cancel()
        self._is_late = False
        if is_looking:
            self._late = loop.call_later(LOOK_SECONDS_MAX, self._give_up)
        elif self._waiting:
            self._begin(loop)
        else:
            self._is_looking = False
        _give(served, found)

    def _give_up(self) -> None:
        self._is_late = True
        with self._lock:
            waiting, self._waiting = self._waiting, []
        _give(self._served + waiting, None)

    # ── what is hidden there ─────────────────────────────────────────────────────────────────────

    def hidden(self, person: UUID | None, basis: ResolvedBasis) -> frozenset[UUID] | None:
        """The objectives hidden from a person, or from machines, at this position; None if they are unknown."""
        at, hidden = self._hidden.get(person, (None, None))
        return hidden if at is not None and (at.position, at.known) == (basis.position, basis.known) else None

    def learn(self, person: UUID | None, basis: ResolvedBasis, hidden: frozenset[UUID]) -> None:
        """Remember what an execution found hidden from a restricted caller: it changes with the position only."""
        if len(self._hidden) > CALLERS_MAX:
            self._hidden = {}
        self._hidden[person] = (basis, hidden)


def _give(waiting: "list[asyncio.Future[Seen | None]]", found: Seen | None) -> None:
    for one in waiting:
        if not one.done():
            one.set_result(found)
