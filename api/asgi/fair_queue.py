"""A queue that is fair to callers: start-time fair queueing (Goyal, Vin, Cheng 1996), with costs known afterwards.

Each caller has a line of its own. The next item is the oldest one of the caller who was served least. A caller who
returns after a pause starts at the level of those who are being served, and so cannot save up service.
"""

from collections import deque
from collections.abc import Callable, Hashable
from typing import Final, Generic, NamedTuple, TypeVar

T = TypeVar("T")

CALLERS_MAX: Final = 10_000
"""Callers whose service is remembered; beyond it, those without an advantage or debt are forgotten."""


class Waiting(NamedTuple, Generic[T]):
    """An item with its caller and its estimated cost in milliseconds."""

    caller: Hashable
    cost: float
    item: T


class FairQueue(Generic[T]):
    """Items of many callers; `count` is their number."""

    def __init__(self) -> None:
        self.count = 0
        self._lines: dict[Hashable, deque[Waiting[T]]] = {}
        self._served: dict[Hashable, float] = {}
        self._level = 0.0

    def line(self, caller: Hashable) -> tuple[Waiting[T], ...]:
        """What waits for this caller, the oldest first."""
        return tuple(self._lines.get(caller, ()))

    def push(self, waiting: Waiting[T]) -> None:
        """Add an item to the line of its caller."""
        self._served[waiting.caller] = max(self._served.get(waiting.caller, 0.0), self._level)
        self._lines.setdefault(waiting.caller, deque()).append(waiting)
        self.count += 1

    def discard(self, waiting: Waiting[T]) -> None:
        """Remove an item, if it still waits."""
        if waiting in self._lines.get(waiting.caller, ()):
            self._lines[waiting.caller].remove(waiting)
            self._removed(waiting.caller)

    def pop(self, is_eligible: Callable[[Hashable], bool]) -> Waiting[T] | None:
        """Remove the next item, and charge its caller among those of eligible callers; None if there is none."""
        caller = min(filter(is_eligible, self._lines), key=self._served.__getitem__, default=None)
        if caller is None:
            return None
        waiting = self._lines[caller].popleft()
        self._removed(caller)
        self.serve(caller, waiting.cost)
        return waiting

    def serve(self, caller: Hashable, cost: float) -> None:
        """Charge a caller whose turn it is, or who need not wait."""
        self._level = max(self._level, self._served.get(caller, 0.0))
        self._served[caller] = self._level + cost
        if len(self._served) > CALLERS_MAX:
            self._forget_settled()

    def correct(self, caller: Hashable, difference: float) -> None:
        """Correct what a caller was charged by the difference of actual and estimated cost."""
        if caller in self._served:
            self._served[caller] += difference

    def _removed(self, caller: Hashable) -> None:
        self.count -= 1
        if not self._lines[caller]:
            del self._lines[caller]

    def _forget_settled(self) -> None:
        self._served = {
            caller: served for caller, served in self._served.items() if caller in self._lines or served > self._level
        }
