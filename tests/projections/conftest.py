"""A workspace whose views can be fed by hand, and asked."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any
from uuid import UUID

import psycopg
import pytest

from api.runtime.database import Database
from domain.commands.command import Command
from domain.commands.permissions import Role
from domain.handlers.dispatcher import Dispatcher, Outcome
from domain.handlers.unit_of_work import Author
from domain.log.event_store import Log
from domain.primitives.values import Basis, Source
from projections.engine.projector import Projector
from projections.engine.registry import dump
from projections.store import basis as bases
from tests.workspace import fresh_workspace

ADA = Author("machine:ada", Source.API, frozenset(Role))


class World:
    """A workspace. What is `told` is seen at once; what is written otherwise, after `see`."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.workspace = database.settings.workspace
        self.log = Log(database.pool("owner"), self.workspace)
        self.keyframe = Dispatcher(self.log)
        self.projector = self.new_projector()
        self.conn: psycopg.Connection[Any] = database.connect()

    def new_projector(self, batch_size: int = 500) -> Projector:
        return Projector(self.log, self.database.connect, batch_size, self.workspace)

    def write(self, command: Command) -> Outcome:
        return self.keyframe.execute(command, ADA)

    def tell(self, command: Command) -> UUID:
        """Carry a command out and see what came of it; the id of its subject."""
        outcome = self.write(command)
        self.see()
        assert outcome.result.subject is not None
        return outcome.result.subject.id

    def see(self) -> int:
        return self.projector.catch_up()

    @property
    def now(self) -> Basis:
        return bases.now(self.conn)

    def dump(self) -> bytes:
        return b"".join(dump(self.conn))


Worlds = Callable[[], AbstractContextManager[World]]


@pytest.fixture
def worlds(server: str) -> Worlds:
    @contextmanager
    def world() -> Iterator[World]:
        with fresh_workspace(server, pool_size_max=4) as database:
            made = World(database)
            made.see()
            with made.conn:
                yield made

    return world


@pytest.fixture
def world(worlds: Worlds) -> Iterator[World]:
    with worlds() as made:
        yield made
