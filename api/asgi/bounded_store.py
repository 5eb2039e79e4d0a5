"""A store of values with sizes, of which the least recently used are dropped beyond a total size."""

from collections import OrderedDict
from collections.abc import Hashable
from threading import Lock
from typing import Final, Generic, TypeVar

T = TypeVar("T")

SHARE_MAX: Final = 8
"""One value takes at most one in this many of the total size."""


class BoundedStore(Generic[T]):
    """Values of one generation, by key; a new generation drops those of the one before. Safe to use from several
    threads. `size` is the total size of the values."""

    def __init__(self, size_max: int) -> None:
        self.size = 0
        self._size_max = size_max
        self._generation: Hashable = None
        self._values: OrderedDict[Hashable, tuple[T, int]] = OrderedDict()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._values)

    def begin(self, generation: Hashable) -> None:
        """Begin this generation, if it is another one than the present one."""
        if generation != self._generation:
            with self._lock:
                self._generation, self._values, self.size = generation, OrderedDict(), 0

    def get(self, generation: Hashable, key: Hashable) -> T | None:
        """The value of a key, if it is of this generation."""
        with self._lock:
            found = self._values.get(key) if generation == self._generation else None
            if found is None:
                return None
            self._values.move_to_end(key)
            return found[0]

    def put(self, generation: Hashable, key: Hashable, value: T, size: int) -> None:
        """Store a value, unless it is of another generation or too large."""
        if size * SHARE_MAX > self._size_max:
            return
        with self._lock:
            if generation != self._generation:
                return
            self.size += size - self._values.pop(key, (None, 0))[1]
            self._values[key] = (value, size)
            while self.size > self._size_max:
                self.size -= self._values.popitem(last=False)[1][1]
