"""Reads lines ahead in a thread, so that a slow source delays only the lines that are still missing."""

from collections.abc import Iterable, Iterator
from queue import Empty, Queue
from threading import Event, Thread
from typing import Final

LINES_MAX: Final = 1_000
"""How many lines are read ahead."""


class LineReader:
    """Groups of lines from a source that may be slow. For one use; `close` ends its thread."""

    def __init__(self, lines: Iterable[bytes], lines_max: int, bytes_max: int) -> None:
        self._lines = lines
        self._lines_max = lines_max
        self._bytes_max = bytes_max
        self._queue: Queue[bytes | BaseException | None] = Queue(LINES_MAX)
        self._closed = Event()
        Thread(target=self._read, name="line reader", daemon=True).start()

    def _read(self) -> None:
        try:
            for line in self._lines:
                self._queue.put(line)
                if self._closed.is_set():
                    return
        except BaseException as error:  # noqa: BLE001  raised again in the thread that takes the lines
            self._queue.put(error)
        else:
            self._queue.put(None)

    def close(self) -> None:
        """Let the thread end after its current line."""
        self._closed.set()
        while True:
            try:
                self._queue.get_nowait()
            except Empty:
                return

    def groups(self) -> Iterator[list[bytes]]:
        """The lines in order: in each group as many as are there without waiting, and at least one. Raises what reading
        raises, after the lines before."""
        while True:
            group, end = self._group(self._queue.get())
            if group:
                yield group
            if end is not None:
                raise end
            if not group:
                return

    def _group(self, item: bytes | BaseException | None) -> tuple[list[bytes], BaseException | None]:
        group: list[bytes] = []
        size = 0
        while isinstance(item, bytes):
            group.append(item)
            size += len(item)
            if len(group) >= self._lines_max or size >= self._bytes_max:
                return group, None
            try:
                item = self._queue.get_nowait()
            except Empty:
                return group, None
        if item is None and group:
            self._queue.put(None)
        return group, item
