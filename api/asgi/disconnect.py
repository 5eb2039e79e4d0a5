"""Stops the work of a request when its client disconnects."""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, Final, TypeVar

from starlette.types import Receive

T = TypeVar("T")

CLIENT_CLOSED_REQUEST: Final = 499
"""The status in log and metrics of a request whose client disconnected; no client receives it."""


class ClientDisconnected(Exception):
    """The client disconnected before its request was answered."""


async def until_disconnected(receive: Receive, work: Coroutine[Any, Any, T]) -> T:
    """The result of the work, whose request was received completely. It is cancelled when the client disconnects.

    Raises `ClientDisconnected`.
    """
    working, gone = asyncio.ensure_future(work), asyncio.ensure_future(_disconnected(receive))
    try:
        await asyncio.wait({working, gone}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
        raise ClientDisconnected
    finally:
        await cancel_and_wait(working, gone)


async def cancel_and_wait(*tasks: "asyncio.Future[Any]") -> None:
    """Cancel tasks, and wait until they have ended; their results and exceptions are dropped."""
    for task in tasks:
        task.cancel()
        with suppress(asyncio.CancelledError, Exception):
            await task


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
