"""How benchmarks measure: on their own server, several times, next to a baseline, and reported as a ratio."""

import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from statistics import median
from threading import Event as Flag
from threading import Thread
from typing import NamedTuple
from uuid import uuid4

from pydantic import SecretStr

from api.execution.context import Caller, Context
from api.execution.writer import Writer
from api.runtime.database import Database, Pool, open_database
from api.runtime.settings import Settings
from api.schema.schema import schema
from domain.commands.permissions import Role
from domain.log.event_store import Log
from projections.engine.projector import Projector

STATEMENT_SECONDS = 600


class World(NamedTuple):
    """An empty workspace with its log, projector and GraphQL context."""

    database: Database
    pool: Pool
    log: Log
    projector: Projector
    context: Context

    def ask(self, document: str, variables: dict[str, object] | None = None) -> dict[str, object]:
        """The data of a response, without HTTP."""
        result = schema.execute_sync(document, variables, context_value=self.context.for_next_operation())
        if result.errors or result.data is None:
            raise RuntimeError(str(result.errors))
        return result.data

    def of(self, *roles: Role) -> "World":
        """The same workspace for a caller with these roles only."""
        return self._replace(context=replace(self.context, caller=Caller("benchmark", frozenset(roles))))

    def catch_up(self) -> int:
        """Catch up with the log, and update the statistics of the planner; the position."""
        position = self.projector.catch_up()
        with self.database.connect() as conn:
            conn.execute("analyze")
        return position

    @contextmanager
    def serving(self) -> Iterator[None]:
        """Run the projector in a thread, as a server does."""
        stop = Flag()
        thread = Thread(target=self.projector.run, args=(stop,))
        thread.start()
        try:
            yield
        finally:
            stop.set()
            self.projector.wake()
            thread.join()


@contextmanager
def worlds() -> Iterator[Callable[[], World]]:
    """A factory of workspaces on one server: that of KEYFRAME_DATABASE_URL, or an embedded temporary one."""
    directory = Path(tempfile.mkdtemp(prefix="keyframe-bench-"))
    try:
        with ExitStack() as stack:
            server = stack.enter_context(open_database(Settings(data_dir=directory)))
            yield lambda: _world(server, stack)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _world(server: Database, stack: ExitStack) -> World:
    """A fresh workspace; it is not dropped, so that it can be inspected on a given server."""
    named = Settings(
        database_url=SecretStr(server.dsn), workspace=f"bench_{uuid4().hex[:8]}", statement_timeout_s=STATEMENT_SECONDS
    )
    database = stack.enter_context(open_database(named))
    database.migrate()
    return world_of(database)


def world_of(database: Database) -> World:
    """The workspace of a database, without HTTP."""
    named = database.settings
    pool = database.pool("owner")
    log = Log(pool, named.workspace)
    projector = Projector(log, database.connect, 5_000, named.workspace)
    caller = Caller("benchmark", frozenset(Role))
    filtered = database.pool("owner", filtered=True)
    context = Context(caller, pool, log, Writer(log, projector, 60), named.workspace, filtered=filtered)
    return World(database, pool, log, projector, context)


def seconds(work: Callable[[], object], times: int, warm: int = 1) -> float:
    """The median duration of some runs, after warm-up runs that do not count."""
    for _ in range(warm):
        work()
    return median(timed(work) for _ in range(times))


def timed(work: Callable[[], object]) -> float:
    """The duration of one run, in seconds."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def report(what: str, ratio: float, goal: str, figures: str) -> None:
    """Print one line, with the ratio first, since the rest depends on the machine."""
    sys.stdout.write(f"{what:<58} {ratio:8.2f}x   goal {goal:<12} {figures}\n")
    sys.stdout.flush()
