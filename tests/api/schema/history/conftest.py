"""A workspace whose projections are fed by hand, and its API."""

import pytest

from tests.api.schema.history.asked_changes import Asked
from tests.asking import AskedWorld
from tests.projections.conftest import world, worlds
from tests.world import World

__all__ = ["asked", "world", "worlds"]


@pytest.fixture
def asked(world: World | AskedWorld) -> Asked:
    return Asked(world)
