"""Invariants of the log after random histories: replay, idempotence, positions, hashes and effective times."""

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from itertools import pairwise
from random import Random
from typing import Any

import pytest
from msgspec import structs

from domain.commands.command import Command, verb
from domain.handlers.dispatcher import Outcome
from domain.handlers.unit_of_work import UnitOfWork
from domain.log.mapper import leaf_hash
from domain.model.event import WHEN_RECORDED, Aggregate, replay
from domain.model.key_result import Link
from domain.primitives.goal_schedule import GoalEdit
from domain.primitives.values import Kind
from tests.asking import AskedWorld
from tests.properties.cases import Latest, on_histories
from tests.properties.histories import AUTHOR, REPEATABLE, History

COMMANDS = 160


class Observed:
    """A log that a random history wrote, and what was observed after each of its commands."""

    def __init__(self, world: AskedWorld, seed: int) -> None:
        self.log = world.log
        self.replayed = 0
        self.differing: list[tuple[dict[str, Any], dict[str, Any]]] = []
        """Aggregates that are replayed otherwise than a command left them, both states."""
        self.repeated: list[tuple[Command, Outcome, Outcome]] = []
        """Each command that can be repeated, its outcome, and that of its repetition."""
        self._keyframe = world.keyframe
        self._changed: dict[Any, Aggregate] = {}
        changed = UnitOfWork.changed

        def capture(uow: UnitOfWork) -> list[Aggregate]:
            aggregates = changed(uow)
            self._changed = {aggregate.id: aggregate for aggregate in aggregates}
            return aggregates

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(UnitOfWork, "changed", capture)
            History(world.keyframe, Random(seed)).live(COMMANDS, self._after)

    def _after(self, command: Command, outcome: Outcome) -> None:
        for id, events in self.log.streams(self._changed).items():
            live, again = _state(self._changed[id]), _state(replay(iter(events)))
            self.replayed += 1
            self.differing += [(live, again)] if live != again else []
        if verb(type(command)) in REPEATABLE:
            self.repeated.append((command, outcome, self._keyframe.execute(command, AUTHOR)))


@pytest.fixture(scope="session")
def observations(server: str) -> Iterator[Latest[Observed]]:
    with closing(Latest(server, Observed)) as made:
        yield made


@pytest.fixture
def observed(observations: Latest[Observed], request: pytest.FixtureRequest) -> Observed:
    return observations.of(request.param)


@on_histories(fixture="observed")
def test_replay_equals_the_live_aggregate(observed: Observed) -> None:
    assert observed.replayed > COMMANDS / 8
    assert observed.differing == []


def _state(aggregate: Aggregate) -> dict[str, Any]:
    """The attributes, except those that the log sets at the append."""
    return {name: _timeless(value) for name, value in vars(aggregate).items() if name not in _TIMES}


_TIMES = ("_pending", "created_at", "changed_at", "ended_at", "dropped_at", "closed_at", "moved_at")


def _timeless(value: Any) -> Any:
    """A value without the effective times that it contains."""
    match value:
        case Link():
            return structs.replace(value, until=WHEN_RECORDED)
        case ((datetime(), _), *_):
            return [what for _, what in value]
        case (GoalEdit(), *_):
            return [structs.replace(edit, at=WHEN_RECORDED) for edit in value]
    return value


@on_histories(fixture="observed")
def test_a_repeated_command_of_a_random_history_records_nothing(observed: Observed) -> None:
    assert observed.repeated
    for command, outcome, again in observed.repeated:
        assert again.first is None, command
        assert again.head == outcome.head


@on_histories(fixture="observed")
def test_positions_are_gapless_times_increase_and_hashes_match(observed: Observed) -> None:
    rows = observed.log.rows(0, 100_000)
    assert [row.position for row in rows] == list(range(1, len(rows) + 1))
    times = [row.recorded_at for row in rows]
    assert all(one < another for one, another in pairwise(times))
    assert all(row.effective_at <= row.recorded_at for row in rows)
    assert all(row.leaf_hash == leaf_hash(row) for row in rows)


@on_histories(fixture="observed")
def test_structural_events_are_not_effective_before_their_parent_or_predecessor(observed: Observed) -> None:
    began: dict[Any, Any] = {}
    last: dict[Any, Any] = {}
    for entry in observed.log.entries(0, 100_000):
        event = entry.event
        if event.KIND in (Kind.CHECK_IN, Kind.READING):
            continue
        assert entry.effective_at >= last.get(event.originator_id, entry.effective_at)
        assert entry.effective_at >= began.get(event.belongs_to, entry.effective_at)
        began.setdefault(event.originator_id, entry.effective_at)
        last[event.originator_id] = entry.effective_at
