import os
import tempfile
from pathlib import Path

import pytest

from api.runtime.database import Database, Pool
from domain.log.event_store import Log
from tests.workspace import DIRECTORY


@pytest.fixture(scope="module")
def place() -> Path:
    """The data directory of a server that tests may kill; it is deleted after the run."""
    return Path(tempfile.mkdtemp(prefix="one's own ", dir=os.environ[DIRECTORY]))


@pytest.fixture
def pool(database: Database) -> Pool:
    return database.pool()


@pytest.fixture
def log(database: Database, pool: Pool) -> Log:
    return Log(pool, database.settings.workspace)
