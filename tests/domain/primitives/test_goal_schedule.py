"""The goal schedule of a KPI: which goal is in force on which day."""

from datetime import UTC, date, datetime

from domain.primitives.calendar import Calendar
from domain.primitives.goal_schedule import SINCE_EVER, GoalEdit, GoalSchedule, schedule_of
from domain.primitives.values import GoalDirection, KpiGoal, KpiTarget

UTC_CALENDAR = Calendar()
TEN = KpiGoal(GoalDirection.AT_LEAST, target=10, tolerance=2)
TWENTY = KpiGoal(GoalDirection.AT_LEAST, target=20, tolerance=5)
WITHIN = KpiGoal(GoalDirection.WITHIN, lower=1, upper=9, tolerance=1)


def on(month: int, day: int, year: int = 2026) -> date:
    return date(year, month, day)


def edit(
    month: int, day: int, goal: KpiGoal | None, from_: date | None = None, *targets: KpiTarget, hour: int = 9
) -> GoalEdit:
    return GoalEdit(datetime(2026, month, day, hour, tzinfo=UTC), goal, from_, targets)


def target(from_: date, value: float) -> KpiTarget:
    return KpiTarget(from_, target=value)


def scheduled(*edits: GoalEdit) -> GoalSchedule:
    return schedule_of(edits, UTC_CALENDAR)


def targets(schedule: GoalSchedule, *days: date) -> list[float | None]:
    """The target in force on each of these days."""
    goals = [schedule.on(day) for day in days]
    return [None if goal is None else goal.target for goal in goals]


def test_kpi_has_no_goal_before_its_first_version() -> None:
    assert scheduled().on(on(1, 1)) is None
    assert list(scheduled().entries) == []


def test_goal_without_a_first_day_begins_on_the_day_of_its_effective_time() -> None:
    schedule = scheduled(edit(1, 1, None), edit(2, 10, TEN, hour=23))
    assert targets(schedule, on(2, 9), on(2, 10), on(12, 31)) == [None, 10, 10]


def test_goal_that_a_kpi_is_defined_with_also_holds_before_its_definition() -> None:
    schedule = scheduled(edit(4, 1, TEN))
    assert schedule.entries[0].from_ == SINCE_EVER
    assert targets(schedule, date.min, on(1, 1)) == [10, 10]


def test_goal_that_a_kpi_is_defined_with_from_a_day_does_not_hold_before_it() -> None:
    schedule = scheduled(edit(1, 1, TEN, on(3, 1)))
    assert targets(schedule, on(2, 28), on(3, 1)) == [None, 10]


def test_goal_holds_until_the_day_before_the_next_goal() -> None:
    schedule = scheduled(edit(1, 1, TEN), edit(1, 2, TWENTY, on(3, 1)))
    assert targets(schedule, on(2, 28), on(3, 1)) == [10, 20]


def test_goal_from_an_earlier_day_leaves_goals_from_later_days() -> None:
    schedule = scheduled(edit(1, 1, TEN), edit(1, 2, TWENTY, on(3, 1)), edit(1, 3, TEN, on(2, 1)))
    assert targets(schedule, on(2, 28), on(3, 1)) == [10, 20]


def test_version_that_repeats_the_goal_begins_nothing() -> None:
    schedule = scheduled(edit(1, 1, TEN), edit(1, 2, TWENTY, on(6, 1)), edit(2, 1, TWENTY))
    assert targets(schedule, on(2, 1), on(5, 31), on(6, 1)) == [10, 10, 20]


def test_target_holds_until_the_next_target_or_goal() -> None:
    plan = (target(on(2, 1), 12), target(on(4, 1), 14))
    schedule = scheduled(edit(1, 1, TEN), edit(1, 2, TEN, None, *plan), edit(1, 3, TWENTY, on(5, 1)))
    assert targets(schedule, on(1, 31), on(2, 1), on(3, 31), on(4, 30), on(5, 1)) == [10, 12, 12, 14, 20]


def test_target_keeps_direction_and_tolerance_of_the_goal_of_its_day() -> None:
    inside = KpiTarget(on(3, 1), lower=2, upper=4)
    schedule = scheduled(edit(1, 1, TEN), edit(1, 2, WITHIN, on(2, 1)), edit(1, 3, WITHIN, None, inside))
    assert schedule.on(on(3, 1)) == KpiGoal(GoalDirection.WITHIN, lower=2, upper=4, tolerance=1)


def test_later_target_takes_direction_and_tolerance_of_an_inserted_goal() -> None:
    planned = scheduled(edit(1, 1, TEN), edit(1, 2, TEN, None, target(on(6, 1), 30)))
    at_most = KpiGoal(GoalDirection.AT_MOST, target=99, tolerance=7)
    assert planned.with_goal(on(5, 1), at_most).on(on(6, 1)) == KpiGoal(GoalDirection.AT_MOST, target=30, tolerance=7)


def test_goal_replaces_the_target_of_its_first_day_and_leaves_later_ones() -> None:
    plan = (target(on(2, 1), 12), target(on(3, 1), 13), target(on(4, 1), 14))
    schedule = scheduled(edit(1, 1, TEN), edit(1, 2, TEN, None, *plan)).with_goal(on(3, 1), TWENTY)
    assert targets(schedule, on(2, 28), on(3, 31), on(4, 1)) == [12, 20, 14]
    assert [one.from_ for one in schedule.targets_of(on(3, 1))] == [on(4, 1)]


def test_targets_are_merged_by_day() -> None:
    first = (target(on(2, 1), 12), target(on(3, 1), 13))
    second = (target(on(3, 1), 15), KpiTarget(on(2, 1), remove=True))
    schedule = scheduled(edit(1, 1, TEN), edit(1, 2, TEN, None, *first), edit(1, 3, TEN, None, *second))
    assert targets(schedule, on(2, 1), on(3, 1)) == [10, 15]
    assert [(one.from_, one.is_target) for one in schedule.entries] == [(SINCE_EVER, False), (on(3, 1), True)]


def test_goal_may_end() -> None:
    schedule = scheduled(edit(1, 1, TEN), edit(3, 1, None))
    assert targets(schedule, on(2, 28), on(3, 1)) == [10, None]
    assert schedule.goal_on(on(3, 1)) is None


def test_target_that_another_calendar_moves_before_its_goal_changes_nothing() -> None:
    """The goal begins on 10 March in UTC and on 11 March in Auckland; the target of 10 March fits it alone."""
    at_ten = edit(1, 1, TEN), edit(3, 10, WITHIN, None, KpiTarget(on(3, 10), lower=2, upper=8), hour=20)
    assert scheduled(*at_ten).on(on(3, 10)) == KpiGoal(GoalDirection.WITHIN, lower=2, upper=8, tolerance=1)
    assert schedule_of(at_ten, Calendar("Pacific/Auckland")).on(on(3, 10)) == TEN
    within = edit(1, 1, WITHIN), edit(3, 10, TEN, None, target(on(3, 10), 12), hour=20)
    assert schedule_of(within, Calendar("Pacific/Auckland")).on(on(3, 10)) == WITHIN
