"""Rate limits by token bucket."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from time import monotonic
from typing import Final

BUCKETS_MAX: Final = 10_000
"""The maximum number of buckets; beyond it, the least recently used one is dropped."""


class TokenBucketLimiter:
    """One token bucket per name, of `burst` tokens, refilled at `per_second`."""

    def __init__(
        self,
        per_second: float,
        burst: float,
        size_max: int = BUCKETS_MAX,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._per_second = per_second
        self._burst = burst
        self._size_max = size_max
        self._clock = clock
        self._left: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._left)

    def take(self, name: Hashable) -> float:
        """Take a token and return 0; if there is none, return the seconds until the next one."""
        now = self._clock()
        left, then = self._left.get(name, (self._burst, now))
        left = min(self._burst, left + (now - then) * self._per_second)
        if left < 1:
            return (1 - left) / self._per_second
        self._left[name] = (left - 1, now)
        self._left.move_to_end(name)
        if len(self._left) > self._size_max:
            self._left.popitem(last=False)
        return 0.0

    def give_back(self, name: Hashable) -> None:
        """Undo one `take`."""
        left, then = self._left.get(name, (self._burst, 0.0))
        self._left[name] = (min(self._burst, left + 1), then)
