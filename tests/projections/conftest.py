from collections.abc import Iterator
from functools import partial

import pytest

from tests.world import World, Worlds, fresh_world


@pytest.fixture(scope="session")
def worlds(server: str) -> Worlds:
    return partial(fresh_world, server)


@pytest.fixture
def world(worlds: Worlds) -> Iterator[World]:
    with worlds() as made:
        yield made
