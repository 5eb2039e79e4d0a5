"""Limits the open WebSockets of a process, and those among them that are silent: that have not begun their protocol."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

SILENT_SHARE: Final = 4
"""One address may have one in this many of the silent WebSockets."""


class TooManyWebSockets(Exception):
    """The process has as many WebSockets as it may have. The message tells which."""


class Opened:
    """One open WebSocket, which is silent until it `speaks`."""

    def __init__(self, silent: Counter[str], address: str) -> None:
        self._silent = silent
        self._address = address
        self._is_silent = True
        silent[address] += 1

    def speaks(self) -> None:
        """Its protocol has begun, or it has ended."""
        if self._is_silent:
            self._is_silent = False
            self._silent[self._address] -= 1
            if not self._silent[self._address]:
                del self._silent[self._address]


class WebSocketLimit:
    """The open WebSockets of one process. Used in its event loop."""

    def __init__(self, open_max: int, silent_max: int) -> None:
        self._open_max = open_max
        self._silent_max = silent_max
        self._count = 0
        self._silent: Counter[str] = Counter()

    @contextmanager
    def opened(self, address: str) -> Iterator[Opened]:
        """Count a WebSocket while it is open. Raises `TooManyWebSockets`."""
        self._check(address)
        one = Opened(self._silent, address)
        self._count += 1
        try:
            yield one
        finally:
            one.speaks()
            self._count -= 1

    def _check(self, address: str) -> None:
        if self._count >= self._open_max:
            raise TooManyWebSockets(f"This server has reached its limit of {self._open_max} WebSockets")
        most = max(1, self._silent_max // SILENT_SHARE)
        if self._silent[address] >= most:
            raise TooManyWebSockets(f"Your address has {most} WebSockets without connection_init")
        if self._silent.total() >= self._silent_max:
            raise TooManyWebSockets(f"This server has {self._silent_max} WebSockets without connection_init")
