"""What was found out a moment ago, so that it need not be found out again."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from time import monotonic
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")


class Remembered(Generic[K, T]):
    """Answers that hold for `seconds`, of the last `size_max` questions. What is asked at once is found out once."""

    def __init__(self, seconds: float, size_max: int, clock: Callable[[], float] = monotonic) -> None:
        self._seconds = seconds
        self._size_max = size_max
        self._clock = clock
        self._known: OrderedDict[K, tuple[float, T]] = OrderedDict()
        self._asked: dict[K, asyncio.Task[T]] = {}

    def __len__(self) -> int:
        return len(self._known)

    async def get(self, key: K, find: Callable[[], Awaitable[T]]) -> T:
        """The answer, found now if none holds. Raises what finding it raises, which is not remembered."""
        until, answer = self._known.get(key, (0.0, None))
        if answer is not None and self._clock() < until:
            return answer
        task = self._asked.get(key)
        if task is None:
            task = self._asked[key] = asyncio.create_task(self._find(key, find))
            task.add_done_callback(_looked_at)
        return await asyncio.shield(task)

    async def _find(self, key: K, find: Callable[[], Awaitable[T]]) -> T:
        asked_at = self._clock()
        try:
            answer = await find()
        finally:
            del self._asked[key]
        self._known[key] = (asked_at + self._seconds, answer)
        self._known.move_to_end(key)
        if len(self._known) > self._size_max:
            self._known.popitem(last=False)
        return answer


def _looked_at(task: "asyncio.Task[T]") -> None:
    """Whoever asked may have left, and nobody else wants to know what went wrong."""
    if not task.cancelled():
        task.exception()
