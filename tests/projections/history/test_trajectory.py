"""The trajectory of a key result over time, at a basis."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from domain.commands.command import Command, CycleBy
from domain.commands.cycle_commands import ActivateCycle
from domain.commands.key_result_commands import PlanKeyResult, RescheduleKeyResult, RetargetKeyResult, ScoreKeyResult
from domain.commands.objective_commands import CloseObjective
from domain.metrics.trajectory import TrajectoryPoint
from domain.primitives.calendar import Step
from domain.primitives.errors import Code, CommandRejected
from domain.primitives.values import Direction, Metric, Milestone, PlanPoint
from projections.figures import timeline
from projections.figures.figures import Figures
from projections.figures.horizon import Horizon
from projections.history.trajectory import KeyResultHistory
from tests.metric_input import as_input
from tests.projections.goal_builders import check_in, cycle, key_result, objective, then
from tests.world import World

OPENING, MIDDLE, CLOSING = (datetime(2026, *day, tzinfo=UTC) for day in ((1, 1), (2, 15), (4, 1)))
QUARTER = CycleBy(key="q1")


def rise(target: float) -> Metric:
    return Metric(Direction.INCREASE, start=0.0, target=target)


def on(month: int, day: int) -> datetime:
    return datetime(2026, month, day, tzinfo=UTC)


@pytest.fixture
def above(world: World) -> UUID:
    """An objective of the first quarter of 2026."""
    id = objective(world, cycle(world), effective_at=OPENING)
    world.record(ActivateCycle(cycle=QUARTER, effective_at=OPENING))
    return id


@pytest.fixture
def goal(world: World, above: UUID) -> UUID:
    """A key result from 0 to 100, from the first to the last day of the quarter."""
    return key_result(world, above, rise(100), effective_at=OPENING)


def points(
    world: World, id: UUID, objective: UUID, at: datetime = MIDDLE, every: Step = Step.MONTH
) -> dict[datetime, TrajectoryPoint]:
    """The trajectory by time, as known now."""
    basis = then(world, at)
    history = KeyResultHistory(timeline.of_objectives(world.conn, basis, [objective]), id, Horizon.of(basis))
    return {point.at: point for point in history.trajectory(every)}


def measure(world: World, id: UUID, *values: tuple[datetime, float], **given: Any) -> None:
    for at, value in values:
        check_in(world, id, at, value=value, **given)


def edit(world: World, kind: type[Command], id: UUID, at: datetime, **given: Any) -> None:
    world.record(kind(key_result=id, reason="so", effective_at=at, **given))  # type: ignore[call-arg]


def test_a_trajectory_runs_from_creation_to_the_due_date_and_includes_the_basis(
    world: World, goal: UUID, above: UUID
) -> None:
    assert list(points(world, goal, above)) == [OPENING, on(2, 1), MIDDLE, on(3, 1), CLOSING]
    assert list(points(world, goal, above, at=on(7, 1))) == [OPENING, on(2, 1), on(3, 1), CLOSING]


def test_check_ins_after_the_due_date_are_shown_until_the_key_result_ended(
    world: World, goal: UUID, above: UUID
) -> None:
    measure(world, goal, (on(3, 30), 20), (on(4, 20), 90), (on(6, 20), 95))
    late = points(world, goal, above, at=on(7, 1), every=Step.QUARTER)
    assert [(at, point.actual, point.planned) for at, point in late.items()][1:] == [
        (CLOSING, 20, 100), (on(6, 20), 95, 100),
    ]  # fmt: skip
    world.record(CloseObjective(objective=above, effective_at=on(5, 1)))
    ended = points(world, goal, above, at=on(7, 1), every=Step.QUARTER)
    assert [(at, point.actual) for at, point in ended.items()][1:] == [(CLOSING, 20), (on(4, 20), 90)]


def test_the_plan_starts_at_the_later_of_cycle_start_and_creation(world: World, goal: UUID, above: UUID) -> None:
    later = key_result(world, above, rise(100), effective_at=on(1, 31))
    planned = [points(world, id, above)[MIDDLE].planned for id in (goal, later)]
    assert planned == pytest.approx([50, 25])


def test_a_measurement_holds_until_the_next_one_or_the_basis(world: World, goal: UUID, above: UUID) -> None:
    measure(world, goal, (on(1, 20), 20), (on(2, 10), 30))
    found = points(world, goal, above).values()
    assert [point.actual for point in found] == [None, 20, 30, None, None]
    assert [point.progress for point in found] == [None, 0.2, 0.3, None, None]


def test_of_two_check_ins_at_one_instant_the_one_first_recorded_last_counts(
    world: World, goal: UUID, above: UUID
) -> None:
    measure(world, goal, (on(1, 20), 20), (on(1, 20), 25))
    assert points(world, goal, above)[MIDDLE].actual == 25


def test_confidence_is_the_latest_one_stated(world: World, goal: UUID, above: UUID) -> None:
    for at, confidence in ((on(1, 20), 0.5), (on(2, 10), 0.0)):
        check_in(world, goal, at, confidence=confidence)
    assert [point.confidence for point in points(world, goal, above).values()] == [None, 0.5, 0.0, None, None]


def test_retargeting_changes_the_current_plan_and_keeps_the_original(world: World, goal: UUID, above: UUID) -> None:
    measure(world, goal, (on(1, 20), 50))
    edit(world, RetargetKeyResult, goal, on(2, 1), metric=as_input(rise(200)))
    found = points(world, goal, above)
    assert (found[CLOSING].planned, found[CLOSING].replanned) == (100, 200)
    assert (found[MIDDLE].planned, found[MIDDLE].replanned) == pytest.approx((50, 100))
    assert found[OPENING].replanned == found[OPENING].planned == 0


def test_replanned_is_the_plan_at_the_basis_for_every_moment(world: World, goal: UUID, above: UUID) -> None:
    edit(world, RetargetKeyResult, goal, on(2, 10), metric=as_input(rise(200)))
    assert points(world, goal, above)[on(2, 1)].replanned == pytest.approx(200 * 31 / 90)
    assert points(world, goal, above, at=on(2, 5))[on(2, 1)].replanned == pytest.approx(100 * 31 / 90)


LATE = [PlanPoint(date(2026, 1, 31), 10.0), PlanPoint(date(2026, 2, 28), 40.0)]
"""Little in January, which ends on 1 February, and most of the way in March."""


def test_a_trajectory_follows_its_plans(world: World, above: UUID) -> None:
    goal = key_result(world, above, rise(100), effective_at=OPENING, plan=LATE)
    edit(world, PlanKeyResult, goal, on(2, 10), points=[PlanPoint(date(2026, 2, 28), 0.0)])
    found = points(world, goal, above)
    assert [found[at].planned for at in (OPENING, on(2, 1), MIDDLE, on(3, 1), CLOSING)] == pytest.approx(
        [0, 10, 25, 40, 100]
    )
    assert [found[at].replanned for at in (OPENING, on(2, 1), on(3, 1), CLOSING)] == pytest.approx([0, 0, 0, 100])
    assert points(world, goal, above, at=on(2, 5))[on(3, 1)].replanned == pytest.approx(40)


def test_the_first_plan_within_a_cadence_of_the_beginning_is_the_original_one(
    world: World, goal: UUID, above: UUID
) -> None:
    edit(world, PlanKeyResult, goal, on(1, 7), points=LATE)
    edit(world, PlanKeyResult, goal, on(1, 8), points=[PlanPoint(date(2026, 2, 28), 0.0)])
    assert points(world, goal, above)[on(3, 1)].planned == pytest.approx(40)


def test_a_plan_that_is_set_later_replaces_an_original_straight_line(world: World, goal: UUID, above: UUID) -> None:
    edit(world, PlanKeyResult, goal, on(1, 20), points=LATE)
    found = points(world, goal, above)[on(3, 1)]
    assert (found.planned, found.replanned) == pytest.approx((100 * 59 / 90, 40))


def test_retargeting_maps_the_replanned_curve_and_keeps_the_original(world: World, above: UUID) -> None:
    goal = key_result(world, above, rise(100), effective_at=OPENING, plan=LATE)
    edit(world, RetargetKeyResult, goal, on(2, 10), metric=as_input(rise(200)))
    found = points(world, goal, above)[on(3, 1)]
    assert (found.planned, found.replanned) == pytest.approx((40, 80))


def test_expected_follows_the_plan_of_its_basis(world: World, above: UUID) -> None:
    goal = key_result(world, above, rise(100), effective_at=OPENING, plan=LATE)
    edit(world, PlanKeyResult, goal, on(2, 10), points=[PlanPoint(date(2026, 2, 28), 0.0)])
    assert [expected(world, goal, above, at) for at in (on(2, 1), on(2, 9), MIDDLE, CLOSING)] == pytest.approx(
        [0.1, 0.1 + 0.3 * 8 / 28, 0, 1]
    )


def expected(world: World, id: UUID, objective: UUID, at: datetime) -> float | None:
    """The expected progress at a moment, as known now."""
    basis = then(world, at)
    found = Figures(timeline.of_objectives(world.conn, basis, [objective]), Horizon.of(basis)).key_result(id)
    return None if found is None else found.expected


def test_progress_uses_the_metric_in_force(world: World, goal: UUID, above: UUID) -> None:
    measure(world, goal, (on(1, 20), 50))
    edit(world, RetargetKeyResult, goal, on(2, 10), metric=as_input(rise(200)))
    found = points(world, goal, above)
    assert (found[on(2, 1)].progress, found[MIDDLE].progress) == (0.5, 0.25)


def test_rescheduling_extends_the_trajectory_and_the_original_plan_stays_at_its_target(
    world: World, goal: UUID, above: UUID
) -> None:
    edit(world, RescheduleKeyResult, goal, on(2, 1), due=date(2026, 6, 30))
    found = points(world, goal, above, every=Step.QUARTER)
    assert list(found) == [OPENING, MIDDLE, CLOSING, on(7, 1)]
    assert [found[at].planned for at in (CLOSING, on(7, 1))] == [100, 100]
    assert found[CLOSING].replanned == pytest.approx(100 * 90 / 181)
    assert found[on(7, 1)].replanned == 100


def test_rescheduling_to_an_earlier_date_keeps_the_original_plan(world: World, goal: UUID, above: UUID) -> None:
    edit(world, RescheduleKeyResult, goal, on(1, 15), due=date(2026, 1, 31))
    found = points(world, goal, above)
    assert found[on(2, 1)].replanned == 100
    assert found[CLOSING].planned == 100


def test_step_change_makes_one_point_per_change(world: World, goal: UUID, above: UUID) -> None:
    measure(world, goal, (on(1, 20), 20))
    check_in(world, goal, on(1, 25), confidence=0.5)
    edit(world, RetargetKeyResult, goal, on(2, 1), metric=as_input(rise(200)))
    found = points(world, goal, above, every=Step.CHANGE)
    assert list(found) == [OPENING, on(1, 20), on(1, 25), on(2, 1), MIDDLE, CLOSING]


def test_a_key_result_added_after_its_due_is_one_point(world: World, above: UUID) -> None:
    added = CLOSING + timedelta(days=1)
    late = key_result(world, above, rise(100), effective_at=added)
    (point,) = points(world, late, above, at=added + timedelta(days=1)).values()
    assert (point.at, point.planned) == (added, 100)


def test_milestones_are_plotted_as_shares(world: World, above: UUID) -> None:
    steps = (Milestone("design", "Design agreed", 1.0), Milestone("pilot", "Pilot live", 3.0))
    id = key_result(world, above, Metric(Direction.MILESTONES, milestones=steps), effective_at=OPENING)
    check_in(world, id, on(1, 20), reached=["design"])
    check_in(world, id, on(2, 10), reached=["design", "pilot"])
    found = points(world, id, above)
    assert [found[at].actual for at in (on(2, 1), MIDDLE)] == [0.25, 1.0]
    assert found[MIDDLE].planned == pytest.approx(0.5)


def test_a_goal_to_be_held_is_planned_at_its_target_from_the_start_that_was_measured(world: World, above: UUID) -> None:
    id = key_result(world, above, Metric(Direction.AT_LEAST, target=100.0), effective_at=OPENING)
    measure(world, id, (on(1, 10), 20), (on(2, 10), 60))
    assert points(world, id, above)[MIDDLE].planned == pytest.approx(60)
    assert points(world, id, above)[MIDDLE].progress == pytest.approx(0.5)
    measure(world, id, (on(1, 5), 100))
    assert points(world, id, above)[MIDDLE].planned == 100
    assert points(world, id, above)[MIDDLE].progress == 0.0


def test_a_persons_score_of_an_unmeasured_key_result_is_progress_from_the_end_on_and_no_measured_value(
    world: World, goal: UUID, above: UUID
) -> None:
    world.record(ScoreKeyResult(key_result=goal, score=0.6, effective_at=on(1, 20)))
    world.record(CloseObjective(objective=above, effective_at=on(2, 10)))
    found = points(world, goal, above)
    assert [found[at].progress for at in (OPENING, on(2, 1), MIDDLE)] == [None, None, 0.6]
    assert [point.actual for point in found.values()] == [None] * 5


def test_a_trajectory_of_too_many_points_is_refused(world: World, above: UUID) -> None:
    id = key_result(world, above, rise(100), effective_at=OPENING, due=date.max)
    with pytest.raises(CommandRejected) as refused:
        points(world, id, above, every=Step.DAY)
    assert refused.value.code is Code.TOO_LARGE
