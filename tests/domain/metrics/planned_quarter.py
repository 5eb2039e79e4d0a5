"""Plans for the tests of their checks and formulas: from 0 to 100 in the quarter of `builders`."""

from datetime import date

from domain.primitives.checks.plan_checks import Terms
from domain.primitives.values import Metric, PlanPoint
from tests.domain.metrics.builders import FROM_0_TO_100, QUARTER_END, QUARTER_START

TERMS = Terms(FROM_0_TO_100, QUARTER_START, QUARTER_END)
"""From 0 to 100 in the 90 days of a quarter."""


def point(month: int, day: int, value: float) -> PlanPoint:
    return PlanPoint(date(2026, month, day), value)


LAST = point(3, 31, 100)


def terms(of: Metric = FROM_0_TO_100, due: date = QUARTER_END) -> Terms:
    return Terms(of, QUARTER_START, due)
