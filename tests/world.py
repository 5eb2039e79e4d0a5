"""A workspace that tests write with commands; its projections catch up when the test asks for it."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any
from uuid import UUID

import psycopg

from api.runtime.database import Database
from domain.commands.command import Command
from domain.commands.permissions import Author, Role
from domain.handlers.batches.batch_dispatcher import BatchDispatcher
from domain.handlers.dispatcher import Outcome
from domain.log.event_store import Log
from domain.primitives.values import Basis, Source
from projections.engine.projector import Projector
from projections.engine.registry import dump
from projections.store import basis as bases
from tests.workspace import fresh_workspace

ADA = Author("machine:ada", Source.API, frozenset(Role))


def connected(database: Database) -> psycopg.Connection[Any]:
    """A connection that is closed with the database, at the latest."""
    conn = database.connect()
    database._stack.callback(conn.close)
    return conn


class KeptProjector(Projector):
    """A projector that keeps its connection from one `catch_up` to the next: to open one, and to plan its statements
    again, takes longer than most batches. A failure closes it."""

    def __init__(self, log: Log, database: Database, batch_size: int = 500) -> None:
        super().__init__(log, lambda: connected(database), batch_size, database.settings.workspace)
        self._kept: tuple[ExitStack, psycopg.Connection[Any]] | None = None

    @contextmanager
    def _session(self) -> Iterator[psycopg.Connection[Any]]:
        if self._kept is None or self._kept[1].closed:
            opened = ExitStack()
            self._kept = opened, opened.enter_context(super()._session())
        opened, conn = self._kept
        try:
            yield conn
        except BaseException:
            opened.close()
            raise


class World:
    """A workspace. `record` and `do` catch up with the log after each command; after `write`, call `catch_up`."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.workspace = database.settings.workspace
        self.log = Log(database.pool("owner"), self.workspace)
        self.keyframe = BatchDispatcher(self.log)
        self.projector = KeptProjector(self.log, database)
        self._conn: psycopg.Connection[Any] | None = None

    @property
    def conn(self) -> psycopg.Connection[Any]:
        """A connection to the projections; `close` closes it, and at the latest the end of the database."""
        if self._conn is None:
            self._conn = connected(self.database)
        return self._conn

    def close(self) -> None:
        if self._conn is not None:
            self._conn.close()

    def new_projector(self, batch_size: int = 500) -> Projector:
        return Projector(self.log, self.database.connect, batch_size, self.workspace)

    def write(self, command: Command, author: Author = ADA) -> Outcome:
        """Execute a command; the projections do not show it yet."""
        return self.keyframe.execute(command, author)

    def do(self, command: Command, author: Author = ADA) -> Outcome:
        """Execute a command and catch up; the outcome."""
        outcome = self.write(command, author)
        self.catch_up()
        return outcome

    def record(self, command: Command, author: Author = ADA) -> UUID:
        """Execute a command and catch up; the id of the command's subject."""
        outcome = self.do(command, author)
        assert outcome.result.subject is not None
        return outcome.result.subject.id

    def catch_up(self) -> int:
        """Apply the log up to its head; the position of the projections afterwards."""
        return self.projector.catch_up()

    @property
    def now(self) -> Basis:
        return bases.now(self.conn)

    def dump(self) -> bytes:
        return b"".join(dump(self.conn))


Worlds = Callable[[], AbstractContextManager[World]]


@contextmanager
def fresh_world(server: str) -> Iterator[World]:
    """A workspace of its own."""
    with fresh_workspace(server, pool_size_max=4) as database:
        made = World(database)
        made.catch_up()
        try:
            yield made
        finally:
            made.close()
