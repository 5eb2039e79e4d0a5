"""The projector: leading and following, reconnecting, poison events, and consistent batches."""

import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from pydantic import SecretStr

from api.runtime import embedded_postgres
from api.runtime.database import open_database
from api.runtime.settings import Settings
from domain.commands.command import KpiBy
from domain.commands.kpi_commands import DefineKpi, ReadingInput, RecordReadings, RetractReading
from domain.log.append import Append
from domain.log.mapper import StoredRow
from domain.model.event import Authorship
from domain.primitives.values import Cadence, Source
from projections.engine.projector import Condition, Projector
from projections.engine.registry import Poison
from projections.store import basis as bases
from projections.store.versioned_tables import OPEN
from projections.tables import kpi as kpis
from projections.tables import measurements
from tests import waiting
from tests.conftest import memory
from tests.properties.drawing import LONG_AGO
from tests.properties.histories import History
from tests.world import World, Worlds

SECONDS = 30.0
"""Longer than any wait in these tests; a wait of this length fails."""


@contextmanager
def running(projector: Projector) -> Iterator[None]:
    stop = threading.Event()
    thread = threading.Thread(target=projector.run, args=(stop,))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        projector.wake()
        thread.join()


def kpi(key: str) -> DefineKpi:
    return DefineKpi(key=key, name=f"the {key}", cadence=Cadence.WEEKLY)


def until(projector: Projector, *conditions: Condition) -> None:
    """Wait until the projector is in one of these conditions."""
    waiting.until(lambda: projector.status.condition in conditions, SECONDS, 0.005)


def broken(world: World, topic: str = "kpi-retired.v1", body: bytes = b"{}") -> int:
    """Append an event that this version cannot apply; its position."""
    row = StoredRow(uuid4(), 1, topic, body, LONG_AGO, None)
    by = Authorship("machine:future", Source.API, uuid4())
    return world.log.append([row], Append(by=by, digest=b"")).last


def backends(world: World) -> list[int]:
    """The process ids of the server's backends of this workspace."""
    return [
        row[0]
        for row in world.conn.execute(
            "select pid from pg_stat_activity where application_name = %s and pid <> pg_backend_pid()",
            [f"keyframe {world.workspace}"],
        )
    ]


def test_an_appended_event_is_visible_after_waiting_for_its_position(world: World) -> None:
    projector = world.new_projector()
    with running(projector):
        for number in range(20):
            outcome = world.write(kpi(f"k{number}"))
            projector.wake()
            assert projector.wait(outcome.head, SECONDS)
            assert f"k{number}" in kpis.kpis_by_key(world.conn, world.now, [f"k{number}"])
            assert bases.now(world.conn).position == projector.status.position == outcome.head


def test_an_append_is_projected_without_a_wake_up(world: World) -> None:
    projector = world.new_projector()
    with running(projector):
        assert projector.wait(world.write(kpi("one")).head, SECONDS)


def test_waiting_for_an_unreached_position_times_out(world: World) -> None:
    projector = world.new_projector()
    with running(projector):
        assert not projector.wait(7, 0.05)
    assert not projector.wait(7, SECONDS)
    assert projector.status.condition is Condition.STOPPED


def test_one_of_two_projectors_leads_and_the_other_follows(world: World) -> None:
    one, two = world.new_projector(), world.new_projector()
    with running(one):
        until(one, Condition.LEADING)
        with running(two):
            until(two, Condition.FOLLOWING)
            outcome = world.write(kpi("one"))
            assert two.wait(outcome.head, SECONDS)
            assert one.wait(outcome.head, SECONDS)
            assert (one.status.condition, two.status.condition) == (Condition.LEADING, Condition.FOLLOWING)


def test_a_follower_takes_over_when_the_leader_stops(world: World) -> None:
    one, two = world.new_projector(), world.new_projector()
    with running(two):
        with running(one):
            until(two, Condition.LEADING, Condition.FOLLOWING)
        until(two, Condition.LEADING)
        assert two.wait(world.write(kpi("one")).head, SECONDS)


def test_pauses_grow_while_every_round_fails(world: World, capfd: pytest.CaptureFixture[str]) -> None:
    """A session begins, but the log cannot be read, as after its schema was dropped."""
    projector = world.new_projector()
    with running(projector):
        until(projector, Condition.LEADING)
        world.conn.execute("alter table log rename to gone")
        until(projector, Condition.FAULTED)
        threading.Event().wait(1.0)
        world.conn.execute("alter table gone rename to log")
        until(projector, Condition.LEADING)
        assert projector.wait(world.write(kpi("one")).head, SECONDS)
    assert 0 < "".join(capfd.readouterr()).count("projector lost the database") < 10


def test_a_projector_reconnects_after_its_connections_are_killed(world: World) -> None:
    projector = world.new_projector()
    with running(projector):
        for number in range(3):
            until(projector, Condition.LEADING)
            for backend in backends(world):
                world.conn.execute("select pg_terminate_backend(%s, 10000)", [backend])
            world.log.pool.check()
            assert projector.wait(world.write(kpi(f"k{number}")).head, SECONDS)
    assert len(kpis.kpis_by_key(world.conn, world.now, ["k0", "k1", "k2"])) == 3


def test_a_remembered_position_ends_with_its_connection(world: World) -> None:
    """After a crash of the database the projections may be at an earlier position than the projector has read."""
    last = world.do(kpi("one")).head
    follower = Projector(world.log, world.database.connect, workspace=world.workspace, may_lead=False)
    with running(follower):
        assert follower.wait(last, SECONDS)
        world.conn.execute("alter table view_position rename to lost")
        until(follower, Condition.FAULTED)
        assert follower.status.position == last
        assert not follower.wait(last, 0.05)
        world.conn.execute("alter table lost rename to view_position")
        assert follower.wait(last, SECONDS)


def test_a_projector_reconnects_to_a_restarted_server() -> None:
    directory = Path(tempfile.mkdtemp(prefix="keyframe-", dir=memory()))
    try:
        with embedded_postgres.running(directory) as dsn:
            named = Settings(database_url=SecretStr(dsn), workspace="restarted", pool_size_max=2)
            with open_database(named) as database:
                database.migrate()
                world = World(database)
                projector = world.new_projector()
                with running(projector):
                    assert projector.wait(world.write(kpi("before")).head, SECONDS)
                    embedded_postgres.stop(directory)
                    with embedded_postgres.running(directory):
                        world.log.pool.check()
                        assert projector.wait(world.write(kpi("after")).head, SECONDS)
                world.conn.close()
    finally:
        embedded_postgres.stop(directory)
        shutil.rmtree(directory)


@pytest.mark.parametrize(
    ("topic", "body", "cause"),
    [
        ("kpi-retired.v1", b"{}", "KeyError"),
        ("kpi-shouted.v1", b"{}", "LookupError"),
        ("kpi-retired.v2", b"{}", "LookupError"),
        ("kpi-defined.v1", b'{"key": 7}', "ValidationError"),
    ],
)
def test_a_poison_event_stops_the_projector_and_is_reported(world: World, topic: str, body: bytes, cause: str) -> None:
    before = [world.write(kpi(f"k{number}")).head for number in range(5)]
    position = broken(world, topic, body)
    after = world.write(kpi("after")).head
    projector = world.new_projector()
    with running(projector):
        until(projector, Condition.STOPPED)
        status = projector.status
        assert (status.position, status.poison_position) == (before[-1], position)
        assert status.cause is not None
        assert cause in status.cause
        assert status.poison_topic in (topic, topic.partition(".")[0])
        assert projector.wait(before[-1], SECONDS)
        assert not projector.wait(after, SECONDS)
    found = kpis.kpis_by_key(world.conn, world.now, ["k0", "k4", "after"])
    assert set(found) == {"k0", "k4"}


def test_catching_up_reports_the_position_of_a_poison_event(world: World) -> None:
    world.write(kpi("one"))
    position = broken(world)
    with pytest.raises(Poison) as poison:
        world.catch_up()
    assert poison.value.position == position
    assert world.now.position == position - 1


def test_projections_do_not_depend_on_the_batch_size(worlds: Worlds) -> None:
    with worlds() as world:
        History(world.keyframe, Random(11)).live(200)
        dumps = set()
        for size in (1, 7, 500):
            empty(world.conn)
            world.new_projector(size).catch_up()
            dumps.add(world.dump())
        assert len(dumps) == 1
        assert len(dumps.pop()) > 10_000


def empty(conn: psycopg.Connection[Any]) -> None:
    tables = conn.execute(
        "select string_agg(format('%I', tablename), ', ') from pg_tables"
        " where schemaname = current_schema() and tablename <> 'view_position'"
    ).fetchone()
    assert tables is not None
    conn.execute(f"truncate {tables[0]}")
    conn.execute("update view_position set position = 0, recorded_at = null")


def test_readers_see_only_complete_batches(world: World) -> None:
    """At each position the projections contain exactly the events up to it."""
    torn: list[Any] = []
    projector = world.new_projector(batch_size=3)
    stop = threading.Event()

    def look() -> None:
        with world.database.connect() as conn:
            while not stop.is_set():
                basis = bases.now(conn)
                seen = kpis.KPIS.count(conn, basis, kpis.KpiFilter())
                if seen != basis.position:
                    torn.append((seen, basis))

    looking = threading.Thread(target=look)
    looking.start()
    with running(projector):
        for number in range(100):
            last = world.write(kpi(f"k{number}")).head
        assert projector.wait(last, SECONDS)
    stop.set()
    looking.join()
    assert torn == []


def test_concurrent_projectors_apply_each_event_once(world: World) -> None:
    one, two = world.new_projector(batch_size=1), world.new_projector(batch_size=2)
    for number in range(10):
        last = world.write(kpi(f"k{number}")).head
    together: list[Callable[[], int]] = [one.catch_up, two.catch_up]
    threads = [threading.Thread(target=each) for each in together]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert world.now.position == last
    assert kpis.KPIS.count(world.conn, world.now, kpis.KpiFilter()) == 10


def test_a_reading_row_is_open_until_it_is_retracted(world: World) -> None:
    id = world.record(kpi("one"))
    reading = ReadingInput(kpi=KpiBy(id=id), value=1.0, measured_at=LONG_AGO)
    world.write(RecordReadings(readings=[reading]))
    world.catch_up()
    ends = world.conn.execute("select until_position, ended from reading").fetchall()
    assert ends == [(OPEN, None)]
    stream: UUID = measurements.READINGS.latest(world.conn, world.now, [id])[id].id
    world.record(RetractReading(reading=stream, reason="a wrong meter"))
    assert world.conn.execute("select until_position, ended from reading").fetchall() == [(3, "RETRACTED")]
