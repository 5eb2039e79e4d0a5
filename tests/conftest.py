"""What every test can have: a database with a fresh workspace on a server that lives as long as the run."""

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
from psycopg import sql
from pydantic import SecretStr

from api.runtime import embedded_postgres
from api.runtime.database import Database, open_database
from api.runtime.settings import Settings
from domain.commands.permissions import Role
from domain.log import api_tokens
from domain.log.schema import application_role
from domain.log.schema import drop as drop_workspace

SERVER = "KEYFRAME_TEST_DATABASE_URL"
DIRECTORY = "KEYFRAME_TEST_DIRECTORY"


def pytest_configure(config: pytest.Config) -> None:
    """Name the place of the run's own server; whoever needs it first starts it there."""
    # A shell that starts us in the background has SIGINT ignored, and whom we start would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if not hasattr(config, "workerinput"):
        os.environ[DIRECTORY] = tempfile.mkdtemp(prefix="keyframe-")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave nothing behind, whatever became of the workers."""
    if not hasattr(config, "workerinput"):
        directory = Path(os.environ.pop(DIRECTORY))
        for place in (directory, *directory.iterdir()):
            embedded_postgres.stop(place)
        shutil.rmtree(directory)


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """How to connect to a PostgreSQL: the one given, or one for all workers of this run."""
    if given := os.environ.get(SERVER):
        yield given
        return
    with embedded_postgres.running(Path(os.environ[DIRECTORY])) as dsn:
        with psycopg.connect(dsn, autocommit=True) as conn:
            conn.execute("alter system set fsync = off")
            conn.execute("select pg_reload_conf()")
        yield dsn


@pytest.fixture
def settings(server: str) -> Settings:
    """The settings of a workspace that nobody else has."""
    return Settings(database_url=SecretStr(server), workspace=f"test_{uuid4().hex[:12]}", pool_size_max=8)


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    """A workspace with an empty log, gone after the test."""
    with open_database(settings) as database:
        database.migrate()
        try:
            yield database
        finally:
            drop(database)


def way_in(database: Database, *roles: Role) -> str:
    """A token for whoever asks a server that lets nobody in without; it may do everything unless roles are named."""
    with database.connect() as conn:
        return api_tokens.issue(conn, "test", roles or [*Role], None, timedelta(hours=1))[1]


def drop(database: Database) -> None:
    workspace = database.settings.workspace
    with database.connect() as conn:
        drop_workspace(conn, workspace)
        conn.execute(sql.SQL("drop role if exists {}").format(sql.Identifier(application_role(workspace))))
