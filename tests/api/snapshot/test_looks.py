"""The present is read on the event loop over one connection, and on a thread while that one is not open."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import psycopg
import pytest

from api.runtime.database import Database
from api.snapshot import shared_present
from api.snapshot.looks import Looks, Seen
from api.snapshot.loop_reads import LoopReads
from api.snapshot.shared_present import SharedPresent
from api.snapshot.sources import PRIMARY, Source
from projections.store import basis as bases
from tests.api.snapshot.opened import Opened
from tests.asking import until_open


class NoPool:
    """A pool that nothing may use; `uses` counts what tried."""

    def __init__(self) -> None:
        self.uses = 0

    def connection(self, _: float) -> Any:
        self.uses += 1
        raise AssertionError


class Watched(Opened):
    """The present of a workspace, and the connections over which it is read."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.source = Source(PRIMARY, database.pool(), None, database.log())
        self.reads = LoopReads(self.connect, {})
        self.present = SharedPresent(Looks(lambda: self.source, self.reads))

    def run(self, test: Callable[[], Awaitable[Any]]) -> Any:
        """The result of a coroutine on an event loop of its own, once the connection is open."""

        async def run() -> Any:
            await until_open(self.reads)
            return await test()

        return asyncio.run(run())

    def without_pool(self) -> NoPool:
        """From now on no look may take a connection of the pool."""
        pool: Any = NoPool()
        self.source = self.source._replace(pool=pool)
        return pool  # type: ignore[no-any-return]  # see above

    async def is_seen(self) -> bool:
        """Whether a look finds the position of the projections."""
        seen = await self.present.newest()
        return isinstance(seen, Seen) and seen.basis.position == 0

    async def until_seen(self) -> None:
        for _ in range(3_000):
            if await self.is_seen():
                return
            await asyncio.sleep(0.01)
        raise AssertionError


@pytest.fixture
def watched(database: Database) -> Iterator[Watched]:
    made = Watched(database)
    yield made
    made.present.close()
    assert all(conn.closed for conn in made.opened)


def test_looks_use_one_connection_and_find_what_a_statement_finds(watched: Watched, database: Database) -> None:
    pool = watched.without_pool()

    async def found() -> list[Seen | None]:
        return [await watched.present.newest() for _ in range(3)]

    first, *later = watched.run(found)
    with database.connect() as conn:
        now = bases.now(conn)
    assert (first.basis.position, first.basis.known) == (now.position, now.known)
    assert first.basis.at <= later[0].basis.at <= later[1].basis.at <= now.at
    assert (len(watched.opened), pool.uses) == (1, 0)


def test_present_is_read_on_a_thread_while_the_connection_is_lost(watched: Watched, database: Database) -> None:
    async def found() -> list[bool]:
        with database.connect() as conn:
            pid = watched.opened[0].info.backend_pid
            conn.execute("select pg_terminate_backend(%s, 10000)", [pid])
        lost = [await watched.is_seen() for _ in range(3)]
        await until_open(watched.reads)
        return [*lost, await watched.is_seen()]

    assert watched.run(found) == [True] * 4
    assert len(watched.opened) == 2


@pytest.mark.parametrize("failure", [psycopg.OperationalError(), OSError()])
def test_database_that_cannot_be_reached_gives_no_present(failure: Exception) -> None:
    def lost() -> Any:
        raise failure

    async def found() -> list[Seen | None]:
        present = SharedPresent(Looks(lost, LoopReads(lost, {})))
        return [await present.newest() for _ in range(3)]

    assert asyncio.run(found()) == [None] * 3


def test_workspace_without_projections_has_no_present_and_is_not_asked_twice(
    watched: Watched, database: Database
) -> None:
    pool = watched.without_pool()
    with database.connect() as conn:
        conn.execute("alter table view_position rename to elsewhere")
        assert not watched.run(watched.is_seen)
        conn.execute("alter table elsewhere rename to view_position")
    assert watched.run(watched.is_seen)
    assert pool.uses == 0


def test_projections_without_a_position_have_no_present(watched: Watched, database: Database) -> None:
    with database.connect() as conn:
        conn.execute("create temporary table kept as select * from view_position")
        conn.execute("delete from view_position")
        assert not watched.run(watched.is_seen)
        conn.execute("insert into view_position select * from kept")
    assert watched.run(watched.is_seen)


def test_projections_that_were_replaced_are_read_over_the_same_connection(watched: Watched, database: Database) -> None:
    async def found() -> list[bool]:
        first = await watched.is_seen()
        with database.connect() as conn, conn.transaction():
            conn.execute("alter table view_position rename to earlier")
            conn.execute("create table view_position as select * from earlier")
            conn.execute("drop table earlier cascade")
            conn.execute("grant select on view_position to public")
        return [first, await watched.is_seen()]

    assert watched.run(found) == [True, True]
    assert len(watched.opened) == 1


def test_look_that_takes_too_long_is_not_waited_for(
    watched: Watched, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_present, "LOOK_SECONDS_MAX", 0.05)

    async def found() -> list[bool]:
        with database.connect() as conn, conn.transaction():
            conn.execute("lock table view_position in access exclusive mode")
            late = [await watched.is_seen(), await watched.is_seen()]
        await watched.until_seen()
        return late

    assert watched.run(found) == [False, False]
    assert len(watched.opened) == 1


def test_another_event_loop_gets_a_connection_of_its_own(watched: Watched) -> None:
    assert [watched.run(watched.is_seen) for _ in range(2)] == [True, True]
    assert [conn.closed for conn in watched.opened] == [True, False]
