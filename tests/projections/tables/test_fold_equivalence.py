"""At every basis, each query of the projections equals a fold of the log."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from random import Random
from typing import Any, TypeAlias
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from msgspec import structs

from domain.metrics.kpi_series import KpiStatus, series
from domain.metrics.kpi_status import PERIODS, status
from domain.model.event import Recorded
from domain.primitives.calendar import Calendar
from domain.primitives.values import Basis, KeyResultState, Kind, ObjectiveState, Ref, ScoringPolicy
from projections.figures.kpis import kpi_standing
from projections.store import basis as bases
from projections.store.basis import ResolvedBasis
from projections.store.versioned_tables import Connection
from projections.tables import alignment, discussion, kpi, measurements, people
from projections.tables import cycle as cycle_table
from projections.tables import key_result as proofs
from projections.tables import objective as objective_table
from projections.tables.objective import ObjectiveFilter
from tests.projections import folded_rows
from tests.properties.histories import History, moments
from tests.world import World, Worlds

pytestmark = [pytest.mark.long, pytest.mark.no_cover]

laws = settings(
    max_examples=5,
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
POLICY = ScoringPolicy()
CALENDAR = Calendar()


@laws
@given(seed=st.integers(0, 2**32))
def test_projections_equal_a_fold_of_the_log_at_every_basis(worlds: Worlds, seed: int) -> None:
    chance = Random(seed)
    with worlds() as world:
        History(world.keyframe, chance).live(150)
        head = world.catch_up()
        log = world.log.entries(0, head)
        for basis in _bases(world, log, chance):
            truth = folded_rows.State(log, basis)
            for check in (_aggregates, _relations, _edges, _kpi_standings, _measurements, _discussions):
                check(world, basis, truth)


def _bases(world: World, log: Sequence[Recorded], chance: Random) -> list[Basis]:
    """Now, log positions and pairs of times; each also as a basis without a recording time."""
    effective, recorded = [entry.effective_at for entry in log], [entry.recorded_at for entry in log]
    found: list[ResolvedBasis | None] = [bases.now(world.conn), bases.at_position(world.conn, 0)]
    found += [bases.at_position(world.conn, chance.choice(log).position) for _ in range(4)]
    found += [bases.at_time(world.conn, at) for at in moments(effective, chance, 3)]
    for at, known in zip(moments(effective, chance, 3), moments(recorded, chance, 3), strict=True):
        found.append(bases.at_time(world.conn, at, known))
    resolved = [basis for basis in found if basis is not None]
    assert len(resolved) == len(found)
    return [*resolved, *(Basis(basis.at, basis.position) for basis in resolved)]


def _aggregates(world: World, basis: Basis, truth: folded_rows.State) -> None:
    ever = [entry.event.originator_id for entry in world.log.entries(0, 10_000)]
    for kind, query in BY_ID.items():
        aggregates = truth.of(kind)
        rows = query(world.conn, basis, ever)
        assert set(rows) == set(aggregates), kind
        for id, row in rows.items():
            folded_rows.same(row, aggregates[id], truth.events[id])
    for row in kpi.kpis(world.conn, basis, ever).values():
        defined = truth.aggregates[row.id].definition
        assert {name: getattr(row, name) for name in structs.asdict(defined)} == structs.asdict(defined)
    adopted = next(iter(truth.of(Kind.POLICY).values()), None)
    assert cycle_table.settings(world.conn, basis).policy == (adopted.policy if adopted else ScoringPolicy())
    versions = proofs.KEY_RESULT.versions(world.conn, basis, ever)
    for id in truth.of(Kind.KEY_RESULT):
        assert [row.position for row in versions[id]] == [entry.position for entry in truth.events[id]]


def _relations(world: World, basis: Basis, truth: folded_rows.State) -> None:
    _objectives(world.conn, basis, truth)
    _key_results(world.conn, basis, truth)
    _teams(world.conn, basis, truth)
    _counts(world.conn, basis, truth)


Holds: TypeAlias = Callable[[UUID, Any], bool]
"""Whether an aggregate belongs to a parent, which has this id."""


def _same(truth: folded_rows.State, found: dict[UUID, list[Any]], parents: Kind, kind: Kind, holds: Holds) -> None:
    expected = {one: truth.where(kind, partial(holds, one)) for one in truth.of(parents)}
    assert {one: [row.id for row in rows] for one, rows in found.items()} == expected


def _objectives(conn: Connection, basis: Basis, truth: folded_rows.State) -> None:
    cycles, teams, owners, objectives = map(list, map(truth.of, (Kind.CYCLE, Kind.TEAM, Kind.PERSON, Kind.OBJECTIVE)))
    of_cycles = objective_table.objectives_of_cycles(conn, basis, cycles, ALL)
    _same(truth, of_cycles, Kind.CYCLE, Kind.OBJECTIVE, lambda c, o: o.cycle == c)
    of_teams = objective_table.objectives_of_teams(conn, basis, teams, ALL)
    _same(truth, of_teams, Kind.TEAM, Kind.OBJECTIVE, lambda t, o: o.team == t)
    of_owners = objective_table.objectives_of_owners(conn, basis, owners, ALL)
    _same(truth, of_owners, Kind.PERSON, Kind.OBJECTIVE, lambda p, o: o.owner == p)
    carried = objective_table.objectives_carried_from(conn, basis, objectives)
    _same(truth, carried, Kind.OBJECTIVE, Kind.OBJECTIVE, lambda above, o: o.carried_from == above)


def _key_results(conn: Connection, basis: Basis, truth: folded_rows.State) -> None:
    objectives, kpis = list(truth.of(Kind.OBJECTIVE)), list(truth.of(Kind.KPI))
    dropped = KeyResultState.DROPPED
    kept = proofs.key_results_of_objectives(conn, basis, objectives)
    _same(truth, kept, Kind.OBJECTIVE, Kind.KEY_RESULT, lambda o, k: k.objective == o and k.state is not dropped)
    ever = proofs.key_results_of_objectives(conn, basis, objectives, include_dropped=True)
    _same(truth, ever, Kind.OBJECTIVE, Kind.KEY_RESULT, lambda o, k: k.objective == o)
    linked = proofs.key_results_of_kpis(conn, basis, kpis)
    _same(truth, linked, Kind.KPI, Kind.KEY_RESULT, lambda kpi, k: k.kpi == kpi and k.state is not dropped)


def _teams(conn: Connection, basis: Basis, truth: folded_rows.State) -> None:
    teams, owners = list(truth.of(Kind.TEAM)), list(truth.of(Kind.PERSON))
    within = people.teams_within(conn, basis, teams)
    _same(truth, within, Kind.TEAM, Kind.TEAM, lambda t, o: o.parent == t and not o.disbanded)
    members = people.members_of_teams(conn, basis, teams)
    assert {team: [row.id for row in rows] for team, rows in members.items()} == {
        team: list(truth.aggregates[team].members) for team in teams
    }
    for person, rows in people.teams_of_people(conn, basis, owners).items():
        expected = truth.where(Kind.TEAM, partial(_has_member, person))
        assert sorted(row.id for row in rows) == sorted(expected)


def _counts(conn: Connection, basis: Basis, truth: folded_rows.State) -> None:
    cycles, owners = list(truth.of(Kind.CYCLE)), list(truth.of(Kind.PERSON))
    live = [o for o in truth.of(Kind.OBJECTIVE).values() if o.state in (ObjectiveState.DRAFT, ObjectiveState.ACTIVE)]
    assert Counter(objective_table.open_objectives(conn, basis, cycles)) == Counter(
        (o.cycle, o.owner, o.team, o.title) for o in live
    )
    watched = Counter(one.definition.owner for one in truth.of(Kind.KPI).values() if not one.retired)
    assert kpi.kpis_per_owner(conn, basis, owners) == {id: watched[id] for id in owners if watched[id]}


def _has_member(person: UUID, team: Any) -> bool:
    return person in team.members and not team.disbanded


def _edges(world: World, basis: Basis, truth: folded_rows.State) -> None:
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
    descendants = alignment.descendants_of_objectives(world.conn, basis, objectives)
    assert {id: set(refs) for id, refs in descendants.items()} == {id: truth.descendants(id) for id in objectives}
    assert all(len(refs) == len(set(refs)) for refs in descendants.values())
    for cycle in truth.of(Kind.CYCLE):
        edges = alignment.edges_of_cycle(world.conn, basis, cycle)
        touching = {(id, ref) for id, refs in expected.items() for ref in refs if cycle in _cycles(truth, id, ref)}
        assert {(edge.objective, edge.target) for edge in edges} == touching
        assert len(edges) == len(touching)


def _cycles(truth: folded_rows.State, objective: UUID, target: Ref) -> set[UUID]:
    above = truth.owner(target) if target.kind is Kind.KEY_RESULT else target
    return {truth.aggregates[objective].cycle, truth.aggregates[above.id].cycle}


def _kpi_standings(world: World, basis: Basis, truth: folded_rows.State) -> None:
    """The status of each KPI is that of the latest judged period of its series over all readings."""
    rows = kpi.kpis(world.conn, basis, list(truth.of(Kind.KPI)))
    readings = measurements.READINGS.all(world.conn, basis, list(rows))
    for id, standing in kpi_standing.standings(world.conn, basis, list(rows.values()), CALENDAR).items():
        if not isinstance(standing, kpi_standing.KpiStanding):
            continue
        facts, every = standing.facts, PERIODS[standing.facts.cadence]
        points = series(readings[id], every, facts.schedule, basis.at)
        judged = [point for point in points if point.status is not KpiStatus.NO_DATA]
        assert standing.value == (judged[-1].value if judged else None)
        assert standing.status(POLICY) is status(facts, readings[id], basis.at, POLICY)
        expected = judged[-1].status if judged else KpiStatus.NO_DATA
        assert standing.status(POLICY) in (expected, KpiStatus.RETIRED, KpiStatus.STALE)


def _measurements(world: World, basis: Basis, truth: folded_rows.State) -> None:
    conn, kpis, key_results = world.conn, list(truth.of(Kind.KPI)), list(truth.of(Kind.KEY_RESULT))
    readings = measurements.READINGS.all(conn, basis, kpis)
    assert all(_places(rows) == _measured_entries(truth.measured(id)) for id, rows in readings.items())
    latest = measurements.READINGS.latest(conn, basis, kpis)
    assert latest == {id: rows[-1] for id, rows in readings.items() if rows}
    assert measurements.READINGS.counts(conn, basis, kpis) == {id: len(rows) for id, rows in readings.items()}
    check_ins = measurements.CHECK_INS.all(conn, basis, key_results)
    assert all(_places(rows) == _measured_entries(truth.measured(id)) for id, rows in check_ins.items())
    assert measurements.CHECK_INS.counts(conn, basis, key_results) == {id: len(rows) for id, rows in check_ins.items()}
    assert all(row.ended is None for rows in check_ins.values() for row in rows)
    _histories(world, basis, truth)


def _histories(world: World, basis: Basis, truth: folded_rows.State) -> None:
    """Every version of a measurement and its end, as known at the basis."""
    streams = {id: entries for id, entries in truth.events.items() if folded_rows._is_measured(entries[0])}
    known = measurements.CHECK_INS.versions(world.conn, basis, list(streams)) | {
        id: rows for id, rows in measurements.READINGS.versions(world.conn, basis, list(streams)).items() if rows
    }
    for id, entries in streams.items():
        rows = known[id]
        measured = [one for one in entries if type(one.event).__name__ != "ReadingRetracted"]
        assert _places(rows) == _measured_entries(measured)
        ends = [one.position for one in entries if one.position > entries[0].position]
        for row in rows:
            assert row.until_position == next((end for end in ends if end > row.position), None)


def _discussions(world: World, basis: Basis, truth: folded_rows.State) -> None:
    events: list[Any] = [entry.event for entry in truth.known]
    subjects = list({event.subject.id for event in events if hasattr(event, "subject")})
    for kind, query in (
        (Kind.REFLECTION, discussion.reflections_of_subjects),
        (Kind.INITIATIVE, discussion.initiatives_of_subjects),
    ):
        for subject, rows in query(world.conn, basis, subjects).items():
            first: dict[UUID, Any] = {id: truth.events[id][0].event for id in truth.of(kind)}
            about = [id for id, event in first.items() if event.subject.id == subject]
            assert sorted(row.id for row in rows) == sorted(about)
    counts = discussion.comment_counts(world.conn, basis, subjects)
    assert sum(counts.values()) == len(truth.of(Kind.COMMENT))


def _places(rows: Sequence[Any]) -> list[tuple[UUID, int, datetime]]:
    return [(row.id, row.position, row.measured_at) for row in rows]


def _measured_entries(entries: Sequence[Recorded]) -> list[tuple[UUID, int, datetime]]:
    return [(one.event.originator_id, one.position, one.effective_at) for one in entries]
