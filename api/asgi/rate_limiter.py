"""How often somebody may come: a bucket each, which fills evenly and holds so much."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from time import monotonic
from typing import Final

BUCKETS_MAX: Final = 10_000
"""Of so many is known how often they came; beyond, who came longest ago begins anew."""


class Buckets:
    """A token bucket for each name: `burst` at once, and `per_second` on the long run."""

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

    def wait(self, name: Hashable) -> float:
        """In how many seconds there is something for this name; 0 if there is now. Takes nothing."""
        return max(0.0, (1 - self._now(name)) / self._per_second)

    def take(self, name: Hashable) -> float:
        """Take one: 0 if it was there, else in how many seconds it will be, and nothing is taken."""
        left = self._now(name)
        if left < 1:
            return (1 - left) / self._per_second
        self._left[name] = (left - 1, self._clock())
        self._left.move_to_end(name)
        if len(self._left) > self._size_max:
            self._left.popitem(last=False)
        return 0.0

    def _now(self, name: Hashable) -> float:
        left, then = self._left.get(name, (self._burst, 0.0))
        return min(self._burst, left + (self._clock() - then) * self._per_second)
