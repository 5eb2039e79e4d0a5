"""GraphQL documents executed by the schema in this process; every SQL statement is counted."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import inf
from typing import Any
from unittest.mock import patch

import psycopg
from graphql import GraphQLError
from msgspec.structs import replace

from api.execution import limits
from api.execution.context import Bounds, Caller, Context
from api.execution.writer import Writer
from api.runtime.database import Database
from api.schema.goal_answers.documents import GoalQueries
from api.schema.schema import schema
from api.snapshot.loop_reads import LoopReads, NeedsThread
from api.snapshot.structure import Structure
from domain.commands.permissions import Role
from tests.world import World


class CountingPool:
    """A pool that collects the statements of its connections and counts their rows; it calls `meanwhile` before each
    statement."""

    def __init__(self, pool: Any) -> None:
        self._pool = pool
        self.statements: list[str] = []
        self.rows = 0
        self.meanwhile: Callable[[], object] = int

    @contextmanager
    def connection(self, timeout: float | None = None) -> Iterator[psycopg.Connection[Any]]:
        pool = self

        class CountingCursor(psycopg.Cursor[Any]):
            def execute(self, query: Any, *args: Any, **kwargs: Any) -> Any:
                pool.meanwhile()
                pool.statements.append(query)
                found = super().execute(query, *args, **kwargs)
                pool.rows += max(self.rowcount, 0)
                return found

        with self._pool.connection(timeout) as conn:
            conn.cursor_factory = CountingCursor
            yield conn


async def until_open(reads: LoopReads) -> None:
    """Wait until a statement can be read on this event loop."""
    for _ in range(3_000):
        try:
            await reads.rows("select 1", {})
        except NeedsThread:
            await asyncio.sleep(0.01)
        else:
            return
    raise AssertionError


@contextmanager
def unlimited() -> Iterator[None]:
    """Disable the limits on the cost of a document."""
    violations: Any = limits.violations

    def without_cost(schema: Any, text: str, variables: Any, operation: Any, context: Context) -> Any:
        return violations(schema, text, variables, operation, replace(context, bounds=Bounds(cost_max=inf)))

    with patch("api.execution.cost.LIMITS", ()), patch("api.schema.pipeline.violations", without_cost):
        yield


class Asking:
    """The GraphQL schema over a workspace, executed for an admin."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.pool = CountingPool(world.database.pool())
        self.caller = Caller("ada", frozenset({Role.ADMIN}))
        self.structure = Structure()
        self.loop_reads: LoopReads | None = None

    @property
    def context(self) -> Context:
        pool: Any = self.pool
        writing = Writer(self.world.log, self.world.projector, 1.0)
        context = Context(self.caller, pool, self.world.log, writing, "acme", "r-1", structure=self.structure)
        return replace(context, loop_reads=self.loop_reads)

    def ask(self, query: str, **variables: Any) -> Any:
        """The data of a response; it must have no errors."""
        result = schema.execute_sync(query, variables, self.context)
        assert result.errors is None, result.errors
        return result.data

    def errors(self, query: str, **variables: Any) -> list[GraphQLError]:
        """The errors of a response."""
        result = schema.execute_sync(query, variables, self.context)
        assert result.errors
        return result.errors

    def refused(self, query: str, **variables: Any) -> tuple[str, list[str]]:
        """The code and the field of the single error of a response."""
        (error,) = self.errors(query, **variables)
        assert error.extensions is not None
        return error.extensions["code"], error.extensions.get("field", [])

    def code(self, query: str, **variables: Any) -> Any:
        """The code of the single error of a response."""
        return self.refused(query, **variables)[0]

    def count(self, query: str, **variables: Any) -> int:
        """The number of SQL statements that a document takes in a process that keeps nothing yet."""
        self.structure = Structure()
        self.pool.statements.clear()
        with patch("api.schema.pipeline.GOAL_QUERIES", GoalQueries()):
            self.ask(query, **variables)
        return len(self.pool.statements)


class AskedWorld(World, Asking):
    """A workspace and the schema over it in one object."""

    def __init__(self, database: Database) -> None:
        World.__init__(self, database)
        Asking.__init__(self, self)
        self.catch_up()
