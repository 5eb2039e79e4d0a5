"""Connection pools whose timeouts tell why they cannot connect, and pools behind a pooler of transactions."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
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
    """A pool of autocommitting connections that raises `PoolTimeout` from the last failure to connect; without one, all
    connections are in use."""

    def __init__(self, conninfo: str, *, kwargs: Mapping[str, Any] = MappingProxyType({}), **options: Any) -> None:
        self._watched: type[_WatchedConnection] = type("WatchedConnection", (_WatchedConnection,), {})
        super().__init__(conninfo, connection_class=self._watched, kwargs={"autocommit": True, **kwargs}, **options)

    @contextmanager
    def connection(self, timeout: float | None = None) -> Iterator[Connection]:
        """A connection, for statements that commit by themselves. A pool rolls back what is left open."""
        try:
            conn = self.getconn(timeout)
        except PoolTimeout as error:
            raise error from self._watched.failure
        try:
            yield conn
        finally:
            self.putconn(conn)


class TransactionPool(WatchedPool):
    """A pool behind a pooler that shares its connections between transactions: nothing that a session keeps can be
    relied on. Each use of a connection is one transaction, which starts with `begin`, and prepares no statements."""

    def __init__(self, conninfo: str, *, begin: Callable[[Connection], None], **options: Any) -> None:
        self._begin = begin
        super().__init__(conninfo, kwargs={"prepare_threshold": None}, **options)

    @contextmanager
    def connection(self, timeout: float | None = None) -> Iterator[Connection]:
        with super().connection(timeout) as conn, conn.transaction():
            self._begin(conn)
            yield conn
