"""Every event is a change; queries of changes match a reference implementation over the log."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from random import Random
from typing import Any, NamedTuple
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.model.event import Recorded
from domain.primitives.values import Basis, Kind, Ref
from projections.history import goalposts
from projections.history.goalposts import Goals
from projections.store import basis as bases
from projections.store.versioned_tables import Cursor, Window, fetch
from projections.tables import changes, cycle, people
from projections.tables.changes import ChangeFilter
from tests.projections.history.examples import few
from tests.projections.tables.change_log import Log
from tests.properties.histories import History, moments
from tests.world import World, Worlds

laws = few(4)
ALL = Window(10_000)
KINDS = [kind for kind in Kind if kind not in (Kind.POLICY, Kind.COMMENT, Kind.REFLECTION)]


def _history(world: World, chance: Random, steps: int) -> Log:
    History(world.keyframe, chance).live(steps)
    world.catch_up()
    return Log(world.log.entries(0, 100_000))


@pytest.mark.no_cover
@pytest.mark.long
@laws
@given(seed=st.integers(0, 2**32))
def test_every_event_is_a_change_with_its_subject_and_parents(worlds: Worlds, seed: int) -> None:
    with worlds() as world:
        log = _history(world, Random(seed), 200)
        rows = changes.page(world.conn, world.now, ChangeFilter(), ALL)
        assert [row.position for row in rows] == [entry.position for entry in log.log]
        for row, entry in zip(rows, log.log, strict=True):
            assert (row.recorded_at, row.effective_at) == (entry.recorded_at, entry.effective_at)
            assert (row.topic, row.actor, row.source) == (entry.event.TOPIC, entry.by.actor, entry.by.source)
            assert row.claimed_at == getattr(entry.event, "claimed_at", None)
            assert row.delay == log.delay(entry)
            assert (row.subject_kind, row.subject_id) == log.subject(entry.event)
            place = {name: getattr(row, name) for name in ("objective", "key_result", "kpi", "cycle")}
            assert {name: id for name, id in place.items() if id is not None} == log.place(entry.event, entry.position)
            assert row.late == log.is_late(entry), entry


@pytest.mark.no_cover
@pytest.mark.long
@laws
@given(seed=st.integers(0, 2**32))
def test_changes_of_a_node_match_the_log(worlds: Worlds, seed: int) -> None:
    chance = Random(seed)
    with worlds() as world:
        log = _history(world, chance, 200)
        for basis in _bases(world, log, chance):
            known = [entry for entry in log.log if entry.position <= basis.position and entry.effective_at <= basis.at]
            assert _positions(changes.page(world.conn, basis, ChangeFilter(), ALL)) == [one.position for one in known]
            for kind in KINDS:
                ids = [id for id, first in log.first.items() if first.KIND is kind][:25]
                found = changes.pages(world.conn, basis, ids, ALL, kind, ChangeFilter())
                counts = changes.page_counts(world.conn, basis, ids, kind, ChangeFilter())
                for id in ids:
                    teams = _inside(world, basis, id) if kind is Kind.TEAM else ()
                    expected = [entry.position for entry in known if log.belongs(entry, kind, id, teams)]
                    assert _positions(found[id]) == expected, (kind, id)
                    assert counts[id] == len(expected)


def _inside(world: World, basis: Basis, team: UUID) -> list[UUID]:
    rows = people.TEAM.by_id(world.conn, basis, [one.originator_id for one in _teams(world)])
    found = [team]
    for above in found:
        found += [row.id for row in rows.values() if row.parent == above]
    return found


def _teams(world: World) -> list[Any]:
    return [one.event for one in world.log.entries(0, 100_000) if one.event.TOPIC == "team-formed"]


@pytest.mark.no_cover
@pytest.mark.long
@laws
@given(seed=st.integers(0, 2**32))
def test_filters_match_the_log_and_pages_are_complete(worlds: Worlds, seed: int) -> None:
    chance = Random(seed)
    with worlds() as world:
        log = _history(world, chance, 150)
        basis = world.now
        judged = _judged(world, basis)
        for _ in range(25):
            filter, passes = _filter(log, chance, world, basis, judged)
            expected = [entry.position for entry in log.log if passes(entry)]
            assert _positions(changes.page(world.conn, basis, filter, ALL)) == expected, filter
            assert changes.count(world.conn, basis, filter) == len(expected)
            assert _paged(world, basis, filter, chance.randint(1, 7), backwards=False) == expected
            assert _paged(world, basis, filter, chance.randint(1, 7), backwards=True) == expected


class Judged(NamedTuple):
    """What the present says about changes: the positions of the backdated ones and of those that move a goalpost, and
    the remaining days of their cycles by position."""

    backdated: frozenset[int]
    goalposts: frozenset[int]
    days: Mapping[int, int]


def _judged(world: World, basis: Basis) -> Judged:
    rows = changes.page(world.conn, basis, ChangeFilter(), ALL)
    calendar = cycle.settings(world.conn, basis).calendar
    cycles = cycle.cycles(world.conn, basis, list({row.cycle for row in rows if row.cycle is not None}))
    days = {
        row.position: (cycles[row.cycle].ends_on - calendar.day_of(row.effective_at)).days + 1
        for row in rows
        if row.cycle is not None
    }
    moved = (position for one in cycles.values() for position in _moved(world, basis, one))
    return Judged(changes.backdated(world.conn, rows, calendar), frozenset(moved), days)


def _moved(world: World, basis: Basis, of: cycle.CycleRow) -> list[int]:
    """The positions of the goalposts that the retrospective of a cycle shows."""
    if of.plan is None:
        return []
    ids = [id for (id,) in fetch(world.conn, "select distinct id from key_result where cycle = %(c)s", {"c": of.id})]
    linked = "select distinct kpi from key_result where cycle = %(c)s and kpi is not null"
    kpis = [kpi for (kpi,) in fetch(world.conn, linked, {"c": of.id})]
    goals = Goals(of.id, ids, kpis, of.plan, of.ends_on)
    return _positions(goalposts.page(world.conn, of.outcome or basis, goals, ALL))


def _filter(
    log: Log, chance: Random, world: World, basis: Basis, judged: Judged
) -> tuple[ChangeFilter, Callable[[Recorded], bool]]:
    """A random filter, and the equivalent predicate."""
    recorded, effective = [one.recorded_at for one in log.log], [one.effective_at for one in log.log]
    parts: dict[str, tuple[Any, Callable[[Recorded], bool]]] = {}
    for name, kind in (("subject", chance.choice(KINDS)), ("cycle", Kind.CYCLE), ("team", Kind.TEAM)):
        there = [id for id, first in log.first.items() if first.KIND is kind]
        if there:
            one = chance.choice(there)
            teams = _inside(world, basis, one) if kind is Kind.TEAM else ()
            value = Ref(kind, one) if name == "subject" else one
            parts[name] = (value, partial(log.belongs, kind=kind, id=one, teams=teams))
    topics = tuple({chance.choice(log.log).event.TOPIC for _ in range(4)})
    parts["topics"] = (topics, lambda entry: entry.event.TOPIC in topics)
    parts["actors"] = (("machine:history", "machine:nobody"), lambda entry: entry.by.actor == "machine:history")
    late = chance.random() < 0.5
    parts["late"] = (late, lambda entry: log.is_late(entry) == late)
    bound = chance.choice([log.delay(chance.choice(log.log)), timedelta(days=chance.randint(0, 600))])
    parts["delayed_by"] = (bound, lambda entry: log.delay(entry) > bound)
    is_backdated, is_goalpost = chance.random() < 0.7, chance.random() < 0.7
    parts["backdated"] = (is_backdated, lambda entry: (entry.position in judged.backdated) == is_backdated)
    parts["goalposts"] = (is_goalpost, lambda entry: (entry.position in judged.goalposts) == is_goalpost)
    lowest, highest = (chance.choice([None, chance.randint(-10, 100)]) for _ in range(2))
    parts["days_before_close"] = (
        (lowest, highest),
        lambda entry: (
            entry.position in judged.days
            and (-1e9 if lowest is None else lowest)
            <= judged.days[entry.position]
            <= (1e9 if highest is None else highest)
        ),
    )
    (first,), (last,) = moments(recorded, chance, 1), moments(recorded, chance, 1)
    parts["recorded_from"] = (first, lambda entry: entry.recorded_at >= first)
    parts["recorded_to"] = (last, lambda entry: entry.recorded_at < last)
    (since,), (until,) = moments(effective, chance, 1), moments(effective, chance, 1)
    parts["effective_from"] = (since, lambda entry: entry.effective_at >= since)
    parts["effective_to"] = (until, lambda entry: entry.effective_at < until)
    asked = chance.sample(sorted(parts), chance.randint(1, 3))
    holds = [parts[name][1] for name in asked]
    return ChangeFilter(**{name: parts[name][0] for name in asked}), lambda entry: all(hold(entry) for hold in holds)


def _paged(world: World, basis: Basis, filter: ChangeFilter, size: int, *, backwards: bool) -> list[int]:
    """All positions, read page by page."""
    found: list[int] = []
    bound: Cursor | None = None
    while True:
        window = Window(size, before=bound, backwards=True) if backwards else Window(size, after=bound)
        rows = changes.page(world.conn, basis, filter, window)
        if not rows:
            return found
        found = [*_positions(rows), *found] if backwards else [*found, *_positions(rows)]
        bound = changes.cursor(rows[0 if backwards else -1])


def _bases(world: World, log: Log, chance: Random) -> list[Basis]:
    effective = [entry.effective_at for entry in log.log]
    recorded = [entry.recorded_at for entry in log.log]
    at, then = moments(effective, chance, 2)
    (known,) = moments(recorded, chance, 1)
    place = bases.at_position(world.conn, chance.choice(log.log).position)
    assert place is not None
    return [bases.now(world.conn), place, bases.at_time(world.conn, at), bases.at_time(world.conn, then, known)]


def _positions(rows: list[Any]) -> list[int]:
    return [row.position for row in rows]
