"""Erased data is wiped from the table files as soon as no transaction can read it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Event as Flag
from threading import Thread
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from domain.commands.people_commands import AddPerson, ErasePerson
from domain.commands.permissions import Role
from domain.log import sandbox
from domain.log.credentials import api_tokens
from domain.log.erasure import NotTableOwner, wipe
from projections.engine import projector, rebuild
from projections.store.versioned_tables import Connection
from projections.tables import people
from tests import waiting
from tests.projections.conftest import worlds
from tests.projections.proof.proven_quarter import ADA as AUTHOR
from tests.world import World

__all__ = ["worlds"]

TABLES = ("person_key", "person")


@pytest.fixture
def world(worlds: Any) -> Iterator[World]:
    with worlds() as made:
        yield made


class Ada:
    """A person with a unique name."""

    def __init__(self, world: World) -> None:
        self.name = f"Lovelace {uuid4().hex}"
        self.handle = f"ada-{uuid4().hex}"
        self.id: UUID = world.record(AddPerson(handle=self.handle, name=self.name))
        self.key = world.log.person_keys([self.id])[self.id]
        self.erased = ErasePerson(person=self.id, reason="asked to be")

    def is_on_disk(self, world: World) -> bool:
        """Whether a page of the tables, or of their indexes, has the key or the name."""
        world.conn.execute("checkpoint")
        query = """
            select pg_read_binary_file(pg_relation_filepath(c.oid)) from pg_class c
            where c.oid = any(%(tables)s::regclass[])
               or c.oid in (select indexrelid from pg_index where indrelid = any(%(tables)s::regclass[]))
        """
        files = [file for (file,) in world.conn.execute(query, {"tables": list(TABLES)}).fetchall()]
        assert len(files) > len(TABLES)
        return any(
            part_of_name in file
            for file in files
            for part_of_name in (self.key, self.name.encode(), self.handle.encode())
        )


def wiped(world: World) -> bool:
    with world.database.connect() as conn:
        return wipe(conn, world.workspace, [people.PERSON.name])


@contextmanager
def transaction_in_another_database(server: str) -> Iterator[None]:
    """A transaction that every snapshot on the server counts as running."""
    with psycopg.connect(server) as elsewhere:
        elsewhere.execute("select pg_current_xact_id()")
        yield


def test_key_and_name_are_wiped_from_table_files(world: World) -> None:
    ada = Ada(world)
    world.record(ada.erased)
    assert ada.is_on_disk(world)
    assert wiped(world)
    assert not ada.is_on_disk(world)


def test_wiping_waits_for_old_readers(world: World) -> None:
    ada = Ada(world)
    with world.database.connect() as reader:
        reader.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        with reader.transaction():
            seen = "select name from person where handle = %s"
            assert reader.execute(seen, [ada.handle]).fetchone() == (ada.name,)
            world.record(ada.erased)
            assert not wiped(world)
            assert reader.execute(seen, [ada.handle]).fetchone() == (ada.name,)
    assert wiped(world)
    assert not ada.is_on_disk(world)


def test_transaction_in_another_database_leaves_no_erased_rows_in_the_files(world: World, server: str) -> None:
    _, ada = Ada(world), Ada(world)  # a row that stays before hers: a page without rows would be cut off
    with transaction_in_another_database(server):
        world.record(ada.erased)
        assert wiped(world)
        assert not ada.is_on_disk(world)


def test_locked_table_is_wiped_later(world: World) -> None:
    ada = Ada(world)
    world.record(ada.erased)
    with world.database.connect() as other, other.transaction():
        other.execute("lock table person in access share mode")
        assert not wiped(world)
    assert wiped(world)


def test_only_the_table_owner_can_wipe(world: World) -> None:
    with world.database.connect("app") as conn, pytest.raises(NotTableOwner):
        wipe(conn, world.workspace, [people.PERSON.name])


def test_wiping_restores_the_lock_timeout(world: World) -> None:
    with world.database.connect() as conn:
        before = conn.execute("show lock_timeout").fetchone()
        wipe(conn, world.workspace, [people.PERSON.name])
        assert conn.execute("show lock_timeout").fetchone() == before


def test_only_tokens_of_the_erased_person_are_deleted(world: World) -> None:
    ada, ben = Ada(world), Ada(world)
    with world.database.connect() as conn:
        for name, person in (("laptop-of-ada", ada.id), ("laptop-of-ben", ben.id), ("machine", None)):
            api_tokens.issue(conn, name, [Role.MEMBER], person, timedelta(days=1))
        world.record(ada.erased)
        assert wiped(world)
        assert {token.name for token in api_tokens.every(conn)} == {"laptop-of-ben", "machine"}


def test_abandoned_sandbox_copy_is_dropped_and_one_in_use_stays(world: World) -> None:
    schemas = "select count(*) from pg_namespace where nspname = %s"
    with world.database.connect() as using:
        copy = sandbox.make_copy(using, world.workspace)
        assert wiped(world)
        assert world.conn.execute(schemas, [copy]).fetchone() == (1,)
    # A session that was closed takes a moment to end.
    waiting.until(lambda: wiped(world) and world.conn.execute(schemas, [copy]).fetchone() == (0,))


def test_erasure_during_a_rebuild_leaves_no_name_in_the_files(
    world: World, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, ada, index = Ada(world), Ada(world), rebuild._index

    def meanwhile(conn: Connection) -> None:
        index(conn)
        world.record(ada.erased)
        assert wiped(world)
        assert not ada.is_on_disk(world)

    monkeypatch.setattr(rebuild, "_index", meanwhile)
    with transaction_in_another_database(server):
        rebuild.rebuild(world.log, world.database.connect, workspace=world.workspace)
    assert not ada.is_on_disk(world)


def test_projector_wipes_earlier_and_new_erasures(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(projector, "WIPE_SECONDS", 0.05)
    now, before = Ada(world), Ada(world)
    world.record(before.erased)
    stop = Flag()
    running_projector = world.new_projector()
    thread = Thread(target=running_projector.run, args=(stop,))
    thread.start()
    try:
        outcome = world.keyframe.execute(now.erased, AUTHOR)
        assert running_projector.wait(outcome.head, 10)
        waiting.until(lambda: not now.is_on_disk(world) and not before.is_on_disk(world))
        assert thread.is_alive()
    finally:
        stop.set()
        running_projector.wake()
        thread.join()
