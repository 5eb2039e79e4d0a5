"""The subscriptions of a process: they wait for new positions of the projections, and share threads for reads.

The projector notifies all of them at once; a waiting subscription polls nothing and holds no database connection.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final, TypeVar

import psycopg
from anyio import CapacityLimiter, to_thread
from graphql import GraphQLError
from psycopg_pool import PoolTimeout

T = TypeVar("T")

GOING_AWAY: Final = "GOING_AWAY"
TOO_MANY: Final = "TOO_MANY_SUBSCRIPTIONS"

AGAIN_SECONDS: Final = 1.0
"""The delay before a read is retried after a lost connection."""


def is_connection_lost(error: Exception) -> bool:
    """Whether this error means that the database is unreachable, so that a retry may succeed."""
    was_given_up = isinstance(error, psycopg.errors.QueryCanceled)
    return isinstance(error, psycopg.OperationalError | PoolTimeout) and not was_given_up


class SubscriptionHub:
    """The subscriptions of one process.

    At most `threads` of its threads, and so of its connections to the database, work for them at once, so that
    some are left for queries. There are at most `subscriptions_max` subscriptions.
    """

    def __init__(self, threads: int = 1, subscriptions_max: int = 1) -> None:
        self._threads = CapacityLimiter(threads)
        self._max = subscriptions_max
        self._count = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._position = 0
        self._changed = asyncio.Event()
        self._reading: dict[Hashable, asyncio.Task[Any]] = {}
        self._is_closed = False

    # ── for the process ──────────────────────────────────────────────────────────────────────────

    def open(self) -> None:
        """Deliver notifications to the running event loop from now on."""
        self._loop = asyncio.get_running_loop()
        self._is_closed = False

    def close(self) -> None:
        """End every subscription with `GOING_AWAY`, now and in future. Called in the event loop."""
        self._is_closed = True
        self._wake()

    def notify(self, position: int) -> None:
        """The projections have reached this position. Called from the thread of the projector."""
        if self._loop is None or position == self._position:
            return
        self._position = position
        if self._count:  # a subscription is counted before it looks at the position
            with suppress(RuntimeError):  # the loop has ended
                self._loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    # ── for a subscription ───────────────────────────────────────────────────────────────────────

    @property
    def count(self) -> int:
        """How many subscriptions are active."""
        return self._count

    @contextmanager
    def subscribed(self) -> Iterator[None]:
        """Count one subscription while it lasts. Raises `TOO_MANY_SUBSCRIPTIONS`."""
        if self._count >= self._max:
            message = f"This server has reached its limit of {self._max} subscriptions; try again later."
            raise GraphQLError(message, extensions={"code": TOO_MANY})
        self._count += 1
        try:
            yield
        finally:
            self._count -= 1

    async def wait_beyond(self, position: int) -> int:
        """The position of the projections, as soon as it is beyond this one. Raises `GOING_AWAY`."""
        while self._position <= position:
            await self._wait_for_change()
        self._raise_if_closed()
        return self._position

    async def pause(self, seconds: float) -> None:
        """Return after so many seconds. Raises `GOING_AWAY` as soon as the hub closes."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while True:
                    await self._wait_for_change()

    async def _wait_for_change(self) -> None:
        self._raise_if_closed()
        await self._changed.wait()
        self._raise_if_closed()

    def _raise_if_closed(self) -> None:
        if self._is_closed:
            message = "The server is shutting down; subscribe again after the last position that you received."
            raise GraphQLError(message, extensions={"code": GOING_AWAY})

    async def work(self, work: Callable[[], T]) -> T:
        """Run a blocking function on one of the threads. Raises `GOING_AWAY`."""
        self._raise_if_closed()
        return await to_thread.run_sync(work, limiter=self._threads)

    async def retry_until_reachable(self, read: Callable[[], Awaitable[T]]) -> T:
        """The result of a read, retried while the database is unreachable. Raises `GOING_AWAY`."""
        while True:
            try:
                return await read()
            except (psycopg.OperationalError, PoolTimeout) as error:
                if not is_connection_lost(error):
                    raise
            await self.pause(AGAIN_SECONDS)

    async def shared(self, name: Hashable, work: Callable[[], T]) -> T:
        """Like `work`, but concurrent calls with the same name share one run."""
        task: asyncio.Task[T] | None = self._reading.get(name)
        if task is None:
            task = self._reading[name] = asyncio.create_task(self.work(work))
            task.add_done_callback(lambda done: self._forget(name, done))
        return await asyncio.shield(task)

    def _forget(self, name: Hashable, done: asyncio.Task[Any]) -> None:
        del self._reading[name]
        if not done.cancelled():
            done.exception()  # every waiter may have been cancelled: mark the exception as retrieved
