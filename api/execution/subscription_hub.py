"""What lives on after its answer has begun: who waits for the views to move on, and where their work is done.

Nobody asks whether there is news; all are told at once. Whoever waits costs a place in a list, and no statement.
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
"""How long the database is left alone after it was lost."""


def is_lost(error: Exception) -> bool:
    """Whether this says that the database could not be reached: it may be again."""
    was_given_up = isinstance(error, psycopg.errors.QueryCanceled)
    return isinstance(error, psycopg.OperationalError | PoolTimeout) and not was_given_up


class Live:
    """The subscriptions of one process.

    At most `threads` of its threads, and so of its connections to the database, work for them at once, so that
    queries always find one; `subscriptions_max` is how many there may be.
    """

    def __init__(self, threads: int = 1, subscriptions_max: int = 1) -> None:
        self._threads = CapacityLimiter(threads)
        self._max = subscriptions_max
        self._count = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._told = self._position = 0
        self._news = asyncio.Event()
        self._reading: dict[Hashable, asyncio.Task[Any]] = {}
        self._is_closed = False

    # ── from outside ─────────────────────────────────────────────────────────────────────────────

    def open(self) -> None:
        """From now on, what is told arrives in the running event loop."""
        self._loop = asyncio.get_running_loop()
        self._is_closed = False

    def close(self) -> None:
        """End every subscription with `GOING_AWAY`, now and in future. Called in the event loop."""
        self._is_closed = True
        self._wake()

    def moved(self, position: int) -> None:
        """The views stand at this position. Called from one thread, whichever it is."""
        if self._loop is None or position == self._told:
            return
        self._told = position
        with suppress(RuntimeError):  # the loop has ended, and nobody is left to be told
            self._loop.call_soon_threadsafe(self._tell, position)

    def _tell(self, position: int) -> None:
        self._position = position
        self._wake()

    def _wake(self) -> None:
        told, self._news = self._news, asyncio.Event()
        told.set()

    # ── for a subscription ───────────────────────────────────────────────────────────────────────

    @property
    def count(self) -> int:
        """How many subscriptions are going on."""
        return self._count

    @contextmanager
    def subscribed(self) -> Iterator[None]:
        """The place of one subscription. Raises `TOO_MANY_SUBSCRIPTIONS`."""
        if self._count >= self._max:
            message = f"This server has all {self._max} subscriptions that it may have; try again later."
            raise GraphQLError(message, extensions={"code": TOO_MANY})
        self._count += 1
        try:
            yield
        finally:
            self._count -= 1

    async def beyond(self, position: int) -> None:
        """Return when the views stand beyond this position. Raises `GOING_AWAY`."""
        while self._position <= position:
            await self._told_news()
        self._refuse_if_closed()

    async def pause(self, seconds: float) -> None:
        """Return after so many seconds. Raises `GOING_AWAY` at once when it comes to that."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while True:
                    await self._told_news()

    async def _told_news(self) -> None:
        self._refuse_if_closed()
        await self._news.wait()
        self._refuse_if_closed()

    def _refuse_if_closed(self) -> None:
        if self._is_closed:
            message = "The server is going away; subscribe again after the last position that you saw."
            raise GraphQLError(message, extensions={"code": GOING_AWAY})

    async def work(self, work: Callable[[], T]) -> T:
        """What a function gives that blocks, as soon as a thread is free for it. Raises `GOING_AWAY`."""
        self._refuse_if_closed()
        return await to_thread.run_sync(work, limiter=self._threads)

    async def patiently(self, read: Callable[[], Awaitable[T]]) -> T:
        """What comes of reading; if the database was lost, as soon as it can be read again. Raises `GOING_AWAY`."""
        while True:
            try:
                return await read()
            except (psycopg.OperationalError, PoolTimeout) as error:
                if not is_lost(error):
                    raise
            await self.pause(AGAIN_SECONDS)

    async def shared(self, name: Hashable, work: Callable[[], T]) -> T:
        """The same, done once for all who ask for it by the same name while it is being done."""
        task: asyncio.Task[T] | None = self._reading.get(name)
        if task is None:
            task = self._reading[name] = asyncio.create_task(self.work(work))
            task.add_done_callback(lambda done: self._forget(name, done))
        return await asyncio.shield(task)

    def _forget(self, name: Hashable, done: asyncio.Task[Any]) -> None:
        del self._reading[name]
        if not done.cancelled():
            done.exception()  # whoever asked may have left, and nobody else wants to know
