"""A connection pool whose timeouts tell why it cannot connect."""

from typing import Any, ClassVar, Self

import psycopg
from psycopg_pool import ConnectionPool, PoolTimeout

Connection = psycopg.Connection[tuple[Any, ...]]


class _WatchedConnection(psycopg.Connection[tuple[Any, ...]]):
    """A connection whose class remembers the last failure to connect, until an attempt succeeds."""

    failure: ClassVar[psycopg.Error | None] = None

    @classmethod
    def connect(cls, conninfo: str = "", **options: Any) -> Self:
        try:
            conn = super().connect(conninfo, **options)
        except psycopg.Error as error:
            cls.failure = error
            raise
        cls.failure = None
        return conn


class WatchedPool(ConnectionPool[Connection]):
    """A pool that raises `PoolTimeout` from the last failure to connect; without one, all connections are in use."""

    def __init__(self, conninfo: str, **options: Any) -> None:
        self._watched: type[_WatchedConnection] = type("WatchedConnection", (_WatchedConnection,), {})
        super().__init__(conninfo, connection_class=self._watched, **options)

    def getconn(self, timeout: float | None = None) -> Connection:
        try:
            return super().getconn(timeout)
        except PoolTimeout as error:
            raise error from self._watched.failure
