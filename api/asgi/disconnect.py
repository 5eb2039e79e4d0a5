"""Stops the work of a request when its client disconnects."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from starlette.types import Receive

CLIENT_CLOSED_REQUEST: Final = 499
"""The status in log and metrics of a request whose client disconnected; no client receives it."""
WATCH_SECONDS: Final = 0.25
"""How long work may take before its client is watched. Most of it is done before, also while many clients wait."""


class ClientDisconnected(Exception):
    """The client disconnected before its request was answered."""


@dataclass(slots=True, eq=False)
class WhileConnected:
    """A block of work for a request that was received completely. It is cancelled when the client disconnects.

    The client is watched only if the work takes longer than `WATCH_SECONDS`. The block raises `ClientDisconnected`.
    """

    receive: Receive
    _is_gone: bool = field(default=False, init=False)
    _watching: "asyncio.Task[None] | None" = field(default=None, init=False)
    _task: "asyncio.Task[Any]" = field(init=False)
    _cancelled_before: int = field(init=False)
    _later: asyncio.TimerHandle = field(init=False)

    async def __aenter__(self) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._task, self._cancelled_before = task, task.cancelling()
        self._later = asyncio.get_running_loop().call_later(WATCH_SECONDS, self._watch)

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._later.cancel()
        if self._watching is None:
            return
        is_ended = self._is_gone and self._task.uncancel() <= self._cancelled_before
        await cancel_and_wait(self._watching)
        if is_ended and kind is asyncio.CancelledError:
            raise ClientDisconnected from None

    def _watch(self) -> None:
        self._watching = asyncio.create_task(self._end_at_disconnect())

    async def _end_at_disconnect(self) -> None:
        while (await self.receive())["type"] != "http.disconnect":
            pass
        self._is_gone = True
        self._task.cancel()


async def cancel_and_wait(*tasks: "asyncio.Future[Any]") -> None:
    """Cancel tasks, and wait until they have ended; their results and exceptions are dropped."""
    for task in tasks:
        task.cancel()
        with suppress(asyncio.CancelledError, Exception):
            await task
