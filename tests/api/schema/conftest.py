"""A workspace that is written by commands and asked over GraphQL, with every statement counted."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import psycopg
import pytest
from graphql import GraphQLError

from api.execution.context import Caller, Context
from api.execution.writer import Writer
from api.runtime.database import Database
from api.schema.schema import schema
from domain.commands.command import Command
from domain.commands.permissions import Role
from domain.handlers.dispatcher import Dispatcher, Outcome
from domain.handlers.unit_of_work import Author
from domain.log.event_store import Log
from domain.primitives.values import Source
from projections.engine.projector import Projector

ADA = Author("machine:ada", Source.API, frozenset(Role))


class CountingPool:
    """A pool that remembers what its connections were asked; `meanwhile` is called before each statement."""

    def __init__(self, pool: Any) -> None:
        self._pool = pool
        self.statements: list[str] = []
        self.meanwhile: Callable[[], object] = int

    @contextmanager
    def connection(self) -> Iterator[psycopg.Connection[Any]]:
        pool = self

        class CountingCursor(psycopg.Cursor[Any]):
            def execute(self, query: Any, *args: Any, **kwargs: Any) -> Any:
                pool.meanwhile()
                pool.statements.append(query)
                return super().execute(query, *args, **kwargs)

        with self._pool.connection() as conn:
            conn.cursor_factory = CountingCursor
            yield conn


class World:
    """A workspace. `tell` carries a command out and shows it; `ask` answers a query."""

    def __init__(self, database: Database) -> None:
        workspace = database.settings.workspace
        self.database = database
        self.log = Log(database.pool("owner"), workspace)
        self.keyframe = Dispatcher(self.log)
        self.projector = Projector(self.log, database.connect, workspace=workspace)
        self.pool = CountingPool(database.pool())
        self.caller = Caller("ada", frozenset({Role.ADMIN}))
        self.see()

    def do(self, command: Command, author: Author = ADA) -> Outcome:
        outcome = self.keyframe.execute(command, author)
        self.see()
        return outcome

    def tell(self, command: Command, author: Author = ADA) -> UUID:
        """The id of what the command was about."""
        outcome = self.do(command, author)
        assert outcome.result.subject is not None
        return outcome.result.subject.id

    def see(self) -> int:
        return self.projector.catch_up()

    @property
    def context(self) -> Context:
        pool: Any = self.pool
        return Context(
            caller=self.caller,
            pool=pool,
            log=self.log,
            writer=Writer(self.log, self.projector, 1.0),
            workspace="acme",
            request_id="r-1",
        )

    def ask(self, query: str, **variables: Any) -> Any:
        """The data of an answer without errors."""
        result = schema.execute_sync(query, variables, self.context)
        assert result.errors is None, result.errors
        return result.data

    def errors(self, query: str, **variables: Any) -> list[GraphQLError]:
        """The errors of an answer."""
        result = schema.execute_sync(query, variables, self.context)
        assert result.errors
        return result.errors

    def code(self, query: str, **variables: Any) -> Any:
        """The code of the one error of an answer."""
        (error,) = self.errors(query, **variables)
        assert error.extensions is not None
        return error.extensions["code"]

    def count(self, query: str, **variables: Any) -> int:
        """How many statements an answer costs."""
        self.pool.statements.clear()
        self.ask(query, **variables)
        return len(self.pool.statements)


@pytest.fixture
def world(database: Database) -> World:
    return World(database)
