"""Typical goals and KPIs with their progress, health and status; every number was computed by hand."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from domain.findings.findings import key_result_findings
from domain.findings.key_result_rules import WrittenKeyResult
from domain.metrics.formulas import Measurement, unclamped
from domain.metrics.kpi_series import KpiStatus, comparison, series
from domain.metrics.kpi_status import KpiFacts, status
from domain.metrics.rating import Health
from domain.primitives import values
from domain.primitives.calendar import Step
from domain.primitives.checks import metric_checks
from domain.primitives.values import (
    Aggregation,
    Cadence,
    Direction,
    GoalDirection,
    KeyResultState,
    KpiGoal,
    Milestone,
    Unit,
    UnitKind,
)
from tests.domain.metrics.builders import (
    CLOSING,
    MIDDLE,
    OPENING,
    POLICY,
    QUARTER_END,
    QUARTER_START,
    Terms,
    judged,
    key_result,
    measured,
    metric,
    scheduled,
)

AT_LEAST, AT_MOST, INCREASE, DECREASE = Direction.AT_LEAST, Direction.AT_MOST, Direction.INCREASE, Direction.DECREASE
OUT_OF_10 = Unit(UnitKind.SCORE, "/10")
PERCENT = Unit(UnitKind.PERCENT, "%")
HOURS = Unit(UnitKind.DURATION, "h")
EURO = Unit(UnitKind.CURRENCY, "€")


@dataclass(frozen=True)
class Written:
    """A goal as text, its metric, a measurement in the middle, and the expected progress and health."""

    text: str
    direction: Direction
    value: float | None
    progress: float
    health: Health
    shape: dict[str, Any] = field(default_factory=dict)
    baseline: float | None = None
    target: float | None = None
    reached: tuple[str, ...] = ()

    @property
    def measurement(self) -> Measurement:
        return measured(self.value, *self.reached)


ON_TRACK, AT_RISK, OFF_TRACK = Health.ON_TRACK, Health.AT_RISK, Health.OFF_TRACK
LEADS = (Milestone("script", "Call script agreed"), Milestone("reminders", "Reminders sent", 3.0))
LINES = (Milestone("one", "First product line"), Milestone("two", "Second product line"))

WRITTEN = [
    Written(
        "sales rates our support 10 of 10", INCREASE, 7.5, 0.5, ON_TRACK, {"start": 5, "target": 10, "unit": OUT_OF_10}
    ),
    Written("mock-ups rated above 8 of 10", AT_LEAST, 8, 1, ON_TRACK, {"target": 8, "unit": OUT_OF_10}),
    Written("mock-ups rated above 8 of 10, not yet", AT_LEAST, 7.9, 0, OFF_TRACK, {"target": 8, "unit": OUT_OF_10}),
    Written("15 customers asked about them", INCREASE, 6, 0.4, ON_TRACK, {"start": 0, "target": 15}),
    Written("at least 21 sessions face to face", INCREASE, 7, 1 / 3, AT_RISK, {"start": 0, "target": 21}),
    Written("15 interviews by video", INCREASE, 3, 0.2, AT_RISK, {"start": 0, "target": 15}),
    Written("20 answers", INCREASE, 3, 0.15, OFF_TRACK, {"start": 0, "target": 20}),
    Written("what is critical is solved within the hour", AT_MOST, 1, 1, ON_TRACK, {"target": 1, "unit": HOURS}),
    Written("complaints answered in under a day", AT_MOST, 30, 0, OFF_TRACK, {"target": 24, "unit": HOURS}),
    Written("feedback above 90 % on average", AT_LEAST, 92, 1, ON_TRACK, {"target": 90, "unit": PERCENT}),
    Written("satisfaction 10 % better", INCREASE, 84, 0.5, ON_TRACK, {"start": 80, "change_by": 0.1}, target=88),
    Written(
        "revenue up by a fifth",
        INCREASE,
        105,
        0.25,
        AT_RISK,
        {"start": 100, "change_by": 0.2, "unit": EURO},
        target=120,
    ),
    Written("a fifth more daily users, by the KPI", INCREASE, 5_900, 0.9, ON_TRACK, {"change_by": 0.2}, 5_000, 6_000),
    Written("conversion from 20 % to 25 %", INCREASE, 24, 0.8, ON_TRACK, {"start": 20, "target": 25, "unit": PERCENT}),
    Written(
        "better follow-up with leads, in steps",
        Direction.MILESTONES,
        None,
        0.25,
        AT_RISK,
        {"milestones": LEADS},
        reached=("script",),
    ),
    Written("better follow-up with leads, or not", Direction.DONE, 0, 0, OFF_TRACK),
    Written("two product lines by the end of Q3", INCREASE, 1, 0.5, ON_TRACK, {"start": 0, "target": 2}),
    Written(
        "two product lines, as milestones",
        Direction.MILESTONES,
        None,
        1,
        ON_TRACK,
        {"milestones": LINES},
        reached=("one", "two"),
    ),
    Written(
        "retention up by 10 % in Q4",
        INCREASE,
        66,
        1,
        ON_TRACK,
        {"start": 60, "change_by": 0.1, "unit": PERCENT},
        target=66,
    ),
    Written(
        "turnover down by 5 % by year-end", DECREASE, 19.5, 0.5, ON_TRACK, {"start": 20, "change_by": -0.05}, target=19
    ),
    Written("answers in under 2 hours, from 6", AT_MOST, 3, 0.75, ON_TRACK, {"start": 6, "target": 2, "unit": HOURS}),
    Written("answers in under 2 hours, met", AT_MOST, 1.5, 1, ON_TRACK, {"start": 6, "target": 2, "unit": HOURS}),
    Written("enter three markets", INCREASE, 1, 1 / 3, AT_RISK, {"start": 0, "target": 3}),
    Written("partner with five players", INCREASE, 5, 1, ON_TRACK, {"start": 0, "target": 5}),
    Written(
        "NPS up by 10 points from 30",
        INCREASE,
        28,
        0,
        OFF_TRACK,
        {"start": 30, "target": 40, "unit": Unit(UnitKind.SCORE)},
    ),
]


@pytest.mark.parametrize("written", WRITTEN, ids=lambda written: written.text)
def test_typical_goals_can_be_entered_and_measured(written: Written) -> None:
    entered = metric(written.direction, written.baseline, **written.shape)
    facts = key_result(metric=entered, latest=written.measurement, last_measured_at=MIDDLE)
    progress = judged(facts)
    assert progress.value == pytest.approx(written.progress, abs=1e-9)
    assert progress.health is written.health
    if written.target is not None:
        assert entered.target == written.target


def test_progress_below_the_start_is_negative_when_unclamped() -> None:
    assert unclamped(metric(INCREASE, start=30, target=40), measured(28)) == pytest.approx(-0.2)


@pytest.mark.parametrize(
    ("entered", "rule"),
    [
        (metric(Direction.DONE), "key-result-not-measurable"),
        (metric(Direction.MILESTONES, milestones=LEADS), "key-result-by-milestones"),
    ],
)
def test_a_weakly_measurable_key_result_has_a_finding(entered: values.Metric, rule: str) -> None:
    written = WrittenKeyResult(
        "Improve follow-up communication with leads", KeyResultState.ACTIVE, entered, QUARTER_END,
        QUARTER_START, QUARTER_END, OPENING, CLOSING, Cadence.WEEKLY, OPENING, Health.PENDING,
    )  # fmt: skip
    assert [finding.rule for finding in key_result_findings(written)] == [rule]


def test_expected_progress_of_a_yearly_goal_is_half_at_mid_year() -> None:
    facts = key_result(19, metric=metric(DECREASE, start=20, change_by=-0.05), due_at=datetime(2027, 1, 1, tzinfo=UTC))
    progress = judged(facts, datetime(2026, 7, 2, 12, tzinfo=UTC))
    assert progress.expected == pytest.approx(0.5)


# ── KPIs ─────────────────────────────────────────────────────────────────────────────────────────

HEALTHY, WARNING, BREACHED = KpiStatus.HEALTHY, KpiStatus.WARNING, KpiStatus.BREACHED

KPIS = [
    ("satisfaction above 80 of 100", KpiGoal(GoalDirection.AT_LEAST, target=80, tolerance=5), 80, HEALTHY),
    ("satisfaction just below", KpiGoal(GoalDirection.AT_LEAST, target=80, tolerance=5), 75, WARNING),
    ("satisfaction far below", KpiGoal(GoalDirection.AT_LEAST, target=80, tolerance=5), 74.9, BREACHED),
    ("NPS of 50 or more", KpiGoal(GoalDirection.AT_LEAST, target=50), 49, BREACHED),
    ("turnover below 5 % a year", KpiGoal(GoalDirection.AT_MOST, target=5), 4.2, HEALTHY),
    ("turnover above it", KpiGoal(GoalDirection.AT_MOST, target=5), 5.1, BREACHED),
    ("monthly sales growth of 5 %", KpiGoal(GoalDirection.AT_LEAST, target=5, tolerance=1), 4.5, WARNING),
    ("market share, only watched", None, 12, HEALTHY),
]


@pytest.mark.parametrize(("text", "goal", "value", "expected"), KPIS, ids=[kpi[0] for kpi in KPIS])
def test_typical_kpis_can_be_defined_and_have_a_status(
    text: str, goal: KpiGoal | None, value: float, expected: KpiStatus
) -> None:
    defined = None if goal is None else metric_checks.kpi_goal(goal, text)
    kpi = KpiFacts(scheduled(Terms(OPENING, defined)), Cadence.MONTHLY)
    assert status(kpi, [measured(value)], MIDDLE, POLICY) is expected


ORDERS = [
    measured(orders, at=datetime(2026, month, day, 18, tzinfo=UTC))
    for month, day, orders in [(1, 5, 10.0), (1, 6, 14.0), (1, 30, 12.0), (2, 2, 20.0), (2, 13, 16.0)]
]
MEAN_ORDERS = scheduled(Terms(OPENING, None, Aggregation.MEAN))


def test_daily_orders_are_aggregated_by_week_and_by_month() -> None:
    by_week = series(ORDERS, Step.WEEK, scheduled(Terms(OPENING, None, Aggregation.SUM)), MIDDLE)
    assert [(point.start.day, point.value, point.count) for point in by_week] == [
        (5, 24, 2), (12, None, 0), (19, None, 0), (26, 12, 1), (2, 20, 1), (9, 16, 1),
    ]  # fmt: skip
    by_month = series(ORDERS, Step.MONTH, MEAN_ORDERS, MIDDLE)
    assert [(point.start.month, point.value) for point in by_month] == [(1, 12), (2, 18)]


def test_orders_of_this_month_are_compared_with_the_last_one() -> None:
    compared = comparison(ORDERS, Step.MONTH, MEAN_ORDERS, MIDDLE)
    assert (compared.current, compared.previous, compared.previous_to_date) == (18, 12, 12)
    assert (compared.change, compared.change_ratio) == (6, 0.5)
