"""Workspaces for retrospectives: queried over GraphQL, with every statement counted."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest
from hypothesis import HealthCheck, Phase, settings

from tests.asking import AskedWorld
from tests.workspace import fresh_workspace

laws = settings(
    max_examples=3,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    print_blob=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

Worlds = Callable[[], AbstractContextManager[AskedWorld]]


@contextmanager
def made(server: str) -> Iterator[AskedWorld]:
    """A fresh workspace."""
    with fresh_workspace(server, pool_size_max=4) as database:
        yield AskedWorld(database)


@pytest.fixture
def worlds(server: str) -> Worlds:
    return lambda: made(server)


@pytest.fixture
def world(server: str) -> Iterator[AskedWorld]:
    with made(server) as world:
        yield world
