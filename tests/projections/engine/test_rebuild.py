"""Creating the projections, and rebuilding them in a new schema that replaces the old one in one transaction."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from random import Random
from typing import Any

import psycopg
import pytest

from domain.log.schema import application_role, seen_schema, views_schema
from domain.primitives import time_zones
from domain.primitives.values import Basis
from projections.engine import rebuild as generations
from projections.engine.registry import TABLES, Poison
from projections.store import basis as bases
from projections.store.versioned_tables import Connection, Order, Window
from projections.tables import kpi as kpis
from projections.tables import objective
from tests.projections.engine.test_projector import SECONDS, broken, kpi, running
from tests.properties.histories import History
from tests.world import World


def rebuild(world: World, **how: Any) -> int:
    return generations.rebuild(world.log, world.database.connect, workspace=world.workspace, **how)


def schemas(conn: Connection, workspace: str) -> set[str]:
    query = "select nspname from pg_namespace where starts_with(nspname, %s)"
    return {row[0] for row in conn.execute(query, [workspace])}


def left(workspace: str) -> set[str]:
    """The schemas of a workspace: its log, its projections, and its visible rows."""
    return {workspace, views_schema(workspace), seen_schema(views_schema(workspace))}


def shape(conn: Connection, schema: str) -> list[tuple[Any, ...]]:
    """Every table with its columns, indexes and privileges, without the names of indexes."""
    columns = conn.execute(
        "select table_name, column_name, data_type, ordinal_position from information_schema.columns"
        " where table_schema = %s order by 1, 4",
        [schema],
    ).fetchall()
    indexes = conn.execute(
        "select tablename, regexp_replace(indexdef, '^.* USING', '') from pg_indexes where schemaname = %s"
        " order by 1, 2",
        [schema],
    ).fetchall()
    rights = conn.execute(
        "select table_name, grantee, privilege_type from information_schema.role_table_grants"
        " where table_schema = %s and grantee <> current_user order by 1, 2, 3",
        [schema],
    ).fetchall()
    return [*columns, *indexes, *rights]


def test_creating_existing_projections_changes_nothing(world: World) -> None:
    world.record(kpi("one"))
    before = world.dump()
    with world.database.connect() as conn:
        generations.create(conn, world.workspace)
    assert world.dump() == before


def test_concurrent_creations_create_the_projections_once(world: World) -> None:
    world.conn.execute(f"drop schema {views_schema(world.workspace)} cascade")
    failed: list[BaseException] = []
    start = threading.Barrier(4)

    def make() -> None:
        try:
            with world.database.connect() as conn:
                start.wait(SECONDS)
                generations.create(conn, world.workspace)
        except BaseException as error:  # noqa: BLE001  reported below
            failed.append(error)

    threads = [threading.Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert bases.now(world.conn).position == 0


def test_rebuilt_projections_equal_the_incremental_ones(world: World) -> None:
    History(world.keyframe, Random(3)).live(200)
    for size in (40, 500):
        world.new_projector(size).catch_up()
    grown = world.dump()
    before = shape(world.conn, views_schema(world.workspace))
    for size in (1, 64, 5_000):
        assert rebuild(world, batch_size=size) == world.log.head().position
        assert world.dump() == grown
        assert shape(world.conn, views_schema(world.workspace)) == before


def test_a_rebuild_reports_progress_and_drops_its_temporary_schemas(world: World) -> None:
    last = [world.write(kpi(f"k{number}")).head for number in range(10)][-1]
    reported: list[tuple[int, int]] = []
    rebuild(world, progress=lambda *where: reported.append(where), batch_size=4)
    assert reported == [(4, last), (8, last), (10, last)]
    assert schemas(world.conn, world.workspace) == left(world.workspace)


def test_a_rebuild_replaces_the_schema_of_an_interrupted_one(world: World) -> None:
    world.record(kpi("one"))
    world.conn.execute(f"create schema {views_schema(world.workspace)}_next")
    assert rebuild(world) == 1
    assert kpis.kpis_by_key(world.conn, world.now, ["one"])
    assert schemas(world.conn, world.workspace) == left(world.workspace)


def test_a_rebuild_works_without_the_schema_of_visible_rows(world: World) -> None:
    world.record(kpi("one"))
    world.conn.execute(f"drop schema {seen_schema(views_schema(world.workspace))} cascade")
    assert rebuild(world) == 1
    assert schemas(world.conn, world.workspace) == left(world.workspace)


def test_projections_with_another_definition_are_not_current(world: World) -> None:
    assert generations.is_current(world.conn)
    world.conn.execute("update view_position set definition = 'that of an older program'")
    assert not generations.is_current(world.conn)
    rebuild(world)
    assert generations.is_current(world.conn)


def test_another_version_of_the_time_zones_asks_for_a_rebuild(world: World) -> None:
    assert generations.definition(time_zones.VERSION) == generations.DEFINITION
    world.conn.execute("update view_position set definition = %s", [generations.definition("2025.2")])
    assert not generations.is_current(world.conn)
    rebuild(world)
    assert generations.is_current(world.conn)


def test_a_failed_rebuild_keeps_the_old_projections(world: World) -> None:
    world.record(kpi("one"))
    before = world.dump()
    broken(world)
    with pytest.raises(Poison):
        rebuild(world)
    assert world.dump() == before


def test_the_application_role_can_read_but_not_write_rebuilt_projections(world: World) -> None:
    world.record(kpi("one"))
    rebuild(world)
    with world.database.connect("app") as conn:
        assert conn.execute("select current_user").fetchone() == (application_role(world.workspace, world.workspace),)
        assert set(kpis.kpis_by_key(conn, bases.now(conn), ["one"])) == {"one"}
        for table in TABLES:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                conn.execute(f"delete from {table.name}")


def test_readers_and_writers_are_not_disturbed_by_a_swap(world: World) -> None:
    History(world.keyframe, Random(5)).live(60)
    world.catch_up()
    projector = world.new_projector(batch_size=20)
    fixed = bases.now(world.conn)
    with running(projector), busy(world, fixed) as seen:
        for number in range(3):
            rebuild(world, batch_size=25)
            assert projector.wait(world.write(kpi(f"after-{number}")).head, SECONDS)
    assert seen.failed == []
    assert len(seen.positions) > 3
    assert seen.positions == sorted(seen.positions)
    assert len(seen.answers) == 1
    assert world.catch_up() == world.log.head().position
    grown = world.dump()
    rebuild(world)
    assert world.dump() == grown


class Busy:
    """A reader with prepared statements, a reader with long transactions, and a writer, all running in loops."""

    def __init__(self, world: World, fixed: Basis) -> None:
        self.world = world
        self.fixed = fixed
        self.stop = threading.Event()
        self.failed: list[BaseException] = []
        self.positions: list[int] = []
        self.answers: set[tuple[Any, ...]] = set()

    def read(self) -> None:
        order, window = Order(objective.ObjectiveOrder.TITLE), Window(100)
        with self.world.database.connect() as conn:
            while not self.stop.is_set():
                self.positions.append(bases.now(conn).position)
                rows = objective.OBJECTIVES.page(conn, self.fixed, objective.ObjectiveFilter(), order, window)
                self.answers.add(tuple(rows))

    def read_slowly(self) -> None:
        order, window = Order(kpis.KpiOrder.KEY), Window(100)
        with self.world.database.connect() as conn:
            while not self.stop.is_set():
                with conn.transaction():
                    rows = kpis.KPIS.page(conn, self.fixed, kpis.KpiFilter(), order, window)
                    self.stop.wait(0.02)
                    assert kpis.kpis(conn, self.fixed, [row.id for row in rows]) == {row.id: row for row in rows}

    def write(self) -> None:
        for number in count():
            if self.stop.is_set():
                return
            self.world.write(kpi(f"busy-{number}"))

    def reporting(self, work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001  reported in the test
            self.failed.append(error)


@contextmanager
def busy(world: World, fixed: Basis) -> Iterator[Busy]:
    seen = Busy(world, fixed)
    works = (seen.read, seen.read_slowly, seen.write)
    threads = [threading.Thread(target=seen.reporting, args=[work]) for work in works]
    for thread in threads:
        thread.start()
    try:
        yield seen
    finally:
        seen.stop.set()
        for thread in threads:
            thread.join()
