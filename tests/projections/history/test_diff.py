"""A diff between two bases, applied to the state at the one, gives the state at the other."""

from collections.abc import Collection, Iterable, Sequence
from itertools import permutations
from random import Random
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.model.event import Recorded, replay
from domain.model.measurements.reading import ReadingRetracted
from domain.primitives.values import Basis, Kind, Ref
from projections.figures.kpis import kpi_standing
from projections.figures.standing import Standing
from projections.history import diff, diff_candidates, field_changes
from projections.history.diff import Difference, DiffKind
from projections.history.diff_candidates import Scope
from projections.history.field_changes import Field
from projections.store import basis as bases
from projections.tables.cycle import settings
from projections.tables.kpi import KpiRow, kpis_with_formula
from tests.projections import folded_rows
from tests.projections.figures import from_histories
from tests.projections.history.examples import few
from tests.properties.histories import History, moments
from tests.world import World, Worlds

pytestmark = [pytest.mark.long, pytest.mark.no_cover]

ENTITIES = (
    Kind.CYCLE, Kind.TEAM, Kind.PERSON, Kind.KPI, Kind.OBJECTIVE, Kind.KEY_RESULT, Kind.INITIATIVE, Kind.TEMPLATE,
)  # fmt: skip
LISTS = ("contributors", "labels", "supports", "members", "reached", "formula.average.of")


def compared(world: World, start: Basis, end: Basis) -> list[Difference]:
    return diff.compared(world.conn, start, end, diff_candidates.candidates(world.conn, start, end, Scope()))


@few(4)
@given(seed=st.integers(0, 2**32))
def test_a_diff_applied_to_the_start_state_gives_the_end_state(worlds: Worlds, seed: int) -> None:
    chance = Random(seed)
    with worlds() as world:
        History(world.keyframe, chance).live(200)
        log = world.log.entries(0, world.catch_up())
        states = [(basis, _state(world, log, basis)) for basis in _bases(world, log, chance)]
        for (start, before), (end, after) in permutations(states, 2):
            state = dict(before)
            for one in compared(world, start, end):
                was = state.pop(one.ref, None)
                assert (was is None) == (one.kind is DiffKind.ADDED)
                values = _applied(was or {}, one.fields)
                if one.kind is DiffKind.REMOVED:
                    assert values == {}
                else:
                    state[one.ref] = values
            assert state == after


@few(3)
@given(seed=st.integers(0, 2**32))
def test_the_changes_of_a_diff_folded_over_the_start_give_the_end(worlds: Worlds, seed: int) -> None:
    chance = Random(seed)
    with worlds() as world:
        History(world.keyframe, chance).live(200)
        log = world.log.entries(0, world.catch_up())
        entries = {one.position: one for one in log}
        for start, end in permutations(_bases(world, log, chance), 2):
            found = [one for one in compared(world, start, end) if one.fields]
            did = diff.changes(world.conn, start, end, found)
            then, now = folded_rows.State(log, start), folded_rows.State(log, end)
            formulas = kpis_with_formula(world.conn)
            moved = _moved(world, then, now)
            for one in found:
                changes = [entries[row.position] for row in did[one.ref]]
                assert changes or _may_complete(one, formulas), one
                assert {entry.position for entry in changes} >= moved.get(one.ref.id, set())
                _folds(one, changes, then, now)


def _may_complete(one: Difference, formulas: Collection[UUID]) -> bool:
    """Whether a formula gives the value, whose periods complete without any event."""
    return any(
        row is not None and (row.id in formulas or getattr(row, "kpi", None) in formulas) for row in (one.then, one.now)
    )


def _folds(one: Difference, changes: Sequence[Recorded], then: folded_rows.State, now: folded_rows.State) -> None:
    """The events of an aggregate at the one basis and the changes between the two give its events at the other."""
    id = one.ref.id
    before, after = then.events.get(id, []), now.events.get(id, [])
    longer, shorter = (after, before) if len(after) >= len(before) else (before, after)
    own = [entry for entry in changes if entry.event.originator_id == id]
    assert [*shorter, *own] == longer
    assert _replayed([*shorter, *own]) == _replayed(longer)


def _moved(world: World, then: folded_rows.State, now: folded_rows.State) -> dict[UUID, set[int]]:
    """By key result: the positions of its latest measurement at each basis, as far as only one of the bases knows
    it."""
    found: dict[UUID, set[int]] = {}
    known = [{entry.position for entry in state.known if entry.effective_at <= state.basis.at} for state in (then, now)]
    for state in (then, now):
        standings = from_histories.standings(world.conn, state.basis, state.of(Kind.KEY_RESULT))
        for id, one in standings.items():
            if one.latest is not None:
                found.setdefault(id, set()).update({one.latest.position} & (known[0] ^ known[1]))
    return found


def _replayed(entries: Sequence[Recorded]) -> Any:
    aggregate = replay(one.event for one in entries)
    return aggregate and {name: value for name, value in vars(aggregate).items() if name != "_pending"}


def _applied(before: field_changes.FieldValues, changed: Sequence[Field]) -> dict[str, Any]:
    state: dict[str, Any] = {
        name: frozenset(value) if isinstance(value, tuple | frozenset) else value for name, value in before.items()
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
    """The field values of every aggregate at a basis."""
    ever = {entry.event.originator_id for entry in log}
    rows: dict[Ref, Any] = {}
    for kind in ENTITIES:
        chain: Any = field_changes.TABLES_OF[kind]
        rows |= {Ref(kind, id): row for id, row in chain.by_id(world.conn, basis, ever).items()}
    truth = folded_rows.State(log, basis)
    assert {ref.id for ref in rows} == {id for id, aggregate in truth.aggregates.items() if aggregate.KIND in ENTITIES}
    measured = from_histories.standings(world.conn, basis, truth.of(Kind.KEY_RESULT))
    related = {ref: _standing(measured[ref.id]) if ref.id in measured else _related(truth, ref) for ref in rows}
    calendar = settings(world.conn, basis).calendar
    for id, kpi in truth.of(Kind.KPI).items():
        related[Ref(Kind.KPI, id)] |= field_changes.target_fields(kpi.schedule(calendar))
    for one in truth.of(Kind.EXTERNAL_REFERENCE).values():
        place = f"externalReferences.{one.system}"
        related[one.subject] |= {f"{place}.id": one.external_id, f"{place}.url": one.url}
    for id, value in _worked(world, basis, rows.values()).items():
        related[Ref(Kind.KPI, id)] |= {"latest": value}
    return {ref: _applied({**field_changes.field_values(row), **related[ref]}, ()) for ref, row in rows.items()}


def _worked(world: World, basis: Basis, rows: Iterable[Any]) -> dict[UUID, float]:
    """The value of each KPI with a formula that has one."""
    formulas = [row for row in rows if isinstance(row, KpiRow) and row.formula is not None]
    standings = kpi_standing.standings(world.conn, basis, formulas, settings(world.conn, basis).calendar)
    return {id: one.value for id, one in standings.items() if one.value is not None}


def _related(truth: folded_rows.State, ref: Ref) -> dict[str, Any]:
    """Field values that are not part of the aggregate's versions, from the log."""
    aggregate = truth.aggregates[ref.id]
    if ref.kind is Kind.OBJECTIVE:
        return {"supports": aggregate.supports}
    if ref.kind is Kind.TEAM:
        return {"members": tuple(Ref(Kind.PERSON, id) for id in aggregate.members)}
    if ref.kind is Kind.KPI:
        latest = [entry for entry in truth.measured(ref.id) if not isinstance(entry.event, ReadingRetracted)][-1:]
        return {"latest": latest[0].event.value, "measuredAt": latest[0].effective_at} if latest else {}
    return {}


def _standing(standing: Standing) -> dict[str, Any]:
    values = {"current": standing.value, "reached": standing.reached, "confidence": standing.confidence}
    return values | {"measuredAt": standing.measured_at}


def _bases(world: World, log: Sequence[Recorded], chance: Random) -> list[Basis]:
    effective, recorded = [entry.effective_at for entry in log], [entry.recorded_at for entry in log]
    at, then = moments(effective, chance, 2)
    (known,) = moments(recorded, chance, 1)
    places = [bases.at_position(world.conn, chance.choice(log).position) for _ in range(2)]
    found = [*places, bases.now(world.conn), bases.at_time(world.conn, at), bases.at_time(world.conn, then, known)]
    return [basis for basis in found if basis is not None]
