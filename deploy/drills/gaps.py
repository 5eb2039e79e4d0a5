"""The longest stretches in which nothing succeeded: how long a drill's clients were without an answer."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import pairwise
from math import ceil
from threading import Lock
from time import monotonic


class Ticks:
    """The moments at which something succeeded, in seconds of the monotonic clock. Several threads may write it."""

    def __init__(self) -> None:
        self._moments: list[float] = []
        self._lock = Lock()

    def tick(self) -> None:
        with self._lock:
            self._moments.append(monotonic())

    def longest_gap(self, began: float, ended: float) -> float:
        """The longest stretch without a success within this time, in seconds."""
        with self._lock:
            within = self._moments[bisect_left(self._moments, began) : bisect_right(self._moments, ended)]
        moments = [began, *within, ended]
        return max(after - before for before, after in pairwise(moments))


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest of the values that at least this share of them does not exceed (nearest rank). Raises
    `ValueError` without values."""
    if not values:
        raise ValueError("A percentile needs values.")
    return sorted(values)[max(0, ceil(share * len(values)) - 1)]
