import pytest

from api.database import Database, Pool
from domain.event_store import Log


@pytest.fixture
def pool(database: Database) -> Pool:
    return database.pool()


@pytest.fixture
def log(database: Database, pool: Pool) -> Log:
    return Log(pool, database.settings.workspace)
