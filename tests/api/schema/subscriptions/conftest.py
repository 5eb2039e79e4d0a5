"""Keyframe as a server on a port, and a workspace that writes into its log directly."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from threading import Event, Lock, Thread
from typing import Any

import pytest

from api.cli.serve import Server, listening
from api.execution.subscription_hub import SubscriptionHub
from api.runtime.database import Database, open_database
from api.runtime.settings import Settings
from domain.commands.command import Command, KpiBy
from domain.commands.kpi_commands import DefineKpi, ReadingInput, RecordReadings
from domain.commands.permissions import Author, Role
from domain.handlers.dispatcher import Dispatcher
from domain.log.event_store import Log
from domain.primitives.values import Source
from tests import waiting
from tests.workspace import fresh_workspace

ADA = Author("machine:ada", Source.API, frozenset(Role))
KPI = KpiBy(key="promoters")
START = datetime(2026, 1, 1, tzinfo=UTC)
SECONDS_MAX = 60


class Workspace:
    """A log with one KPI in it, written to without any server."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.settings = database.settings
        self.log = Log(database.pool(size_max=4), self.settings.workspace)
        self._keyframe = Dispatcher(self.log)
        self._minutes = 0
        self._lock = Lock()
        self.execute(DefineKpi(key=KPI.key or "", name="Promoters"))

    def execute(self, command: Command) -> int:
        """Execute a command; returns the head position afterwards."""
        return self._keyframe.execute(command, ADA).head

    def write(self, count: int = 1, note: str | None = None) -> int:
        """Record `count` readings in one batch, each a change; returns the head position."""
        with self._lock:
            first = START + timedelta(minutes=self._minutes)
            self._minutes += count
        times = [first + timedelta(minutes=number) for number in range(count)]
        return self.execute(RecordReadings(readings=[ReadingInput(KPI, 1.0, time, note) for time in times]))

    @property
    def head(self) -> int:
        return self.log.head().position


def until(is_so: Callable[[], bool]) -> None:
    """Wait until the condition holds."""
    waiting.until(is_so, SECONDS_MAX)


class Running:
    """A server in its own thread; if it projects, it has caught up with the log before it is returned."""

    def __init__(self, database: Database, *, anonymous: bool = True) -> None:
        ready = Event()
        self.listener = listening(database.settings)
        self.port: int = self.listener.getsockname()[1]
        self._server = Server(database, ready.set, anonymous=anonymous)
        self._thread = Thread(target=self._server.run, kwargs={"sockets": [self.listener]}, name="server")
        self._thread.start()
        assert ready.wait(SECONDS_MAX)
        if database.settings.project_in_server:
            head = database.log(size_max=1).head().position
            until(lambda: self.position >= head)

    @property
    def _hub(self) -> SubscriptionHub:
        hub: SubscriptionHub = self._server._app.state.hub
        return hub

    @property
    def subscriptions(self) -> int:
        """The number of active subscriptions."""
        return self._hub._count

    @property
    def position(self) -> int:
        """The last position announced to subscriptions."""
        return self._hub._position

    def stop(self) -> None:
        """Stop the server and wait for its thread."""
        self._server.should_exit = True
        self._thread.join(SECONDS_MAX)
        assert not self._thread.is_alive()


Serve = Callable[..., AbstractContextManager[Running]]


@contextmanager
def running(settings: Settings, *, anonymous: bool = True, **given: Any) -> Iterator[Running]:
    """A server on a free port unless one is given; its settings may differ from those of the writer."""
    with open_database(settings.model_copy(update={"port": 0, **given})) as database:
        server = Running(database, anonymous=anonymous)
        try:
            yield server
        finally:
            server.stop()


@contextmanager
def workspace_on(server: str) -> Iterator[Workspace]:
    with fresh_workspace(server) as database:
        yield Workspace(database)


@pytest.fixture
def workspace(server: str) -> Iterator[Workspace]:
    with workspace_on(server) as made:
        yield made


@pytest.fixture
def serve(workspace: Workspace) -> Serve:
    """Serve the workspace with the given settings."""
    return lambda **given: running(workspace.settings, **given)


@pytest.fixture(scope="module")
def served(server: str) -> Iterator[Running]:
    """A server for all tests of a file, which write nothing."""
    with workspace_on(server) as made, running(made.settings) as served:
        yield served
