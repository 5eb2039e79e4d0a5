"""The present of the requests of one process: one look at the database serves all requests that came before it began.

Without it every request would look for itself, or a request could miss what another process has recorded before it.
"""

import asyncio
from functools import partial
from typing import Final
from uuid import UUID

from api.snapshot.looks import LOOK_SECONDS_MAX, Looks, Seen
from projections.store.basis import ResolvedBasis

CALLERS_MAX: Final = 10_000
"""Callers whose hidden objectives are remembered."""


class SharedPresent:
    """The present that `looks` read. Used on the event loop, except for `learn`."""

    def __init__(self, looks: Looks) -> None:
        self._looks = looks
        self._waiting: list[asyncio.Future[Seen | None]] = []
        self._is_looking = self._is_late = False
        self._hidden: dict[UUID | None, tuple[ResolvedBasis, frozenset[UUID]]] = {}

    def close(self) -> None:
        """Close the connection for looks."""
        self._looks.close()

    # ── the basis ────────────────────────────────────────────────────────────────────────────────

    async def newest(self) -> Seen | None:
        """The present, read after this call; None if the database does not answer in time, or with an error."""
        if self._is_late:
            return None
        loop = asyncio.get_running_loop()
        if not self._is_looking:
            self._is_looking = True
            loop.call_soon(self._begin, loop)  # together with the requests that have arrived already
        mine: asyncio.Future[Seen | None] = loop.create_future()
        self._waiting.append(mine)
        return await mine

    def _begin(self, loop: asyncio.AbstractEventLoop) -> None:
        waiting, self._waiting = self._waiting, []
        late = loop.call_later(LOOK_SECONDS_MAX, self._give_up, waiting)
        self._looks.begin(partial(self._ended, loop, waiting, late))

    def _ended(
        self,
        loop: asyncio.AbstractEventLoop,
        waiting: "list[asyncio.Future[Seen | None]]",
        late: asyncio.TimerHandle,
        found: Seen | None,
    ) -> None:
        late.cancel()
        self._is_late = False
        _give(waiting, found)
        self._is_looking = bool(self._waiting)
        if self._is_looking:
            loop.call_soon(self._begin, loop)

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
