"""KPIs in a retrospective: their change from plan to outcome, and each period against what was planned for it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, TypeAlias

import strawberry

from api.schema.metrics.kpi_plan import KpiGoal
from api.schema.metrics.kpi_schedules import goals_by
from api.schema.primitives import enums
from api.schema.primitives.field import resolved
from api.schema.types.kpi import Kpi
from api.snapshot.dataloaders import or_none
from api.snapshot.snapshot import View, as_batch
from domain.metrics.kpi_against_plan import kpi_curve
from domain.metrics.kpi_status import PERIODS
from domain.primitives.calendar import Step
from projections.history import kpi_delta
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


def _curve_of(kpi: Kpi, planned: Kpi | None, cycle: CycleRow, every: Step | None) -> KpiPlanCurve:
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


@strawberry.type(description="The change of a KPI from plan to outcome.")
class KpiDelta:
    kpi: Kpi = strawberry.field(description="The KPI at the outcome.")
    before: float | None = strawberry.field(
        description="The value at the plan, of the latest period that can be judged."
    )
    after: float | None = strawberry.field(
        description="The value at the outcome, of the latest period that can be judged."
    )
    change: float | None = strawberry.field(description="after - before; null if one of them is null.")
    status_before: enums.KpiStatus = strawberry.field(description="The status at the plan.")
    status_after: enums.KpiStatus = strawberry.field(description="The status at the outcome.")
    planned: Kpi | None = strawberry.field(description="The KPI at the plan; null if it was defined later.")
    cycle: strawberry.Private[CycleRow]

    @resolved("The goals of its periods as planned first and last, against their values.")
    def plan_curve(self, every: Period = None) -> KpiPlanCurve:
        return _curve_of(self.kpi, self.planned, self.cycle, every)


def kpi_deltas_of(plan: View, outcome: View, cycle: CycleRow, deltas: Sequence[kpi_delta.KpiDelta]) -> list[KpiDelta]:
    """These changes of KPIs. All KPIs of one view are siblings."""
    rows = zip(
        as_batch(Kpi, outcome, [delta.row for delta in deltas]),
        or_none(Kpi, plan, [delta.planned for delta in deltas]),
        deltas,
        strict=True,
    )
    return [
        KpiDelta(
            kpi=kpi,
            planned=planned,
            before=delta.before,
            after=delta.after,
            change=delta.change,
            status_before=delta.status_before,
            status_after=delta.status_after,
            cycle=cycle,
        )
        for kpi, planned, delta in rows
    ]
