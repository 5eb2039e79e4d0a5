"""The plan of a KPI: its goals and targets by day, and its periods compared with them and with each other."""

from datetime import date, datetime
from typing import Any

import strawberry

from api.schema.primitives import enums
from domain.primitives import goal_schedule, values


@strawberry.type(description="The goal of a KPI: the values that are healthy. Bounds are inclusive.")
class KpiGoal:
    direction: enums.GoalDirection = strawberry.field(description="The side of the bounds that is healthy.")
    target: float | None = strawberry.field(description="The bound, for AT_LEAST and AT_MOST.")
    lower: float | None = strawberry.field(description="The lower bound, for WITHIN.")
    upper: float | None = strawberry.field(description="The upper bound, for WITHIN.")
    tolerance: float = strawberry.field(
        description="The largest miss that is still a WARNING, in the KPI's unit. A larger miss is BREACHED."
    )


@strawberry.type(description="A goal of a KPI and the day from which on it is in force, until the next one.")
class ScheduledGoal:
    from_: date | None = strawberry.field(
        name="from",
        description="The first day; null for a goal that the KPI was defined with and that judges all earlier "
        "readings, too.",
    )
    goal: KpiGoal | None = strawberry.field(description="The goal that judges; null for no goal.")
    is_target: bool = strawberry.field(
        description="Whether a target begins on the day, which `setKpiTargets` has set and may remove."
    )


@strawberry.type(
    description="The first day of a changed goal or target of a KPI, and the goal in force on that day before and "
    "after the change; null for no goal."
)
class KpiGoalChange:
    from_: date = strawberry.field(name="from", description="The first day.")
    before: KpiGoal | None = strawberry.field(description="The goal of that day until the change.")
    after: KpiGoal | None = strawberry.field(description="The goal of that day since the change.")


@strawberry.type(description="The readings of one period of the calendar, half-open [start, end).")
class SeriesPoint:
    start: datetime = strawberry.field(description="The start of the period, inclusive.")
    end: datetime = strawberry.field(description="The end of the period, exclusive.")
    label: str = strawberry.field(
        description="The name of the period in the calendar of the workspace: 2027-02-01, 2026-W53, 2027-02, FY27-Q1 "
        "or FY27."
    )
    goal: KpiGoal | None = strawberry.field(
        description="The goal in force on the last day of the period, as scheduled at the basis; null without one."
    )
    planned: float | None = strawberry.field(description="The target of the goal; null for WITHIN and without a goal.")
    value: float | None = strawberry.field(description="The aggregate of its readings; null without a reading.")
    variance: float | None = strawberry.field(
        description="value - planned. For WITHIN: the value less the bound that is missed, or inside the bounds less "
        "the nearer one. Null without a value or a goal."
    )
    count: int = strawberry.field(description="The number of its readings.")
    status: enums.KpiStatus = strawberry.field(
        description="The value judged by `goal`; NO_DATA without a value, and for a sum while the period is partial."
    )
    is_partial: bool = strawberry.field(
        description="Whether the period has not ended at the basis. Points of every: CHANGE are never partial."
    )


@strawberry.type(
    description="A comparison of the period that contains the basis with an earlier one: the period before, or the one "
    "a year before. A running period is partial, so its ratio is on the same elapsed part of the earlier one."
)
class Comparison:
    current: float | None = strawberry.field(description="The value of the current period.")
    previous: float | None = strawberry.field(description="The value of the whole earlier period.")
    change: float | None = strawberry.field(description="current - previous; null if one of them is null.")
    change_ratio: float | None = strawberry.field(
        description="changeToDate / |previousToDate| of a partial period, otherwise change / |previous|; null if one "
        "of the two is null or the divisor is 0."
    )
    is_partial: bool = strawberry.field(
        description="Whether the current period has not ended at the basis. With period: CHANGE it is never partial."
    )
    previous_to_date: float | None = strawberry.field(
        description="The value of the same elapsed part of the earlier period, as many days and as much of the last "
        "day, at most all of it; null unless the current period is partial."
    )
    change_to_date: float | None = strawberry.field(
        description="current - previousToDate; null if one of them is null."
    )


def scheduled_goal(entry: goal_schedule.ScheduledGoal) -> ScheduledGoal:
    """An entry of a schedule as the API shows it."""
    day = None if entry.from_ == goal_schedule.SINCE_EVER else entry.from_
    return ScheduledGoal(from_=day, goal=_shown(entry.goal), is_target=entry.is_target)


def goal_change(day: date, before: values.KpiGoal | None, after: values.KpiGoal | None) -> KpiGoalChange:
    """A day from which on a goal or target changed, with the goals in force on it."""
    return KpiGoalChange(from_=day, before=_shown(before), after=_shown(after))


def _shown(goal: values.KpiGoal | None) -> Any:
    """The goal itself: its fields are those of the GraphQL type."""
    return goal
