"""The present of the requests of one process: one look at the database serves all requests that came before it began.

Without it every request would look for itself, or a request could miss what another process has recorded before it.
"""

import asyncio
from contextvars import Context
from typing import Final
from uuid import UUID

from api.snapshot.looks import LOOK_SECONDS_MAX, Looks, Seen
from api.snapshot.loop_reads import until_idle
from projections.store.basis import ResolvedBasis

GATHERED_MAX: Final = 32
"""So many requests do not wait for others before a look begins."""
CALLERS_MAX: Final = 10_000
"""Callers whose hidden objectives are remembered."""


class SharedPresent:
    """The present that `looks` read. Used on the event loop, except for `learn`."""

    def __init__(self, looks: Looks) -> None:
        self._looks = looks
        self._waiting: list[asyncio.Future[Seen | None]] = []
        self._looking: asyncio.Task[None] | None = None
        self._is_late = False
        self._are_many = False
        """Whether the last look served several requests, so that it is worth waiting for others."""
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
        mine: asyncio.Future[Seen | None] = loop.create_future()
        self._waiting.append(mine)
        if self._looking is None or self._looking.done():
            self._looking = loop.create_task(self._look(), context=Context())  # not that of one request
        return await mine

    async def _look(self) -> None:
        """Look for those who wait, again and again until there are none."""
        try:
            while self._waiting:
                if self._are_many:
                    await until_idle(lambda: len(self._waiting), GATHERED_MAX)
                waiting, self._waiting = self._waiting, []
                self._are_many = len(waiting) > 1
                await self._look_for(waiting)
        finally:
            _give(self._waiting, None)
            self._waiting = []

    async def _look_for(self, waiting: "list[asyncio.Future[Seen | None]]") -> None:
        late, found = asyncio.get_running_loop().call_later(LOOK_SECONDS_MAX, self._give_up, waiting), None
        try:
            found = await self._looks.look()
        finally:
            late.cancel()
            self._is_late = False
            _give(waiting, found)

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
