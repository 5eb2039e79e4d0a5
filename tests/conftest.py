"""Fixtures of all tests: a database with a fresh workspace, on a PostgreSQL server that lasts as long as the run."""

import gc
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Generator, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as examples
from pydantic import SecretStr

from api.runtime import embedded_postgres, log_setup
from api.runtime.database import Database
from api.runtime.settings import Settings
from domain.commands.permissions import Role
from domain.log.credentials import api_tokens
from tests.fast_server import make_fast, starting_small
from tests.order import dealt
from tests.workspace import DIRECTORY, drop_templates, fresh_workspace, named_settings

SERVER = "KEYFRAME_TEST_DATABASE_URL"
MEMORY = Path("/dev/shm")
MEMORY_BYTES_MIN = 6 * 2**30

EXAMPLES = "KEYFRAME_TEST_EXAMPLES"
"""The name of the Hypothesis profile: `repeatable` draws the same examples in each run, `random` draws new ones."""

UNTIMED: Any = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
"""How fast an example is made and tested depends on what else the machine does."""

examples.register_profile("repeatable", derandomize=True, **UNTIMED)
examples.register_profile("random", derandomize=False, **UNTIMED)
examples.load_profile(os.environ.get(EXAMPLES, "repeatable"))


def pytest_xdist_auto_num_workers() -> int:
    """Two workers more than there are cores: workers often wait for PostgreSQL or for processes that they started."""
    return (os.cpu_count() or 1) + 2


def pytest_configure(config: pytest.Config) -> None:
    """Choose the directory of the test server; the first worker that needs the server starts it there."""
    # A shell starts background processes with SIGINT ignored, and child processes would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    config.addinivalue_line("markers", "long(group): starts before the others; a group stays in one process")
    log_setup.WAIT_SECONDS = 0  # type: ignore[misc]  # so that lines of a test are written within its capture
    gc.set_threshold(100_000, 50, 20)  # imports and collection make many objects that live to the end
    # Rewriting the assertions takes half of the time of collection; a new process compiles a second long without this.
    sys.dont_write_bytecode = False
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    if not hasattr(config, "workerinput"):
        os.environ[DIRECTORY] = tempfile.mkdtemp(prefix="keyframe-", dir=memory())


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the server and delete its files, even after a worker crashed."""
    if not hasattr(config, "workerinput"):
        if given := os.environ.get(SERVER):
            drop_templates(given)
        directory = Path(os.environ.pop(DIRECTORY))
        for place in (directory, *directory.iterdir()):
            embedded_postgres.stop(place)
        shutil.rmtree(directory)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Start the long tests first: one that starts last would keep one worker busy while the others have finished."""
    items[:] = dealt(items, getattr(config, "workerinput", {}).get("workercount", 1))


def pytest_collection_finish() -> None:
    """Exclude long-lived objects (the schema, the tests) from garbage collection."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None]:
    """Measure no coverage while a test that is marked `no_cover` is set up: the mark itself covers only its run."""
    measuring = item.config.pluginmanager.getplugin("_cov")
    if measuring is None or item.get_closest_marker("no_cover") is None:
        return (yield)
    measuring.cov_controller.pause()
    try:
        return (yield)
    finally:
        measuring.cov_controller.resume()


def memory() -> Path | None:
    """The in-memory file system, if it has room for a run: creating and copying databases is several times faster
    there."""
    has_room = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free >= MEMORY_BYTES_MIN
    return MEMORY if has_room else None


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The DSN of a PostgreSQL server: the configured one, or one that all workers of this run share."""
    if given := os.environ.get(SERVER):
        yield given
        return
    with starting_small(), embedded_postgres.running(Path(os.environ[DIRECTORY])) as dsn:
        make_fast(dsn)
        yield dsn


@pytest.fixture
def settings(server: str, request: pytest.FixtureRequest) -> Settings:
    """The settings of a workspace of this test only. The workspace exists if the test also uses `database`."""
    if "database" in request.fixturenames:
        return named_settings(server)
    return Settings(database_url=SecretStr(server), workspace=f"test_{uuid4().hex[:12]}", pool_size_max=8)


@pytest.fixture
def database(server: str, settings: Settings) -> Iterator[Database]:
    """A workspace with an empty log."""
    with fresh_workspace(server, settings) as database:
        yield database


def issue_token(database: Database, *roles: Role) -> str:
    """Issue an API token with these roles, by default all of them; its secret."""
    with database.connect() as conn:
        return api_tokens.issue(conn, "test", roles or [*Role], None, timedelta(hours=1))[1]
