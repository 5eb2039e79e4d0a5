"""One look at the present serves all requests that came before it began."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import Event
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from api.snapshot import loop_reads, shared_present
from api.snapshot.looks import Looks, Seen
from api.snapshot.shared_present import SharedPresent
from api.snapshot.sources import PRIMARY, Source
from domain.log.event_store import Log
from projections.store import basis as bases
from projections.store.basis import ResolvedBasis

AT = datetime(2026, 1, 1, tzinfo=UTC)


def basis(position: int) -> ResolvedBasis:
    return ResolvedBasis(AT, position, AT)


class Pool:
    """A pool without a database: each look waits until it is let go, and finds the next position."""

    def __init__(self) -> None:
        self.count = 0
        self.begun, self.go = Event(), Event()
        self.failure: Exception | None = None

    @contextmanager
    def connection(self, _: float) -> Iterator[None]:
        self.count += 1
        self.begun.set()
        assert self.go.wait(30)
        if self.failure is not None:
            raise self.failure
        yield


@pytest.fixture
def pool(monkeypatch: pytest.MonkeyPatch) -> Pool:
    made = Pool()
    monkeypatch.setattr(bases, "now", lambda _: basis(made.count))
    return made


async def until(is_so: Callable[[], bool]) -> None:
    for _ in range(30_000):
        if is_so():
            return
        await asyncio.sleep(0.001)
    raise AssertionError


def present_of(pool: Pool) -> SharedPresent:
    without_database: Any = pool
    return SharedPresent(Looks(lambda: Source(PRIMARY, without_database, None, Log(without_database))))


def basis_of(seen: Seen | None) -> ResolvedBasis:
    assert seen is not None
    assert seen.source.name == PRIMARY
    return seen.basis


def test_requests_before_a_look_share_it_and_later_ones_get_the_next(pool: Pool) -> None:
    async def positions() -> list[int]:
        present = present_of(pool)
        early = [asyncio.create_task(present.newest()) for _ in range(5)]
        await until(pool.begun.is_set)
        late = [asyncio.create_task(present.newest()) for _ in range(5)]
        await asyncio.sleep(0.01)
        pool.go.set()
        return [found.basis.position for found in await asyncio.gather(*early, *late) if found]

    assert asyncio.run(positions()) == [1] * 5 + [2] * 5


class Counted(Looks):
    """Looks without a database: each takes two iterations of the event loop, and finds the next position."""

    def __init__(self) -> None:
        self.count = 0

    async def look(self) -> Seen | None:
        self.count += 1
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        source: Any = None
        return Seen(basis(self.count), source)


async def positions_of(present: SharedPresent, later: Sequence[int]) -> list[int]:
    """The positions that requests see which arrive so many iterations of the event loop later."""

    async def arriving(iterations: int) -> int:
        for _ in range(iterations):
            await asyncio.sleep(0)
        seen = await present.newest()
        assert seen is not None
        return seen.basis.position

    return await asyncio.gather(*map(arriving, later))


@pytest.mark.parametrize(("seconds", "are_together"), [(60.0, True), (0.0, False)])
def test_requests_that_arrive_together_again_share_a_look_if_they_come_in_time(
    monkeypatch: pytest.MonkeyPatch, seconds: float, are_together: bool
) -> None:
    monkeypatch.setattr(loop_reads, "GATHERING_SECONDS", seconds)

    async def positions() -> list[int]:
        present = SharedPresent(Counted())
        assert await positions_of(present, [0, 0]) == [1, 1]
        return await positions_of(present, [0, 1, 3, 4])

    assert (asyncio.run(positions()) == [2, 2, 2, 2]) == are_together


def test_request_that_is_alone_waits_for_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_present, "until_idle", None)

    async def positions() -> list[int]:
        present = SharedPresent(Counted())
        return [*await positions_of(present, [0]), *await positions_of(present, [0])]

    assert asyncio.run(positions()) == [1, 2]


@pytest.mark.parametrize("failure", [psycopg.OperationalError("gone"), LookupError("no projections")])
def test_failed_look_gives_no_present_and_the_next_one_tries_again(pool: Pool, failure: Exception) -> None:
    async def found() -> list[Any]:
        present = present_of(pool)
        pool.go.set()
        pool.failure = failure
        failed = await present.newest()
        pool.failure = None
        return [failed, basis_of(await present.newest())]

    assert asyncio.run(found()) == [None, basis(2)]


def test_look_that_takes_too_long_delays_no_request_further(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_present, "LOOK_SECONDS_MAX", 0.01)

    async def found() -> list[Any]:
        present = present_of(pool)
        late = [await present.newest(), await present.newest()]
        pool.go.set()
        await until(lambda: not present._is_late)
        return [*late, pool.count, basis_of(await present.newest())]

    assert asyncio.run(found()) == [None, None, 1, basis(2)]


def test_cancelled_request_leaves_the_look_to_the_others(pool: Pool) -> None:
    async def found() -> Any:
        present = present_of(pool)
        one, other = (asyncio.create_task(present.newest()) for _ in range(2))
        await until(pool.begun.is_set)
        one.cancel()
        pool.go.set()
        return basis_of(await other)

    assert asyncio.run(found()) == basis(1)


def test_look_that_fails_unexpectedly_leaves_no_request_waiting(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    async def found() -> list[Any]:
        present, begun, go = present_of(pool), asyncio.Event(), asyncio.Event()

        async def fails(_: Looks) -> Any:
            begun.set()
            await go.wait()
            raise RuntimeError

        with monkeypatch.context() as patch:
            patch.setattr(Looks, "look", fails)
            early = asyncio.create_task(present.newest())
            await begun.wait()
            late = asyncio.create_task(present.newest())
            await until(lambda: len(present._waiting) == 1)
            go.set()
            failed = await asyncio.gather(early, late)
            assert isinstance(present._looking, asyncio.Task)
            with pytest.raises(RuntimeError):
                await present._looking
        pool.go.set()
        return [*failed, basis_of(await present.newest())]

    assert asyncio.run(found()) == [None, None, basis(1)]


def test_hidden_objectives_are_known_at_the_position_where_they_were_found(pool: Pool) -> None:
    present, person, hidden = present_of(pool), uuid4(), frozenset({uuid4()})
    present.learn(person, basis(7), hidden)
    assert present.hidden(person, basis(7)) == hidden
    assert present.hidden(person, basis(8)) is None
    assert present.hidden(None, basis(7)) is None


def test_number_of_callers_with_known_hidden_objectives_is_bounded(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_present, "CALLERS_MAX", 10)
    present = present_of(pool)
    for number in range(100):
        present.learn(UUID(int=number), basis(1), frozenset())
    assert len(present._hidden) <= 11
