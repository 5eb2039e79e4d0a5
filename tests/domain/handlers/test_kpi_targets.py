"""Goals of KPIs from a day on, and the targets that stand over them."""

from datetime import date

import pytest
from msgspec import UNSET, UnsetType

from domain.commands.command import Command
from domain.commands.kpi_commands import DefineKpi, RedefineKpi, SetKpiTargets
from domain.model.kpi import Kpi, KpiDefined, KpiRedefined, KpiTargetsSet
from domain.primitives.calendar import Calendar
from domain.primitives.errors import CommandRejected
from domain.primitives.values import Cadence, GoalDirection, KpiGoal, KpiTarget, Unit
from tests.domain.given_goals import KPI, KPI_ID, defined, retired
from tests.domain.scenario import Given, given, on

TEN = KpiGoal(GoalDirection.AT_LEAST, target=10, tolerance=2)
TWENTY = KpiGoal(GoalDirection.AT_LEAST, target=20)
WITHIN = KpiGoal(GoalDirection.WITHIN, lower=1, upper=9)
watched = DefineKpi(key="nps", name="Promoters", goal=TEN)
in_march = on(3, 10)


def target(month: int, value: float, year: int = 2026) -> KpiTarget:
    return KpiTarget(date(year, month, 1), target=value)


def removed(month: int) -> KpiTarget:
    return KpiTarget(date(2026, month, 1), remove=True)


def planned(*targets: KpiTarget) -> SetKpiTargets:
    return SetKpiTargets(kpi=KPI, targets=list(targets), reason="agreed with finance")


def redefined(goal: KpiGoal | None, from_: date | UnsetType = UNSET) -> RedefineKpi:
    return RedefineKpi(kpi=KPI, goal=goal, reason="ask for more", goal_from=from_)


def in_force(base: Given, *days: date) -> list[float | None]:
    """The target in force on each of these days."""
    schedule = base.aggregate(Kpi, KPI_ID).schedule(Calendar())
    goals = [schedule.on(day) for day in days]
    return [None if goal is None else goal.target for goal in goals]


def refused(base: Given, command: Command) -> list[tuple[str, str]]:
    """The field and the rule of each problem."""
    rejection = base.when(command).then_refused("INVALID")
    assert isinstance(rejection, CommandRejected)
    return [(".".join(problem.field), problem.rule) for problem in rejection.problems]


# ── targets ──────────────────────────────────────────────────────────────────────────────────────


def test_targets_of_a_year_are_set_at_once_also_for_days_in_the_future() -> None:
    year = [target(month, 10 + month, 2027) for month in range(1, 13)]
    given(watched, in_march).when(planned(*year)).then(KpiTargetsSet(targets=tuple(year)))


def test_targets_are_recorded_in_the_order_of_their_days() -> None:
    event = given(watched, in_march).when(planned(target(5, 2), target(4, 1))).the(KpiTargetsSet)
    assert [one.from_.month for one in event.targets] == [4, 5]


def test_targets_are_merged_with_those_of_other_days() -> None:
    base = given(watched, in_march, planned(target(4, 12), target(5, 13)), planned(target(5, 15), target(6, 16)))
    assert in_force(base, date(2026, 4, 30), date(2026, 5, 1), date(2026, 6, 1)) == [12, 15, 16]


def test_only_targets_that_change_something_are_recorded() -> None:
    base = (watched, in_march, planned(target(4, 12), target(5, 13)))
    given(*base).when(planned(target(4, 12), target(5, 13))).then_nothing()
    given(*base).when(planned(target(4, 12), target(5, 14))).then(KpiTargetsSet(targets=(target(5, 14),)))
    outcome = given(*base).when(planned(target(4, 12), target(5, 14))).outcome
    assert outcome is not None
    assert (outcome.result.recorded, outcome.result.unchanged) == (1, 1)


def test_target_is_removed_on_request() -> None:
    base = (watched, in_march, planned(target(4, 12), target(5, 13)))
    given(*base).when(planned(removed(5))).then(KpiTargetsSet(targets=(removed(5),)))
    assert in_force(given(*base, planned(removed(5))), date(2026, 5, 1)) == [12]
    given(*base).when(planned(removed(6))).then_nothing()


def test_setting_targets_needs_a_reason() -> None:
    silent = SetKpiTargets(kpi=KPI, targets=[target(4, 12)])
    assert refused(given(watched, in_march), silent) == [("reason", "REASON_NEEDED")]


def test_all_wrong_targets_of_an_input_are_named_by_index() -> None:
    wrong = planned(
        target(4, 12), KpiTarget(date(2026, 5, 1), lower=1, upper=2), target(6, 13), KpiTarget(date(2026, 7, 1))
    )
    assert refused(given(watched, in_march), wrong) == [
        ("targets.1.target", "GOAL_FIELD_MISSING"), ("targets.1.lower", "GOAL_FIELD_NOT_ALLOWED"),
        ("targets.1.upper", "GOAL_FIELD_NOT_ALLOWED"), ("targets.3.target", "GOAL_FIELD_MISSING"),
    ]  # fmt: skip


def test_wrong_targets_among_400_are_named_by_index() -> None:
    days = [KpiTarget(date.fromordinal(date(2027, 1, 1).toordinal() + day), target=day) for day in range(400)]
    days[7], days[399] = KpiTarget(days[7].from_), KpiTarget(days[399].from_, lower=1, upper=2)
    fields = [field for field, _ in refused(given(watched, in_march), planned(*days))]
    assert fields == ["targets.7.target", "targets.399.target", "targets.399.lower", "targets.399.upper"]


def test_faults_of_the_input_alone_are_named_by_index() -> None:
    wrong = planned(
        KpiTarget(date(1899, 12, 31), target=1), target(4, float("nan")), target(5, 1), target(5, 2),
        KpiTarget(date(2026, 6, 1), target=1, remove=True),
    )  # fmt: skip
    assert refused(given(watched, in_march), wrong) == [
        ("targets.0.from", "DAY_TOO_EARLY"), ("targets.1.target", "NUMBER_NOT_FINITE"),
        ("targets.4.remove", "TARGET_REMOVED_WITH_BOUNDS"), ("targets.3.from", "TARGET_DAY_REPEATED"),
    ]  # fmt: skip


def test_one_command_sets_1_to_400_targets() -> None:
    base = given(watched, in_march)
    base.when(planned()).then_refused("INVALID", "targets")
    days = [KpiTarget(date.fromordinal(date(2027, 1, 1).toordinal() + day), target=day) for day in range(401)]
    base.when(planned(*days)).then_refused("TOO_LARGE", "targets")
    assert len(base.when(planned(*days[:400])).the(KpiTargetsSet).targets) == 400


def test_target_where_there_is_no_goal_is_refused() -> None:
    assert refused(given(defined, in_march), planned(target(4, 12))) == [("targets.0.from", "TARGET_WITHOUT_GOAL")]
    later = given(defined, in_march, redefined(TEN, date(2026, 6, 1)))
    assert refused(later, planned(target(5, 12), target(6, 12))) == [("targets.0.from", "TARGET_WITHOUT_GOAL")]


def test_target_takes_the_direction_of_the_goal_in_force_on_its_day() -> None:
    base = given(watched, in_march, redefined(WITHIN, date(2026, 6, 1)))
    assert refused(base, planned(target(5, 12), target(6, 12)))[0] == ("targets.1.target", "GOAL_FIELD_NOT_ALLOWED")
    inside = KpiTarget(date(2026, 6, 1), lower=2, upper=3)
    base.when(planned(target(5, 12), inside)).then(KpiTargetsSet(targets=(target(5, 12), inside)))


def test_bounds_of_a_target_are_in_order() -> None:
    base = given(watched, in_march, redefined(WITHIN))
    crossed = KpiTarget(date(2026, 6, 1), lower=3, upper=2)
    assert refused(base, planned(crossed)) == [("targets.0.upper", "GOAL_NOT_ORDERED")]


def test_retired_kpi_refuses_targets() -> None:
    given(watched, retired, in_march).when(planned(target(4, 12))).then_refused("CLOSED", "kpi")


# ── goals from a day on ──────────────────────────────────────────────────────────────────────────


def test_goal_is_defined_from_a_day_on() -> None:
    later = DefineKpi(key="nps", name="Promoters", goal=TEN, goal_from=date(2026, 6, 1))
    given().when(later).then(
        KpiDefined(
            key="nps", name="Promoters", unit=Unit(), cadence=Cadence.WEEKLY, goal=TEN, goal_from=date(2026, 6, 1)
        )
    )
    assert in_force(given(later), date(2026, 5, 31), date(2026, 6, 1)) == [None, 10]


def test_redefined_goal_begins_on_the_day_of_the_effective_time_by_default() -> None:
    base = given(watched, in_march, redefined(TWENTY))
    assert in_force(base, date(2026, 3, 9), date(2026, 3, 10)) == [10, 20]
    earlier = RedefineKpi(kpi=KPI, goal=TWENTY, reason="agreed then", effective_at=on(2, 1))
    assert in_force(given(on(1, 1), watched, in_march, earlier), date(2026, 1, 31), date(2026, 2, 1)) == [10, 20]


@pytest.mark.parametrize("from_", [date(2026, 2, 1), date(2026, 11, 1)])
def test_redefined_goal_begins_on_a_given_day_in_the_past_or_future(from_: date) -> None:
    before = date.fromordinal(from_.toordinal() - 1)
    assert in_force(given(watched, in_march, redefined(TWENTY, from_)), before, from_) == [10, 20]


def test_redefinition_of_other_fields_begins_no_goal() -> None:
    renamed = RedefineKpi(kpi=KPI, name="Advocates", reason="clearer")
    base = given(watched, in_march, redefined(TWENTY, date(2026, 6, 1)), renamed)
    assert in_force(base, date(2026, 5, 31), date(2026, 6, 1)) == [10, 20]


def test_first_day_without_a_goal_is_refused() -> None:
    lost = RedefineKpi(kpi=KPI, goal_from=date(2026, 6, 1), reason="agreed")
    assert refused(given(watched), lost) == [("from", "FROM_WITHOUT_GOAL")]
    assert refused(given(), DefineKpi(key="k", name="K", goal_from=date(2026, 6, 1))) == [("from", "FROM_WITHOUT_GOAL")]
    given(watched).when(redefined(None, date(2026, 6, 1))).the(KpiRedefined)


def test_first_day_of_a_goal_is_not_before_1900() -> None:
    assert refused(given(watched), redefined(TEN, date(1899, 12, 31))) == [("from", "DAY_TOO_EARLY")]


def test_goal_that_is_in_force_already_records_nothing() -> None:
    base = (watched, in_march, redefined(TWENTY, date(2026, 6, 1)))
    given(*base).when(redefined(TEN)).then_nothing()
    given(*base).when(redefined(TWENTY, date(2026, 6, 1))).then_nothing()
    given(*base, redefined(TEN, date(2026, 9, 1))).when(redefined(TWENTY, date(2026, 6, 1))).then_nothing()


def test_goal_planned_for_later_may_begin_today() -> None:
    base = given(watched, in_march, redefined(TWENTY, date(2026, 6, 1)))
    base.when(redefined(TWENTY)).then(
        KpiRedefined(name="Promoters", unit=Unit(), cadence=Cadence.WEEKLY, goal=TWENTY, goal_from=date(2026, 3, 10))
    )
    assert in_force(base, date(2026, 3, 9), date(2026, 3, 10)) == [10, 20]


def test_redefinition_replaces_the_target_of_its_day_and_leaves_later_ones() -> None:
    base = given(watched, in_march, planned(target(4, 12), target(5, 13), target(6, 14)))
    base.when(redefined(TWENTY, date(2026, 5, 1))).the(KpiRedefined)
    assert in_force(base, date(2026, 4, 30), date(2026, 5, 1), date(2026, 6, 1)) == [12, 20, 14]


def test_redefinition_takes_back_todays_target_with_the_same_goal() -> None:
    base = given(watched, on(4, 1), planned(target(4, 12)))
    base.when(redefined(TEN)).the(KpiRedefined)
    assert in_force(base, date(2026, 4, 1)) == [10]


@pytest.mark.parametrize("goal", [WITHIN, None])
def test_redefinition_that_later_targets_do_not_fit_is_refused(goal: KpiGoal | None) -> None:
    base = (watched, in_march, planned(target(5, 13), target(6, 14)))
    rejection = given(*base).when(redefined(goal, date(2026, 4, 1))).then_refused("INVALID", "goal", "2026-05-01")
    assert rejection.problems[0].rule == "LATER_TARGETS_MISFIT"
    given(*base).when(redefined(goal, date(2026, 6, 1))).the(KpiRedefined)
    given(*base, redefined(TWENTY, date(2026, 5, 1)), planned(removed(6))).when(redefined(goal, date(2026, 4, 1))).the(
        KpiRedefined
    )


def test_targets_of_an_earlier_goal_do_not_hinder_a_redefinition() -> None:
    given(watched, on(2, 1), planned(target(3, 13)), on(4, 2)).when(redefined(WITHIN)).the(KpiRedefined)


def test_retired_kpi_refuses_a_goal() -> None:
    given(watched, retired, in_march).when(redefined(TWENTY, date(2026, 6, 1))).then_refused("CLOSED", "kpi")
