"""After a crash of PostgreSQL the projections are at an earlier position: a recorded mutation says so and is no
error."""

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psycopg
import pytest
from pydantic import SecretStr
from starlette.testclient import TestClient

from api.execution.writer import Writer
from api.runtime import embedded_postgres
from api.runtime.database import Database, Pool, open_database
from api.runtime.settings import Settings
from api.server.app import create_app
from domain.log.event_store import Log
from projections.engine.projector import Projector
from tests.api.conftest import Api
from tests.domain.log.test_crashes import kill_database
from tests.workspace import DIRECTORY

pytestmark = pytest.mark.long

SECONDS = 60.0
ADD = 'mutation { addPerson(input: {handle: "%s", name: "P"}) { problems { code } position behind person { handle } } }'


class Crashing:
    """A server whose projector runs in another process, on a database that can be killed and started again."""

    def __init__(self, api: Api, database: Database, place: Path, stack: ExitStack, pools: list[Pool]) -> None:
        self.api, self.database = api, database
        self._place, self._stack, self._pools = place, stack, pools

    def project(self) -> int:
        """Apply the log, as the other process does."""
        settings = self.database.settings
        log = Log(self.database.pool("owner", size_max=2), settings.workspace)
        return Projector(log, self.database.connect, workspace=settings.workspace).catch_up()

    def crash(self) -> None:
        kill_database(self._place)
        self._stack.enter_context(embedded_postgres.running(self._place))

    def reconnect(self) -> None:
        """Replace the lost connections of the server's pools."""
        for pool in self._pools:
            pool.check()
            pool.wait(SECONDS)


@pytest.fixture
def crashing(monkeypatch: pytest.MonkeyPatch) -> Iterator[Crashing]:
    place = Path(tempfile.mkdtemp(prefix="crashing-", dir=os.environ[DIRECTORY]))
    with ExitStack() as stack:
        dsn = stack.enter_context(embedded_postgres.running(place))
        with psycopg.connect(dsn, autocommit=True) as conn:  # commits that do not wait for the disk are lost for sure
            conn.execute("alter system set wal_writer_delay = '10s'")
            conn.execute("select pg_reload_conf()")
        settings = Settings(
            database_url=SecretStr(dsn), workspace="crashing", project_in_server=False, view_timeout_s=SECONDS,
            pool_size_max=4,
        )  # fmt: skip
        database = stack.enter_context(open_database(settings))
        database.migrate()
        pools = remembered_pools(monkeypatch)
        app = create_app(settings, database, editor=False, anonymous=True)
        http = stack.enter_context(TestClient(app, base_url="http://localhost"))
        yield Crashing(Api(http), database, place, stack, pools)


def remembered_pools(monkeypatch: pytest.MonkeyPatch) -> list[Pool]:
    """The pools that are opened from now on."""
    opened: list[Pool] = []
    pool = Database.pool

    def remembered(*args: Any, **how: Any) -> Pool:
        opened.append(pool(*args, **how))
        return opened[-1]

    monkeypatch.setattr(Database, "pool", remembered)
    return opened


def before_reading(crashing: Crashing, monkeypatch: pytest.MonkeyPatch, happens: Callable[[], None]) -> None:
    """Project the next command, and let this happen before its payload is read."""
    lag = Writer.lag

    def lagged(self: Writer, position: int) -> int:
        crashing.project()
        behind = lag(self, position)
        happens()
        return behind

    monkeypatch.setattr(Writer, "lag", lagged)


@pytest.mark.parametrize("reconnected", [True, False])
def test_a_recorded_mutation_answers_behind_with_its_position_after_a_crash(
    crashing: Crashing, monkeypatch: pytest.MonkeyPatch, reconnected: bool
) -> None:
    """With lost connections the payload cannot be read; with new ones it is not there."""

    def happens() -> None:
        monkeypatch.undo()
        crashing.crash()
        if reconnected:
            crashing.reconnect()

    before_reading(crashing, monkeypatch, happens)
    answer = crashing.api.answer(ADD % "ada")
    assert "errors" not in answer
    payload = answer["data"]["addPerson"]
    assert payload["problems"] == []
    assert payload["position"] == 1
    assert payload["behind"] >= 1
    assert payload["person"] is None
    assert positions(crashing) == (1, 0)
    crashing.project()
    assert people(crashing.api, 1) == ["ada"]


def positions(crashing: Crashing) -> tuple[int, int]:
    """The positions of the log and of the projections."""
    with crashing.database.connect() as conn:
        row = conn.execute("select (select max(position) from log), position from view_position").fetchone()
    assert row is not None
    return row[0], row[1]


def people(api: Api, position: int) -> Any:
    headers = {"x-keyframe-min-position": str(position)}
    answer = api.http.post("/graphql", json={"query": "{ people { nodes { handle } } }"}, headers=headers).json()
    return [person["handle"] for person in answer["data"]["people"]["nodes"]]
