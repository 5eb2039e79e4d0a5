"""What differs between two bases is what has to be done to the one to have the other."""

from collections.abc import Sequence
from itertools import permutations
from random import Random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from domain.model.event import Recorded, replay
from domain.model.kpi import ReadingRetracted
from domain.primitives.values import Basis, Kind, Ref
from projections.history import diff, field_changes
from projections.history.diff import Difference, DiffKind, Scope
from projections.history.field_changes import Field
from projections.store import basis as bases
from tests.projections import fold
from tests.projections.history.examples import few
from tests.properties.histories import History, moments
from tests.world import World, Worlds

ENTITIES = (Kind.CYCLE, Kind.TEAM, Kind.PERSON, Kind.KPI, Kind.OBJECTIVE, Kind.KEY_RESULT, Kind.INITIATIVE)
LISTS = ("contributors", "supports", "members", "reached")


@few(4)
@given(seed=st.integers(0, 2**32))
def test_a_diff_applied_to_the_one_basis_gives_the_other(worlds: Worlds, seed: int) -> None:
    chance = Random(seed)
    with worlds() as world:
        History(world.keyframe, chance).live(200)
        log = world.log.entries(0, world.catch_up())
        states = [(basis, _state(world, log, basis)) for basis in _bases(world, log, chance)]
        for (start, before), (end, after) in permutations(states, 2):
            state = dict(before)
            for one in diff.diff(world.conn, start, end, Scope()):
                was = state.pop(one.ref, None)
                assert (was is None) == (one.kind is DiffKind.ADDED)
                told = _applied(was or {}, one.fields)
                if one.kind is DiffKind.REMOVED:
                    assert told == {}
                else:
                    state[one.ref] = told
            assert state == after


@few(3)
@given(seed=st.integers(0, 2**32))
def test_the_changes_of_a_diff_folded_over_the_one_basis_give_the_other(worlds: Worlds, seed: int) -> None:
    chance = Random(seed)
    with worlds() as world:
        History(world.keyframe, chance).live(200)
        log = world.log.entries(0, world.catch_up())
        said = {one.position: one for one in log}
        for start, end in permutations(_bases(world, log, chance), 2):
            found = diff.diff(world.conn, start, end, Scope())
            did = diff.changes(world.conn, start, end, found)
            then, now = fold.World(log, start), fold.World(log, end)
            for one in found:
                changes = [said[row.position] for row in did[one.ref]]
                assert changes, one
                _folds(one, changes, then, now)


def _folds(one: Difference, changes: Sequence[Recorded], then: fold.World, now: fold.World) -> None:
    """What was known of a thing at the one basis, and what is between the two, make what is known at the other."""
    id = one.ref.id
    before, after = then.said.get(id, []), now.said.get(id, [])
    longer, shorter = (after, before) if len(after) >= len(before) else (before, after)
    own = [said for said in changes if said.event.originator_id == id]
    assert [*shorter, *own] == longer
    assert _made([*shorter, *own]) == _made(longer)
    if one.ref.kind is Kind.KEY_RESULT and len(before) == len(after):
        assert {said.position for said in changes} >= _moved(then, now, one)


def _moved(then: fold.World, now: fold.World, one: Difference) -> set[int]:
    """The latest measurement of a key result, where it is another one than before and was not taken back."""
    latest = [world.standing(world.things[one.ref.id]).position for world in (then, now)]
    if latest[0] == latest[1]:
        return set()
    known = [{said.position for said in world.known if said.effective_at <= world.basis.at} for world in (then, now)]
    return {at for at in latest if at is not None and not all(at in positions for positions in known)}


def _made(said: Sequence[Recorded]) -> Any:
    thing = replay(one.event for one in said)
    return thing and {name: value for name, value in vars(thing).items() if name != "_pending"}


def _applied(told: field_changes.FieldValues, changed: Sequence[Field]) -> dict[str, Any]:
    state: dict[str, Any] = {
        name: frozenset(value) if isinstance(value, tuple | frozenset) else value for name, value in told.items()
    }
    for one in changed:
        if one.name in LISTS:
            item = one.after if one.before is None else one.before
            assert (one.before is None) == (item not in state.get(one.name, ()))
            state[one.name] = frozenset(state.get(one.name, ())) ^ {item}
        else:
            assert state.get(one.name) == one.before
            state[one.name] = one.after
    return {name: value for name, value in state.items() if value is not None and value != frozenset()}


def _state(world: World, log: Sequence[Recorded], basis: Basis) -> dict[Ref, Any]:
    """What every thing says at a basis."""
    ever = {said.event.originator_id for said in log}
    rows: dict[Ref, Any] = {}
    for kind in ENTITIES:
        chain: Any = field_changes.TABLES_OF[kind]
        rows |= {Ref(kind, id): row for id, row in chain.by_id(world.conn, basis, ever).items()}
    truth = fold.World(log, basis)
    assert {ref.id for ref in rows} == {id for id, thing in truth.things.items() if thing.KIND in ENTITIES}
    return {ref: _applied({**field_changes.field_values(row), **_beside(truth, ref)}, ()) for ref, row in rows.items()}


def _beside(truth: fold.World, ref: Ref) -> dict[str, Any]:
    """What is known of a thing beside its versions, from the log."""
    thing = truth.things[ref.id]
    if ref.kind is Kind.OBJECTIVE:
        return {"supports": thing.supports}
    if ref.kind is Kind.TEAM:
        return {"members": tuple(Ref(Kind.PERSON, id) for id in thing.members)}
    if ref.kind is Kind.KPI:
        latest = [said for said in truth.measured(ref.id) if not isinstance(said.event, ReadingRetracted)][-1:]
        return {"latest": latest[0].event.value, "measuredAt": latest[0].effective_at} if latest else {}
    if ref.kind is Kind.KEY_RESULT:
        stands = truth.standing(thing)
        told = {"current": stands.value, "reached": stands.reached, "confidence": stands.confidence}
        return told | {"measuredAt": stands.measured_at}
    return {}


def _bases(world: World, log: Sequence[Recorded], chance: Random) -> list[Basis]:
    effective, recorded = [said.effective_at for said in log], [said.recorded_at for said in log]
    at, then = moments(effective, chance, 2)
    (known,) = moments(recorded, chance, 1)
    places = [bases.at_position(world.conn, chance.choice(log).position) for _ in range(2)]
    found = [*places, bases.now(world.conn), bases.at_time(world.conn, at), bases.at_time(world.conn, then, known)]
    return [basis for basis in found if basis is not None]
