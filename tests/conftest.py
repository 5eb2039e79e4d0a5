"""What every test can have: a database with a fresh workspace on a server that lives as long as the run."""

import gc
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from pydantic import SecretStr

from api.runtime import embedded_postgres
from api.runtime.database import Database
from api.runtime.settings import Settings
from domain.commands.permissions import Role
from domain.log import api_tokens
from tests.workspace import DIRECTORY, drop_template, fresh_workspace, named_settings

SERVER = "KEYFRAME_TEST_DATABASE_URL"
MEMORY = Path("/dev/shm")
MEMORY_BYTES_MIN = 6 * 2**30


def pytest_configure(config: pytest.Config) -> None:
    """Name the place of the run's own server; whoever needs it first starts it there."""
    # A shell that starts us in the background has SIGINT ignored, and whom we start would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if not hasattr(config, "workerinput"):
        os.environ[DIRECTORY] = tempfile.mkdtemp(prefix="keyframe-", dir=_memory())


def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave nothing behind, whatever became of the workers."""
    if not hasattr(config, "workerinput"):
        if given := os.environ.get(SERVER):
            drop_template(given)
        directory = Path(os.environ.pop(DIRECTORY))
        for place in (directory, *directory.iterdir()):
            embedded_postgres.stop(place)
        shutil.rmtree(directory)


def pytest_collection_finish() -> None:
    """Keep the garbage collector off what lives as long as the run: the schema and the tests themselves."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 20)


def _memory() -> Path | None:
    """Where files are kept in memory, if there is room for a run; it makes copying databases several times as fast."""
    has_room = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free >= MEMORY_BYTES_MIN
    return MEMORY if has_room else None


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """How to connect to a PostgreSQL: the one given, or one for all workers of this run."""
    if given := os.environ.get(SERVER):
        yield given
        return
    with embedded_postgres.running(Path(os.environ[DIRECTORY])) as dsn:
        with psycopg.connect(dsn, autocommit=True) as conn:
            for name in ("fsync", "full_page_writes", "synchronous_commit"):  # nothing here outlives the run
                conn.execute(f"alter system set {name} = off")
            conn.execute("select pg_reload_conf()")
        yield dsn


@pytest.fixture
def settings(server: str, request: pytest.FixtureRequest) -> Settings:
    """The settings of a workspace that no other test has; it exists if the test asks for its database, too."""
    if "database" in request.fixturenames:
        return named_settings(server)
    return Settings(database_url=SecretStr(server), workspace=f"test_{uuid4().hex[:12]}", pool_size_max=8)


@pytest.fixture
def database(server: str, settings: Settings) -> Iterator[Database]:
    """A workspace with an empty log, gone after the test."""
    with fresh_workspace(server, settings) as database:
        yield database


def way_in(database: Database, *roles: Role) -> str:
    """A token for whoever asks a server that lets nobody in without; it may do everything unless roles are named."""
    with database.connect() as conn:
        return api_tokens.issue(conn, "test", roles or [*Role], None, timedelta(hours=1))[1]
