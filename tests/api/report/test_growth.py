"""Growths of KPIs in the report: shares in per cent, with what they are compared with."""

from datetime import UTC, datetime

import pytest

from api.report.goal_looks import Unit
from api.report.goalposts import KpiGoal
from api.report.growth import against, in_per_cent
from api.report.kpi_looks import Growth, Kpi, KpiDelta, KpiFormula, KpiPeriod, KpiPlanCurve

GOAL = KpiGoal("AT_LEAST", 0.02, None, None)


def kpi(over: str | None, cadence: str = "MONTHLY") -> Kpi:
    return Kpi("Orders", Unit("of last month"), cadence, KpiFormula(None if over is None else Growth(over)))


def delta(of: Kpi) -> KpiDelta:
    period = KpiPeriod(datetime(2026, 10, 1, tzinfo=UTC), "2026-10", GOAL, None, 0.125)
    return KpiDelta(of, 0.1, None, -0.025, "HEALTHY", "NO_DATA", KpiPlanCurve([period], period, None))


@pytest.mark.parametrize(
    ("of", "expected"),
    [
        (kpi("PREVIOUS"), "against the month before"),
        (kpi("YEAR_BEFORE", "QUARTERLY"), "against the same quarter of last year"),
        (kpi(None), ""),
        (Kpi("Of an earlier version", Unit("%")), ""),
    ],
)
def test_growth_names_what_it_is_compared_with(of: Kpi, expected: str) -> None:
    assert against(of) == expected


def test_growth_is_shown_in_per_cent() -> None:
    shown = in_per_cent(delta(kpi("PREVIOUS")))
    (period,) = shown.plan_curve.points
    assert (shown.kpi.unit.symbol, shown.before, shown.after, shown.change) == ("%", 10, None, -2.5)
    assert (period.value, period.goal, period.planned_goal) == (12.5, None, KpiGoal("AT_LEAST", 2, None, None))
    assert (shown.plan_curve.largest_distance, shown.plan_curve.largest_distance_from_last) == (period, None)


def test_other_kpis_are_shown_in_their_unit() -> None:
    assert in_per_cent(delta(kpi(None))) == delta(kpi(None))
