"""One look at the present serves all requests that came before it began."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import Event
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from api.snapshot import shared_present
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
    async def fails(_: Looks) -> Any:
        await asyncio.sleep(0.01)
        raise RuntimeError

    async def found() -> list[Any]:
        present = present_of(pool)
        with monkeypatch.context() as patch:
            patch.setattr(Looks, "look", fails)
            early = asyncio.create_task(present.newest())
            await asyncio.sleep(0.001)
            late = [await present.newest(), await early]
            assert isinstance(present._looking, asyncio.Task)
            with pytest.raises(RuntimeError):
                await present._looking
        pool.go.set()
        return [*late, basis_of(await present.newest())]

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
