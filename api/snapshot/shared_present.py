"""The present of the requests of one process: one look at the database serves all requests that came before it began.

Without it every request would look for itself, or a request could miss what another process has recorded before it.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future as Job
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Final, NamedTuple
from uuid import UUID

import psycopg

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
        self._waiting: list[asyncio.Future[Seen | None]] = []
        self._is_looking = self._is_late = False
        self._hidden: dict[UUID | None, tuple[ResolvedBasis, frozenset[UUID]]] = {}

    # ── the basis ────────────────────────────────────────────────────────────────────────────────

    async def newest(self) -> Seen | None:
        """The present, read after this call; None if the database does not answer in time, or with an error."""
        if self._is_late:
            return None
        loop = asyncio.get_running_loop()
        if not self._is_looking:
            self._is_looking = True
            loop.call_soon(self._begin)  # together with the requests that have arrived already
        self._waiting.append(loop.create_future())
        return await self._waiting[-1]

    def _begin(self) -> None:
        loop, waiting = asyncio.get_running_loop(), self._waiting
        self._waiting = []
        late = loop.call_later(LOOK_SECONDS_MAX, self._give_up, waiting)

        def ended(job: "Job[Seen | None]") -> None:
            with suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(self._ended, waiting, late, job)

        self._thread.submit(self._look).add_done_callback(ended)

    def _look(self) -> Seen | None:
        try:
            source = self._choose()
            with source.pool.connection(LOOK_SECONDS_MAX) as conn:
                return Seen(bases.now(conn), source)
        except (psycopg.Error, LookupError):
            return None  # executing the operation will report it

    def _ended(
        self,
        waiting: "list[asyncio.Future[Seen | None]]",
        late: asyncio.TimerHandle,
        job: "Job[Seen | None]",
    ) -> None:
        late.cancel()
        self._is_late = False
        _give(waiting, None if job.exception() else job.result())
        self._is_looking = bool(self._waiting)
        if self._is_looking:
            self._begin()

    def _give_up(self, waiting: "list[asyncio.Future[Seen | None]]") -> None:
        self._is_late = True
        _give(waiting + self._waiting, None)
        self._waiting = []

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
