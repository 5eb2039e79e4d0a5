"""Waiting for what other threads and processes do."""

from collections.abc import Callable
from threading import Event
from time import monotonic


def until(holds: Callable[[], object], seconds_max: float = 30, pause_s: float = 0.01) -> None:
    """Wait until the condition holds, which is asked again after each pause; fails after a time."""
    deadline = monotonic() + seconds_max
    while not holds():
        assert monotonic() < deadline
        Event().wait(pause_s)
