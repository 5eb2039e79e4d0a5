"""How long somebody who came in may stay: as long as what they came in with would let them in again."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import suppress
from typing import Any, Final, TypeVar

from graphql import GraphQLError

T = TypeVar("T")

UNAUTHENTICATED: Final = "UNAUTHENTICATED"
OVER: Final = "What you came in with holds no longer; come again with a token that does."


class Visit:
    """All that goes on by one token. `again` is whether it still lets its bearer in."""

    __slots__ = ("__weakref__", "_again", "_over")

    def __init__(self, again: Callable[[], Awaitable[bool]]) -> None:
        self._again = again
        self._over = asyncio.Event()

    async def is_over(self) -> bool:
        """Look whether it is; once it is, it stays so."""
        if not self._over.is_set() and not await self._again():
            self._over.set()
        return self._over.is_set()

    async def end(self) -> None:
        """Return when somebody found that it is over."""
        await self._over.wait()


async def while_it_lasts(results: AsyncGenerator[T, None], visit: Visit | None) -> AsyncGenerator[T, None]:
    """These results until the visit is over. Raises `UNAUTHENTICATED` then, also while nothing comes."""
    if visit is None:
        async for result in results:
            yield result
        return
    over = asyncio.create_task(visit.end())
    coming: asyncio.Future[T] | None = None
    try:
        while True:
            coming = asyncio.ensure_future(anext(results))
            await asyncio.wait({coming, over}, return_when=asyncio.FIRST_COMPLETED)
            if over.done():
                raise GraphQLError(OVER, extensions={"code": UNAUTHENTICATED})
            try:
                result = coming.result()
            except StopAsyncIteration:
                return
            yield result
    finally:
        await given_up(over)
        if coming is not None:
            await given_up(coming)


async def given_up(task: "asyncio.Future[Any]") -> None:
    """Whoever waited for this no longer does; it has ended when this returns."""
    task.cancel()
    with suppress(asyncio.CancelledError, Exception):
        await task
