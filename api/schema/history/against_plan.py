"""Plan curves: what was planned first, what was planned last, and what happened."""

from datetime import datetime

import strawberry

from api.schema.primitives.field import resolved
from domain.metrics import against_plan

_UNIT = "in the unit of the metric, for MILESTONES the share of their weight; null for an objective, cycle or team."


@strawberry.type(
    description="A goal at one moment: the progress as planned first, as planned last, and as measured, in [0, 1]. For "
    "a key result the values, too."
)
class PlanCurvePoint:
    row: strawberry.Private[against_plan.CurvePoint]

    @resolved("The moment of the point.")
    def at(self) -> datetime:
        return self.row.at

    @resolved(
        "The progress as planned first: by the plan of the cycle, for a key result that was added later by its first "
        "version. Null for an objective that was added later."
    )
    def planned(self) -> float | None:
        return self.row.planned.progress

    @resolved("The progress as planned last: by the goals and plans of the outcome.")
    def replanned(self) -> float | None:
        return self.row.replanned.progress

    @resolved("The progress at that moment; null before the first measurement and after the outcome.")
    def actual(self) -> float | None:
        return None if self.row.actual is None else self.row.actual.progress

    @resolved(f"The value as planned first, {_UNIT}")
    def planned_value(self) -> float | None:
        return self.row.planned.value

    @resolved(f"The value as planned last, {_UNIT}")
    def replanned_value(self) -> float | None:
        return self.row.replanned.value

    @resolved(f"The measured value, {_UNIT} Null before the first measurement and after the outcome.")
    def actual_value(self) -> float | None:
        return None if self.row.actual is None else self.row.actual.value


@strawberry.type(description="The largest distance between a plan and the actual progress, and when it was.")
class PlanDistance:
    row: strawberry.Private[against_plan.Distance]

    @resolved("The moment of the distance, the first one of equal ones.")
    def at(self) -> datetime:
        return self.row.at

    @resolved("actual - planned in progress, below 0 for less than planned. No progress counts as 0.")
    def distance(self) -> float:
        return self.row.distance

    @resolved("The planned progress at that moment.")
    def planned(self) -> float | None:
        return self.row.planned.progress

    @resolved("The actual progress at that moment; null before the first measurement.")
    def actual(self) -> float | None:
        return self.row.actual.progress

    @resolved(f"The planned value at that moment, {_UNIT}")
    def planned_value(self) -> float | None:
        return self.row.planned.value

    @resolved(f"The measured value at that moment, {_UNIT} Null before the first measurement.")
    def actual_value(self) -> float | None:
        return self.row.actual.value


@strawberry.type(
    description="The plan of a goal against what happened, from the first day of the cycle to its last day or the "
    "outcome, at each cadence of the cycle and at the outcome."
)
class PlanCurve:
    row: strawberry.Private[against_plan.PlanCurve]

    @resolved("The points, oldest first.")
    def points(self) -> list[PlanCurvePoint]:
        return [PlanCurvePoint(row=point) for point in self.row.points]

    @resolved("The largest distance from the first plan up to the outcome; null without a first plan.")
    def largest_distance(self) -> PlanDistance | None:
        return None if self.row.from_planned is None else PlanDistance(row=self.row.from_planned)

    @resolved("The largest distance from the last plan up to the outcome; null without a plan.")
    def largest_distance_from_last(self) -> PlanDistance | None:
        return None if self.row.from_replanned is None else PlanDistance(row=self.row.from_replanned)
