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
from api.snapshot.looks import LooksOnThread, Seen
from api.snapshot.shared_present import SharedPresent
from api.snapshot.sources import PRIMARY, Source
from domain.log.event_store import Log
from projections.store import basis as bases
from projections.store.basis import ResolvedBasis

AT = datetime(2026, 1, 1, tzinfo=UTC)


def basis(position: int) -> ResolvedBasis:
    return ResolvedBasis(AT, position, AT)


class Looks:
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
def looks(monkeypatch: pytest.MonkeyPatch) -> Looks:
    made = Looks()
    monkeypatch.setattr(bases, "now", lambda _: basis(made.count))
    return made


async def until(is_so: Callable[[], bool]) -> None:
    for _ in range(30_000):
        if is_so():
            return
        await asyncio.sleep(0.001)
    raise AssertionError


def present_of(looks: Looks) -> SharedPresent:
    pool: Any = looks
    return SharedPresent(LooksOnThread(lambda: Source(PRIMARY, pool, None, Log(pool))))


def basis_of(seen: Seen | None) -> ResolvedBasis:
    assert seen is not None
    assert seen.source.name == PRIMARY
    return seen.basis


def test_requests_before_a_look_share_it_and_later_ones_get_the_next(looks: Looks) -> None:
    async def positions() -> list[int]:
        present = present_of(looks)
        early = [asyncio.create_task(present.newest()) for _ in range(5)]
        await until(looks.begun.is_set)
        late = [asyncio.create_task(present.newest()) for _ in range(5)]
        await asyncio.sleep(0.01)
        looks.go.set()
        return [found.basis.position for found in await asyncio.gather(*early, *late) if found]

    assert asyncio.run(positions()) == [1] * 5 + [2] * 5


@pytest.mark.parametrize("failure", [psycopg.OperationalError("gone"), LookupError("no projections")])
def test_failed_look_gives_no_present_and_the_next_one_tries_again(looks: Looks, failure: Exception) -> None:
    async def found() -> list[Any]:
        present = present_of(looks)
        looks.go.set()
        looks.failure = failure
        failed = await present.newest()
        looks.failure = None
        return [failed, basis_of(await present.newest())]

    assert asyncio.run(found()) == [None, basis(2)]


def test_look_that_takes_too_long_delays_no_request_further(looks: Looks, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_present, "LOOK_SECONDS_MAX", 0.01)

    async def found() -> list[Any]:
        present = present_of(looks)
        late = [await present.newest(), await present.newest()]
        looks.go.set()
        await until(lambda: not present._is_late)
        return [*late, looks.count, basis_of(await present.newest())]

    assert asyncio.run(found()) == [None, None, 1, basis(2)]


def test_cancelled_request_leaves_the_look_to_the_others(looks: Looks) -> None:
    async def found() -> Any:
        present = present_of(looks)
        one, other = (asyncio.create_task(present.newest()) for _ in range(2))
        await until(looks.begun.is_set)
        one.cancel()
        looks.go.set()
        return basis_of(await other)

    assert asyncio.run(found()) == basis(1)


def test_hidden_objectives_are_known_at_the_position_where_they_were_found(looks: Looks) -> None:
    present, person, hidden = present_of(looks), uuid4(), frozenset({uuid4()})
    present.learn(person, basis(7), hidden)
    assert present.hidden(person, basis(7)) == hidden
    assert present.hidden(person, basis(8)) is None
    assert present.hidden(None, basis(7)) is None


def test_number_of_callers_with_known_hidden_objectives_is_bounded(
    looks: Looks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_present, "CALLERS_MAX", 10)
    present = present_of(looks)
    for number in range(100):
        present.learn(UUID(int=number), basis(1), frozenset())
    assert len(present._hidden) <= 11
