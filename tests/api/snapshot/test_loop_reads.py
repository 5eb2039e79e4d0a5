"""Statements are read on the event loop over few connections; what fails there is left to threads."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import psycopg
import pytest

from api.runtime.database import Database
from api.snapshot.loop_reads import CONNECTIONS_MAX, LoopReads, NeedsThread
from projections.store.stored_times import TIMES_AS_NUMBERS, stored
from tests.api.snapshot.opened import Opened
from tests.asking import until_open

SECONDS_MAX = 20


class Watched(Opened):
    """Reads on an event loop, and the connections that they open."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.reads = LoopReads(self.connect, TIMES_AS_NUMBERS)

    def run(self, test: Callable[[LoopReads], Awaitable[Any]]) -> Any:
        """The result of a test on an event loop of its own, once a connection is open."""

        async def run() -> Any:
            async with asyncio.timeout(SECONDS_MAX):
                await until_open(self.reads)
                return await test(self.reads)

        return asyncio.run(run())


@pytest.fixture
def watched(database: Database) -> Iterator[Watched]:
    made = Watched(database)
    yield made
    made.reads.close()
    assert all(conn.closed for conn in made.opened)


async def slow(reads: LoopReads) -> Any:
    return await reads.rows("select pg_sleep(30)", {})


async def needs_thread(reading: Awaitable[Any]) -> bool:
    try:
        await reading
    except NeedsThread:
        return True
    return False


def test_rows_are_read_with_the_session_and_the_loaders_of_requests(watched: Watched, database: Database) -> None:
    sql = "select timestamptz '2026-01-02 03:04:05Z', current_user, current_setting('search_path'), %(n)s::int"
    with database.connect_reader() as conn:
        ((moment, *others),) = conn.execute(sql, {"n": 7}).fetchall()
    assert watched.run(lambda reads: reads.rows(sql, {"n": 7})) == [(stored(moment), *others)]
    assert len(watched.opened) == 1


def test_statement_in_progress_does_not_block_the_loop_and_others_open_connections(watched: Watched) -> None:
    async def test(reads: LoopReads) -> list[Any]:
        waiting = [asyncio.create_task(slow(reads))]
        await asyncio.sleep(0)
        for _ in range(CONNECTIONS_MAX - 1):
            await until_open(reads)
            waiting.append(asyncio.create_task(slow(reads)))
            await asyncio.sleep(0)
        assert await needs_thread(reads.rows("select 1", {}))
        for one in waiting:
            one.cancel()
        return await asyncio.gather(*waiting, return_exceptions=True)

    outcomes = watched.run(test)
    assert list(map(type, outcomes)) == [asyncio.CancelledError] * CONNECTIONS_MAX
    assert len(watched.opened) == CONNECTIONS_MAX


def test_statement_that_fails_needs_a_thread_and_later_ones_are_read_again(watched: Watched) -> None:
    async def test(reads: LoopReads) -> list[Any]:
        assert await needs_thread(reads.rows("select 1 / 0", {}))
        await until_open(reads)
        return await reads.rows("select 2", {})

    assert watched.run(test) == [(2,)]


def test_lost_connection_is_opened_again(watched: Watched, database: Database) -> None:
    async def test(reads: LoopReads) -> list[Any]:
        with database.connect() as conn:
            conn.execute("select pg_terminate_backend(%s, 10000)", [watched.opened[0].info.backend_pid])
        assert await needs_thread(reads.rows("select 1", {}))
        await until_open(reads)
        return await reads.rows("select 2", {})

    assert watched.run(test) == [(2,)]
    assert len(watched.opened) == 2


def test_another_loop_opens_connections_of_its_own(watched: Watched) -> None:
    assert [watched.run(lambda reads: reads.rows("select 1", {})) for _ in range(2)] == [[(1,)]] * 2
    assert len(watched.opened) == 2
    assert watched.opened[0].closed


@pytest.mark.parametrize("failure", [psycopg.OperationalError(), OSError()])
def test_database_that_cannot_be_reached_needs_threads(
    watched: Watched, monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    async def test() -> None:
        reads = LoopReads(fails, {})
        for _ in range(5):
            assert await needs_thread(reads.rows("select 1", {}))
            await asyncio.sleep(0.01)

    def fails() -> Any:
        raise failure

    asyncio.run(test())
    assert watched.run(lambda reads: reads.rows("select 1", {})) == [(1,)]


def test_closing_leaves_no_connection_open(watched: Watched) -> None:
    async def test(reads: LoopReads) -> bool:
        reading = asyncio.create_task(reads.rows("select pg_sleep(0.1)", {}))
        await asyncio.sleep(0)
        reads.close()
        assert await reading
        return await needs_thread(reads.rows("select 1", {}))

    assert watched.run(test)
    assert [conn.closed for conn in watched.opened] == [True]
