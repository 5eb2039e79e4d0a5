"""The sizes of the workspace, counted every few minutes, from which costs are estimated."""

import asyncio
from typing import Any, Final

import psycopg
import structlog
from anyio import to_thread
from psycopg_pool import ConnectionPool, PoolTimeout

from api.execution.weights import TYPICAL, Sizes
from projections.engine import workspace_sizes

REFRESH_SECONDS: Final = 300
"""The interval at which the sizes are counted."""

_log = structlog.get_logger(__name__)


class WorkspaceSizes:
    """The sizes of one workspace; `current` are those of the last count, rounded up."""

    def __init__(self, pool: ConnectionPool[psycopg.Connection[Any]]) -> None:
        self._pool = pool
        self.current = TYPICAL

    def count(self) -> None:
        """Count the sizes. Blocks."""
        with self._pool.connection() as conn:
            self.current = Sizes(*map(max, Sizes(*workspace_sizes.counted(conn)), TYPICAL)).rounded()

    async def refresh(self) -> None:
        """Count the sizes if the database can be reached."""
        try:
            await to_thread.run_sync(self.count)
        except (psycopg.Error, PoolTimeout) as error:
            _log.warning("sizes_not_counted", cause=str(error))

    async def refresh_forever(self) -> None:
        """Count the sizes at an interval, until this is cancelled."""
        while True:
            await asyncio.sleep(REFRESH_SECONDS)
            await self.refresh()
