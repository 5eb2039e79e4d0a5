"""Rescheduling a cycle: its new days, what follows them, and what does not."""

from datetime import date

from msgspec import structs

from domain.commands.command import Command, CycleBy
from domain.commands.cycle_commands import AbandonCycle, CloseCycle, OpenCycle, RescheduleCycle
from domain.commands.key_result_commands import AddKeyResult, CheckIn, PlanKeyResult, RescheduleKeyResult
from domain.commands.objective_commands import CloseObjective, ReopenObjective
from domain.model.cycle import Cycle, CycleRescheduled
from domain.model.key_result import KeyResult, KeyResultRescheduled
from domain.primitives.values import PlanPoint
from tests.domain.given_goals import (
    KEY_RESULT,
    OBJECTIVE,
    Q1,
    Q1_ID,
    Q2,
    YEAR,
    ZERO_TO_TEN,
    closed,
    dropped_key_result,
    finished,
    opened,
    opened_q2,
    opened_year,
    working,
)
from tests.domain.scenario import Given, called, given, on
from tests.metric_input import as_input

MARCH_15 = date(2026, 3, 15)
MAY_31 = date(2026, 5, 31)
longer = RescheduleCycle(cycle=Q1, ends_on=MAY_31, reason="the launch moved")
to_may = CycleRescheduled(starts_on=date(2026, 1, 1), ends_on=MAY_31)
in_year = [structs.replace(one, parent=YEAR) for one in (opened, opened_q2)]


def due(on: date, *plan: PlanPoint) -> KeyResultRescheduled:
    return KeyResultRescheduled(due=on, plan=plan, follows_cycle=True)


def test_a_due_day_follows_its_cycle() -> None:
    given(*working).when(longer).then(to_may, due(MAY_31))


def test_a_due_day_that_was_set_does_not_follow() -> None:
    own = AddKeyResult(objective=OBJECTIVE, title="Calls", metric=as_input(ZERO_TO_TEN), due=MARCH_15)
    moved = RescheduleKeyResult(key_result=KEY_RESULT, due=MARCH_15, reason="earlier")
    back = RescheduleKeyResult(key_result=KEY_RESULT, due=date(2026, 3, 31), reason="not earlier")
    given(*working, moved).when(longer).then(to_may)
    given(*working, moved, back).when(longer).then(to_may)
    base = given(*working, moved, called("own", own), RescheduleCycle(cycle=Q1, ends_on=MARCH_15, reason="shorter"))
    base.when(longer).then(to_may)


def test_the_last_day_of_the_cycle_is_followed_also_when_it_is_written_out() -> None:
    written = AddKeyResult(objective=OBJECTIVE, title="Calls", metric=as_input(ZERO_TO_TEN), due=date(2026, 3, 31))
    given(*working, written).when(longer).then(to_may, due(MAY_31), due(MAY_31))


def test_a_due_day_follows_again_and_again() -> None:
    back = RescheduleCycle(cycle=Q1, ends_on=MARCH_15, reason="it did not")
    shorter = structs.replace(to_may, ends_on=MARCH_15)
    given(*working, longer).when(back).then(shorter, due(MARCH_15))


def test_plans_are_mapped_to_the_new_days() -> None:
    points = [PlanPoint(date(2026, 2, 14), 2.0)]
    planned = PlanKeyResult(key_result=KEY_RESULT, points=points, reason="slow at first")
    half_day = RescheduleCycle(
        cycle=Q1, starts_on=date(2026, 1, 11), ends_on=date(2026, 2, 24), reason="half as long, ten days later"
    )
    plan = (PlanPoint(date(2026, 1, 31), 2.0), PlanPoint(date(2026, 2, 24), 10.0))
    event = CycleRescheduled(starts_on=date(2026, 1, 11), ends_on=date(2026, 2, 24))
    given(*working, planned).when(half_day).then(event, due(date(2026, 2, 24), *plan))


def test_a_plan_up_to_a_set_due_day_is_mapped_to_a_new_beginning() -> None:
    plan = [PlanPoint(date(2026, 1, 31), 2.0)]
    moved = RescheduleKeyResult(key_result=KEY_RESULT, due=date(2026, 3, 1), plan=plan, reason="earlier")
    later = RescheduleCycle(cycle=Q1, starts_on=date(2026, 1, 31), reason="later")
    mapped = (PlanPoint(date(2026, 2, 13), 2.0), PlanPoint(date(2026, 3, 1), 10.0))
    event = CycleRescheduled(starts_on=date(2026, 1, 31), ends_on=date(2026, 3, 31))
    then = given(*working, moved).when(later)
    then.then(event, due(date(2026, 3, 1), *mapped))
    assert then.aggregate(KeyResult, KEY_RESULT).due_is_set


def test_the_same_days_record_nothing() -> None:
    same = RescheduleCycle(cycle=Q1, starts_on=date(2026, 1, 1), ends_on=date(2026, 3, 31), reason="none")
    given(*working).when(same).then_nothing()
    given(*working).when(RescheduleCycle(cycle=Q1, reason="none")).then_nothing()
    given(*working, closed).when(same).then_nothing()
    given(*working, longer).when(longer).then_nothing()


def test_a_cycle_that_has_ended_keeps_its_days() -> None:
    given(*working, closed).when(longer).then_refused("CLOSED", "cycle")
    given(opened, AbandonCycle(cycle=Q1, reason="mistyped")).when(longer).then_refused("CLOSED", "cycle")


def test_rescheduling_needs_a_reason_and_possible_days() -> None:
    given(*working).when(structs.replace(longer, reason=None)).then_refused("INVALID", "reason")
    early, late = date(2025, 12, 31), date(2037, 1, 1)
    given(*working).when(structs.replace(longer, ends_on=early)).then_refused("INVALID", "endsOn")
    given(*working).when(structs.replace(longer, ends_on=late)).then_refused("INVALID", "endsOn")
    both = structs.replace(longer, starts_on=late, ends_on=early)
    assert given(*working).when(both).then_refused("INVALID", "endsOn").problems[0].rule == "CYCLE_ENDS_BEFORE_START"


def year() -> Given:
    return given(opened_year, *in_year)


def refused_rule(base: Given, command: Command, code: str, field: str) -> str | None:
    return base.when(command).then_refused(code, field).problems[0].rule


def test_cycles_of_one_parent_may_not_overlap() -> None:
    assert refused_rule(year(), longer, "CONFLICT", "startsOn") == "CYCLES_OVERLAP"
    later = RescheduleCycle(cycle=Q2, starts_on=date(2026, 6, 1), reason="later")
    assert given(opened_year, *in_year, later).when(longer).topics() == ["cycle-rescheduled"]
    assert given(opened, opened_q2).when(longer).topics() == ["cycle-rescheduled"]


def test_a_child_lies_inside_its_parent() -> None:
    outside = RescheduleCycle(cycle=Q2, ends_on=date(2027, 1, 1), reason="longer")
    assert refused_rule(year(), outside, "INVALID", "startsOn") == "CYCLE_OUTSIDE_PARENT"
    late = RescheduleCycle(cycle=YEAR, starts_on=date(2026, 1, 2), reason="late")
    assert refused_rule(year(), late, "CONFLICT", "startsOn") == "CYCLE_LEAVES_CHILD"
    short = RescheduleCycle(cycle=YEAR, ends_on=date(2026, 6, 29), reason="short")
    assert refused_rule(year(), short, "CONFLICT", "endsOn") == "CYCLE_LEAVES_CHILD"
    base = given(opened_year, *in_year, AbandonCycle(cycle=Q2, reason="mistyped"))
    assert base.when(short).topics() == ["cycle-rescheduled"]


def test_relatives_that_change_meanwhile_refuse_the_days() -> None:
    moved = RescheduleCycle(cycle=Q2, starts_on=date(2026, 3, 1), reason="earlier")
    later = RescheduleCycle(cycle=Q1, ends_on=date(2026, 2, 1), reason="shorter")
    base = given(opened_year, *in_year, later).meanwhile("append", moved)
    refused = base.when(RescheduleCycle(cycle=Q1, ends_on=MARCH_15, reason="longer")).refused
    assert refused is not None
    assert refused.problems[0].rule == "CYCLES_OVERLAP"
    child = OpenCycle(key="m12", name="M12", starts_on=date(2026, 12, 1), ends_on=date(2026, 12, 31), parent=YEAR)
    short = RescheduleCycle(cycle=YEAR, ends_on=date(2026, 11, 30), reason="short")
    refused = given(opened_year).meanwhile("append", child).when(short).refused
    assert refused is not None
    assert refused.problems[0].rule == "CYCLE_LEAVES_CHILD"


def test_a_key_result_that_is_added_meanwhile_follows_too() -> None:
    base = given(*working).meanwhile("append", AddKeyResult(OBJECTIVE, "Calls", as_input(ZERO_TO_TEN)))
    topics = base.when(longer).topics()
    assert topics == ["key-result-added", "cycle-rescheduled", "key-result-rescheduled", "key-result-rescheduled"]


def test_what_has_ended_keeps_the_days_of_its_end() -> None:
    given(*working, dropped_key_result).when(longer).then(to_may)
    given(*working, finished).when(longer).then(to_may)
    then = given(*working, on(2, 20), finished, on(2, 21), longer).when(CloseCycle(cycle=Q1))
    assert then.aggregate(KeyResult, KEY_RESULT).due == date(2026, 3, 31)


def test_not_before_the_last_change_of_an_objective() -> None:
    early = structs.replace(longer, effective_at=on(2, 19))
    given(*working, on(2, 20), finished, on(2, 21)).when(early).then_refused("INVALID", "effectiveAt")


def test_a_reopened_objective_goes_on_with_the_days_of_its_cycle() -> None:
    base = given(*working, on(2, 20), CloseObjective(objective=OBJECTIVE, score=0.5), on(2, 21), longer)
    reopened = base.when(ReopenObjective(objective=OBJECTIVE, reason="after all"))
    assert reopened.topics() == ["objective-reopened", "key-result-reopened", "key-result-rescheduled"]
    assert reopened.aggregate(KeyResult, KEY_RESULT).due == MAY_31


def test_check_ins_in_between_count_while_the_cycle_is_open() -> None:
    late = CheckIn(key_result=KEY_RESULT, value=4, measured_at=on(4, 10))
    assert given(*working, on(4, 20), longer).when(late).topics() == ["key-result-checked-in"]


def test_a_cycle_is_rescheduled_while_it_is_planned() -> None:
    then = given(opened).when(RescheduleCycle(cycle=CycleBy(key="2026-q1"), starts_on=date(2026, 1, 5), reason="late"))
    then.then(CycleRescheduled(starts_on=date(2026, 1, 5), ends_on=date(2026, 3, 31)))
    assert then.aggregate(Cycle, Q1_ID).starts_on == date(2026, 1, 5)
