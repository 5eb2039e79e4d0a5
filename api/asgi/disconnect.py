"""Stops the work of a request when its client disconnects."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any, Final

from starlette.types import Receive

CLIENT_CLOSED_REQUEST: Final = 499
"""The status in log and metrics of a request whose client disconnected; no client receives it."""
WATCH_SECONDS: Final = 0.25
"""How long work may take before its client is watched. Most of it is done before, also while many clients wait."""


class ClientDisconnected(Exception):
    """The client disconnected before its request was answered."""


@asynccontextmanager
async def while_connected(receive: Receive) -> AsyncIterator[None]:
    """A block of work for a request that was received completely. It is cancelled when the client disconnects.

    The client is watched only if the work takes longer than `WATCH_SECONDS`. Raises `ClientDisconnected`.
    """
    watching: list[asyncio.Task[None]] = []
    limit = asyncio.timeout(None)
    begin = partial(_watch, receive, limit, watching)
    later = asyncio.get_running_loop().call_later(WATCH_SECONDS, begin)
    try:
        async with limit:
            yield
    except TimeoutError:
        if limit.expired():
            raise ClientDisconnected from None
        raise
    finally:
        later.cancel()
        if watching:
            await cancel_and_wait(*watching)


def _watch(receive: Receive, limit: asyncio.Timeout, watching: "list[asyncio.Task[None]]") -> None:
    watching.append(asyncio.create_task(_end_at_disconnect(receive, limit)))


async def cancel_and_wait(*tasks: "asyncio.Future[Any]") -> None:
    """Cancel tasks, and wait until they have ended; their results and exceptions are dropped."""
    for task in tasks:
        task.cancel()
        with suppress(asyncio.CancelledError, Exception):
            await task


async def _end_at_disconnect(receive: Receive, limit: asyncio.Timeout) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    limit.reschedule(asyncio.get_running_loop().time())
