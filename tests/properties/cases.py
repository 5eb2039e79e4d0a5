"""Random histories of goals that several laws are tested on: a process lives each of them once for all laws."""

import os
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Generic, NamedTuple, TypeVar
from uuid import UUID

import pytest

from tests.asking import AskedWorld, unlimited
from tests.conftest import EXAMPLES
from tests.properties.goal_histories import GoalHistory
from tests.properties.model_answers import Flat, differences, document, flat, modelled
from tests.reference.entities import Basis
from tests.reference.fold import Log
from tests.workspace import DIRECTORY, fresh_workspace

T = TypeVar("T")

STEPS = 200
HISTORIES = 6


class Case(NamedTuple):
    """A workspace with the random history of a seed, and the reference model of its log."""

    seed: int
    world: AskedWorld
    history: GoalHistory
    log: Log

    @property
    def cycles(self) -> list[UUID]:
        return list(self.log.view(self.now).cycles)

    @property
    def now(self) -> Basis:
        return Basis(datetime.max.replace(tzinfo=UTC), len(self.log.events))

    def ask(self, fields: str) -> Any:
        with unlimited():
            return self.world.ask(f"{{ {fields} }}")

    def differing(self, arguments: str = "") -> Flat:
        """The differences at a basis, by the arguments of `asOf`, or at the present."""
        fields = document(self.cycles)
        answer = self.ask(f"asOf({arguments}) {{ {fields} }}")["asOf"] if arguments else self.ask(fields)
        return differences(flat(answer), modelled(self.log.view(basis_of(answer["basis"])), self.cycles))


def basis_of(answer: Any) -> Basis:
    return Basis(datetime.fromisoformat(answer["at"]), answer["position"])


def past(case: Case, chance: Random) -> list[str]:
    """Arguments of `asOf`: moments known now, moments as known earlier, and positions."""
    events = case.log.events
    days = (datetime.now(UTC) - case.history.first_time) / timedelta(days=1)
    moments = [case.history.first_time + timedelta(days=days * chance.random()) for _ in range(2)]
    moments += [chance.choice(events).effective_at]
    known = chance.choice(events).recorded_at
    return [
        *(f'at: "{at.isoformat()}"' for at in moments),
        f'at: "{moments[0].isoformat()}", known: "{known.isoformat()}"',
        f'at: "{chance.choice(events).effective_at.isoformat()}", position: {chance.choice(events).position}',
        f"position: {chance.choice(events).position}",
    ]


def case_of(world: AskedWorld, seed: int) -> Case:
    """A world after the random history of a seed."""
    history = GoalHistory(world.keyframe, Random(seed), datetime.now(UTC).date())
    history.live(STEPS)
    world.catch_up()
    return Case(seed, world, history, Log(world.log.entries(0, 100_000)))


class Latest(Generic[T]):
    """What was made last of a seed is kept: the laws on one history run one after the other, in one process."""

    def __init__(self, server: str, make: Callable[[AskedWorld, int], T]) -> None:
        self._server = server
        self._make = make
        self._kept = ExitStack()
        self._last: tuple[int, T] | None = None

    def of(self, seed: int) -> T:
        """What was made of a fresh workspace and this seed. Laws only read it."""
        if self._last is None or self._last[0] != seed:
            self.close()
            world = AskedWorld(self._kept.enter_context(fresh_workspace(self._server, pool_size_max=4)))
            self._last = seed, self._make(world, seed)
        return self._last[1]

    def close(self) -> None:
        self._last = None
        self._kept.close()


def on_histories(count: int = HISTORIES, fixture: str = "case") -> pytest.MarkDecorator:
    """The mark of a law that is tested on this many of the histories; the fixture makes what it needs of a seed.

    Coverage is not measured: laws add no line to it, and measuring it doubles the time of the longest tests.
    """
    chance = Random(os.environ[DIRECTORY] if os.environ.get(EXAMPLES) == "random" else 0)
    seeds = [chance.getrandbits(32) for _ in range(HISTORIES)]
    marks = [[pytest.mark.long(f"history {seed}"), pytest.mark.no_cover] for seed in seeds]
    given = [pytest.param(seed, marks=of, id=str(seed)) for seed, of in zip(seeds, marks, strict=True)]
    return pytest.mark.parametrize(fixture, given[:count], indirect=True)
