"""Waiting for what other threads and processes do."""

from collections.abc import Callable
from threading import Event
from time import monotonic


def until(holds: Callable[[], object], seconds_max: float = 30) -> None:
    """Wait until the condition holds; fails after a time."""
    deadline = monotonic() + seconds_max
    while not holds():
        assert monotonic() < deadline
        Event().wait(0.01)
