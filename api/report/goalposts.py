"""Goalposts as the report's response describes them: what each change was before and after."""

from datetime import date
from typing import NamedTuple, TypeAlias

import msgspec

from api.report.goal_looks import Metric
from api.report.words import Changed, Shape


class PlanPoint(Shape, frozen=True):
    on: date
    value: float


class KpiGoal(Shape, frozen=True):
    direction: str
    target: float | None
    lower: float | None
    upper: float | None

    @property
    def bounds(self) -> list[float]:
        """The target, or the lower and the upper bound."""
        return [bound for bound in (self.target, self.lower, self.upper) if bound is not None]


class KpiTargetChange(Shape, frozen=True):
    """The goal of a KPI from a day on, before and after a change."""

    since: date = msgspec.field(name="from")
    before: KpiGoal | None
    after: KpiGoal | None


class Target(NamedTuple):
    """The goal of a KPI from a day on."""

    goal: KpiGoal | None
    since: date


class Formula(Shape, frozen=True):
    text: str


class MeasuringKpi(Shape, frozen=True):
    name: str


class Measure(NamedTuple):
    """What measures a key result: a KPI by its name, with the aggregate of its readings (None is the last one); None is
    the check-ins of the key result."""

    kpi: str | None
    aggregate: str | None


class WorkspaceCalendar(Shape, frozen=True):
    time_zone: str
    fiscal_year_start_month: int
    week_starts_on: str


class Days(NamedTuple):
    """The first and the last day of a cycle."""

    first: date
    last: date


Moved: TypeAlias = (
    Metric | date | Days | list[PlanPoint] | KpiGoal | Target | Formula | Measure | WorkspaceCalendar | None
)
"""What a goalpost was before or after."""


class Goalpost(Changed, frozen=True):
    """A change of a metric, a due day, a plan, a link to a KPI, the days of the cycle or the calendar, with what it was
    before and after."""

    reason: str | None = None
    days_before_close: int | None = None
    before: Metric | None = None
    after: Metric | None = None
    before_due: date | None = None
    after_due: date | None = None
    before_starts_on: date | None = None
    after_starts_on: date | None = None
    before_ends_on: date | None = None
    after_ends_on: date | None = None
    before_plan: list[PlanPoint] | None = None
    after_plan: list[PlanPoint] | None = None
    before_goal: KpiGoal | None = None
    after_goal: KpiGoal | None = None
    before_formula: Formula | None = None
    after_formula: Formula | None = None
    before_kpi: MeasuringKpi | None = None
    after_kpi: MeasuringKpi | None = None
    before_aggregate: str | None = None
    after_aggregate: str | None = None
    before_calendar: WorkspaceCalendar | None = None
    after_calendar: WorkspaceCalendar | None = None
    targets: list[KpiTargetChange] = []  # noqa: RUF012 - msgspec copies it

    @property
    def moved(self) -> list[tuple[Moved, Moved]]:
        """Each thing that was changed, before and after."""
        pairs: list[tuple[Moved, Moved]] = [
            (self.before, self.after),
            (self.before_due, self.after_due),
            (_days(self.before_starts_on, self.before_ends_on), _days(self.after_starts_on, self.after_ends_on)),
            (self.before_plan, self.after_plan),
            (self.before_goal, self.after_goal),
            (self.before_formula, self.after_formula),
            (self.before_calendar, self.after_calendar),
        ]
        if self.before_kpi is not None or self.after_kpi is not None:
            pairs.append(
                (_measure(self.before_kpi, self.before_aggregate), _measure(self.after_kpi, self.after_aggregate))
            )
        targets = [(Target(one.before, one.since), Target(one.after, one.since)) for one in self.targets]
        given = [pair for pair in pairs if any(one is not None for one in pair)]
        return [*([pair for pair in given if pair[0] != pair[1]] or given), *targets]


def _measure(kpi: MeasuringKpi | None, aggregate: str | None) -> Measure:
    return Measure(None, None) if kpi is None else Measure(kpi.name, aggregate)


def _days(first: date | None, last: date | None) -> Days | None:
    return None if first is None or last is None else Days(first, last)
