"""How the present is read for the requests of a process: on the event loop, or on a thread.

A thread takes longer to be woken, and to wake the event loop again, than the statement takes. So where there is one
server to be asked, it is asked on the event loop, over a connection that serves nothing else. See docs/adr/0083.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Final, NamedTuple

import psycopg

from api.snapshot.loop_reads import LoopReads, NeedsThread
from api.snapshot.sources import Source
from projections.store import basis as bases
from projections.store.basis import ResolvedBasis

LOOK_SECONDS_MAX: Final = 2.0
"""How long a look may take. Then its requests, and those that come until it ends, get no present."""


class Seen(NamedTuple):
    """The present's basis, and the server from which it was read."""

    basis: ResolvedBasis
    source: Source


class Looks:
    """Reads the present of the server that `choose` returns. `reads`: the reads on the event loop of this server, if it
    is always the same one. Without them `choose` may block."""

    def __init__(self, choose: Callable[[], Source], reads: LoopReads | None = None) -> None:
        self._choose = choose
        self._reads = reads
        self._thread = ThreadPoolExecutor(1, "keyframe-present")

    async def look(self) -> Seen | None:
        """The present, read on a thread if no connection of the event loop is open, or if it was lost; None if the
        database answers with an error."""
        if self._reads is not None:
            try:
                rows = await self._reads.rows(bases.NOW, {})
                return Seen(bases.of_row(rows[0]), self._choose()) if rows else None
            except NeedsThread as error:
                if not _is_lost(error.__cause__):
                    return None
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._on_thread)

    def close(self) -> None:
        """Close the connection of the event loop, for good."""
        if self._reads is not None:
            self._reads.close()

    def _on_thread(self) -> Seen | None:
        with suppress(Exception):  # executing the operation will report it
            source = self._choose()
            with source.pool.connection(LOOK_SECONDS_MAX) as conn:
                return Seen(bases.now(conn), source)
        return None


def _is_lost(cause: BaseException | None) -> bool:
    """Whether a statement could not be read for want of a connection, not for what the server said."""
    state = cause.sqlstate if isinstance(cause, psycopg.Error) else None
    return state is None or state.startswith(_SHUTDOWN)


_SHUTDOWN: Final = "57P"
"""The first characters of the SQLSTATEs with which a server ends a session."""
