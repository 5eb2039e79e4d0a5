"""At every basis the views say what a fold of the log says, in each of their questions."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from random import Random
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from msgspec import structs

from domain.model.event import Recorded
from domain.primitives.values import Basis, KeyResultState, Kind, ObjectiveState, Ref
from projections.history import key_result_standing
from projections.store import basis as bases
from projections.store.basis import ResolvedBasis
from projections.tables import alignment, discussion, kpi, measurements, people
from projections.tables import cycle as cycle_table
from projections.tables import key_result as proofs
from projections.tables import objective as objective_table
from projections.tables.objective import ObjectiveFilter
from tests.projections import fold
from tests.properties.histories import History, moments
from tests.world import World, Worlds

laws = settings(
    max_examples=5,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    print_blob=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

BY_ID: dict[Kind, Callable[..., dict[UUID, Any]]] = {
    Kind.CYCLE: cycle_table.cycles,
    Kind.OBJECTIVE: objective_table.objectives,
    Kind.KEY_RESULT: proofs.key_results,
    Kind.KPI: kpi.kpis,
    Kind.PERSON: people.people,
    Kind.TEAM: people.teams,
    Kind.INITIATIVE: discussion.initiatives,
}
ALL = ObjectiveFilter()


@laws
@given(seed=st.integers(0, 2**32))
def test_views_say_what_a_fold_of_the_log_says(worlds: Worlds, seed: int) -> None:
    chance = Random(seed)
    with worlds() as world:
        History(world.keyframe, chance).live(150)
        head = world.catch_up()
        log = world.log.entries(0, head)
        for basis in _bases(world, log, chance):
            truth = fold.World(log, basis)
            for check in (_things, _relations, _edges, _standings, _measurements, _said):
                check(world, basis, truth)


def _bases(world: World, log: Sequence[Recorded], chance: Random) -> list[Basis]:
    """The present, places in the log, pairs of moments; each also as one that does not know its recording."""
    effective, recorded = [said.effective_at for said in log], [said.recorded_at for said in log]
    found: list[ResolvedBasis | None] = [bases.now(world.conn), bases.at_position(world.conn, 0)]
    found += [bases.at_position(world.conn, chance.choice(log).position) for _ in range(4)]
    found += [bases.at_time(world.conn, at) for at in moments(effective, chance, 3)]
    for at, known in zip(moments(effective, chance, 3), moments(recorded, chance, 3), strict=True):
        found.append(bases.at_time(world.conn, at, known))
    told = [basis for basis in found if basis is not None]
    assert len(told) == len(found)
    return [*told, *(Basis(basis.at, basis.position) for basis in told)]


def _things(world: World, basis: Basis, truth: fold.World) -> None:
    ever = [said.event.originator_id for said in world.log.entries(0, 10_000)]
    for kind, query in BY_ID.items():
        things = truth.of(kind)
        rows = query(world.conn, basis, ever)
        assert set(rows) == set(things), kind
        for id, row in rows.items():
            fold.same(row, things[id], truth.said[id])
    for row in kpi.kpis(world.conn, basis, ever).values():
        defined = (row.name, row.description, row.unit, row.goal, row.cadence, row.owner, row.team)
        assert defined == structs.astuple(truth.things[row.id].definition)
    adopted = next(iter(truth.of(Kind.POLICY).values()), None)
    policy = cycle_table.policy(world.conn, basis)
    assert policy.policy == (adopted.policy if adopted else type(policy.policy)())
    versions = proofs.key_result_versions(world.conn, basis, ever)
    for id in truth.of(Kind.KEY_RESULT):
        assert [row.position for row in versions[id]] == [said.position for said in truth.said[id]]


def _relations(world: World, basis: Basis, truth: fold.World) -> None:
    conn = world.conn

    def same(found: dict[UUID, list[Any]], parents: Kind, kind: Kind, holds: Callable[[UUID, Any], bool]) -> None:
        expected = {one: truth.where(kind, partial(holds, one)) for one in truth.of(parents)}
        assert {one: [row.id for row in rows] for one, rows in found.items()} == expected

    def every(kind: Kind) -> list[UUID]:
        return list(truth.of(kind))

    cycles, objectives, owners = every(Kind.CYCLE), every(Kind.OBJECTIVE), every(Kind.PERSON)
    teams, kpis = every(Kind.TEAM), every(Kind.KPI)
    kept = KeyResultState.DROPPED
    same(
        objective_table.objectives_of_cycles(conn, basis, cycles, ALL),
        Kind.CYCLE,
        Kind.OBJECTIVE,
        lambda c, o: o.cycle == c,
    )
    same(
        objective_table.objectives_of_teams(conn, basis, teams, ALL),
        Kind.TEAM,
        Kind.OBJECTIVE,
        lambda t, o: o.team == t,
    )
    same(
        objective_table.objectives_of_owners(conn, basis, owners, ALL),
        Kind.PERSON,
        Kind.OBJECTIVE,
        lambda p, o: o.owner == p,
    )
    same(
        objective_table.objectives_carried_from(conn, basis, objectives),
        Kind.OBJECTIVE, Kind.OBJECTIVE, lambda above, o: o.carried_from == above,
    )  # fmt: skip
    same(
        proofs.key_results_of_objectives(conn, basis, objectives),
        Kind.OBJECTIVE, Kind.KEY_RESULT, lambda o, k: k.objective == o and k.state is not kept,
    )  # fmt: skip
    same(
        proofs.key_results_of_objectives(conn, basis, objectives, include_dropped=True),
        Kind.OBJECTIVE, Kind.KEY_RESULT, lambda o, k: k.objective == o,
    )  # fmt: skip
    same(
        proofs.key_results_of_kpis(conn, basis, kpis),
        Kind.KPI, Kind.KEY_RESULT, lambda kpi, k: k.kpi == kpi and k.state is not kept,
    )  # fmt: skip
    same(people.teams_within(conn, basis, teams), Kind.TEAM, Kind.TEAM, lambda t, o: o.parent == t and not o.disbanded)
    members = people.members_of_teams(conn, basis, teams)
    assert {team: [row.id for row in rows] for team, rows in members.items()} == {
        team: list(truth.things[team].members) for team in teams
    }
    for person, rows in people.teams_of_people(conn, basis, owners).items():
        expected = truth.where(Kind.TEAM, partial(_has_member, person))
        assert sorted(row.id for row in rows) == sorted(expected)
    per_owner = objective_table.objectives_per_owner(conn, basis, cycles)
    live = [o for o in truth.of(Kind.OBJECTIVE).values() if o.state in (ObjectiveState.DRAFT, ObjectiveState.ACTIVE)]
    assert sum(per_owner.values()) == sum(o.owner is not None for o in live)
    assert all(count == sum((o.cycle, o.owner) == pair for o in live) for pair, count in per_owner.items())


def _has_member(person: UUID, team: Any) -> bool:
    return person in team.members and not team.disbanded


def _edges(world: World, basis: Basis, truth: fold.World) -> None:
    objectives = list(truth.of(Kind.OBJECTIVE))
    expected = {id: truth.supports(id) for id in objectives}
    assert alignment.supports_of_objectives(world.conn, basis, objectives) == expected
    targets = [*objectives, *truth.of(Kind.KEY_RESULT)]
    supporters = alignment.supporters_of_targets(world.conn, basis, targets)
    for target, rows in supporters.items():
        above = [id for id, refs in expected.items() if target in [ref.id for ref in refs]]
        assert sorted(row.id for row in rows) == sorted(above)
    ancestors = alignment.ancestors_of_objectives(world.conn, basis, objectives)
    assert {id: set(refs) for id, refs in ancestors.items()} == {id: truth.ancestors(id) for id in objectives}
    assert all(len(refs) == len(set(refs)) for refs in ancestors.values())
    for cycle in truth.of(Kind.CYCLE):
        edges = alignment.edges_of_cycle(world.conn, basis, cycle)
        touching = {(id, ref) for id, refs in expected.items() for ref in refs if cycle in _cycles(truth, id, ref)}
        assert {(edge.objective, edge.target) for edge in edges} == touching
        assert len(edges) == len(touching)


def _cycles(truth: fold.World, objective: UUID, target: Ref) -> set[UUID]:
    above = truth.owner(target) if target.kind is Kind.KEY_RESULT else target
    return {truth.things[objective].cycle, truth.things[above.id].cycle}


def _standings(world: World, basis: Basis, truth: fold.World) -> None:
    rows = proofs.key_results(world.conn, basis, list(truth.of(Kind.KEY_RESULT)))
    found = key_result_standing.standings(world.conn, basis, list(rows.values()))
    assert found == {id: truth.standing(truth.things[id]) for id in rows}


def _measurements(world: World, basis: Basis, truth: fold.World) -> None:
    conn, kpis, key_results = world.conn, list(truth.of(Kind.KPI)), list(truth.of(Kind.KEY_RESULT))
    readings = measurements.READINGS.all(conn, basis, kpis)
    assert all(_places(rows) == _told(truth.measured(id)) for id, rows in readings.items())
    latest = measurements.READINGS.latest(conn, basis, kpis)
    assert latest == {id: rows[-1] for id, rows in readings.items() if rows}
    assert measurements.READINGS.counts(conn, basis, kpis) == {id: len(rows) for id, rows in readings.items()}
    check_ins = measurements.CHECK_INS.all(conn, basis, key_results)
    assert all(_places(rows) == _told(truth.measured(id)) for id, rows in check_ins.items())
    assert measurements.CHECK_INS.counts(conn, basis, key_results) == {id: len(rows) for id, rows in check_ins.items()}
    assert all(row.ended is None for rows in check_ins.values() for row in rows)
    _histories(world, basis, truth)
    rows_of = proofs.key_results(conn, basis, key_results)
    links = [key_result_standing.Link(row.kpi, row.kpi_since) for row in rows_of.values() if row.kpi and row.kpi_since]
    for link, found in zip(links, key_result_standing.readings_since(conn, basis, links), strict=True):
        assert _places(found) == _told([said for said in truth.measured(link.kpi) if said.effective_at >= link.since])
    for id, reached in key_result_standing.milestones_reached(conn, basis, key_results).items():
        said = [(key, one.effective_at) for one in truth.measured(id) for key in one.event.reached or ()]
        assert reached == {key: min(at for name, at in said if name == key) for key, _ in said}


def _histories(world: World, basis: Basis, truth: fold.World) -> None:
    """Every version of a measurement, and how it ended as far as the basis knows."""
    streams = {id: said for id, said in truth.said.items() if fold._is_measured(said[0])}
    known = measurements.CHECK_INS.versions(world.conn, basis, list(streams)) | {
        id: rows for id, rows in measurements.READINGS.versions(world.conn, basis, list(streams)).items() if rows
    }
    for id, said in streams.items():
        rows = known[id]
        told = [one for one in said if type(one.event).__name__ != "ReadingRetracted"]
        assert _places(rows) == _told(told)
        ends = [one.position for one in said if one.position > said[0].position]
        for row in rows:
            assert row.until_position == next((end for end in ends if end > row.position), None)


def _said(world: World, basis: Basis, truth: fold.World) -> None:
    events: list[Any] = [said.event for said in truth.known]
    subjects = list({event.subject.id for event in events if hasattr(event, "subject")})
    for kind, query in (
        (Kind.REFLECTION, discussion.reflections_of_subjects),
        (Kind.INITIATIVE, discussion.initiatives_of_subjects),
    ):
        for subject, rows in query(world.conn, basis, subjects).items():
            first: dict[UUID, Any] = {id: truth.said[id][0].event for id in truth.of(kind)}
            about = [id for id, event in first.items() if event.subject.id == subject]
            assert sorted(row.id for row in rows) == sorted(about)
    counts = discussion.comment_counts(world.conn, basis, subjects)
    assert sum(counts.values()) == len(truth.of(Kind.COMMENT))


def _places(rows: Sequence[Any]) -> list[tuple[UUID, int, datetime]]:
    return [(row.id, row.position, row.measured_at) for row in rows]


def _told(said: Sequence[Recorded]) -> list[tuple[UUID, int, datetime]]:
    return [(one.event.originator_id, one.position, one.effective_at) for one in said]
