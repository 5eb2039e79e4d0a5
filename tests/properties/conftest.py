"""A fresh workspace for each example, with its log and its command dispatcher; and histories that laws share."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, Phase, settings

from api.runtime.database import Database
from domain.handlers.batches.batch_dispatcher import BatchDispatcher
from domain.log.event_store import Log
from tests.properties.cases import Case, Latest, case_of
from tests.workspace import fresh_workspace

settings.register_profile(
    "laws",
    max_examples=5,
    print_blob=True,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # shrinking replays each history, which takes minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


class World(NamedTuple):
    database: Database
    log: Log
    keyframe: BatchDispatcher


Worlds = Callable[[], AbstractContextManager[World]]


@pytest.fixture
def worlds(server: str) -> Worlds:
    @contextmanager
    def world() -> Iterator[World]:
        with fresh_workspace(server, pool_size_max=4) as database:
            log = Log(database.pool(), database.settings.workspace)
            yield World(database, log, BatchDispatcher(log))

    return world


@pytest.fixture(scope="session")
def cases(server: str) -> Iterator[Latest[Case]]:
    with closing(Latest(server, case_of)) as made:
        yield made


@pytest.fixture
def case(cases: Latest[Case], request: pytest.FixtureRequest) -> Case:
    """The history of the seed that `on_histories` gives."""
    return cases.of(request.param)
