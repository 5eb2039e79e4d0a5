"""Rules for findings on key results: metric, wording, due day, cadence and owner."""

from datetime import date, datetime

from domain.findings import title_amounts, wording
from domain.findings.finding_rule import Rule, Severity, Smart, counted, rule
from domain.metrics import plan_curve
from domain.metrics.formulas import Fact
from domain.metrics.rating import Health
from domain.primitives.values import Cadence, Direction, KeyResultState, Metric, PlanPoint, UnitKind

CHANGE_BY_MAX = 5.0
"""The largest plausible `changeBy`: six times the start."""
SHARE_RATIO_MIN = 20.0
"""A percentage below 1 and another one at least this many times as large are not of the same scale."""


class WrittenKeyResult(Fact, frozen=True, gc=False):
    """A key result as the rules see it.

    `begins_at`: the cycle's start, or its creation if that is later. `due_at`: the end of the due day. `cadence`: the
    cycle's, or that of its linked KPI if that is longer. `last_measured_at`: the time of its last check-in or reading.
    `value`: the latest one. `owner_left`: the owner is deactivated. `unit_changed`: the unit was changed after a
    measurement. `plan_ended`: another metric or due day left nothing of its plan, and it was not planned since.
    """

    title: str
    state: KeyResultState
    metric: Metric
    due: date
    cycle_start: date
    cycle_end: date
    begins_at: datetime
    due_at: datetime
    cadence: Cadence
    at: datetime
    health: Health | None
    last_measured_at: datetime | None = None
    value: float | None = None
    owner_left: bool = False
    unit_changed: bool = False
    plan: tuple[PlanPoint, ...] = ()
    plan_ended: bool = False


KEY_RESULT_RULES: list[Rule[WrittenKeyResult]] = []
_THRESHOLDS = frozenset({Direction.AT_LEAST, Direction.AT_MOST, Direction.WITHIN})
_COUNTS = frozenset({Direction.INCREASE, Direction.AT_LEAST})

# ── metric ───────────────────────────────────────────────────────────────────────────────────────


@rule(KEY_RESULT_RULES, Severity.WARNING, Smart.MEASURABLE)
def key_result_not_measurable(key_result: WrittenKeyResult) -> str | None:
    """Measured by DONE: progress is 0 until it is 1, without steps between."""
    if key_result.metric.direction is not Direction.DONE:
        return None
    return "Done or not done shows no progress: measure the intended effect, or use milestones."


@rule(KEY_RESULT_RULES, Severity.INFO, Smart.MEASURABLE)
def key_result_by_milestones(key_result: WrittenKeyResult) -> str | None:
    """Measured by milestones: they show deliverables, not effects."""
    if key_result.metric.direction is not Direction.MILESTONES:
        return None
    return "Milestones show deliverables; if possible, measure their effect."


@rule(KEY_RESULT_RULES, Severity.INFO, Smart.MEASURABLE)
def key_result_without_baseline(key_result: WrittenKeyResult) -> str | None:
    """A threshold without a start."""
    if key_result.metric.direction not in _THRESHOLDS or key_result.metric.start is not None:
        return None
    return "Give a start value: without one the first measurement becomes the baseline."


@rule(KEY_RESULT_RULES, Severity.WARNING, Smart.MEASURABLE)
def key_result_change_too_large(key_result: WrittenKeyResult) -> str | None:
    """A `changeBy` above 5 in size: it is a ratio, so that 20 is 2,000 % more."""
    change = key_result.metric.change_by
    if change is None or abs(change) <= CHANGE_BY_MAX:
        return None
    return f"changeBy {change:g} is a change by {100 * change:,.12g} %: write {change:g} % as {change / 100:g}."


@rule(KEY_RESULT_RULES, Severity.WARNING, Smart.MEASURABLE)
def key_result_mixes_percentages_and_shares(key_result: WrittenKeyResult) -> str | None:
    """A percentage below 1 (start, goal or latest value) beside a start or goal above 1 that is at least 20 times as
    large: 0.4 and 40 % are mixed. Small percentages of one scale (2 % and 0.5 %) have no finding."""
    metric = key_result.metric
    goals = [abs(one) for one in (metric.start, metric.target, metric.lower, metric.upper) if one is not None]
    shares = [one for one in (*goals, abs(key_result.value or 0.0)) if 0 < one < 1]
    largest = max(goals, default=0.0)
    if metric.unit.kind is not UnitKind.PERCENT or not shares or largest < max(1.0, SHARE_RATIO_MIN * min(shares)):
        return None
    return f"{min(shares):g} % beside {largest:g} %: write 40 % as 40 everywhere, not as 0.4."


@rule(KEY_RESULT_RULES, Severity.ERROR, Smart.MEASURABLE)
def key_result_unit_changed(key_result: WrittenKeyResult) -> str | None:
    """A unit that changed after a measurement: values before and after the change are not comparable."""
    if not key_result.unit_changed:
        return None
    return "Its unit changed after a measurement, and values are not converted: drop it, and add another key result."


# ── wording ──────────────────────────────────────────────────────────────────────────────────────


@rule(KEY_RESULT_RULES, Severity.WARNING, Smart.MEASURABLE)
def key_result_title_names_other_amount(key_result: WrittenKeyResult) -> str | None:
    """A title that names an amount in the metric's unit, or a change in per cent, and none that the metric has."""
    metric = key_result.metric
    amount = title_amounts.other_amount(key_result.title, metric)
    if amount is None:
        return None
    goal = f"{metric.lower:,.12g} to {metric.upper:,.12g}" if metric.target is None else f"{metric.target:,.12g}"
    return f"The title says “{amount}”, but the metric's goal is {f'{goal} {metric.unit.symbol}'.strip()}: correct one."


@rule(KEY_RESULT_RULES, Severity.INFO, Smart.RELEVANT)
def key_result_counts_activity(key_result: WrittenKeyResult) -> str | None:
    """A count of activities (sessions held, posts written) instead of their effect. A count of what customers do
    (visits, orders) is an effect."""
    metric = key_result.metric
    if metric.direction not in _COUNTS or metric.unit.kind is not UnitKind.NUMBER:
        return None
    if not wording.counts_activity(key_result.title, metric.unit.symbol):
        return None
    return "This counts activities: measure their effect instead, if possible."


# ── time and owner ───────────────────────────────────────────────────────────────────────────────


@rule(KEY_RESULT_RULES, Severity.WARNING, Smart.TIME_BOUND)
def key_result_due_outside_cycle(key_result: WrittenKeyResult) -> str | None:
    """Due before its cycle starts or after it ends."""
    if key_result.cycle_start <= key_result.due <= key_result.cycle_end:
        return None
    return (
        f"Due on {key_result.due}, outside its cycle ({key_result.cycle_start} to {key_result.cycle_end}): change it."
    )


@rule(KEY_RESULT_RULES, Severity.INFO, Smart.TIME_BOUND)
def key_result_planned_against_direction(key_result: WrittenKeyResult) -> str | None:
    """A plan with a point that is farther from the target than the one before it, or than the start."""
    point = plan_curve.turning_point(key_result.plan, key_result.metric)
    if point is None:
        return None
    back = f"{point.value:,.12g} on {point.on}"
    return f"Its plan goes back to {back}, against the direction of its metric: correct it if unintended."


@rule(KEY_RESULT_RULES, Severity.WARNING, Smart.TIME_BOUND)
def key_result_plan_ended(key_result: WrittenKeyResult) -> str | None:
    """A plan that ended with a change of the metric or the due day, such as another direction."""
    if not key_result.plan_ended:
        return None
    return "Its plan ended when its metric or due day changed, and a straight line is expected: plan it again."


@rule(KEY_RESULT_RULES, Severity.WARNING, Smart.TIME_BOUND)
def key_result_silent(key_result: WrittenKeyResult) -> str | None:
    """No check-in or reading for longer than its cadence allows: its health is OUTDATED."""
    if key_result.health is not Health.OUTDATED:
        return None
    since = key_result.last_measured_at or key_result.begins_at
    days = counted((min(key_result.at, key_result.due_at) - since).days, "day")
    return f"Check in: no measurement for {days}, and its cadence is {key_result.cadence.lower()}."


@rule(KEY_RESULT_RULES, Severity.WARNING, Smart.ACHIEVABLE)
def key_result_owner_left(key_result: WrittenKeyResult) -> str | None:
    """An owner who has left: the person is deactivated."""
    return "Its owner has left: assign another one." if key_result.owner_left else None
