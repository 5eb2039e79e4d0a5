"""The rows of kept standings: one for each change of a key result, on two clocks."""

from datetime import datetime
from uuid import UUID

import pytest
from msgspec import structs

from domain.commands.command import KpiBy
from domain.commands.cycle_commands import AdoptScoringPolicy
from domain.commands.key_result_commands import (
    CorrectCheckIn,
    LinkKpi,
    MoveKeyResult,
    RetargetKeyResult,
    ReweighKeyResult,
)
from domain.primitives.values import Basis, Direction, Metric
from projections.engine.rebuild import rebuild
from projections.standings import kept_columns
from projections.standings.keeping import Keeper
from projections.standings.kept_columns import Kept
from projections.standings.kept_rows import KEPT
from tests.metric_input import as_input
from tests.projections.goal_builders import REACH_TEN, after, check_in, cycle, key_result, kpi, objective, on, read
from tests.world import World


@pytest.fixture
def goals(world: World) -> UUID:
    return objective(world, cycle(world))


@pytest.fixture
def goal(world: World, goals: UUID) -> UUID:
    return key_result(world, goals)


def rows(world: World) -> int:
    ((count,),) = world.conn.execute("select count(*) from standing")
    return int(count)


def kept(world: World, goals: UUID, at: datetime, position: int | None = None) -> Kept:
    """The standing of the only key result at a moment, as known at a position."""
    known = world.now.position if position is None else position
    found = kept_columns.of_objectives(world.conn, Basis(at, known), [goals])
    assert len(found) == 1
    return found.at(0)


def test_check_in_in_order_adds_one_row(world: World, goals: UUID, goal: UUID) -> None:
    assert rows(world) == 1
    for day in (5, 6, 7):
        check_in(world, goal, on(day), value=float(day))
    assert rows(world) == 4
    assert [kept(world, goals, on(day)).share for day in (4, 5, 6, 7, 8)] == [None, 0.5, 0.6, 0.7, 0.7]


def test_check_in_without_a_value_keeps_the_share(world: World, goals: UUID, goal: UUID) -> None:
    check_in(world, goal, on(5), value=5.0)
    check_in(world, goal, on(6), confidence=0.4)
    found = kept(world, goals, on(7))
    assert (found.share, found.measured_at, found.last_measured_at, found.confidence) == (0.5, on(5), on(6), 0.4)


def test_late_check_in_changes_what_is_known_now_but_not_what_was_known_then(
    world: World, goals: UUID, goal: UUID
) -> None:
    check_in(world, goal, on(5), value=5.0)
    check_in(world, goal, on(9), value=9.0)
    before = world.now.position
    check_in(world, goal, on(7), value=7.0)
    assert [kept(world, goals, on(day)).share for day in (6, 8, 10)] == [0.5, 0.7, 0.9]
    assert [kept(world, goals, on(day), before).share for day in (6, 8, 10)] == [0.5, 0.5, 0.9]


def test_late_check_in_adds_rows_only_where_the_standing_differs(world: World, goal: UUID) -> None:
    for day in (5, 7, 9):
        check_in(world, goal, on(day), value=float(day), confidence=0.5)
    before = rows(world)
    check_in(world, goal, on(6), value=6.0, confidence=0.5)
    assert rows(world) == before + 1


def test_first_value_is_the_start_of_all_that_follows(world: World, goals: UUID) -> None:
    goal = key_result(world, goals, Metric(Direction.AT_LEAST, target=10.0))
    check_in(world, goal, on(6), value=6.0)
    check_in(world, goal, on(7), value=8.0)
    assert kept(world, goals, on(8)).share == 0.5
    check_in(world, goal, on(5), value=4.0)
    assert kept(world, goals, on(8)).share == (8.0 - 4.0) / (10.0 - 4.0)


def test_correction_changes_the_standing_from_its_measurement_on(world: World, goals: UUID, goal: UUID) -> None:
    corrected = check_in(world, goal, on(5), value=5.0)
    check_in(world, goal, on(7), value=7.0)
    before = world.now.position
    world.record(CorrectCheckIn(check_in=corrected, value=1.0, reason="miscounted"))
    assert [kept(world, goals, on(day)).share for day in (6, 8)] == [0.1, 0.7]
    assert [kept(world, goals, on(day), before).share for day in (6, 8)] == [0.5, 0.7]


def test_standing_that_was_corrected_for_the_past_alone_never_is_the_last_one(
    world: World, goals: UUID, goal: UUID
) -> None:
    corrected = check_in(world, goal, on(5), value=5.0)
    check_in(world, goal, on(7), value=7.0)
    world.record(CorrectCheckIn(check_in=corrected, value=1.0, reason="miscounted"))
    late = world.now.position
    found = world.conn.execute("select position, until_position from standing where since < %s order by 1", [on(7)])
    assert found.fetchall()[-1] == (late, late)
    assert kept(world, goals, on(8)).share == 0.7


def test_last_standing_at_each_position_is_that_at_the_basis_right_after_its_event(world: World) -> None:
    quarter = cycle(world)
    goals = [objective(world, quarter, title) for title in ("Delight the customers", "Delight the guests")]
    goal = key_result(world, goals[0])
    corrected = check_in(world, goal, on(5), value=5.0)
    check_in(world, goal, on(9), value=9.0)
    check_in(world, goal, on(7), value=7.0)
    world.record(CorrectCheckIn(check_in=corrected, value=1.0, reason="miscounted"))
    world.record(MoveKeyResult(key_result=goal, to=goals[1], reason="belongs there"))
    check_in(world, goal, on(11), value=3.0)
    for position in range(1, world.now.position + 1):
        level = after(world, position)
        by_range, by_moment = (
            kept_columns.of_objectives(world.conn, basis, goals) for basis in (level, Basis(level.at, position))
        )
        assert list(map(by_range.at, range(len(by_range)))) == list(map(by_moment.at, range(len(by_moment))))
    assert by_range.columns["value"] == [3.0]


def test_metric_that_is_effective_before_a_check_in_measures_it(world: World, goals: UUID, goal: UUID) -> None:
    check_in(world, goal, on(9), value=5.0)
    metric = structs.replace(REACH_TEN, target=20.0)
    world.record(RetargetKeyResult(key_result=goal, metric=as_input(metric), reason="more", effective_at=on(6)))
    assert kept(world, goals, on(10)).share == 0.25


@pytest.mark.parametrize("target", [Metric(direction=Direction.INCREASE, start=0, target=20), REACH_TEN])
def test_new_target_after_the_last_check_in_reads_no_history(
    world: World, goals: UUID, goal: UUID, monkeypatch: pytest.MonkeyPatch, target: Metric
) -> None:
    check_in(world, goal, on(5), value=5.0, confidence=0.4)
    check_in(world, goal, on(6), confidence=0.6)

    def read(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(Keeper, "_read", read)
    world.do(RetargetKeyResult(key_result=goal, metric=as_input(target), reason="Why", effective_at=on(7)))
    check_in(world, goal, on(8), value=8.0)
    after_target, newest = kept(world, goals, on(7)), kept(world, goals, on(8))
    assert (after_target.share, after_target.confidence) == (5 / target.target, 0.6)  # type: ignore[operator]
    assert (after_target.measured_at, after_target.last_measured_at) == (on(5), on(6))
    assert (newest.share, newest.since) == (8 / target.target, on(8))  # type: ignore[operator]


def test_metric_of_another_kind_is_measured_by_the_history(world: World, goals: UUID, goal: UUID) -> None:
    check_in(world, goal, on(5), value=5.0)
    done = Metric(direction=Direction.DONE)
    world.do(RetargetKeyResult(key_result=goal, metric=as_input(done), reason="Why", effective_at=on(6)))
    check_in(world, goal, on(7), value=1.0)
    assert [kept(world, goals, on(day)).value for day in (5, 6, 7)] == [5.0, None, 1.0]


def test_later_change_of_the_definition_keeps_the_value(world: World, goals: UUID, goal: UUID) -> None:
    check_in(world, goal, on(5), value=5.0, confidence=0.4)
    before = rows(world)
    world.record(ReweighKeyResult(key_result=goal, weight=3.0, reason="matters", effective_at=on(7)))
    assert rows(world) == before + 1
    assert [kept(world, goals, on(day)).weight for day in (6, 8)] == [1.0, 3.0]
    found = kept(world, goals, on(8))
    assert (found.share, found.confidence, found.last_measured_at) == (0.5, 0.4, on(5))


def test_key_result_that_is_linked_to_a_kpi_is_not_kept_even_before_the_link(
    world: World, goals: UUID, goal: UUID
) -> None:
    check_in(world, goal, on(5), value=5.0)
    before = world.now.position
    id = kpi(world)
    world.record(LinkKpi(key_result=goal, kpi=KpiBy(id=id), reason="measured", effective_at=on(9)))
    assert [kept(world, goals, on(day)).is_kept for day in (4, 6, 10)] == [False, False, False]
    assert kept(world, goals, on(6), before).is_kept


def test_policy_and_reading_add_no_row(world: World, goals: UUID) -> None:
    id = kpi(world)
    key_result(world, goals, kpi=KpiBy(id=id))
    before = rows(world)
    read(world, id, (on(5), 3.0), (on(6), 4.0))
    world.record(AdoptScoringPolicy(on_track_gap=0.2, reason="wider"))
    assert rows(world) == before


def test_rows_do_not_depend_on_the_batches_in_which_they_were_written(world: World, goal: UUID) -> None:
    corrected = check_in(world, goal, on(5), value=5.0)
    check_in(world, goal, on(9), value=9.0)
    check_in(world, goal, on(7), value=7.0)
    world.record(CorrectCheckIn(check_in=corrected, value=1.0, reason="miscounted"))
    check_in(world, goal, on(11), value=3.0)
    grown = list(KEPT.dump(world.conn))
    rebuild(world.log, world.database.connect, workspace=world.workspace, batch_size=2)
    assert list(KEPT.dump(world.conn)) == grown
