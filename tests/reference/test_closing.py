"""Default scores and verdicts, attributions and the status of KPIs, against numbers worked out by hand."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from domain.model.cycle import CycleActivated
from domain.model.key_result import KeyResultDropped, KeyResultRetargeted
from domain.model.kpi import KpiRedefined
from domain.model.objective import ObjectiveReopened
from domain.primitives.calendar import Calendar, Step
from domain.primitives.values import (
    Aggregation,
    Cadence,
    Direction,
    GoalDirection,
    KpiGoal,
    Metric,
    ObjectiveKind,
    Unit,
)
from tests.reference import attribution, calendars, kpis
from tests.reference.attribution import Attribution
from tests.reference.closing import Closing, closings, default_closing
from tests.reference.entities import Basis
from tests.reference.fold import View
from tests.reference.script import Script, day


def closed(script: Script, objective: UUID) -> Closing:
    """The default outcome of a closing."""
    script.close(objective, 92)
    return default_closing(script.log, closings(script.log)[-1])


def test_default_score_is_the_mean_of_the_scores_that_people_gave() -> None:
    script = Script()
    objective = script.objective(script.cycle())
    light, heavy = script.key_result(objective), script.key_result(objective, weight=3)
    script.check_in(light, 80, 100)
    script.score(light, 90, 0.2)
    script.score(heavy, 90, 0.4)
    closing = closed(script, objective)
    assert closing.scores == {light: 0.2, heavy: 0.4}
    assert closing.score == pytest.approx(0.35)
    assert closing.verdict == "MISSED"


def test_unmeasured_key_result_is_scored_0() -> None:
    script = Script()
    objective = script.objective(script.cycle(), kind=ObjectiveKind.ASPIRATIONAL)
    measured, silent = script.key_result(objective), script.key_result(objective)
    script.check_in(measured, 80, 100)
    assert closed(script, objective) == Closing({measured: 1, silent: 0}, 0.5, "PARTIAL")


def test_scores_of_the_closing_itself_decide_nothing() -> None:
    script = Script()
    objective = script.objective(script.cycle())
    key_result, command = script.key_result(objective), uuid4()
    script.check_in(key_result, 80, 100)
    script.score(key_result, 92, 0.9, command)
    script.close(objective, 92, command=command)
    assert default_closing(script.log, closings(script.log)[0]).scores == {key_result: 1.0}


def test_default_score_of_a_heading_is_the_mean_of_its_supporters_scores_or_progress() -> None:
    script = Script()
    cycle = script.cycle()
    heading = script.objective(cycle)
    part, going_on, silent = (script.objective(cycle, supports=heading) for _ in range(3))
    for objective, value in ((part, 10), (going_on, 60)):
        script.check_in(script.key_result(objective), 10, value)
    script.key_result(silent)
    script.close(part, 20, score=0.9)
    assert closed(script, heading).score == pytest.approx((0.9 + 0.6 + 0) / 3)


def test_objective_that_can_have_no_score_is_closed_without_one() -> None:
    script = Script()
    assert closed(script, script.objective(script.cycle())) == Closing({}, None, None)


def test_reopening_keeps_the_scores_of_people_only() -> None:
    script = Script()
    objective = script.objective(script.cycle())
    by_person, by_closing, command = script.key_result(objective), script.key_result(objective), uuid4()
    script.score(by_person, 20, 0.3)
    script.score(by_closing, 30, 0.6, command)
    script.close(objective, 30, 0.5, command)
    script.add(ObjectiveReopened(), 40, objective)
    view = script.view(41)
    assert (view.key_results[by_person].score, view.key_results[by_closing].score) == (0.3, None)
    assert (view.objectives[objective].score, view.objectives[objective].verdict) == (None, None)


def test_attribution_books_each_change_to_its_cause() -> None:
    script = Script()
    cycle = script.cycle(active=False)
    objective = script.objective(cycle)
    key_result = script.key_result(objective)
    script.add(CycleActivated(), 0, cycle)
    plan = Basis(day(0), script.head)
    script.check_in(key_result, 10, 50)  # 0.5: movement +0.5
    script.add(KeyResultRetargeted(metric=Metric(Direction.INCREASE, start=0.0, target=200.0)), 20, key_result)  # 0.25
    added = script.key_result(objective, at=30)  # 0.125: scope -0.125
    script.check_in(added, 40, 100)  # 0.625: movement +0.5
    script.add(KeyResultDropped(), 50, key_result)  # 1: scope +0.375
    outcome = Basis(day(60), script.head)
    figures = attribution.of_objective(script.log, objective, plan, outcome)
    assert figures == Attribution(0, 1.0, -0.25, 0.25, 1.0)
    assert attribution.of_cycle(script.log, cycle, plan, outcome) == figures


def test_closing_that_counts_a_persons_score_is_movement() -> None:
    script = Script()
    cycle = script.cycle()
    plan = Basis(day(0), script.head)
    objective = script.objective(cycle)
    script.score(script.key_result(objective), 80, 0.4)
    script.close(objective, 92)
    figures = attribution.of_objective(script.log, objective, plan, Basis(day(93), script.head))
    assert figures == Attribution(0, 0.4, 0, 0, 0.4)


# ── KPIs ─────────────────────────────────────────────────────────────────────────────────────────

GOAL = KpiGoal(GoalDirection.AT_LEAST, target=10.0, tolerance=2.0)


def status(view: View) -> str:
    (kpi,) = view.kpis.values()
    return kpis.status(view, kpi)


@pytest.mark.parametrize(("value", "expected"), [(10, "HEALTHY"), (8, "WARNING"), (7.9, "BREACHED")])
def test_status_judges_the_latest_value_with_its_tolerance(value: float, expected: str) -> None:
    script = Script()
    script.read(script.kpi(goal=GOAL), 10, value)
    assert status(script.view(11)) == expected


def test_status_of_a_silent_kpi_is_stale() -> None:
    script = Script()
    kpi = script.kpi()
    assert status(script.view(0)) == "NO_DATA"
    script.read(kpi, 10, 1)
    assert (status(script.view(20.5)), status(script.view(20.6))) == ("HEALTHY", "STALE")


def test_sum_is_judged_by_the_latest_complete_period() -> None:
    script = Script()
    kpi = script.kpi(Cadence.MONTHLY, goal=GOAL)
    script.add(KpiRedefined(name="k", unit=Unit(), cadence=Cadence.MONTHLY, goal=GOAL, **aggregation()), -29, kpi)
    for at, value in ((5, 6), (25, 5), (32, 1)):
        script.read(kpi, at, value)
    if aggregation():
        assert (status(script.view(30)), status(script.view(33))) == ("NO_DATA", "HEALTHY")


def aggregation() -> dict[str, Any]:
    """The field of a definition that sums; empty while events have none."""
    return {"aggregation": Aggregation.SUM} if "aggregation" in KpiRedefined.__struct_fields__ else {}


def test_raised_goal_never_judges_an_earlier_period() -> None:
    script = Script()
    kpi = script.kpi(Cadence.MONTHLY, goal=GOAL)
    script.read(kpi, 20, 10)
    raised = KpiGoal(GoalDirection.AT_LEAST, target=50.0)
    script.add(KpiRedefined(name="k", unit=Unit(), cadence=Cadence.MONTHLY, goal=raised), 32, kpi)
    assert status(script.view(33)) == "HEALTHY"
    script.read(kpi, 34, 10)
    assert status(script.view(35)) == "BREACHED"


def test_periods_of_two_weeks_count_on_from_1970() -> None:
    start, end = calendars.period_of(Calendar(), Step.BIWEEKLY, day(0))
    assert (start.weekday(), (end - start).days, (start.date() - calendars.FIRST_FORTNIGHT).days % 14) == (0, 14, 0)
    assert start <= day(0) < end
