"""The tables of cycles, scoring policies, objectives, key results and alignments."""

from datetime import date
from typing import Any

from domain.commands.command import CycleBy, KpiBy
from domain.commands.cycle_commands import ActivateCycle, AdoptScoringPolicy, CloseCycle, OpenCycle
from domain.commands.key_result_commands import DropKeyResult, LinkKpi, RescheduleKeyResult, ReweighKeyResult, UnlinkKpi
from domain.commands.kpi_commands import DefineKpi
from domain.commands.objective_commands import (
    AlignObjective,
    CarryObjective,
    CloseObjective,
    CommitObjective,
    DropObjective,
    ReopenObjective,
    RewordObjective,
    UnalignObjective,
)
from domain.primitives.values import Aggregation, Basis, CycleState, Kind, ObjectiveState, Ref, ScoringPolicy, Verdict
from projections.store import basis as bases
from projections.store.basis import is_level
from projections.tables import alignment
from projections.tables import cycle as cycle_table
from projections.tables import key_result as proofs
from projections.tables import objective as objective_table
from projections.tables.cycle import CycleFilter
from projections.tables.key_result import FormerLink
from projections.tables.objective import ObjectiveFilter
from tests.projections.goal_builders import REACH_TEN, after, cycle, key_result, objective, on, then, to
from tests.world import World

ALL = ObjectiveFilter()


def test_projections_are_empty_before_the_first_event(world: World) -> None:
    id = cycle(world)
    first = after(world, 0)
    assert cycle_table.cycles(world.conn, first, [id]) == {}
    assert cycle_table.CYCLES.count(world.conn, first, CycleFilter()) == 0
    assert cycle_table.cycles(world.conn, then(world, on(1, 0)), [id]).keys() == {id}
    assert cycle_table.cycles(world.conn, bases.at_time(world.conn, on(1), on(1)), [id]) == {}


def test_a_basis_beyond_the_projected_position_is_none(world: World) -> None:
    cycle(world)
    world.write(OpenCycle(key="q2", name="Q2", starts_on=on(1).date(), ends_on=on(9).date()))
    assert bases.at_position(world.conn, 1) is not None
    assert bases.at_position(world.conn, 2) is None
    assert bases.at_position(world.conn, -1) is None
    assert bases.resolved(world.conn, Basis(on(1), 2)) is None


def test_a_recording_time_resolves_to_the_last_position_recorded_by_then(world: World) -> None:
    quarter = cycle(world)
    for title in ("Delight the customers", "Lead the whole market"):
        objective(world, quarter, title)
    for position in (1, 2):
        resolved = after(world, position)
        assert bases.at_time(world.conn, resolved.at, resolved.at) == resolved
        assert bases.at_time(world.conn, on(5), resolved.known).position == position
        assert bases.resolved(world.conn, Basis(resolved.at, position)) == resolved


def test_now_is_not_before_the_last_recording_time(world: World) -> None:
    cycle(world)
    now = bases.now(world.conn)
    assert is_level(now)
    assert (now.position, now.known) == (1, after(world, 1).known)
    assert now.at >= now.known


def test_a_cycle_has_the_bases_of_its_plan_and_its_outcome(world: World) -> None:
    id = cycle(world)
    named = CycleBy(id=id)
    world.record(ActivateCycle(cycle=named, effective_at=on(4)))
    world.record(CloseCycle(cycle=named, effective_at=on(20)))
    row = cycle_table.cycles(world.conn, world.now, [id])[id]
    assert (row.state, row.plan, row.outcome) == (CycleState.CLOSED, Basis(on(4), 2), Basis(on(20), 3))
    active = cycle_table.cycles(world.conn, then(world, on(10)), [id])[id]
    assert (active.state, active.plan, active.outcome) == (CycleState.ACTIVE, Basis(on(4), 2), None)


def test_child_cycles_are_ordered_by_start(world: World) -> None:
    year = cycle(world, "year", ends_on=on(31).date())
    late = cycle(world, "late", parent=CycleBy(id=year), starts_on=on(20).date(), ends_on=on(31).date())
    early = cycle(world, "early", parent=CycleBy(id=year), starts_on=on(1).date(), ends_on=on(19).date())
    found = cycle_table.cycles_within(world.conn, world.now, [year, early])
    assert {parent: [row.id for row in rows] for parent, rows in found.items()} == {year: [early, late], early: []}


def test_the_policy_in_force_is_that_of_the_basis(world: World) -> None:
    assert cycle_table.settings(world.conn, world.now).policies.current.policy == ScoringPolicy()
    assert cycle_table.settings(world.conn, world.now).policies.current.version == 0
    for number, green in enumerate((0.6, 0.8), 1):
        world.record(AdoptScoringPolicy(score_green=green, effective_at=on(number)))
        assert cycle_table.settings(world.conn, world.now).policies.current.policy.score_green == green
    earlier = cycle_table.settings(world.conn, then(world, on(1, 23))).policies.current
    assert (earlier.version, earlier.policy.score_green) == (1, 0.6)


def test_of_what_has_ended_the_policy_in_force_is_that_of_its_end(world: World) -> None:
    for number, green in enumerate((0.6, 0.8), 1):
        world.record(AdoptScoringPolicy(score_green=green, effective_at=on(number)))
    found = cycle_table.settings(world.conn, world.now).policies
    ends = [(on(1, 11), 9), (on(1), 0), (on(1), 1), (on(1, 13), 1), (on(2), 2)]
    assert [found.in_force(end).score_green for end in ends] == [0.7, 0.7, 0.6, 0.6, 0.8]
    assert found.in_force(None).score_green == 0.8


def test_an_outcome_holds_from_closing_until_reopening(world: World) -> None:
    id = objective(world, cycle(world))
    world.record(CommitObjective(objective=id, effective_at=on(3)))
    world.record(
        CloseObjective(objective=id, verdict=Verdict.ACHIEVED, score=0.8, reflection="well", effective_at=on(9))
    )
    world.record(ReopenObjective(objective=id, reason="too early", effective_at=on(12)))
    closed = objective_table.objectives(world.conn, then(world, on(10)), [id])[id]
    assert (closed.state, closed.verdict, closed.score) == (ObjectiveState.CLOSED, Verdict.ACHIEVED, 0.8)
    assert (closed.reflection, closed.closed_at) == ("well", on(9))
    again = objective_table.objectives(world.conn, world.now, [id])[id]
    assert (again.state, again.verdict, again.score) == (ObjectiveState.ACTIVE, None, None)
    assert (again.reflection, again.closed_at, again.reason) == (None, None, "too early")


def test_creator_and_last_changer_are_separate_fields(world: World) -> None:
    id = objective(world, cycle(world))
    world.record(RewordObjective(objective=id, title="Delight all customers", reason="all of them"))
    row = objective_table.objectives(world.conn, world.now, [id])[id]
    assert (row.created_by.actor, row.changed_by.actor) == ("machine:ada", "machine:ada")
    assert (row.version, row.born, row.position, row.created_at) == (2, 2, 3, on(2))
    assert (row.changed_at, row.reason) == (after(world, 3).known, "all of them")


def test_a_version_replaced_at_the_same_effective_time_is_visible_only_by_position(world: World) -> None:
    id = key_result(world, objective(world, cycle(world)))
    for weight in (2.0, 3.0):
        world.record(ReweighKeyResult(key_result=id, weight=weight, reason="so", effective_at=on(5)))
    moments = (on(4), on(5, 11), on(5), on(6))
    at_moments = [proofs.key_results(world.conn, then(world, at), [id])[id].weight for at in moments]
    assert at_moments == [1.0, 1.0, 3.0, 3.0]
    at_positions = [proofs.key_results(world.conn, after(world, position), [id])[id].weight for position in (3, 4, 5)]
    assert at_positions == [1.0, 2.0, 3.0]


def test_a_backdated_change_is_not_visible_at_earlier_positions(world: World) -> None:
    id = key_result(world, objective(world, cycle(world)))
    world.record(ReweighKeyResult(key_result=id, weight=2.0, reason="so", effective_at=on(5)))
    assert proofs.key_results(world.conn, then(world, on(6)), [id])[id].weight == 2.0
    assert proofs.key_results(world.conn, then(world, on(6), known=3), [id])[id].weight == 1.0


def test_key_result_versions_end_at_the_basis(world: World) -> None:
    id = key_result(world, objective(world, cycle(world)))
    for day in (5, 6):
        world.record(RescheduleKeyResult(key_result=id, due=on(day).date(), reason="so", effective_at=on(day)))
    dues = [row.due.day for row in proofs.KEY_RESULT.versions(world.conn, world.now, [id])[id]]
    assert dues == [31, 5, 6]
    assert len(proofs.KEY_RESULT.versions(world.conn, then(world, on(5)), [id])[id]) == 2


def test_a_key_result_row_has_its_cycle_its_link_and_its_former_link(world: World) -> None:
    quarter = cycle(world)
    kpi = world.record(DefineKpi(key="nps", name="NPS", effective_at=on(1)))
    id = key_result(world, objective(world, quarter), kpi=KpiBy(id=kpi), aggregate=Aggregation.SUM)
    row = proofs.key_results(world.conn, world.now, [id])[id]
    assert (row.cycle, row.kpi, row.aggregate, row.count_from, row.former) == (
        quarter, kpi, Aggregation.SUM, None, None,
    )  # fmt: skip
    world.record(UnlinkKpi(key_result=id, effective_at=on(4)))
    row = proofs.key_results(world.conn, world.now, [id])[id]
    assert (row.kpi, row.aggregate, row.former) == (None, None, FormerLink(kpi, Aggregation.SUM, None, on(4)))
    since: dict[str, Any] = {"aggregate": Aggregation.MEAN, "count_from": date(2026, 1, 5)}
    world.record(LinkKpi(key_result=id, kpi=KpiBy(id=kpi), effective_at=on(5), **since))
    row = proofs.key_results(world.conn, world.now, [id])[id]
    assert (row.kpi, row.aggregate, row.count_from, row.former) == (kpi, *since.values(), None)
    assert [row.id for row in proofs.key_results_of_kpis(world.conn, world.now, [kpi])[kpi]] == [id]
    assert proofs.key_results_of_kpis(world.conn, then(world, on(4)), [kpi]) == {kpi: []}


def test_a_carried_objective_is_linked_in_both_directions(world: World) -> None:
    one, two = cycle(world), cycle(world, "q2", starts_on=date(2026, 4, 1), ends_on=date(2026, 6, 30))
    old = objective(world, one)
    key_result(world, old, REACH_TEN)
    new = world.record(CarryObjective(objective=old, into=CycleBy(id=two)))
    assert objective_table.objectives(world.conn, world.now, [new])[new].carried_from == old
    found = objective_table.objectives_carried_from(world.conn, world.now, [old, new])
    assert {id: [row.id for row in rows] for id, rows in found.items()} == {old: [new], new: []}


# ── alignment ────────────────────────────────────────────────────────────────────────────────────


def test_ancestors_are_ordered_nearest_first(world: World) -> None:
    quarter = cycle(world)
    top = objective(world, quarter, "Lead the whole market")
    middle = objective(world, quarter, "Win the large customers", supports=[to(Kind.OBJECTIVE, top)])
    proof = key_result(world, middle)
    low = objective(world, quarter, "Answer within one day", supports=[to(Kind.KEY_RESULT, proof)])
    expected = [Ref(Kind.KEY_RESULT, proof), Ref(Kind.OBJECTIVE, middle), Ref(Kind.OBJECTIVE, top)]
    assert alignment.ancestors_of_objectives(world.conn, world.now, [low, top]) == {low: expected, top: []}
    found = alignment.supporters_of_targets(world.conn, world.now, [proof, middle, top])
    assert {id: [row.id for row in rows] for id, rows in found.items()} == {proof: [low], middle: [], top: [middle]}


def test_descendants_are_ordered_nearest_first_and_include_supporters_of_key_results(world: World) -> None:
    quarter = cycle(world)
    top = objective(world, quarter, "Lead the whole market")
    proof = key_result(world, top)
    middle = objective(world, quarter, "Win the large customers", supports=[to(Kind.KEY_RESULT, proof)])
    both = [to(Kind.OBJECTIVE, middle), to(Kind.OBJECTIVE, top)]
    low = objective(world, quarter, "Answer within one day", supports=[to(Kind.OBJECTIVE, middle)])
    near = objective(world, quarter, "Answer within one hour", supports=both)
    expected = {top: [middle, near, low], middle: [low, near], low: [], near: []}
    found = alignment.descendants_of_objectives(world.conn, world.now, list(expected))
    assert found == {id: [Ref(Kind.OBJECTIVE, one) for one in below] for id, below in expected.items()}


def test_dropped_objective_separates_its_descendants_from_its_ancestors(world: World) -> None:
    quarter = cycle(world)
    top = objective(world, quarter, "Lead the whole market")
    middle = objective(world, quarter, "Win the large customers", supports=[to(Kind.OBJECTIVE, top)])
    low = objective(world, quarter, "Answer within one day", supports=[to(Kind.OBJECTIVE, middle)])
    world.record(DropObjective(objective=middle, reason="no customers", effective_at=on(6)))
    found = alignment.descendants_of_objectives(world.conn, world.now, [top, middle])
    assert found == {top: [Ref(Kind.OBJECTIVE, middle)], middle: []}
    before = alignment.descendants_of_objectives(world.conn, then(world, on(5)), [top, middle])
    assert before == {top: [Ref(Kind.OBJECTIVE, id) for id in (middle, low)], middle: [Ref(Kind.OBJECTIVE, low)]}


def test_dropping_a_goal_leaves_its_supporters_unaligned(world: World) -> None:
    quarter = cycle(world)
    top = objective(world, quarter, "Lead the whole market")
    proof = key_result(world, top)
    targets = [to(Kind.OBJECTIVE, top), to(Kind.KEY_RESULT, proof)]
    low = objective(world, quarter, "Answer within one day", supports=targets)
    aligned = ObjectiveFilter(aligned=True)
    assert alignment.supports_of_objectives(world.conn, world.now, [low])[low] == targets
    world.record(DropKeyResult(key_result=proof, reason="no proof", effective_at=on(5)))
    assert alignment.supports_of_objectives(world.conn, world.now, [low])[low] == targets[:1]
    world.record(DropObjective(objective=top, reason="no market", effective_at=on(6)))
    assert alignment.supports_of_objectives(world.conn, world.now, [low])[low] == []
    assert objective_table.OBJECTIVES.count(world.conn, world.now, aligned) == 0
    assert objective_table.OBJECTIVES.count(world.conn, then(world, on(5)), aligned) == 1
    assert alignment.supports_of_objectives(world.conn, then(world, on(4)), [low])[low] == targets


def test_an_alignment_is_bitemporal(world: World) -> None:
    quarter = cycle(world)
    top, low = objective(world, quarter, "Lead the whole market"), objective(world, quarter, "Answer within one day")
    ref = to(Kind.OBJECTIVE, top)
    world.record(AlignObjective(objective=low, to=ref, effective_at=on(4)))
    aligned = world.now.position
    world.record(UnalignObjective(objective=low, from_=ref, effective_at=on(6)))
    world.record(AlignObjective(objective=low, to=ref, effective_at=on(8)))

    def seen(basis: Basis) -> list[Ref]:
        return alignment.supports_of_objectives(world.conn, basis, [low])[low]

    by_day = {day: seen(then(world, on(day))) for day in (3, 4, 5, 6, 7, 8)}
    assert by_day == {3: [], 4: [ref], 5: [ref], 6: [], 7: [], 8: [ref]}
    assert seen(then(world, on(7), known=aligned)) == [ref]
    assert [seen(after(world, aligned + step)) for step in (0, 1, 2)] == [[ref], [], [ref]]
    assert [edge.target for edge in alignment.edges_of_cycle(world.conn, world.now, quarter)] == [ref]
