"""Whatever is killed, the application or the whole database: every acknowledged event is there, once."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random
from uuid import UUID, uuid4

import psutil
import pytest
from pydantic import SecretStr

from api.runtime import embedded_postgres
from api.runtime.database import open_database
from api.runtime.settings import Settings
from domain.log.event_store import Log
from tests.domain.log.writing import numbered, persist, processes, write_and_tell

ROUNDS = 10
ANSWER_SECONDS_MAX = 60

Acknowledged = dict[int, int]
"""The number of each event that was acknowledged, and its position."""


@pytest.fixture
def settings(place: Path) -> Iterator[Settings]:
    """A workspace on a server that may be killed, on a disk that is waited for."""
    with embedded_postgres.running(place) as dsn:
        settings = Settings(database_url=SecretStr(dsn), workspace="killed", reconnect_timeout_s=60)
        with open_database(settings) as database:
            database.migrate()
        yield settings


def test_killing_the_application_loses_nothing_and_doubles_nothing(settings: Settings) -> None:
    random = Random(1)
    for _ in range(ROUNDS):
        series = uuid4()
        with writer(settings, series) as (tell, kill):
            acknowledged = tell(random.randint(1, 40))
            kill()
        expect_once(settings, series, acknowledged)


def test_killing_the_database_loses_nothing_and_doubles_nothing(settings: Settings, place: Path) -> None:
    random, series = Random(2), uuid4()
    acknowledged: Acknowledged = {}
    with ExitStack() as restarted, writer(settings, series) as (tell, _):
        for _ in range(ROUNDS):
            acknowledged |= tell(random.randint(1, 40))
            kill_database(place)
            restarted.enter_context(embedded_postgres.running(place))
        acknowledged |= tell(10)
    expect_once(settings, series, acknowledged)


@contextmanager
def writer(settings: Settings, series: UUID) -> Iterator[tuple[Callable[[int], Acknowledged], Callable[[], None]]]:
    """A process that writes until it is killed, and what it tells."""
    here, there = processes.Pipe(duplex=False)
    process = processes.Process(target=write_and_tell, args=(settings, series, there), daemon=True)
    process.start()
    there.close()
    try:
        yield lambda events: dict(told(here) for _ in range(events)), process.kill
    finally:
        process.kill()
        process.join()
        here.close()


def told(by: Connection) -> tuple[int, int]:
    assert by.poll(ANSWER_SECONDS_MAX)
    number, position = by.recv()
    return number, position


def kill_database(place: Path) -> None:
    """Every process of the server at once, the first first: there is no time to write anything down."""
    psutil.Process(int((place / "postgres/postmaster.pid").read_text().split()[0])).kill()
    server = embedded_postgres.Server((place / "postgres").resolve())
    for process in filter(server._runs_in_data_dir, psutil.process_iter()):
        process.kill()


def expect_once(settings: Settings, series: UUID, acknowledged: Acknowledged) -> None:
    with open_database(settings) as database:
        log = Log(database.pool(), settings.workspace)
        rows = log.rows(after=0, limit=100_000)
        assert [row.position for row in rows] == list(range(1, len(rows) + 1))
        there = {row.stream: row.position for row in rows}
        assert len(there) == len(rows)
        for number, position in acknowledged.items():
            assert there[numbered(series, number)] == position
        last = max(acknowledged)
        in_flight = [numbered(series, number) in there for number in range(last + 1, last + 100_000)]
        assert in_flight == sorted(in_flight, reverse=True)
        assert persist(log, series, last).first == acknowledged[last]
