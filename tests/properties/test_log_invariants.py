"""Invariants of the log after random histories: replay, idempotence, positions, hashes and effective times."""

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime
from itertools import pairwise
from random import Random
from typing import Any

import pytest
from msgspec import structs

from domain.commands.batch_commands import items_of
from domain.commands.command import Command, verb
from domain.handlers.batches.batch_dispatcher import Done
from domain.handlers.batches.batch_unit import BatchUnit
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
        self.again: list[tuple[Done, Done]] = []
        """The outcome of each command and of each item of a batch with an idempotency key, and that of the same request
        at the end of the history."""
        self._keyframe = world.keyframe
        self._changed: dict[Any, Aggregate] = {}
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(UnitOfWork, "changed", self._capturing(UnitOfWork.changed))
            patch.setattr(BatchUnit, "changed", self._capturing(BatchUnit.changed))
            history = History(world.keyframe, Random(seed))
            history.live(COMMANDS, self._after)
        self._repeat(history)

    def _repeat(self, history: History) -> None:
        items = {id(item) for batch, _ in history.batches for item in getattr(batch, items_of(batch).field)}
        alone = [(command, outcome) for command, outcome in history.done if id(command) not in items]
        for command, outcome in alone:
            if command.idempotency_key is not None:
                self.again.append((outcome, self._keyframe.execute(command, AUTHOR)))
        for batch, outcomes in history.batches:
            if batch.idempotency_key is not None:
                self.again += zip(outcomes, self._keyframe.execute_batch(batch, AUTHOR), strict=True)

    def _capturing(self, changed: Callable[[Any], list[Aggregate]]) -> Callable[[Any], list[Aggregate]]:
        def capture(uow: UnitOfWork) -> list[Aggregate]:
            aggregates = changed(uow)
            self._changed |= {aggregate.id: aggregate for aggregate in aggregates}
            return aggregates

        return capture

    def _after(self, command: Command, outcome: Outcome) -> None:
        for id, events in self.log.streams(self._changed).items():
            live, again = _state(self._changed[id]), _state(replay(iter(events)))
            self.replayed += 1
            self.differing += [(live, again)] if live != again else []
        self._changed = {}
        if verb(type(command)) in REPEATABLE:
            anew = structs.replace(command, idempotency_key=None, expected_version=None)
            self.repeated.append((command, outcome, self._keyframe.execute(anew, AUTHOR)))


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
def test_a_repeated_idempotency_key_returns_the_first_outcome(observed: Observed) -> None:
    assert observed.again
    for first, again in observed.again:
        if isinstance(first, Outcome):
            assert isinstance(again, Outcome)
            assert again == structs.replace(first, head=again.head, repeated=True)


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
