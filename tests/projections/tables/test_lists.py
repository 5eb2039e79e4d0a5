"""Lists with every filter and order, read page by page at several bases."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from random import Random
from typing import Any

import pytest

from domain.commands.command import CycleBy
from domain.commands.cycle_commands import OpenCycle
from domain.commands.kpi_commands import DefineKpi
from domain.commands.objective_commands import DraftObjective
from domain.commands.people_commands import FormTeam, RenameTeam
from domain.primitives.values import Basis, Cadence, CycleState, KeyResultState, Kind, ObjectiveKind, ObjectiveState
from projections.store import basis as bases
from projections.store.keyset import List
from projections.store.versioned_tables import Cursor, Order, Window
from projections.tables import cycle as cycle_table
from projections.tables import key_result as proofs
from projections.tables import kpi, people
from projections.tables import objective as objective_table
from projections.tables.cycle import CycleFilter, CycleOrder
from projections.tables.objective import ObjectiveFilter, ObjectiveOrder
from tests.projections import folded_rows
from tests.projections.goal_builders import after
from tests.properties.histories import History
from tests.world import World, Worlds

Page = Callable[..., list[Any]]

LISTS: dict[str, tuple[List[Any, Any, Any], Any, Any, Kind]] = {
    "cycles": (cycle_table.CYCLES, CycleOrder, CycleFilter(), Kind.CYCLE),
    "objectives": (objective_table.OBJECTIVES, ObjectiveOrder, ObjectiveFilter(), Kind.OBJECTIVE),
    "key results": (proofs.KEY_RESULTS, proofs.KeyResultOrder, proofs.KeyResultFilter(), Kind.KEY_RESULT),
    "kpis": (kpi.KPIS, kpi.KpiOrder, kpi.KpiFilter(), Kind.KPI),
    "people": (people.PEOPLE, people.PersonOrder, people.PersonFilter(), Kind.PERSON),
    "teams": (people.TEAMS, people.TeamOrder, people.TeamFilter(), Kind.TEAM),
}


@pytest.fixture(scope="module")
def filled(worlds: Worlds) -> Iterator[World]:
    with worlds() as world:
        History(world.keyframe, Random(5)).live(600)
        world.catch_up()
        yield world


@pytest.fixture(scope="module")
def searched(worlds: Worlds) -> Iterator[World]:
    """KPIs whose names and descriptions have words with accents."""
    named = (("Caf\u00e9", "Sales of the month"), ("Cafe\u0301", None), ("Orders in Schönstraße", None))
    with worlds() as world:
        for number, (name, description) in enumerate(named):
            world.record(DefineKpi(key=f"k{number}", name=name, description=description, cadence=Cadence.WEEKLY))
        yield world


def places(world: World) -> list[Basis]:
    now = bases.now(world.conn)
    autumn = bases.at_time(world.conn, datetime(2025, 9, 1, tzinfo=UTC))
    return [now, autumn, after(world, now.position // 2), after(world, 0)]


@pytest.mark.parametrize("name", LISTS)
def test_pages_add_up_to_the_whole_list_in_every_order(filled: World, name: str) -> None:
    rows, orders, every, kind = LISTS[name]
    page, count, cursor = rows.page, rows.count, rows.cursor
    for basis in places(filled):
        ids = set(folded_rows.State(filled.log.entries(0, 10_000), basis).of(kind))
        assert count(filled.conn, basis, every) == len(ids)
        for field in orders:
            for descending in (False, True):
                order = Order(field, descending)
                whole = page(filled.conn, basis, every, order, Window(1_000))
                assert {row.id for row in whole} == ids
                assert len(whole) == len(ids)
                assert _paged(filled, page, basis, every, order, cursor, backwards=False) == whole
                assert _paged(filled, page, basis, every, order, cursor, backwards=True) == whole
                _sorted(whole, cursor, order)


def _paged(
    world: World, page: Page, basis: Basis, every: Any, order: Any, cursor: Callable[..., Cursor], *, backwards: bool
) -> list[Any]:
    found: list[Any] = []
    while True:
        edge = cursor(found[0 if backwards else -1], order.field) if found else None
        window = Window(3, before=edge, backwards=True) if backwards else Window(3, after=edge)
        rows = page(world.conn, basis, every, order, window)
        if not rows:
            return found
        found = rows + found if backwards else found + rows


def _sorted(rows: list[Any], cursor: Callable[..., Cursor], order: Any) -> None:
    """Assert the order of the cursors; the database compares texts, which is not checked here."""
    places = [cursor(row, order.field) for row in rows]
    if not any(isinstance(place.value, str) for place in places):
        assert places == sorted(places, key=lambda place: (place.value, place.tie), reverse=order.descending)


def test_a_page_lies_between_two_cursors(filled: World) -> None:
    order = Order(proofs.KeyResultOrder.TITLE)
    now = filled.now
    whole = proofs.KEY_RESULTS.page(filled.conn, now, proofs.KeyResultFilter(), order, Window(100))
    after, before = (proofs.KEY_RESULTS.cursor(whole[place], order.field) for place in (1, 6))
    window = Window(100, after=after, before=before)
    assert proofs.KEY_RESULTS.page(filled.conn, now, proofs.KeyResultFilter(), order, window) == whole[2:6]
    last = Window(2, after=after, before=before, backwards=True)
    assert proofs.KEY_RESULTS.page(filled.conn, now, proofs.KeyResultFilter(), order, last) == whole[4:6]


def objective_filters(truth: folded_rows.State, some: Any) -> list[tuple[ObjectiveFilter, Callable[[Any], bool]]]:
    """Filters that match a given objective, and the equivalent predicates."""
    states = (ObjectiveState.DRAFT, some.state)
    return [
        (ObjectiveFilter(cycle=some.cycle), lambda o: o.cycle == some.cycle),
        (ObjectiveFilter(owner=some.owner), lambda o: some.owner in (None, o.owner)),
        (ObjectiveFilter(teams=some.team and (some.team,)), lambda o: some.team in (None, o.team)),
        (ObjectiveFilter(states=(some.state,)), lambda o: o.state is some.state),
        (ObjectiveFilter(kind=some.kind), lambda o: o.kind is some.kind),
        (ObjectiveFilter(aligned=True), lambda o: bool(truth.supports(o.id))),
        (ObjectiveFilter(aligned=False), lambda o: not truth.supports(o.id)),
        (
            ObjectiveFilter(supports=some.id),
            lambda o: some.id in [ref.id for ref in truth.supports(o.id)],
        ),
        (ObjectiveFilter(search="TRUST"), lambda o: "trust" in f"{o.title} {o.description}".lower()),
        (
            ObjectiveFilter(states=states, cycle=some.cycle),
            lambda o: o.cycle == some.cycle and o.state in states,
        ),
    ]


def test_objective_filters_apply_at_the_basis(filled: World) -> None:
    order = Order(ObjectiveOrder.RECORDED)
    for basis in places(filled):
        truth = folded_rows.State(filled.log.entries(0, 10_000), basis)
        aggregates = truth.of(Kind.OBJECTIVE)
        for some in list(aggregates.values())[:8]:
            for filter, holds in objective_filters(truth, some):
                expected = {id for id, aggregate in aggregates.items() if holds(aggregate)}
                rows = objective_table.OBJECTIVES.page(filled.conn, basis, filter, order, Window(1_000))
                assert {row.id for row in rows} == expected
                assert objective_table.OBJECTIVES.count(filled.conn, basis, filter) == len(expected)
                of_cycle = objective_table.objectives_of_cycles(filled.conn, basis, [some.cycle], filter)[some.cycle]
                assert {row.id for row in of_cycle} == {id for id in expected if aggregates[id].cycle == some.cycle}


def key_result_filters(
    truth: folded_rows.State, some: Any
) -> list[tuple[proofs.KeyResultFilter, Callable[[Any], bool]]]:
    """Filters that match a given key result, and the equivalent predicates."""
    above, ended = truth.aggregates[some.objective], (KeyResultState.SCORED, KeyResultState.DROPPED)

    def objective(key_result: Any) -> Any:
        return truth.aggregates[key_result.objective]

    return [
        (proofs.KeyResultFilter(objective=some.objective), lambda k: k.objective == some.objective),
        (proofs.KeyResultFilter(owner=some.owner), lambda k: some.owner in (None, k.owner)),
        (proofs.KeyResultFilter(kpi=some.kpi), lambda k: some.kpi in (None, k.kpi)),
        (proofs.KeyResultFilter(states=ended), lambda k: k.state in ended),
        (proofs.KeyResultFilter(cycle=above.cycle), lambda k: objective(k).cycle == above.cycle),
        (proofs.KeyResultFilter(teams=above.team and (above.team,)), lambda k: above.team in (None, objective(k).team)),
        (proofs.KeyResultFilter(search="100 %"), lambda k: "100 %" in f"{k.title} {k.description}"),
    ]


def test_key_result_filters_apply_at_the_basis(filled: World) -> None:
    order = Order(proofs.KeyResultOrder.DUE)
    for basis in places(filled):
        truth = folded_rows.State(filled.log.entries(0, 10_000), basis)
        aggregates = truth.of(Kind.KEY_RESULT)
        for some in list(aggregates.values())[:8]:
            for filter, holds in key_result_filters(truth, some):
                rows = proofs.KEY_RESULTS.page(filled.conn, basis, filter, order, Window(1_000))
                assert {row.id for row in rows} == {id for id, aggregate in aggregates.items() if holds(aggregate)}


def test_cycles_kpis_people_and_teams_have_filters(filled: World) -> None:
    now = filled.now
    truth = folded_rows.State(filled.log.entries(0, 10_000), now)
    day = date(2025, 4, 15)

    def ids(page: Page, filter: Any, order: Any) -> set[Any]:
        return {row.id for row in page(filled.conn, now, filter, Order(order.RECORDED), Window(1_000))}

    def where(kind: Kind, holds: Callable[[Any], bool]) -> set[Any]:
        return {id for id, aggregate in truth.of(kind).items() if holds(aggregate)}

    cycles = cycle_table.CYCLES.page, CycleFilter, CycleOrder
    active = where(Kind.CYCLE, lambda c: c.state is CycleState.ACTIVE)
    assert ids(cycles[0], cycles[1](state=CycleState.ACTIVE), cycles[2]) == active
    overlapping = where(Kind.CYCLE, lambda c: c.starts_on <= day <= c.ends_on)
    assert ids(cycles[0], cycles[1](overlaps=day), cycles[2]) == overlapping
    retired = where(Kind.KPI, lambda kpi: kpi.retired)
    assert ids(kpi.KPIS.page, kpi.KpiFilter(retired=True), kpi.KpiOrder) == retired
    left = where(Kind.PERSON, lambda person: not person.active)
    assert ids(people.PEOPLE.page, people.PersonFilter(active=False), people.PersonOrder) == left
    not_disbanded = where(Kind.TEAM, lambda team: not team.disbanded)
    assert ids(people.TEAMS.page, people.TeamFilter(disbanded=False), people.TeamOrder) == not_disbanded


@pytest.mark.parametrize("pattern", ["%", "_", "\\", "100%", "a_b", "%%", "'; drop table kpi; --"])
def test_search_patterns_are_literal(world: World, pattern: str) -> None:
    for number, name in enumerate((f"with {pattern} in it", "a plain one")):
        world.record(DefineKpi(key=f"k{number}", name=name, cadence=Cadence.WEEKLY))
    found = kpi.KPIS.page(world.conn, world.now, kpi.KpiFilter(search=pattern), Order(kpi.KpiOrder.KEY), Window(9))
    assert [row.key for row in found] == ["k0"]


@pytest.mark.parametrize(
    ("query", "keys"),
    [
        ("cafe", ["k0", "k1"]),
        ("CAFÉ sales", ["k0"]),
        ("sales cafe", ["k0"]),
        ("ale af", ["k0"]),
        ("strasse", ["k2"]),
        ("k1 cafe", ["k1"]),
        ("sales strasse", []),
        ("ca le", ["k0"]),
        ("  ", ["k0", "k1", "k2"]),
        ("", ["k0", "k1", "k2"]),
    ],
)
def test_every_word_of_a_search_occurs_in_any_order(searched: World, query: str, keys: list[str]) -> None:
    now, filter = searched.now, kpi.KpiFilter(search=query)
    found = kpi.KPIS.page(searched.conn, now, filter, Order(kpi.KpiOrder.KEY), Window(9))
    assert [row.key for row in found] == keys
    assert kpi.KPIS.count(searched.conn, now, filter) == len(keys)


def test_a_search_finds_what_a_row_contains_at_the_basis(world: World) -> None:
    team = world.record(FormTeam(key="core", name="Würzburg"))
    before = world.now
    world.record(RenameTeam(team=team, name="Bamberg"))

    def found(basis: Basis, query: str) -> int:
        return people.TEAMS.count(world.conn, basis, people.TeamFilter(search=query))

    assert (found(before, "wurzburg"), found(before, "bamberg")) == (1, 0)
    assert (found(world.now, "wurzburg"), found(world.now, "bamberg core")) == (0, 1)


def test_order_and_search_ignore_case(world: World) -> None:
    cycle = world.record(
        OpenCycle(
            key="q", name="Q", starts_on=date(2026, 1, 1), ends_on=date(2026, 3, 31), check_in_cadence=Cadence.WEEKLY
        )
    )
    for title in ("beta of all", "Alpha of all", "alpha of some", "Beta of none"):
        world.record(DraftObjective(cycle=CycleBy(id=cycle), title=title, kind=ObjectiveKind.COMMITTED))
    order = Order(ObjectiveOrder.TITLE)
    rows = objective_table.OBJECTIVES.page(world.conn, world.now, ObjectiveFilter(), order, Window(9))
    assert [row.title for row in rows] == ["Alpha of all", "alpha of some", "beta of all", "Beta of none"]
    found = objective_table.OBJECTIVES.page(world.conn, world.now, ObjectiveFilter(search="ALPHA"), order, Window(9))
    assert found == rows[:2]
