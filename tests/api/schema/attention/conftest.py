import pytest

from api.runtime.database import Database
from tests.asking import AskedWorld


@pytest.fixture
def world(database: Database) -> AskedWorld:
    return AskedWorld(database)
