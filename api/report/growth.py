"""Growths of KPIs as the report shows them: shares in per cent, and what they are compared with in words."""

from typing import Final

from msgspec.structs import replace

from api.report.goal_looks import Unit
from api.report.goalposts import KpiGoal
from api.report.kpi_looks import Kpi, KpiDelta, KpiPeriod, KpiPlanCurve

PER_CENT: Final = 100
_PERIODS: Final = {
    "DAILY": "day", "WEEKLY": "week", "BIWEEKLY": "fortnight", "MONTHLY": "month", "QUARTERLY": "quarter"
}  # fmt: skip


def against(kpi: Kpi) -> str:
    """What a growth is compared with, as 'against the same month of last year'; empty for other KPIs."""
    if kpi.growth is None or kpi.cadence is None:
        return ""
    period = _PERIODS[kpi.cadence]
    return (
        f"against the same {period} of last year"
        if kpi.growth.over == "YEAR_BEFORE"
        else f"against the {period} before"
    )


def in_per_cent(delta: KpiDelta) -> KpiDelta:
    """A growth with all of its values in per cent; other KPIs as they are."""
    if delta.kpi.growth is None:
        return delta
    values = {name: _scaled(getattr(delta, name)) for name in ("before", "after", "change")}
    return replace(delta, kpi=replace(delta.kpi, unit=Unit("%")), plan_curve=_curve(delta.plan_curve), **values)


def _curve(curve: KpiPlanCurve) -> KpiPlanCurve:
    far, far_from_last = (one and _period(one) for one in (curve.largest_distance, curve.largest_distance_from_last))
    return KpiPlanCurve([_period(one) for one in curve.points], far, far_from_last)


def _period(period: KpiPeriod) -> KpiPeriod:
    planned, goal = (one and _goal(one) for one in (period.planned_goal, period.goal))
    return replace(period, planned_goal=planned, goal=goal, value=_scaled(period.value))


def _goal(goal: KpiGoal) -> KpiGoal:
    return replace(goal, **{name: _scaled(getattr(goal, name)) for name in ("target", "lower", "upper")})


def _scaled(value: float | None) -> float | None:
    return None if value is None else PER_CENT * value
