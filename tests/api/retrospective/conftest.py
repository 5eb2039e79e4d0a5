"""Workspaces to look back on: asked over GraphQL, with every statement counted."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, Phase, settings
from pydantic import SecretStr

from api.runtime.database import open_database
from api.runtime.settings import Settings
from tests.api.schema.conftest import World
from tests.conftest import drop

laws = settings(
    max_examples=3,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    print_blob=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

Worlds = Callable[[], AbstractContextManager[World]]


@contextmanager
def made(server: str) -> Iterator[World]:
    """A workspace that is gone afterwards."""
    named = Settings(database_url=SecretStr(server), workspace=f"look_{uuid4().hex[:12]}", pool_size_max=4)
    with open_database(named) as database:
        database.migrate()
        try:
            yield World(database)
        finally:
            drop(database)


@pytest.fixture
def worlds(server: str) -> Worlds:
    return lambda: made(server)


@pytest.fixture
def world(server: str) -> Iterator[World]:
    with made(server) as world:
        yield world
