"""Generations that a long transaction still reads: they stop no rebuild, contain no people, and are dropped later."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest

from domain.commands.people_commands import AddPerson, ErasePerson
from domain.log.schema import application_role, leftover_schemas, lock_key, views_schema
from domain.log.schema import drop as drop_workspace
from projections.engine import health, leftovers, projector
from projections.engine import rebuild as generations
from projections.store.versioned_tables import Connection
from tests.projections.engine.test_projector import SECONDS, running
from tests.projections.engine.test_rebuild import left, rebuild, schemas
from tests.waiting import until
from tests.world import World


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generations, "DROP_ATTEMPTS_MAX", 2)


@contextmanager
def long_reader(world: World) -> Iterator[Connection]:
    """A transaction that has read the projections, like that of a running pg_dump."""
    with world.database.connect() as conn:
        conn.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        with conn.transaction():
            conn.execute("select from person, kpi, objective")
            yield conn


def old(world: World, suffix: str = "") -> str:
    return f"{views_schema(world.workspace)}_old{suffix}"


def test_a_rebuild_beside_a_long_reader_succeeds_and_so_does_the_next(world: World) -> None:
    world.record(AddPerson(handle="ada", name="Ada"))
    with long_reader(world), long_reader(world):
        assert rebuild(world) == 1
        assert leftover_schemas(world.conn, world.workspace) == [old(world)]
        with long_reader(world):
            assert rebuild(world) == 1
            assert leftover_schemas(world.conn, world.workspace) == [old(world), old(world, "2")]
            assert rebuild(world) == 1
    assert rebuild(world) == 1
    assert schemas(world.conn, world.workspace) == left(world.workspace)


def test_a_rebuild_first_drops_what_an_interrupted_one_left_to_a_reader(world: World) -> None:
    world.conn.execute(f"create schema {leftovers.next_schema(world.workspace)} create table person ()")
    with world.database.connect() as reader, reader.transaction():
        reader.execute(f"select from {leftovers.next_schema(world.workspace)}.person")
        rebuild(world)
        assert leftover_schemas(world.conn, world.workspace) == [old(world)]
    rebuild(world)
    assert schemas(world.conn, world.workspace) == left(world.workspace)


def test_a_generation_that_is_not_in_use_has_no_people_and_is_closed_to_the_application(world: World) -> None:
    world.record(AddPerson(handle="ada", name="Ada"))
    with long_reader(world) as reader:
        rebuild(world)
        assert world.conn.execute(f"select count(*) from {old(world)}.person").fetchone() == (0,)
        query, role = "select has_schema_privilege(%s, %s, 'usage')", application_role(world.workspace, world.workspace)
        assert world.conn.execute(query, [role, old(world)]).fetchone() == (False,)
        seen = f"select name from {old(world)}.person"  # the transaction still sees what it saw
        assert reader.execute(seen.encode()).fetchall() == [("Ada",)]


def test_an_erased_person_is_readable_in_no_generation(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(projector, "WIPE_SECONDS", 0.1)
    ada = world.record(AddPerson(handle="ada", name="Ada"))
    with long_reader(world):
        rebuild(world)
        world.conn.execute(f"insert into {old(world)}.person select * from person")  # as earlier versions left it
        with running(leads := world.new_projector()):
            assert leads.wait(world.write(ErasePerson(person=ada, reason="asked to be")).head, SECONDS)
            until(lambda: world.conn.execute(f"select from {old(world)}.person").fetchone() is None)


def test_the_projector_drops_a_generation_when_its_reader_ends(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(projector, "WIPE_SECONDS", 0.1)
    with running(world.new_projector()):
        with long_reader(world):
            rebuild(world)
            assert leftover_schemas(world.conn, world.workspace) == [old(world)]
        until(lambda: leftover_schemas(world.conn, world.workspace) == [])


def test_a_checkup_names_the_generation_and_the_session_that_holds_it(world: World) -> None:
    ada = world.record(AddPerson(handle="ada", name="Ada"))
    with long_reader(world) as reader:
        rebuild(world)
        found = health.examine(world.conn, world.log, world.workspace)
        assert found is not None
        assert found.left is not None
        assert found.left.schemas == (old(world),)
        assert found.left.readers == (f"{reader.info.backend_pid} (keyframe {world.workspace})",)
        assert not found.is_any_erased
        world.record(ErasePerson(person=ada, reason="asked to be"))
        found = health.examine(world.conn, world.log, world.workspace)
        assert found is not None
        assert found.is_any_erased


def test_the_generation_that_a_rebuild_fills_is_no_leftover(world: World) -> None:
    world.conn.execute(f"create schema {leftovers.next_schema(world.workspace)}")
    assert leftovers.find(world.conn, world.workspace) is not None
    with world.database.connect() as rebuilding:
        key = lock_key(rebuilding.info.dbname, world.workspace, "rebuild")
        rebuilding.execute("select pg_advisory_lock(%s)", [key])
        assert leftovers.sweep(world.conn, world.workspace) is None
        assert leftover_schemas(world.conn, world.workspace) == [leftovers.next_schema(world.workspace)]


def test_dropping_a_workspace_drops_generations_that_are_not_in_use(world: World) -> None:
    world.conn.execute(f"create schema {old(world)} create table person ()")
    drop_workspace(world.conn, world.workspace)
    assert schemas(world.conn, world.workspace) == set()
