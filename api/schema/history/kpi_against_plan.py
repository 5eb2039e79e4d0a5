"""KPIs against their plans: for each period what was planned first, what was planned last, and the value."""

from datetime import datetime
from typing import Annotated, Any, TypeAlias

import strawberry

from api.schema.metrics.kpi_plan import KpiGoal
from api.schema.metrics.kpi_schedules import goals_by
from api.schema.primitives import enums
from api.schema.types.kpi import Kpi
from domain.metrics.kpi_against_plan import kpi_curve
from domain.metrics.kpi_status import PERIODS
from domain.primitives.calendar import Step
from projections.tables.cycle import CycleRow

Period: TypeAlias = Annotated[
    enums.Step | None, strawberry.argument(description="The length of a period. Default: that of the KPI's cadence.")
]


@strawberry.type(description="A period of a KPI, half-open [start, end), by what was planned and what happened.")
class KpiPlanPoint:
    start: datetime = strawberry.field(description="The start of the period, inclusive.")
    end: datetime = strawberry.field(description="The end of the period, exclusive.")
    label: str = strawberry.field(description="The name of the period in the calendar of the workspace.")
    planned: float | None = strawberry.field(
        description="The target as known at the plan of the cycle; null for WITHIN and without a goal."
    )
    replanned: float | None = strawberry.field(
        description="The target as known at the outcome; null for WITHIN and without a goal."
    )
    planned_goal: KpiGoal | None = strawberry.field(description="The goal as known at the plan; null without one.")
    goal: KpiGoal | None = strawberry.field(description="The goal as known at the outcome; null without one.")
    value: float | None = strawberry.field(description="The aggregate of its readings; null without a reading.")
    planned_variance: float | None = strawberry.field(
        description="The value less the bound of `plannedGoal`; null without one of the two."
    )
    variance: float | None = strawberry.field(
        description="The value less the bound of `goal`; null without one of the two."
    )
    status: enums.KpiStatus = strawberry.field(
        description="The value judged by `goal`; NO_DATA without a value, and for a sum while the period is partial."
    )
    is_partial: bool = strawberry.field(description="Whether the period has not ended at the outcome.")


@strawberry.type(
    description="The plan of a KPI against what happened, over the periods of the cycle, those after the outcome "
    "included."
)
class KpiPlanCurve:
    points: list[KpiPlanPoint] = strawberry.field(description="The periods, oldest first.")
    largest_distance: KpiPlanPoint | None = strawberry.field(
        description="The complete period whose value was farthest from the first plan; null without one."
    )
    largest_distance_from_last: KpiPlanPoint | None = strawberry.field(
        description="The complete period whose value was farthest from the last plan; null without one."
    )


def curve_of(kpi: Kpi, planned: Kpi | None, cycle: CycleRow, every: Step | None) -> KpiPlanCurve:
    """The curve of a KPI at the outcome over the time of a cycle; `planned` is the same one at the plan. All periods
    are those of the outcome's calendar."""
    calendar = kpi.view.calendar
    since, until = calendar.day_start(cycle.starts_on), calendar.day_end(cycle.ends_on)
    last: Any = kpi.series(every or PERIODS[kpi.cadence], None, since, until, include_planned=True)
    first = None if planned is None else planned.each(goals_by, calendar)
    found: Any = kpi_curve(first, last, calendar)
    return KpiPlanCurve(
        points=found.points,
        largest_distance=found.from_planned,
        largest_distance_from_last=found.from_replanned,
    )
