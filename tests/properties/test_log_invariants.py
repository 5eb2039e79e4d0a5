"""Invariants of the log after random histories: replay, idempotence, positions, hashes and effective times."""

from datetime import datetime
from itertools import pairwise
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from domain.commands.command import verb
from domain.handlers.unit_of_work import UnitOfWork
from domain.log.mapper import leaf_hash
from domain.model.event import WHEN_RECORDED, Aggregate, replay
from domain.model.key_result import Link
from domain.primitives.goal_schedule import GoalEdit
from domain.primitives.values import Kind
from tests.properties.conftest import World, Worlds
from tests.properties.histories import AUTHOR, REPEATABLE, History

pytestmark = [pytest.mark.long, pytest.mark.no_cover]

laws = settings.get_profile("laws")
chances = st.randoms(use_true_random=True)


@laws
@given(chance=chances)
def test_replay_equals_the_live_aggregate(worlds: Worlds, chance: Random, monkeypatch: Any) -> None:
    decided: dict[Any, Aggregate] = {}
    changed = UnitOfWork.changed

    def capture(uow: UnitOfWork) -> list[Aggregate]:
        aggregates = changed(uow)
        decided.clear()
        decided.update({aggregate.id: aggregate for aggregate in aggregates})
        return aggregates

    with worlds() as world, monkeypatch.context() as patch:
        patch.setattr(UnitOfWork, "changed", capture)
        history = History(world.keyframe, chance)
        history.live(60, after=lambda *_: _replayed(world, decided))
        assert history.done


def _replayed(world: World, decided: dict[Any, Aggregate]) -> None:
    for id, events in world.log.streams(decided).items():
        live, again = decided[id], replay(iter(events))
        assert _state(live) == _state(again)


def _state(aggregate: Aggregate) -> dict[str, Any]:
    """The attributes, except those that the log sets at the append."""
    return {name: _timeless(value) for name, value in vars(aggregate).items() if name not in _TIMES}


_TIMES = ("_pending", "created_at", "changed_at", "ended_at", "dropped_at", "closed_at")


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


@laws
@given(chance=chances)
def test_a_repeated_command_of_a_random_history_records_nothing(worlds: Worlds, chance: Random) -> None:
    with worlds() as world:

        def ask_again(command: Any, outcome: Any) -> None:
            if verb(type(command)) in REPEATABLE:
                again = world.keyframe.execute(command, AUTHOR)
                assert again.first is None, command
                assert again.head == outcome.head

        History(world.keyframe, chance).live(80, after=ask_again)


@laws
@given(chance=chances)
def test_positions_are_gapless_times_increase_and_hashes_match(worlds: Worlds, chance: Random) -> None:
    with worlds() as world:
        History(world.keyframe, chance).live(60)
        rows = world.log.rows(0, 100_000)
        assert [row.position for row in rows] == list(range(1, len(rows) + 1))
        times = [row.recorded_at for row in rows]
        assert all(one < another for one, another in pairwise(times))
        assert all(row.effective_at <= row.recorded_at for row in rows)
        assert all(row.leaf_hash == leaf_hash(row) for row in rows)


@laws
@given(chance=chances)
def test_structural_events_are_not_effective_before_their_parent_or_predecessor(worlds: Worlds, chance: Random) -> None:
    with worlds() as world:
        History(world.keyframe, chance).live(60)
        began: dict[Any, Any] = {}
        last: dict[Any, Any] = {}
        for entry in world.log.entries(0, 100_000):
            event = entry.event
            if event.KIND in (Kind.CHECK_IN, Kind.READING):
                continue
            assert entry.effective_at >= last.get(event.originator_id, entry.effective_at)
            assert entry.effective_at >= began.get(event.belongs_to, entry.effective_at)
            began.setdefault(event.originator_id, entry.effective_at)
            last[event.originator_id] = entry.effective_at
