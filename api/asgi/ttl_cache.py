"""An asynchronous cache with a time to live, in which concurrent misses for one key share one computation."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from time import monotonic
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")


class SingleFlightTTLCache(Generic[K, T]):
    """A cache of up to `size_max` values that are valid for `seconds`. Concurrent misses for a key compute it once."""

    def __init__(self, seconds: float, size_max: int, clock: Callable[[], float] = monotonic) -> None:
        self._seconds = seconds
        self._size_max = size_max
        self._clock = clock
        self._values: OrderedDict[K, tuple[float, T]] = OrderedDict()
        self._pending: dict[K, asyncio.Task[T]] = {}

    def __len__(self) -> int:
        return len(self._values)

    async def get(self, key: K, find: Callable[[], Awaitable[T]]) -> T:
        """The cached value, or the result of `find`. Raises what `find` raises; an error is not cached."""
        value = self.valid(key)
        if value is not None:
            return value
        task = self._pending.get(key)
        if task is None:
            task = self._pending[key] = asyncio.create_task(self._find(key, find))
            task.add_done_callback(_retrieve_exception)
        return await asyncio.shield(task)

    def valid(self, key: K) -> T | None:
        """The cached value, if there is one."""
        until, value = self._values.get(key, (0.0, None))
        return value if self._clock() < until else None

    def forget(self, key: K) -> None:
        """Compute the value of this key again when it is needed next."""
        self._values.pop(key, None)

    async def _find(self, key: K, find: Callable[[], Awaitable[T]]) -> T:
        started_at = self._clock()
        try:
            value = await find()
        finally:
            del self._pending[key]
        self._values[key] = (started_at + self._seconds, value)
        self._values.move_to_end(key)
        if len(self._values) > self._size_max:
            self._values.popitem(last=False)
        return value


def _retrieve_exception(task: "asyncio.Task[T]") -> None:
    """Retrieve the exception, so that asyncio does not warn if every waiter was cancelled."""
    if not task.cancelled():
        task.exception()
