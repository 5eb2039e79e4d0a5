"""Feeds the views: batches of events in, rows and the position out, in one transaction, for ever."""

from collections.abc import Callable
from enum import StrEnum
from threading import Event as Flag

import msgspec
import psycopg


class Condition(StrEnum):
    """What a projector is doing: LEADING feeds the views, FOLLOWING watches another one do it, FAULTED
    has lost its connection and is coming back, STOPPED met an event it cannot apply, or was told to."""

    STARTING = "STARTING"
    LEADING = "LEADING"
    FOLLOWING = "FOLLOWING"
    FAULTED = "FAULTED"
    STOPPED = "STOPPED"


class Status(msgspec.Struct, frozen=True):
    """How a projector does; `poison_position` and `poison_topic` name the event it could not apply."""

    condition: Condition
    position: int
    cause: str | None = None
    poison_position: int | None = None
    poison_topic: str | None = None


class Projector:
    """Keeps the views of one workspace level with its log. See `run`."""

    def __init__(self, log: object, connect: Callable[[], psycopg.Connection], batch_size: int = 500) -> None: ...

    @property
    def status(self) -> Status:
        """How it does at this moment; safe to read from any thread."""

    def run(self, stop: Flag) -> None:
        """Feed the views until told to stop; comes back unaided after any fault of the connection."""

    def catch_up(self) -> int:
        """Apply everything the log holds now, on the calling thread; the position reached."""

    def nudge(self) -> None:
        """Say that something was appended, so that it is seen at once."""

    def wait(self, position: int, timeout: float) -> bool:
        """Whether the views stand at this position, after at most `timeout` seconds."""
