"""KPIs as the report's response describes them: before and after the cycle, and by period."""

from datetime import datetime

from api.report.goal_looks import Unit
from api.report.goalposts import KpiGoal
from api.report.words import Shape


class Growth(Shape, frozen=True):
    over: str


class KpiFormula(Shape, frozen=True):
    growth: Growth | None = None


class Kpi(Shape, frozen=True):
    """Reports of earlier versions name neither cadence nor formula."""

    name: str
    unit: Unit
    cadence: str | None = None
    formula: KpiFormula | None = None

    @property
    def growth(self) -> Growth | None:
        """What it grows over, if its formula is a growth."""
        return None if self.formula is None else self.formula.growth


class KpiPeriod(Shape, frozen=True):
    start: datetime
    label: str
    planned_goal: KpiGoal | None
    goal: KpiGoal | None
    value: float | None


class KpiPlanCurve(Shape, frozen=True):
    points: list[KpiPeriod]
    largest_distance: KpiPeriod | None
    largest_distance_from_last: KpiPeriod | None

    @property
    def was_measured(self) -> bool:
        """Whether any period has a value."""
        return any(point.value is not None for point in self.points)

    @property
    def is_replanned(self) -> bool:
        """Whether the last goal of any period differs from the first one."""
        return any(point.planned_goal != point.goal for point in self.points)


class KpiDelta(Shape, frozen=True):
    kpi: Kpi
    before: float | None
    after: float | None
    change: float | None
    status_before: str
    status_after: str
    plan_curve: KpiPlanCurve
