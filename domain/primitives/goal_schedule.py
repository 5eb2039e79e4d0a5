"""The goal schedule of a KPI: the goal in force on each day, as the versions of the KPI agreed it.

A goal holds from its first day to the day before the next goal. A target modifies the goal of its day: it replaces
the bounds and keeps direction and tolerance, until the next target or the next goal. A goal replaces the target that
begins on its own first day, and leaves later ones as they are. Another calendar may move the first day of a goal past a
target: one that does not fit the goal of its day then changes nothing.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from operator import attrgetter
from typing import NamedTuple

from msgspec import Struct, structs

from domain.primitives.calendar import Calendar
from domain.primitives.checks import metric_checks
from domain.primitives.errors import CommandRejected, invalid
from domain.primitives.lazy import cached_property
from domain.primitives.rules import Rule
from domain.primitives.values import GoalDirection, KpiGoal, KpiTarget

SINCE_EVER = date.min
"""The first day of a goal that a KPI was defined with and that names no day: readings may be older than their KPI."""


class GoalEdit(Struct, frozen=True, gc=False):
    """What one version of a KPI says of its goals: the goal of its definition and the first day of it, and the targets
    that it sets or removes.

    Without `goal_from`, a goal that differs from the version before begins on the day of `at`, the effective time; an
    equal one begins nothing.
    """

    at: datetime
    goal: KpiGoal | None
    goal_from: date | None = None
    targets: tuple[KpiTarget, ...] = ()


class ScheduledGoal(NamedTuple):
    """The goal that is in force from a day to the day before the next one; None for no goal. `is_target`: a target
    begins on the day."""

    from_: date
    goal: KpiGoal | None
    is_target: bool


@dataclass(frozen=True)
class GoalSchedule:
    """Goals and targets by their first days."""

    goals: Mapping[date, KpiGoal | None]
    targets: Mapping[date, KpiTarget]

    @cached_property
    def entries(self) -> Sequence[ScheduledGoal]:
        """The goal in force from each day on which a goal or a target begins, in the order of days."""
        found, goal = list[ScheduledGoal](), None
        for day in sorted({*self.goals, *self.targets}):
            goal, target = self.goals.get(day, goal), self.targets.get(day)
            if goal is not None and target is not None and not _fits(goal, target):
                target = None
            in_force = goal if goal is None or target is None else with_target(goal, target)
            found.append(ScheduledGoal(day, in_force, target is not None))
        return found

    def on(self, day: date) -> KpiGoal | None:
        """The goal in force on a day, with its target; None without one."""
        place = bisect_right(self.entries, day, key=_first_day)
        return self.entries[place - 1].goal if place else None

    def goal_on(self, day: date) -> KpiGoal | None:
        """The goal that a target on this day modifies."""
        begun = [first for first in self.goals if first <= day]
        return self.goals[max(begun)] if begun else None

    def begins(self, day: date, goal: KpiGoal | None) -> bool:
        """Whether exactly this goal begins on this day, without a target over it."""
        return day in self.goals and self.goals[day] == goal and day not in self.targets

    def includes(self, target: KpiTarget) -> bool:
        """Whether exactly this target begins on its day; of one that is to be removed, whether there is none."""
        return self.targets.get(target.from_) == (None if target.remove else target)

    def with_goal(self, day: date, goal: KpiGoal | None) -> "GoalSchedule":
        """The schedule with a goal from a day on, which replaces the goal and the target that begin on it."""
        return GoalSchedule(
            {**self.goals, day: goal}, {first: one for first, one in self.targets.items() if first != day}
        )

    def with_targets(self, targets: Iterable[KpiTarget]) -> "GoalSchedule":
        """The schedule with these targets set or removed."""
        merged = {**self.targets, **{one.from_: one for one in targets}}
        return GoalSchedule(self.goals, {day: one for day, one in merged.items() if not one.remove})

    def targets_of(self, day: date) -> list[KpiTarget]:
        """The targets that stand over the goal which begins on this day, in the order of days."""
        beyond = min((first for first in self.goals if first > day), default=date.max)
        return sorted((one for first, one in self.targets.items() if day <= first < beyond), key=_first_day)


NO_GOALS = GoalSchedule({}, {})
"""The schedule of a KPI before its first version."""


def schedule_of(edits: Iterable[GoalEdit], calendar: Calendar) -> GoalSchedule:
    """The schedule that the versions of a KPI agreed, oldest first; effective times become days of this calendar."""
    schedule, before = NO_GOALS, None
    for edit in edits:
        if before is None:
            schedule = schedule.with_goal(edit.goal_from or SINCE_EVER, edit.goal)
        elif edit.goal_from is not None or edit.goal != before.goal:
            schedule = schedule.with_goal(edit.goal_from or calendar.day_of(edit.at), edit.goal)
        schedule, before = schedule.with_targets(edit.targets), edit
    return schedule


def _fits(goal: KpiGoal, target: KpiTarget) -> bool:
    """Whether a target has the bounds that the direction of a goal takes."""
    return (target.target is None) == (goal.direction is GoalDirection.WITHIN)


def with_target(goal: KpiGoal, target: KpiTarget) -> KpiGoal:
    """The goal with the bounds of a target."""
    return structs.replace(goal, target=target.target, lower=target.lower, upper=target.upper)


# ── targets that do not fit ──────────────────────────────────────────────────────────────────────


def refuse_misfit(schedule: GoalSchedule, target: KpiTarget, *field: str) -> None:
    """Raises `INVALID` for a target on a day without a goal, or one that does not fit the direction of the goal."""
    goal = schedule.goal_on(target.from_)
    if target.remove:
        return
    if goal is None:
        raise invalid(
            f"There is no goal on {target.from_}, whose direction the target needs; set a goal from that day on, or "
            "from an earlier one, with redefineKpi.",
            *field,
            "from",
            rule=Rule.TARGET_WITHOUT_GOAL,
            day=target.from_,
        )
    metric_checks.kpi_goal(with_target(goal, target), *field)


def refuse_misfits(schedule: GoalSchedule, day: date) -> None:
    """Raises `INVALID` for a goal from a day on that targets after it do not fit."""
    for target in schedule.targets_of(day):
        try:
            refuse_misfit(schedule, target)
        except CommandRejected as misfit:
            raise invalid(
                f"The target from {target.from_} does not fit this goal; remove it and the ones after it with "
                "setKpiTargets, or give a goal of the same direction.",
                "goal",
                rule=Rule.LATER_TARGETS_MISFIT,
                day=target.from_,
            ) from misfit


_first_day = attrgetter("from_")
