"""Test data for the metrics: a quarter, and builders with defaults for everything that a test does not set."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from domain.metrics.formulas import Measurement
from domain.metrics.progress import (
    KeyResultFacts,
    KeyResultProgress,
    ObjectiveFacts,
    ObjectiveProgress,
    of_key_result,
    of_objective,
)
from domain.primitives import values
from domain.primitives.values import (
    Cadence,
    Direction,
    KeyResultState,
    Kind,
    Metric,
    Milestone,
    ObjectiveState,
    Ref,
    ScoringPolicy,
    Verdict,
)

POLICY = ScoringPolicy()
QUARTER_START = date(2026, 1, 1)
QUARTER_END = date(2026, 3, 31)
OPENING = datetime(2026, 1, 1, tzinfo=UTC)
CLOSING = datetime(2026, 4, 1, tzinfo=UTC)
MIDDLE = datetime(2026, 2, 15, tzinfo=UTC)
"""The middle of the 90 days."""
DAY = timedelta(days=1)


def metric(direction: Direction, baseline: float | None = None, **shape: Any) -> Metric:
    """A validated metric, as it is stored."""
    return values.metric(Metric(direction, **shape), baseline, "metric")


FROM_0_TO_100 = metric(Direction.INCREASE, start=0, target=100)
MILESTONES = metric(
    Direction.MILESTONES,
    milestones=(Milestone("design", "Design agreed", 1.0), Milestone("pilot", "Pilot live", 3.0)),
)


def measured(
    value: float | None = None, *reached: str, at: datetime = MIDDLE, position: int = 7, milestones: bool = False
) -> Measurement:
    """A measurement of a value, or of milestones if `reached` or `milestones` is given."""
    keys = reached if reached or milestones else None
    return Measurement(value, keys, at, position, Ref(Kind.CHECK_IN, UUID(int=position)))


def key_result(value: float | None = None, **changed: Any) -> KeyResultFacts:
    """An active key result from 0 to 100, due at the quarter's end; a given value was measured in the middle."""
    latest = None if value is None else measured(value)
    facts: dict[str, Any] = {
        "id": UUID(int=1),
        "title": "Customers",
        "position": 3,
        "metric": FROM_0_TO_100,
        "state": KeyResultState.ACTIVE,
        "weight": 1.0,
        "due": QUARTER_END,
        "created_at": OPENING,
        "cycle_start": QUARTER_START,
        "cadence": Cadence.WEEKLY,
        "latest": latest,
        "last_measured_at": None if latest is None else latest.measured_at,
    }
    return KeyResultFacts(**(facts | changed))


def judged(facts: KeyResultFacts, at: datetime = MIDDLE, policy: ScoringPolicy = POLICY) -> KeyResultProgress:
    return of_key_result(facts, at, policy)


def objective(
    *key_results: KeyResultFacts,
    state: ObjectiveState = ObjectiveState.ACTIVE,
    verdict: Verdict | None = None,
    at: datetime = MIDDLE,
) -> ObjectiveProgress:
    """The progress of an objective with these key results."""
    facts = ObjectiveFacts(UUID(int=2), "Customers stay", 2, state, verdict)
    parts: Sequence[KeyResultProgress] = [judged(one, at) for one in key_results]
    return of_objective(facts, parts)
