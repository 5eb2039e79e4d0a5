"""Alignment: which goals may support which."""

from datetime import date
from uuid import UUID, uuid4

import msgspec

from domain.commands.command import CycleBy
from domain.commands.cycle_commands import OpenCycle
from domain.commands.objective_commands import AlignObjective, DraftObjective, UnalignObjective
from domain.model.objective import Objective, ObjectiveAligned, ObjectiveUnaligned
from domain.primitives.values import Kind, Ref
from tests.domain.given_goals import (
    ADA,
    OBJECTIVE,
    OTHER,
    Q1,
    Q2,
    THIRD,
    YEAR,
    ada,
    added,
    drafted,
    dropped,
    dropped_key_result,
    key_result_ref,
    objective_ref,
    opened,
    opened_q2,
    opened_year,
    other,
    third,
)
from tests.domain.scenario import called, given, made, on

goals = (opened, drafted, added, other, third)


def aligned(objective: UUID, to: Ref) -> AlignObjective:
    return AlignObjective(objective=objective, to=to)


def test_an_objective_may_support_an_objective() -> None:
    given(*goals).when(aligned(OTHER, objective_ref())).then(ObjectiveAligned(to=objective_ref()))


def test_an_objective_may_support_a_key_result() -> None:
    given(*goals).when(aligned(OTHER, key_result_ref())).then(ObjectiveAligned(to=key_result_ref()))


def test_an_objective_may_support_several_goals() -> None:
    then = given(*goals, aligned(THIRD, objective_ref())).when(aligned(THIRD, objective_ref(OTHER)))
    assert then.aggregate(Objective, THIRD).supports == (objective_ref(), objective_ref(OTHER))


def test_an_objective_never_supports_itself_or_its_own_key_result() -> None:
    given(*goals).when(aligned(OBJECTIVE, objective_ref())).then_refused("CIRCULAR", "to")
    given(*goals).when(aligned(OBJECTIVE, key_result_ref())).then_refused("CIRCULAR", "to")


def test_two_objectives_never_support_each_other() -> None:
    given(*goals, aligned(OTHER, objective_ref())).when(aligned(OBJECTIVE, objective_ref(OTHER))).then_refused(
        "CIRCULAR", "to"
    )


def test_cycle_through_key_results_is_refused() -> None:
    upwards = (aligned(OTHER, key_result_ref()), aligned(THIRD, objective_ref(OTHER)))
    given(*goals, *upwards).when(aligned(OBJECTIVE, objective_ref(THIRD))).then_refused("CIRCULAR", "to")


def test_cycle_through_one_of_several_paths_is_refused() -> None:
    upwards = (
        aligned(OTHER, objective_ref()),
        aligned(THIRD, objective_ref()),
        aligned(THIRD, objective_ref(OTHER)),
    )
    given(*goals, *upwards).when(aligned(OBJECTIVE, objective_ref(THIRD))).then_refused("CIRCULAR", "to")


def test_two_paths_to_the_same_objective_are_no_cycle() -> None:
    upwards = (aligned(OTHER, objective_ref()), aligned(THIRD, objective_ref()))
    assert given(*goals, *upwards).when(aligned(THIRD, objective_ref(OTHER))).topics() == ["objective-aligned"]


def test_removed_alignment_is_ignored_by_the_cycle_check() -> None:
    aligned_and_unaligned = (
        aligned(OTHER, objective_ref()),
        UnalignObjective(objective=OTHER, from_=objective_ref()),
    )
    assert given(*goals, *aligned_and_unaligned).when(aligned(OBJECTIVE, objective_ref(OTHER))).topics() == [
        "objective-aligned"
    ]


def test_an_alignment_is_removed() -> None:
    back = UnalignObjective(objective=OTHER, from_=objective_ref())
    given(*goals, aligned(OTHER, objective_ref())).when(back).then(ObjectiveUnaligned(to=objective_ref()))


def test_only_objectives_and_key_results_are_supported() -> None:
    given(ada, *goals).when(aligned(OBJECTIVE, Ref(Kind.PERSON, ADA))).then_refused("INVALID", "to")


def test_unknown_target_is_not_found() -> None:
    given(*goals).when(aligned(OBJECTIVE, objective_ref(uuid4()))).then_refused("NOT_FOUND", "to")


def test_dropped_goals_cannot_be_supported() -> None:
    given(*goals, dropped).when(aligned(OTHER, objective_ref())).then_refused("CONFLICT", "to")
    given(*goals, dropped).when(aligned(OTHER, key_result_ref())).then_refused("CONFLICT", "to")
    given(*goals, dropped_key_result).when(aligned(OTHER, key_result_ref())).then_refused("CONFLICT", "to")


def test_goals_of_overlapping_cycles_may_support_each_other() -> None:
    yearly = called("yearly", DraftObjective(cycle=YEAR, title="Lead the market"))
    then = given(*goals, opened_year, yearly).when(aligned(OBJECTIVE, objective_ref(made("yearly"))))
    assert then.topics() == ["objective-aligned"]


def test_cycles_overlap_if_they_share_a_day() -> None:
    touching = OpenCycle(key="spring", name="Spring", starts_on=date(2026, 3, 31), ends_on=date(2026, 5, 31))
    goal = called("goal", DraftObjective(cycle=CycleBy(key="spring"), title="Bloom and grow"))
    assert given(*goals, touching, goal).when(aligned(OBJECTIVE, objective_ref(made("goal")))).topics()


def test_goals_of_non_overlapping_cycles_cannot_support_each_other() -> None:
    later = called("later", DraftObjective(cycle=Q2, title="Later"))
    given(*goals, opened_q2, later).when(aligned(OBJECTIVE, objective_ref(made("later")))).then_refused("INVALID", "to")
    supporting = DraftObjective(cycle=Q2, title="Later", supports=[objective_ref()])
    given(*goals, opened_q2).when(supporting).then_refused("INVALID", "supports")


def test_an_objective_supports_at_most_100_goals() -> None:
    many = [objective_ref(uuid4()) for _ in range(101)]
    given(opened).when(DraftObjective(cycle=Q1, title="Too much", supports=many)).then_refused("TOO_LARGE", "supports")


def test_backdated_alignment_must_not_create_a_cycle_at_any_past_time() -> None:
    unaligned = UnalignObjective(objective=OBJECTIVE, from_=objective_ref(OTHER))
    until_february = (aligned(OBJECTIVE, objective_ref(OTHER)), on(2, 9), unaligned)
    back = AlignObjective(objective=OTHER, to=objective_ref(), effective_at=on(1, 20))
    given(*goals, *until_february, on(2, 12)).when(back).then_refused("CIRCULAR", "to")
    since = msgspec.structs.replace(back, effective_at=on(2, 10))
    given(*goals, *until_february, on(2, 12)).when(since).then(ObjectiveAligned(to=objective_ref()))
