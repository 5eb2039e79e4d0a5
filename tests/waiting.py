"""Waiting for what other threads and processes do."""

from collections.abc import Callable
from threading import Event
from time import monotonic

STALL_S = 1.0
"""The seconds that count of a stall of the whole machine, in which nothing that is waited for can happen."""


def until(holds: Callable[[], object], seconds_max: float = 30, pause_s: float = 0.01) -> None:
    """Wait until the condition holds, which is asked again after each pause; fails after a time."""
    left, begun = seconds_max, monotonic()
    while not holds():
        assert left > 0
        Event().wait(pause_s)
        now = monotonic()
        left, begun = left - min(now - begun, STALL_S), now
