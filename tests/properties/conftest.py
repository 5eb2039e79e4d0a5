"""A world of its own for each example: an empty workspace, its log, and the door for writing."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import NamedTuple
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, Phase, settings
from pydantic import SecretStr

from api.runtime.database import Database, open_database
from api.runtime.settings import Settings
from domain.handlers.dispatcher import Dispatcher
from domain.log.event_store import Log
from tests.conftest import drop

settings.register_profile(
    "laws",
    deadline=None,
    max_examples=8,
    print_blob=True,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # shrinking lives each history again, for minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


class World(NamedTuple):
    database: Database
    log: Log
    keyframe: Dispatcher


Worlds = Callable[[], AbstractContextManager[World]]


@pytest.fixture
def worlds(server: str) -> Worlds:
    @contextmanager
    def world() -> Iterator[World]:
        named = Settings(database_url=SecretStr(server), workspace=f"law_{uuid4().hex[:12]}", pool_size_max=4)
        with open_database(named) as database:
            database.migrate()
            try:
                log = Log(database.pool(), named.workspace)
                yield World(database, log, Dispatcher(log))
            finally:
                drop(database)

    return world
