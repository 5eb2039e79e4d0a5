"""When API tokens were last used: noted in memory, and written at an interval, so that no request waits for it."""

import asyncio
from time import monotonic
from typing import Final

import psycopg
import structlog
from anyio import to_thread
from psycopg_pool import PoolTimeout

from api.runtime.database import Pool
from domain.log.credentials import api_tokens

WRITE_SECONDS: Final = 30.0
"""The interval at which uses are written; those of a process that is killed within it are lost."""

_log = structlog.get_logger(__name__)


class TokenUses:
    """The uses of tokens in this process that are not written yet. Any thread may note one."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._used_at: dict[str, float] = {}

    def note(self, id: str) -> None:
        """This token is used now."""
        self._used_at[id] = monotonic()

    def write(self) -> None:
        """Write the last use of each token, on the calling thread. If the database takes no writes, they stay noted."""
        uses = self._used_at.copy()
        if not uses:
            return
        now = monotonic()
        try:
            with self._pool.connection() as conn:
                api_tokens.record_uses(conn, {id: now - at for id, at in uses.items()})
        except (psycopg.Error, PoolTimeout) as error:
            _log.warning("token_uses_not_written", cause=type(error).__name__)
            return
        for id, at in uses.items():
            if self._used_at.get(id) == at:
                del self._used_at[id]

    async def write_forever(self) -> None:
        """Write at an interval until this is cancelled."""
        while True:
            await asyncio.sleep(WRITE_SECONDS)
            await to_thread.run_sync(self.write)
