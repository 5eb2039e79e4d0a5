"""What runs beside the requests, from startup to shutdown: the projector's thread, and the care for credentials."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from threading import Event as Flag
from threading import Thread

from anyio import to_thread
from starlette.applications import Starlette

from api.runtime.database import Database
from api.runtime.log_setup import write_waiting
from api.server.process import Process
from projections.engine import rebuild
from projections.engine.projector import Projector

START_SECONDS_MAX = 5
"""How long startup waits for the projector's first look at the projections, before the first command is accepted."""
STOP_SECONDS_MAX = 10
"""How long shutdown waits for the projector; only an unreachable database makes it take longer."""


def lifespan_of(process: Process) -> Callable[[Starlette], AbstractAsyncContextManager[None]]:
    """The lifespan of the application."""

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        await to_thread.run_sync(_create_projections, process.database)
        process.hub.open()
        if process.standbys is not None:
            await to_thread.run_sync(process.standbys.start)
        await process.sizes.refresh()
        counting = asyncio.create_task(process.sizes.refresh_forever())
        try:
            async with _running(process.projector), caring_for_credentials(process):
                try:
                    yield
                finally:
                    counting.cancel()
                    process.present.close()
                    if process.loop_reads is not None:
                        process.loop_reads.close()
                    process.hub.close()
                    process.lanes.close()
        finally:
            if process.standbys is not None:
                await to_thread.run_sync(process.standbys.stop)
            if process.telemetry is not None:
                await to_thread.run_sync(process.telemetry.close)
            write_waiting()

    return lifespan


@asynccontextmanager
async def caring_for_credentials(process: Process) -> AsyncIterator[None]:
    """End the scopes of tokens that are no longer valid, and write when tokens were last used."""
    tasks = [
        asyncio.create_task(process.authenticators.revalidate_forever()),
        asyncio.create_task(process.token_uses.write_forever()),
    ]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await to_thread.run_sync(process.token_uses.write)


@asynccontextmanager
async def _running(projector: Projector) -> AsyncIterator[None]:
    """Run the projector on a thread of its own."""
    stop = Flag()
    thread = Thread(target=projector.run, args=(stop,), name="projector", daemon=True)
    thread.start()
    await to_thread.run_sync(projector.wait_until_started, START_SECONDS_MAX)
    try:
        yield
    finally:
        stop.set()
        projector.wake()
        await to_thread.run_sync(thread.join, STOP_SECONDS_MAX)


def _create_projections(database: Database) -> None:
    """Create missing projections, so that the first request finds them."""
    with database.connect() as conn:
        rebuild.create(conn, database.settings.workspace)
