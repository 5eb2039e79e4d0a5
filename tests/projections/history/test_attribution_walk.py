"""An attribution takes the events of the log one by one, and ends with the figures of the outcome."""

from uuid import UUID

import pytest

from domain.commands.command import CycleBy, KpiBy
from domain.commands.cycle_commands import ActivateCycle, CloseCycle
from domain.commands.key_result_commands import ScoreKeyResult
from domain.commands.objective_commands import AlignObjective, DropObjective
from domain.primitives.values import Basis, Kind, Ref
from projections.figures import timeline
from projections.figures.figures import Figures
from projections.figures.horizon import Horizon
from projections.history.attribution import Attributions, attributions
from projections.store.basis import ResolvedBasis
from tests.projections.goal_builders import check_in, cycle, key_result, kpi, objective, on, read, then
from tests.world import World


def activated(world: World, of: UUID) -> ResolvedBasis:
    world.do(ActivateCycle(cycle=CycleBy(id=of), effective_at=on(4)))
    return then(world, on(4), world.catch_up())


def walked(world: World, of: UUID, plan: Basis) -> Attributions:
    """The attributions up to now, each of which ends with the value of the outcome."""
    world.catch_up()
    outcome = then(world, on(28))
    history = timeline.of_cycles(world.conn, outcome, [of])
    found = attributions(history, of, plan, outcome)
    figures = Figures(history, Horizon.of(outcome))
    for id, one in found.of_objectives.items():
        assert one.final == pytest.approx(getattr(figures.worth(id), "value", None) or 0.0)
        assert one.initial + one.movement + one.goalpost + one.scope == pytest.approx(one.final)
    return found


def test_check_in_of_a_linked_key_result_changes_no_progress(world: World) -> None:
    of, nps = cycle(world), kpi(world)
    part = key_result(world, objective(world, of), kpi=KpiBy(id=nps))
    plan = activated(world, of)
    read(world, nps, (on(6), 5.0))
    check_in(world, part, on(8), confidence=0.5)
    ((_, found),) = walked(world, of, plan).of_objectives.items()
    assert [one.after for one in found.bookings] == [0.5]


def test_heading_follows_each_measurement_of_its_supporters(world: World) -> None:
    of = cycle(world)
    heading, supporter = objective(world, of, "Delight everybody"), objective(world, of)
    part = key_result(world, supporter)
    world.do(AlignObjective(objective=supporter, to=Ref(Kind.OBJECTIVE, heading), effective_at=on(3)))
    plan = activated(world, of)
    for day, value in ((6, 1.0), (8, 4.0), (7, 9.0)):
        check_in(world, part, on(day), value=value)
    found = walked(world, of, plan).of_objectives
    assert [one.after for one in found[heading].bookings] == [0.1, 0.4]
    assert [one.after for one in found[supporter].bookings] == [0.1, 0.4]


def test_closing_moves_the_end_up_to_which_measurements_count(world: World) -> None:
    of = cycle(world)
    part = key_result(world, objective(world, of))
    plan = activated(world, of)
    check_in(world, part, on(6), value=2.0)
    check_in(world, part, on(9), value=6.0)
    world.do(CloseCycle(cycle=CycleBy(id=of), close_objectives=True, effective_at=on(8)))
    ((_, found),) = walked(world, of, plan).of_objectives.items()
    assert [one.after for one in found.bookings] == [0.2, 0.6, 0.2]


def test_score_of_what_was_never_measured_counts_from_the_closing_on(world: World) -> None:
    of = cycle(world)
    goal = objective(world, of)
    measured, scored = key_result(world, goal), key_result(world, goal)
    plan = activated(world, of)
    check_in(world, measured, on(5), value=2.0)
    for part in (measured, scored):
        world.do(ScoreKeyResult(key_result=part, score=0.8, effective_at=on(6)))
    check_in(world, measured, on(7), value=4.0)
    world.do(CloseCycle(cycle=CycleBy(id=of), close_objectives=True, effective_at=on(8)))
    ((_, found),) = walked(world, of, plan).of_objectives.items()
    assert [one.after for one in found.bookings] == [0.1, 0.2, 0.6]


def test_mean_of_a_cycle_follows_objectives_that_are_dropped(world: World) -> None:
    of = cycle(world)
    goals = [objective(world, of, title) for title in ("Delight", "Win", "Keep")]
    parts = [key_result(world, goal) for goal in goals]
    plan = activated(world, of)
    for part, value in zip(parts, (2.0, 4.0, 9.0), strict=True):
        check_in(world, part, on(6), value=value)
    for goal in goals:
        world.do(DropObjective(objective=goal, reason="Not now.", effective_at=on(9)))
    found = walked(world, of, plan).of_whole
    means = [round(found.initial + sum(one.amount for one in found.bookings[:count]), 9) for count in range(1, 7)]
    assert means == [round(total / 3, 9) for total in (0.2, 0.6, 1.5)] + [0.65, 0.9, 0.0]
