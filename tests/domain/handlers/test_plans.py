"""Plans of key results: planning, and what other edits do to a plan."""

from datetime import date
from typing import Any

import pytest
from msgspec import structs

from domain.commands.command import Command
from domain.commands.key_result_commands import AddKeyResult, PlanKeyResult, RescheduleKeyResult, RetargetKeyResult
from domain.commands.objective_commands import CarryObjective
from domain.model.key_result import (
    KeyResult,
    KeyResultAdded,
    KeyResultPlanned,
    KeyResultRescheduled,
    KeyResultRetargeted,
)
from domain.primitives.values import Direction, Metric, PlanPoint
from tests.domain.given_goals import (
    KEY_RESULT,
    OBJECTIVE,
    Q2,
    STEPS,
    ZERO_TO_TEN,
    ZERO_TO_TWENTY,
    activated,
    added,
    checked_in,
    closed,
    committed,
    drafted,
    dropped,
    dropped_key_result,
    finished,
    in_february,
    opened,
    opened_q2,
    stepped,
    working,
)
from tests.domain.scenario import called, given, made, on
from tests.metric_input import as_input

DUE = date(2026, 3, 31)
FALLING = Metric(Direction.DECREASE, start=10, target=0)


def point(month: int, day: int, value: float) -> PlanPoint:
    return PlanPoint(date(2026, month, day), value)


def planned(*points: PlanPoint) -> PlanKeyResult:
    return PlanKeyResult(key_result=KEY_RESULT, points=list(points), reason="a late start")


def retargeted(metric: Metric, **more: Any) -> RetargetKeyResult:
    return RetargetKeyResult(key_result=KEY_RESULT, metric=as_input(metric), reason="we know more now", **more)


def rescheduled(due: date, **more: Any) -> RescheduleKeyResult:
    return RescheduleKeyResult(key_result=KEY_RESULT, due=due, reason="the fair moved", **more)


MIDDLE, LAST = point(2, 14, 2), point(3, 31, 10)
"""The key result begins when it is added, on 5 January: the first point is after 41 of its 86 days."""
with_plan = (*working, planned(MIDDLE))


# ── planning ─────────────────────────────────────────────────────────────────────────────────────


def test_a_plan_is_recorded_with_the_target_on_the_due_day() -> None:
    given(*working).when(planned(MIDDLE)).then(KeyResultPlanned(plan=(MIDDLE, LAST)))


def test_a_repeated_plan_records_nothing() -> None:
    given(*with_plan).when(planned(MIDDLE)).then_nothing()
    given(*with_plan).when(planned(MIDDLE, LAST)).then_nothing()


def test_a_plan_can_be_edited_and_removed() -> None:
    later = point(3, 1, 2)
    given(*with_plan).when(planned(later)).then(KeyResultPlanned(plan=(later, LAST)))
    given(*with_plan).when(planned()).then(KeyResultPlanned())
    given(*working).when(planned()).then_nothing()


def test_a_plan_needs_a_reason() -> None:
    given(*working).when(structs.replace(planned(MIDDLE), reason=None)).then_refused("INVALID", "reason")


def test_a_plan_begins_with_the_day_of_the_creation_or_the_cycle() -> None:
    base = (opened, opened_q2, drafted, added)
    given(*base).when(planned(point(1, 5, 1))).then(KeyResultPlanned(plan=(point(1, 5, 1), LAST)))
    refused = given(*base).when(planned(point(1, 4, 1))).then_refused("INVALID", "points.0.on")
    assert refused.problems[0].parameters == {"first": date(2026, 1, 5), "last": DUE}
    next_quarter = structs.replace(drafted, cycle=Q2)
    refused = (
        given(opened_q2, next_quarter, added).when(planned(point(3, 31, 1))).then_refused("INVALID", "points.0.on")
    )
    assert refused.problems[0].parameters == {"first": date(2026, 4, 1), "last": date(2026, 6, 30)}


def test_all_wrong_points_of_a_plan_are_named() -> None:
    refused = given(*working).when(planned(point(1, 1, 1), point(3, 31, 9), point(2, 1, 4))).then_refused("INVALID")
    assert [(".".join(one.field), one.rule) for one in refused.problems] == [
        ("points.0.on", "PLAN_POINT_OUTSIDE_SPAN"), ("points.1.value", "PLAN_MISSES_TARGET"),
        ("points.2.on", "PLAN_POINTS_NOT_ORDERED"),
    ]  # fmt: skip


def test_planned_values_are_finite() -> None:
    refused = (
        given(*working).when(planned(point(2, 1, float("nan")), point(2, 2, float("inf")))).then_refused("INVALID")
    )
    assert [(".".join(one.field), one.rule) for one in refused.problems] == [
        ("points.0.value", "NUMBER_NOT_FINITE"), ("points.1.value", "NUMBER_NOT_FINITE"),
    ]  # fmt: skip


def test_a_plan_against_the_direction_is_allowed() -> None:
    dip = (point(2, 1, 5), point(3, 1, 2))
    given(*working).when(planned(*dip)).then(KeyResultPlanned(plan=(*dip, LAST)))


def test_milestones_are_planned_as_shares() -> None:
    base = (opened, drafted, stepped)
    share = point(2, 1, 0.25)
    given(*base).when(planned(share)).then(KeyResultPlanned(plan=(share, point(3, 31, 1))))
    given(*base).when(planned(point(2, 1, 2))).then_refused("INVALID", "points.0.value")


@pytest.mark.parametrize("ending", [closed, finished, dropped])
def test_an_ended_key_result_is_not_planned(ending: Command) -> None:
    given(*working, committed, ending).when(planned(MIDDLE)).then_refused("CLOSED", "keyResult")


def test_a_dropped_key_result_is_not_planned() -> None:
    given(*working, dropped_key_result).when(planned(MIDDLE)).then_refused("CLOSED", "keyResult")
    given(*working, dropped_key_result).when(planned(point(1, 1, 1))).then_refused("CLOSED", "keyResult")


def test_a_key_result_is_added_with_a_plan() -> None:
    adding = AddKeyResult(objective=OBJECTIVE, title="Sessions held", metric=as_input(ZERO_TO_TEN), plan=[MIDDLE])
    given(opened, drafted).when(adding).then(
        KeyResultAdded(objective=OBJECTIVE, title="Sessions held", metric=ZERO_TO_TEN, due=DUE, plan=(MIDDLE, LAST))
    )
    wrong = structs.replace(adding, plan=[point(1, 1, 1), MIDDLE, point(4, 1, 10)])
    refused = given(opened, drafted).when(wrong).then_refused("INVALID")
    assert [".".join(one.field) for one in refused.problems] == ["plan.0.on", "plan.2.on"]


# ── other terms ──────────────────────────────────────────────────────────────────────────────────


def test_retargeting_maps_the_plan_to_the_new_target() -> None:
    given(*with_plan).when(retargeted(ZERO_TO_TWENTY)).then(
        KeyResultRetargeted(metric=ZERO_TO_TWENTY, plan=(point(2, 14, 4), point(3, 31, 20)))
    )


def test_rescheduling_maps_the_plan_to_the_new_days() -> None:
    half = date(2026, 2, 16)
    given(*with_plan).when(rescheduled(half)).then(
        KeyResultRescheduled(due=half, plan=(point(1, 25, 2), PlanPoint(half, 10)))
    )


def test_retargeting_and_rescheduling_take_a_new_plan() -> None:
    new = point(3, 1, 15)
    given(*with_plan).when(retargeted(ZERO_TO_TWENTY, plan=[new])).then(
        KeyResultRetargeted(metric=ZERO_TO_TWENTY, plan=(new, point(3, 31, 20)))
    )
    given(*with_plan).when(rescheduled(date(2026, 4, 30), plan=[new])).then(
        KeyResultRescheduled(due=date(2026, 4, 30), plan=(new, point(4, 30, 10)))
    )
    given(*with_plan).when(retargeted(ZERO_TO_TWENTY, plan=[])).then(KeyResultRetargeted(metric=ZERO_TO_TWENTY))
    given(*working).when(retargeted(ZERO_TO_TWENTY, plan=[point(3, 31, 10)])).then_refused("INVALID", "plan.0.value")
    given(*working).when(rescheduled(date(2026, 2, 28), plan=[new])).then_refused("INVALID", "plan.0.on")


def test_retargeting_to_the_same_metric_records_nothing() -> None:
    given(*with_plan).when(retargeted(ZERO_TO_TEN)).then_nothing()
    given(*with_plan).when(rescheduled(DUE)).then_nothing()


def test_another_direction_ends_the_plan() -> None:
    given(*with_plan).when(retargeted(FALLING)).then(KeyResultRetargeted(metric=FALLING))
    given(*with_plan).when(retargeted(STEPS)).then(KeyResultRetargeted(metric=STEPS))


def test_a_due_day_before_the_beginning_ends_the_plan() -> None:
    early = date(2026, 1, 4)
    given(*with_plan).when(rescheduled(early)).then(KeyResultRescheduled(due=early))


def test_a_key_result_without_a_plan_is_retargeted_and_rescheduled_without_one() -> None:
    given(*working).when(retargeted(ZERO_TO_TWENTY)).then(KeyResultRetargeted(metric=ZERO_TO_TWENTY))
    given(*working).when(rescheduled(date(2026, 2, 28))).then(KeyResultRescheduled(due=date(2026, 2, 28)))


def test_carrying_an_objective_carries_no_plan() -> None:
    base = (opened, opened_q2, drafted, added, activated, in_february, planned(MIDDLE), checked_in(4, 2, 9))
    carry = called("carried", CarryObjective(objective=OBJECTIVE, into=Q2))
    carried = given(*base, on(2, 20)).when(carry)
    assert carried.aggregate(KeyResult, made("carried", 2)).plan == ()
