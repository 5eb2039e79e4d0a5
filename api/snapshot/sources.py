"""The servers that answer reads: the primary, and hot standbys of it. A `Route` chooses one for each operation.

A standby may lack the newest events. It answers a request only if it has the position that the request wants: that of
the caller's own last command in this process, and that of `X-Keyframe-Min-Position` (docs/adr/0055).
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Final, NamedTuple, Protocol, TypeAlias, TypeVar

import psycopg
from psycopg_pool import ConnectionPool

from domain.log.event_store import Log

Connection: TypeAlias = psycopg.Connection[Any]
Pool: TypeAlias = ConnectionPool[Connection]

T = TypeVar("T")

PRIMARY: Final = "primary"


class StandbyBehind(psycopg.OperationalError):
    """A standby is at an earlier position than the one it was chosen for, as after it was restored from a backup."""


class Source(NamedTuple):
    """A server that answers reads. `pool` reads all rows of the projections, `filtered` only those that are visible to
    a restricted caller, and `log` is the event log there."""

    name: str
    pool: Pool
    filtered: Pool | None
    log: Log


class Sources(Protocol):
    """The servers of a process."""

    def choose(self, route: "Route") -> tuple[Source, int]:
        """The server for the next reader of a request, and the position that its projections must have reached. Blocks.
        Raises `psycopg.OperationalError` if there is none."""

    def primary_is_away(self) -> bool:
        """Whether the primary does not answer."""

    def head(self) -> int:
        """The end of the log on the primary, as it is known. Does not block."""

    def wanted(self, actor: str) -> int:
        """The position of the last command of an actor in this process; 0 without one."""

    def is_at_hand(self, position: int) -> bool:
        """Whether a standby was seen at this position or a later one. Does not block."""

    def count(self, source: Source) -> None:
        """A reader uses this server."""

    def leave(self, source: Source) -> None:
        """Use a standby no longer until it answers again."""


class Route:
    """Where the operations of one request read.

    `last` is the server of the last reader, which is kept as long as it has what is wanted. `avoided` are the standbys
    that failed this request. Used by one thread at a time.
    """

    def __init__(self, sources: Sources, actor: str, position_min: int = 0) -> None:
        self._sources = sources
        self.actor = actor
        self.position_min = position_min
        self.last: Source | None = None
        self.avoided: set[str] = set()
        self._failed: Source | None = None

    def next(self) -> "Route":
        """The route of the next operation of the connection: it never reads an earlier present."""
        route = Route(self._sources, self.actor, self.position_min)
        route.last = self.last
        return route

    def want(self, position: int) -> None:
        """Read only from servers whose projections have reached this position."""
        self.position_min = max(self.position_min, position)

    @property
    def wanted(self) -> int:
        """The position that a server must have: for what was seen in this request, and the caller's own commands."""
        return max(self.position_min, self._sources.wanted(self.actor))

    def is_at_hand(self, position: int) -> bool:
        """Whether a standby has reached this position."""
        return self._sources.is_at_hand(position)

    def choose(self) -> "Path":
        """The path of the next reader. Raises `psycopg.OperationalError`."""
        return self._path(*self._sources.choose(self))

    def path_to(self, source: Source) -> "Path":
        """The path of a reader to a server that was chosen before."""
        return self._path(source, 0)

    def _path(self, source: Source, position_min: int) -> "Path":
        self.last = source
        self._sources.count(source)
        return Path(self, source, position_min)

    def fail(self, source: Source, error: psycopg.OperationalError) -> None:
        """Note that a read failed. A standby that was lost is left aside; one that ended a read in favor of what it
        receives (a conflict with recovery), or that is behind, answers other requests."""
        if source.name == PRIMARY or isinstance(error, psycopg.errors.QueryCanceled):
            return
        self._failed = source
        if not isinstance(error, psycopg.errors.SerializationFailure | StandbyBehind):
            self._sources.leave(source)

    def want_newest(self) -> None:
        """Read only from servers that have what the primary was last seen to have."""
        self.want(self._sources.head())

    @property
    def can_ask_primary(self) -> bool:
        return not self._sources.primary_is_away()

    def may_retry(self) -> bool:
        """Whether a standby failed the operation; it then reads from another server."""
        failed, self._failed = self._failed, None
        if failed is not None:
            self.avoided.add(failed.name)
            self.last = None
        return failed is not None

    def retrying(self, read: Callable[[], T]) -> T:
        """The result of a read, which is repeated on another server as long as a standby fails it."""
        while True:
            try:
                return read()
            except psycopg.OperationalError:
                if not self.may_retry():
                    raise


class Path(NamedTuple):
    """The way of one reader to its server, whose projections must be at `position_min` at least."""

    route: Route
    source: Source
    position_min: int

    @contextmanager
    def watched(self, connection: AbstractContextManager[Connection]) -> Iterator[Connection]:
        """The connection; its failures are noted."""
        try:
            with connection as conn:
                yield conn
        except psycopg.OperationalError as error:
            self.route.fail(self.source, error)
            raise

    def check(self, position: int) -> None:
        """Compare the present that was read with the one that is wanted; later readers of the request want this one.
        Raises `StandbyBehind`."""
        if position < self.position_min:
            raise StandbyBehind(f"{self.source.name} is at position {position}, and not at {self.position_min}.")
        self.route.want(position)

    def ask_elsewhere(self) -> None:
        """Raise `StandbyBehind` if this is a standby, and the primary can be asked in its place."""
        if self.source.name != PRIMARY and self.route.can_ask_primary:
            error = StandbyBehind(f"{self.source.name} may lack what the primary has.")
            self.route.fail(self.source, error)
            raise error
