"""The lifetime of what a token authorized: subscriptions and exports end when the token is no longer valid."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final, TypeVar

from graphql import GraphQLError

from api.asgi.disconnect import cancel_and_wait

T = TypeVar("T")

UNAUTHENTICATED: Final = "UNAUTHENTICATED"
OVER: Final = "The token is no longer valid; send the request again with a valid token."


@dataclass(slots=True, weakref_slot=True, eq=False, repr=False)
class RequestScope:
    """Everything in progress under one token. `is_valid` validates the token again."""

    is_valid: Callable[[], Awaitable[bool]]
    _ended: asyncio.Event = field(default_factory=asyncio.Event, init=False)

    async def has_ended(self) -> bool:
        """Validate the token; once it is invalid, the scope stays ended."""
        if not self._ended.is_set() and not await self.is_valid():
            self._ended.set()
        return self._ended.is_set()

    async def wait(self) -> None:
        """Return when `has_ended` has found that the scope ended."""
        await self._ended.wait()


async def until_scope_ends(results: AsyncGenerator[T, None], scope: RequestScope | None) -> AsyncGenerator[T, None]:
    """These results until the scope ends. Raises `UNAUTHENTICATED` then, also between two results."""
    if scope is None:
        async for result in results:
            yield result
        return
    ended = asyncio.create_task(scope.wait())
    coming: asyncio.Future[T] | None = None
    try:
        while True:
            coming = asyncio.ensure_future(anext(results))
            await asyncio.wait({coming, ended}, return_when=asyncio.FIRST_COMPLETED)
            if ended.done():
                raise GraphQLError(OVER, extensions={"code": UNAUTHENTICATED})
            try:
                result = coming.result()
            except StopAsyncIteration:
                return
            yield result
    finally:
        await cancel_and_wait(ended)
        if coming is not None:
            await cancel_and_wait(coming)
