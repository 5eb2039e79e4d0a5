"""Test data for the metrics: a quarter, and builders with defaults for everything that a test does not set."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from domain.metrics.formulas import Measurement
from domain.metrics.kpi_schedule import KpiSchedule
from domain.metrics.progress import KeyResultFacts, KeyResultProgress, PersonalScore, of_key_result
from domain.metrics.wholes import (
    CycleFacts,
    CycleProgress,
    ObjectiveFacts,
    ObjectiveProgress,
    of_cycle,
    of_heading,
    of_objective,
)
from domain.primitives.calendar import Calendar
from domain.primitives.checks import metric_checks
from domain.primitives.goal_schedule import GoalEdit, schedule_of
from domain.primitives.values import (
    Aggregation,
    Cadence,
    Direction,
    Kind,
    KpiGoal,
    KpiTarget,
    Metric,
    Milestone,
    ObjectiveKind,
    ObjectiveState,
    Ref,
    ScoringPolicy,
    Verdict,
)

POLICY = ScoringPolicy()
CALENDAR = Calendar()
QUARTER_START = date(2026, 1, 1)
QUARTER_END = date(2026, 3, 31)
OPENING = datetime(2026, 1, 1, tzinfo=UTC)
CLOSING = datetime(2026, 4, 1, tzinfo=UTC)
MIDDLE = datetime(2026, 2, 15, tzinfo=UTC)
"""The middle of the 90 days."""
DAY = timedelta(days=1)


def metric(direction: Direction, baseline: float | None = None, **shape: Any) -> Metric:
    """A validated metric, as it is stored."""
    return metric_checks.metric(Metric(direction, **shape), baseline, "metric")


FROM_0_TO_100 = metric(Direction.INCREASE, start=0, target=100)
MILESTONES = metric(
    Direction.MILESTONES,
    milestones=(Milestone("design", "Design agreed", 1.0), Milestone("pilot", "Pilot live", 3.0)),
)


class Terms(NamedTuple):
    """A version of a KPI, effective since a moment."""

    since: datetime
    goal: KpiGoal | None = None
    aggregation: Aggregation = Aggregation.LAST
    targets: tuple[KpiTarget, ...] = ()


def scheduled(*versions: Terms, calendar: Calendar = CALENDAR) -> KpiSchedule:
    """The schedule that these versions of a KPI make, oldest first."""
    edits = [GoalEdit(one.since, one.goal, targets=one.targets) for one in versions]
    aggregations = [(calendar.day_of(one.since), one.aggregation) for one in versions]
    return KpiSchedule(schedule_of(edits, calendar), aggregations, calendar)


def measured(
    value: float | None = None, *reached: str, at: datetime = MIDDLE, position: int = 7, milestones: bool = False
) -> Measurement:
    """A measurement of a value, or of milestones if `reached` or `milestones` is given."""
    keys = reached if reached or milestones else None
    return Measurement(value, keys, at, position, Ref(Kind.CHECK_IN, UUID(int=position)))


def key_result(value: float | None = None, **changed: Any) -> KeyResultFacts:
    """An open key result from 0 to 100, due at the quarter's end; a given value was measured in the middle."""
    latest = None if value is None else measured(value)
    facts: dict[str, Any] = {
        "id": UUID(int=1),
        "title": "Customers",
        "position": 3,
        "metric": FROM_0_TO_100,
        "kind": ObjectiveKind.ASPIRATIONAL,
        "weight": 1.0,
        "begins_at": OPENING,
        "due_at": CLOSING,
        "cadence": Cadence.WEEKLY,
        "latest": latest,
        "last_measured_at": None if latest is None else latest.measured_at,
    }
    return KeyResultFacts(**(facts | changed))


def ended(value: float | None = None, score: float | None = None, **changed: Any) -> KeyResultFacts:
    """A key result that ended at the quarter's closing with this score."""
    return key_result(value, **({"ended_at": CLOSING, "score": score} | changed))


def scored_by_a_person(score: float) -> dict[str, Any]:
    return {"score": score, "personal_score": PersonalScore(score, 9)}


def judged(facts: KeyResultFacts, at: datetime = MIDDLE, policy: ScoringPolicy = POLICY) -> KeyResultProgress:
    return of_key_result(facts, at, policy)


def objective(
    *key_results: KeyResultFacts,
    state: ObjectiveState = ObjectiveState.ACTIVE,
    verdict: Verdict | None = None,
    score: float | None = None,
    at: datetime = MIDDLE,
    policy: ScoringPolicy = POLICY,
) -> ObjectiveProgress:
    """The progress of an objective with these key results."""
    facts = ObjectiveFacts(UUID(int=2), "Customers stay", 2, state, verdict, score)
    parts: Sequence[KeyResultProgress] = [judged(one, at) for one in key_results]
    return of_objective(facts, parts, policy) if parts else of_heading(facts, [], policy)


def heading(
    *supporters: ObjectiveProgress, state: ObjectiveState = ObjectiveState.ACTIVE, score: float | None = None
) -> ObjectiveProgress:
    """An objective without key results that these objectives support."""
    facts = ObjectiveFacts(UUID(int=4), "Customers first", 4, state, None, score)
    return of_heading(facts, supporters, POLICY)


def cycle(
    *objectives: ObjectiveProgress, children: Sequence[CycleProgress] = (), days: int = 90, is_closed: bool = False
) -> CycleProgress:
    """The progress of a cycle with these objectives, or with these cycles inside it."""
    facts = CycleFacts(UUID(int=5), "Quarter", 5, days, is_closed)
    return of_cycle(facts, objectives, children, POLICY, children)
