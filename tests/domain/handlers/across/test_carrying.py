"""Carrying an objective into another cycle: what goes on, from where, to which target, and for whom."""

from datetime import date, datetime
from uuid import UUID

import pytest
from msgspec import structs

from domain.commands.command import Command, CycleBy
from domain.commands.cycle_commands import ActivateCycle, CloseCycle, OpenCycle
from domain.commands.key_result_commands import AddKeyResult, CheckIn, DropKeyResult, LinkKpi, ScoreKeyResult
from domain.commands.objective_commands import (
    AlignObjective,
    CarriedTarget,
    CarryObjective,
    CloseObjective,
    DraftObjective,
    DropObjective,
)
from domain.model.key_result import KeyResultAdded
from domain.model.objective import ObjectiveDrafted
from domain.primitives.errors import Code
from domain.primitives.values import Aggregation, Direction, Metric, Milestone, Ref
from tests.domain.given_goals import (
    KEY_RESULT,
    KPI,
    KPI_ID,
    OBJECTIVE,
    OTHER,
    Q1,
    Q2,
    STEPS,
    YEAR,
    ZERO_TO_TEN,
    activated,
    added,
    checked_in,
    closed,
    defined,
    drafted,
    dropped_key_result,
    finished,
    key_result_ref,
    linked,
    objective_ref,
    opened,
    opened_q2,
    opened_year,
    other,
    read,
    retired,
    stepped,
    working,
)
from tests.domain.scenario import called, given, made, on
from tests.metric_input import as_input

Q3 = CycleBy(key="2026-q3")
opened_q3 = OpenCycle(key="2026-q3", name="Q3", starts_on=date(2026, 7, 1), ends_on=date(2026, 9, 30))
carried = CarryObjective(objective=OBJECTIVE, into=Q2)


def adding(metric: Metric) -> AddKeyResult:
    return called("key result", AddKeyResult(objective=OBJECTIVE, title="Orders", metric=as_input(metric)))


def measured_by(metric: Metric) -> tuple[Command | datetime, ...]:
    """An active quarter with one key result of this metric, and the next one opened."""
    return (opened_q2, opened, drafted, adding(metric), activated, on(2, 10))


def carried_metric(*history: Command | datetime, target: CarriedTarget | None = None) -> Metric:
    command = carried if target is None else structs.replace(carried, targets=[target])
    metric: Metric = given(*history).when(command).the(KeyResultAdded).metric
    return metric


# ── what is carried ──────────────────────────────────────────────────────────────────────────────


def test_carried_objective_links_back_and_starts_at_the_current_value() -> None:
    then = given(opened_q2, *working, checked_in(4), closed).when(carried)
    objective, key_result = then.the(ObjectiveDrafted), then.the(KeyResultAdded)
    assert (objective.carried_from, objective.title) == (OBJECTIVE, drafted.title)
    assert (key_result.carried_from, key_result.title, key_result.due) == (KEY_RESULT, added.title, date(2026, 6, 30))
    assert key_result.metric == Metric(direction=Direction.INCREASE, start=4, target=10)


def test_reached_or_dropped_key_results_are_not_carried_over() -> None:
    second = called("second", AddKeyResult(objective=OBJECTIVE, title="Replies", metric=as_input(ZERO_TO_TEN)))
    for ended in (checked_in(10), dropped_key_result):
        then = given(opened_q2, *working, second, ended).when(carried)
        assert then.the(KeyResultAdded).carried_from == made("second")


def test_objective_without_anything_left_to_carry_is_refused() -> None:
    given(opened_q2, *working, checked_in(10)).when(carried).then_refused("INVALID", "objective", "nothing is left")
    given(opened_q2, *working, dropped_key_result).when(carried).then_refused("INVALID", "objective")


def test_objective_that_never_had_key_results_is_carried_as_it_is() -> None:
    assert given(opened_q2, opened, drafted).when(carried).topics() == ["objective-drafted"]


def test_unmeasured_key_result_keeps_its_start() -> None:
    assert carried_metric(opened_q2, *working) == ZERO_TO_TEN


def test_key_result_that_a_person_scored_with_1_and_nobody_measured_is_reached() -> None:
    scored = ScoreKeyResult(key_result=KEY_RESULT, score=1)
    assert given(opened_q2, *working, scored).when(carried).topics() == ["objective-drafted", "key-result-added"]
    given(opened_q2, *working, scored, finished).when(carried).then_refused("INVALID", "objective")


def test_reached_milestones_are_left_out_and_the_others_begin_at_0() -> None:
    reached = CheckIn(key_result=KEY_RESULT, reached=["draft"])
    metric = carried_metric(opened_q2, opened, drafted, stepped, activated, on(2, 10), reached)
    assert metric.milestones == (Milestone(key="launch", title="Launched", weight=3.0),)
    assert len(STEPS.milestones) == 2


@pytest.mark.parametrize(
    ("metric", "value"),
    [
        (Metric(direction=Direction.AT_LEAST, start=12, target=10), 13),
        (Metric(direction=Direction.AT_LEAST, start=12, target=10), 8),
        (Metric(direction=Direction.AT_MOST, target=10), 8),
        (Metric(direction=Direction.WITHIN, start=5, lower=4, upper=6), 7),
    ],
)
def test_level_goal_is_carried_with_its_start_met_or_not(metric: Metric, value: float) -> None:
    assert carried_metric(*measured_by(metric), checked_in(value)) == metric


def test_goal_to_be_reached_is_not_carried_once_it_is_met() -> None:
    at_least = Metric(direction=Direction.AT_LEAST, start=4, target=10)
    assert carried_metric(*measured_by(at_least), checked_in(8)) == structs.replace(at_least, start=8.0)
    given(*measured_by(at_least), checked_in(12)).when(carried).then_refused("INVALID", "objective")


def test_value_of_an_ended_objective_is_that_of_its_end() -> None:
    history = (opened_q2, defined, *working, linked, read(4), on(2, 20), closed, on(4, 10), read(9, 4, 1))
    assert carried_metric(*history).start == 4.0


def test_link_to_a_retired_kpi_is_not_carried_over() -> None:
    assert given(*working, defined, linked, opened_q2).when(carried).the(KeyResultAdded).kpi == KPI_ID
    assert given(*working, defined, linked, opened_q2, retired).when(carried).the(KeyResultAdded).kpi is None


def test_sum_keeps_its_start_and_begins_anew() -> None:
    link = LinkKpi(key_result=KEY_RESULT, kpi=KPI, aggregate=Aggregation.SUM, count_from=date(2026, 2, 1))
    then = given(opened_q2, defined, *working, link, read(4)).when(carried)
    key_result = then.the(KeyResultAdded)
    assert (key_result.kpi, key_result.aggregate, key_result.count_from) == (KPI_ID, Aggregation.SUM, None)
    assert key_result.metric == ZERO_TO_TEN


def test_mean_starts_at_its_current_value() -> None:
    link = LinkKpi(key_result=KEY_RESULT, kpi=KPI, aggregate=Aggregation.MEAN)
    key_result = given(opened_q2, defined, *working, link, read(4), read(2, 2, 2)).when(carried).the(KeyResultAdded)
    assert (key_result.metric.start, key_result.aggregate) == (3.0, Aggregation.MEAN)


# ── targets ──────────────────────────────────────────────────────────────────────────────────────


def test_target_given_by_a_ratio_is_resolved_anew() -> None:
    grown = Metric(direction=Direction.INCREASE, start=10, change_by=0.5)
    assert carried_metric(*measured_by(grown), checked_in(12)) == Metric(
        direction=Direction.INCREASE, start=12, change_by=0.5, target=18
    )


def test_ratio_of_0_leaves_no_target_ahead_and_names_the_key_result() -> None:
    grown = Metric(direction=Direction.INCREASE, start=10, change_by=0.5)
    history = measured_by(grown)
    given(*history, checked_in(0)).when(carried).then_refused("INVALID", "targets", "'Orders'")


def test_new_targets_replace_the_old_ones() -> None:
    target = CarriedTarget(KEY_RESULT, target=20)
    assert carried_metric(opened_q2, *working, checked_in(4), target=target) == Metric(
        direction=Direction.INCREASE, start=4, target=20
    )
    ratio = CarriedTarget(KEY_RESULT, change_by=0.5)
    assert carried_metric(opened_q2, *working, checked_in(4), target=ratio).target == 6.0


def test_reached_key_result_is_carried_with_a_new_target() -> None:
    target = CarriedTarget(KEY_RESULT, target=20)
    assert carried_metric(opened_q2, *working, checked_in(10), target=target).start == 10.0


@pytest.mark.parametrize(
    ("metric", "target"),
    [
        (ZERO_TO_TEN, CarriedTarget(KEY_RESULT, target=3)),
        (Metric(direction=Direction.DECREASE, start=9, target=1), CarriedTarget(KEY_RESULT, target=5)),
        (Metric(direction=Direction.AT_LEAST, start=1, target=9), CarriedTarget(KEY_RESULT, target=3)),
        (Metric(direction=Direction.WITHIN, start=1, lower=8, upper=9), CarriedTarget(KEY_RESULT, lower=2, upper=9)),
    ],
)
def test_target_must_lie_ahead(metric: Metric, target: CarriedTarget) -> None:
    carrying = structs.replace(carried, targets=[target])
    base = given(*measured_by(metric), checked_in(4))
    base.when(carrying).then_refused("INVALID", "targets", "'Orders'")


def test_level_goal_takes_a_new_target_on_either_side() -> None:
    held = Metric(direction=Direction.AT_MOST, start=8, target=10)
    for target in (5, 12):
        metric = carried_metric(*measured_by(held), checked_in(7), target=CarriedTarget(KEY_RESULT, target=target))
        assert (metric.start, metric.target) == (8.0, target)


def test_new_target_must_fit_the_direction() -> None:
    bounds = structs.replace(carried, targets=[CarriedTarget(KEY_RESULT, lower=1, upper=2)])
    given(opened_q2, *working).when(bounds).then_refused("INVALID", "targets")
    on_steps = structs.replace(carried, targets=[CarriedTarget(KEY_RESULT, target=2)])
    given(opened_q2, opened, drafted, stepped).when(on_steps).then_refused("INVALID", "targets")


def test_new_targets_name_key_results_of_the_objective_once() -> None:
    def carrying(*targets: CarriedTarget) -> CarryObjective:
        return structs.replace(carried, targets=list(targets))

    base = (opened_q2, *working)
    given(*base).when(carrying(CarriedTarget(OBJECTIVE, target=9))).then_refused("NOT_FOUND", "targets.0.keyResult")
    twice = carrying(CarriedTarget(KEY_RESULT, target=9), CarriedTarget(KEY_RESULT, target=8))
    given(*base).when(twice).then_refused("INVALID", "targets.1.keyResult")
    of_dropped = carrying(CarriedTarget(KEY_RESULT, target=9))
    given(*base, dropped_key_result).when(of_dropped).then_refused("CLOSED")


# ── cycles ───────────────────────────────────────────────────────────────────────────────────────


def test_an_objective_is_not_carried_into_its_own_cycle() -> None:
    given(*working).when(CarryObjective(objective=OBJECTIVE, into=Q1)).then_refused("INVALID", "into")


def test_an_objective_is_not_carried_into_a_closed_cycle() -> None:
    q2_is_over = (opened_q2, ActivateCycle(cycle=Q2), CloseCycle(cycle=Q2))
    given(*q2_is_over, *working).when(carried).then_refused("CLOSED")


def test_the_same_objective_is_carried_into_a_cycle_once() -> None:
    base = (opened_q2, opened_q3, *working, called("once", carried))
    given(*base).when(carried).then_refused("DUPLICATE", "into")
    dropped = DropObjective(objective=made("once"), reason="no")
    given(*base, dropped).when(carried).then_refused("DUPLICATE", "into")
    assert given(*base).when(structs.replace(carried, into=Q3)).topics() == ["objective-drafted", "key-result-added"]


def test_concurrent_carrying_into_one_cycle_is_recorded_once() -> None:
    refused = given(opened_q2, *working).meanwhile("append", carried).when(carried).refused
    assert refused is not None and refused.code is Code.DUPLICATE


def test_objective_of_a_parent_closed_before_its_children_is_carried() -> None:
    quarter = structs.replace(opened, parent=YEAR)
    yearly = called("yearly", DraftObjective(cycle=YEAR, title="Become the place to be"))
    history = (opened_year, quarter, yearly, ActivateCycle(cycle=YEAR), CloseCycle(cycle=YEAR, close_objectives=True))
    then = given(*history).when(CarryObjective(objective=made("yearly"), into=Q1))
    assert then.topics() == ["objective-drafted"]


# ── alignment ────────────────────────────────────────────────────────────────────────────────────

keeping = structs.replace(carried, keep_alignment=True)


def supports(*history: Command | datetime) -> tuple[Ref, ...]:
    found: tuple[Ref, ...] = given(*history).when(keeping).the(ObjectiveDrafted).supports
    return found


def carry_as(name: str, id: UUID, into: CycleBy = Q2) -> CarryObjective:
    return called(name, CarryObjective(objective=id, into=into))


def test_alignment_is_dropped_unless_it_is_to_be_kept() -> None:
    aligned = AlignObjective(objective=OBJECTIVE, to=objective_ref(OTHER))
    history = (opened_q2, opened, drafted, other, aligned, carry_as("next", OTHER))
    assert given(*history).when(carried).the(ObjectiveDrafted).supports == ()
    assert supports(*history) == (objective_ref(made("next")),)


def test_kept_alignment_is_to_the_same_goal_where_the_cycles_overlap() -> None:
    yearly = called("yearly", DraftObjective(cycle=YEAR, title="Become the place to be"))
    aligned = AlignObjective(objective=OBJECTIVE, to=objective_ref(made("yearly")))
    assert supports(opened_year, opened_q2, opened, yearly, drafted, aligned) == (objective_ref(made("yearly")),)


def test_kept_alignment_follows_what_was_carried_on_several_times() -> None:
    aligned = AlignObjective(objective=OBJECTIVE, to=objective_ref(OTHER))
    first = carry_as("next", OTHER)
    second = carry_as("last", made("next"), Q3)
    history = (opened_q2, opened_q3, opened, drafted, other, aligned, first, second)
    into_q3 = structs.replace(keeping, into=Q3)
    assert given(*history).when(into_q3).the(ObjectiveDrafted).supports == (objective_ref(made("last")),)


def test_kept_alignment_to_a_key_result_is_to_the_one_that_continues_it() -> None:
    of_other = called("of other", AddKeyResult(objective=OTHER, title="Visits", metric=as_input(ZERO_TO_TEN)))
    aligned = AlignObjective(objective=OBJECTIVE, to=key_result_ref(made("of other")))
    history = (opened_q2, opened, drafted, other, of_other, aligned, carry_as("next", OTHER))
    assert supports(*history) == (key_result_ref(made("next", 2)),)
    dropped = DropKeyResult(key_result=made("next", 2), reason="no")
    assert supports(*history, dropped) == ()


def test_goals_that_ended_with_their_cycle_or_were_dropped_are_no_longer_supported() -> None:
    aligned = AlignObjective(objective=OBJECTIVE, to=objective_ref(OTHER))
    history = (opened_q2, opened, drafted, other, aligned)
    assert supports(*history) == ()
    dropped = DropObjective(objective=made("next"), reason="no")
    assert supports(*history, carry_as("next", OTHER), dropped) == ()


def test_closed_objective_is_carried() -> None:
    closing = CloseObjective(objective=OBJECTIVE)
    assert carried_metric(opened_q2, *working, checked_in(4), closing).start == 4.0
