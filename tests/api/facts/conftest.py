"""Two workspaces at a time: one is exported as facts, the other imports them."""

from collections.abc import Iterator

import pytest

from tests.api.facts.exported_company import Company
from tests.properties.conftest import World, Worlds, worlds

__all__ = ["worlds"]


@pytest.fixture
def world(worlds: Worlds) -> Iterator[World]:
    with worlds() as made:
        yield made


@pytest.fixture
def another(worlds: Worlds) -> Iterator[World]:
    with worlds() as made:
        yield made


@pytest.fixture
def company(world: World) -> Company:
    made = Company(world)
    made.cycles()
    return made
