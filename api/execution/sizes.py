"""The sizes of the workspace, counted every few minutes, from which costs are estimated."""

import asyncio
from typing import Any, Final

import psycopg
import structlog
from anyio import to_thread
from psycopg_pool import ConnectionPool, PoolTimeout

from api.execution.context import Bounds
from api.execution.cost import COST_MAX
from api.execution.weights import TYPICAL, Sizes
from projections.engine import workspace_sizes

REFRESH_SECONDS: Final = 300
"""The interval at which the sizes are counted."""

_log = structlog.get_logger(__name__)


class WorkspaceSizes:
    """The sizes of one workspace; `bounds` have those of the last count, rounded up, and this limit of costs."""

    def __init__(self, pool: ConnectionPool[psycopg.Connection[Any]], cost_max: float = COST_MAX) -> None:
        self._pool = pool
        self.bounds = Bounds(cost_max=cost_max)

    def count(self) -> None:
        """Count the sizes. Blocks."""
        with self._pool.connection() as conn:
            sizes = Sizes(*map(max, Sizes(*workspace_sizes.counted(conn)), TYPICAL)).rounded()
        self.bounds = self.bounds._replace(sizes=sizes)

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
