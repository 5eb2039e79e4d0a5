"""After the application or the database is killed, every acknowledged event is stored exactly once."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
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
from tests.domain.log.writing import numbered, persist, processes, write_and_acknowledge

pytestmark = pytest.mark.long

ROUNDS = 10
ANSWER_SECONDS_MAX = 60

WRITERS = 6
"""The number of threads that append, so that commands are recorded in groups."""

IN_FLIGHT_MAX = 2_000
"""More acknowledgements than a pipe of 64 KiB holds, which a killed process has sent and no one has received."""

Acknowledged = dict[tuple[UUID, int], int]
"""The position of each acknowledged event, by its series and number."""


@pytest.fixture
def settings(place: Path) -> Iterator[Settings]:
    """A workspace on a server of its own, with synchronous commits."""
    with embedded_postgres.running(place) as dsn:
        settings = Settings(database_url=SecretStr(dsn), workspace="killed", reconnect_timeout_s=60)
        with open_database(settings) as database:
            database.migrate()
        yield settings


def test_killed_application_loses_and_duplicates_no_event(settings: Settings) -> None:
    random = Random(1)
    for _ in range(ROUNDS):
        series = new_series()
        with writer(settings, series) as (receive, kill):
            acknowledged = receive(random.randint(1, 40 * WRITERS))
            kill()
        expect_once(settings, acknowledged)


def test_killed_database_loses_and_duplicates_no_event(settings: Settings, place: Path) -> None:
    random, series = Random(2), new_series()
    acknowledged: Acknowledged = {}
    with ExitStack() as restarted, writer(settings, series) as (receive, _):
        for _ in range(ROUNDS):
            acknowledged |= receive(random.randint(1, 40 * WRITERS))
            kill_database(place)
            restarted.enter_context(embedded_postgres.running(place))
        acknowledged |= receive(10 * WRITERS)
    expect_once(settings, acknowledged)


@contextmanager
def writer(
    settings: Settings, series: Sequence[UUID]
) -> Iterator[tuple[Callable[[int], Acknowledged], Callable[[], None]]]:
    """A process that appends until it is killed; a function that receives acknowledgements, and one that kills it."""
    here, there = processes.Pipe(duplex=False)
    process = processes.Process(target=write_and_acknowledge, args=(settings, series, there), daemon=True)
    process.start()
    there.close()
    try:
        yield lambda events: dict(received(here) for _ in range(events)), process.kill
    finally:
        process.kill()
        process.join()
        here.close()


def new_series() -> list[UUID]:
    return [uuid4() for _ in range(WRITERS)]


def received(connection: Connection) -> tuple[tuple[UUID, int], int]:
    assert connection.poll(ANSWER_SECONDS_MAX)
    series, number, position = connection.recv()
    return (series, number), position


def kill_database(place: Path) -> None:
    """Kill all processes of the server, the postmaster first, so that it cannot shut down cleanly."""
    psutil.Process(int((place / "postgres/postmaster.pid").read_text().split()[0])).kill()
    server = embedded_postgres.Server((place / "postgres").resolve())
    for process in filter(server._runs_in_data_dir, psutil.process_iter()):
        with suppress(psutil.NoSuchProcess):  # the processes end without their postmaster
            process.kill()


def expect_once(settings: Settings, acknowledged: Acknowledged) -> None:
    with open_database(settings) as database:
        log = Log(database.pool(), settings.workspace)
        rows = log.rows(after=0, limit=100_000)
        assert [row.position for row in rows] == list(range(1, len(rows) + 1))
        there = {row.stream: row.position for row in rows}
        assert len(there) == len(rows)
        for (series, number), position in acknowledged.items():
            assert there[numbered(series, number)] == position
        for series in {series for series, _ in acknowledged}:
            last = max(number for one, number in acknowledged if one == series)
            in_flight = [numbered(series, number) in there for number in range(last + 1, last + IN_FLIGHT_MAX)]
            assert in_flight == sorted(in_flight, reverse=True)
            assert persist(log, series, last).first == acknowledged[series, last]
