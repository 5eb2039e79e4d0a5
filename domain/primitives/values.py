"""Value objects of goals and measures."""

from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Annotated
from uuid import UUID

import msgspec

from domain.primitives.documentation import doc

EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)


class Value(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True, rename="camel"):
    """The base class of value objects that are stored in events."""


# ── enums of the domain ──────────────────────────────────────────────────────────────────────────


class CycleState(StrEnum):
    PLANNING = "PLANNING"
    ACTIVE = "ACTIVE"
    CLOSED = "CLOSED"
    ABANDONED = "ABANDONED"

    @property
    def was_activated(self) -> bool:
        """Whether the cycle has a plan: only such cycles count in the figures of their parent."""
        return self in (CycleState.ACTIVE, CycleState.CLOSED)


class Cadence(StrEnum):
    """How often a measurement is expected."""

    DAILY = "DAILY"
    WEEKLY = "WEEKLY"
    BIWEEKLY = "BIWEEKLY"
    MONTHLY = "MONTHLY"
    QUARTERLY = "QUARTERLY"

    @property
    def days(self) -> int:
        """The length in days: 31 for a month and 92 for a quarter, the longest ones."""
        return {"DAILY": 1, "WEEKLY": 7, "BIWEEKLY": 14, "MONTHLY": 31, "QUARTERLY": 92}[self]

    @property
    def length(self) -> timedelta:
        """The fixed length: that many days of 24 hours."""
        return timedelta(days=self.days)


class ObjectiveKind(StrEnum):
    COMMITTED = "COMMITTED"
    ASPIRATIONAL = "ASPIRATIONAL"


class ObjectiveState(StrEnum):
    DRAFT = "DRAFT"
    ACTIVE = "ACTIVE"
    CLOSED = "CLOSED"
    DROPPED = "DROPPED"


class BatchMode(StrEnum):
    """Whether the items of a batch are recorded all or none, or each by itself."""

    ALL = "ALL"
    EACH = "EACH"


class Visibility(StrEnum):
    """Who can see a goal: everyone with READ, or only its team and the people who work on it.

    `domain.handlers.authorization.sees` implements it."""

    WORKSPACE = "WORKSPACE"
    TEAM = "TEAM"


class KeyResultState(StrEnum):
    ACTIVE = "ACTIVE"
    DROPPED = "DROPPED"
    SCORED = "SCORED"


class Verdict(StrEnum):
    ACHIEVED = "ACHIEVED"
    PARTIAL = "PARTIAL"
    MISSED = "MISSED"


class InitiativeState(StrEnum):
    TODO = "TODO"
    DOING = "DOING"
    DONE = "DONE"
    CANCELLED = "CANCELLED"


class ReflectionKind(StrEnum):
    WENT_WELL = "WENT_WELL"
    TO_IMPROVE = "TO_IMPROVE"
    LEARNED = "LEARNED"
    NEXT = "NEXT"


class Direction(StrEnum):
    """The direction of a metric. `domain.metrics.formulas` has the formula of each."""

    INCREASE = "INCREASE"
    DECREASE = "DECREASE"
    AT_LEAST = "AT_LEAST"
    AT_MOST = "AT_MOST"
    WITHIN = "WITHIN"
    MILESTONES = "MILESTONES"
    DONE = "DONE"


class GoalDirection(StrEnum):
    AT_LEAST = "AT_LEAST"
    AT_MOST = "AT_MOST"
    WITHIN = "WITHIN"


class Aggregation(StrEnum):
    """How the readings of a period become one value."""

    LAST = "LAST"
    FIRST = "FIRST"
    MEAN = "MEAN"
    MIN = "MIN"
    MAX = "MAX"
    SUM = "SUM"


class EarlierPeriod(StrEnum):
    """The period that another one is compared with: the one before it, or the one a year before it."""

    PREVIOUS = "PREVIOUS"
    YEAR_BEFORE = "YEAR_BEFORE"


class UnitKind(StrEnum):
    NUMBER = "NUMBER"
    PERCENT = "PERCENT"
    CURRENCY = "CURRENCY"
    DURATION = "DURATION"
    SCORE = "SCORE"


# ── metrics ──────────────────────────────────────────────────────────────────────────────────────


class Unit(Value, frozen=True):
    """The unit of a value, and its symbol."""

    kind: Annotated[UnitKind, doc("The kind of unit.")] = UnitKind.NUMBER
    symbol: Annotated[str, doc("The symbol, such as %, €, h or users; up to 64 characters.")] = ""


class Milestone(Value, frozen=True):
    """A step that is either reached or not."""

    key: Annotated[str, doc("Its key within the key result, used by check-ins.")]
    title: Annotated[str, doc("The title, one line of text.")]
    weight: Annotated[float, doc("The weight among the milestones; above 0.")] = 1.0


class Metric(Value, frozen=True):
    """The metric of a key result.

    Fields by direction (`metric_checks` rejects others): INCREASE start < target; DECREASE start > target; AT_LEAST and
    AT_MOST a target and an optional start; WITHIN lower < upper; MILESTONES at least one milestone; DONE nothing.
    `change_by` keeps the ratio of start by which a target was given (0.2 = 20 % more).
    """

    direction: Annotated[Direction, doc("The direction of the value, which determines the other required fields.")]
    unit: Unit = Unit()
    start: Annotated[
        float | None,
        doc(
            "The start value: below the target for INCREASE, above it for DECREASE; by default the linked KPI's latest "
            "reading."
        ),
    ] = None
    target: Annotated[float | None, doc("The target value.")] = None
    change_by: Annotated[
        float | None, doc("The target as a relative change of start: 0.2 is 20 % more, -0.2 is 20 % less.")
    ] = None
    lower: Annotated[float | None, doc("The lower bound, for WITHIN.")] = None
    upper: Annotated[float | None, doc("The upper bound, for WITHIN.")] = None
    milestones: Annotated[tuple[Milestone, ...], doc("The milestones, for MILESTONES.")] = ()

    @property
    def lacks_start(self) -> bool:
        """Whether its target needs a start that is not stated."""
        needs_start = self.direction in (Direction.INCREASE, Direction.DECREASE) or self.change_by is not None
        return needs_start and self.start is None


class PlanPoint(Value, frozen=True):
    """A point of a plan: the value that a key result should have at the end of a day."""

    on: Annotated[date, doc("The day, at whose end the value should be reached.")]
    value: Annotated[float, doc("The planned value, in the metric's unit; for MILESTONES the share of their weight.")]


class KpiGoal(Value, frozen=True):
    """The goal of a KPI: AT_LEAST and AT_MOST take a target, WITHIN takes lower and upper."""

    direction: Annotated[GoalDirection, doc("The side of its bounds on which the KPI should stay.")]
    target: Annotated[float | None, doc("The inclusive bound for AT_LEAST and AT_MOST.")] = None
    lower: Annotated[float | None, doc("The inclusive lower bound for WITHIN.")] = None
    upper: Annotated[float | None, doc("The inclusive upper bound for WITHIN.")] = None
    tolerance: Annotated[float, doc("The largest miss that is only a WARNING, in the KPI's unit.")] = 0.0


class KpiTarget(Value, frozen=True):
    """A target of a KPI from a day on: the bounds of the goal in force on that day are replaced, its direction and
    tolerance stay. It holds until the next target or the next goal. With `remove` it takes back the target that begins
    on its day."""

    from_: Annotated[date, doc("The first day of the target; it may be in the future.")] = msgspec.field(name="from")
    target: Annotated[float | None, doc("The inclusive bound, where the goal is AT_LEAST or AT_MOST.")] = None
    lower: Annotated[float | None, doc("The inclusive lower bound, where the goal is WITHIN.")] = None
    upper: Annotated[float | None, doc("The inclusive upper bound, where the goal is WITHIN.")] = None
    remove: Annotated[bool, doc("Whether to remove the target that begins on this day; then without bounds.")] = False


# ── policy, references, and the basis of a read ──────────────────────────────────────────────────


class ScoringPolicy(Value, frozen=True):
    """The workspace's bands for health and scores, in shares of 1.

    A gap at the upper bound of a band belongs to the band, and so does a score at the lower bound.
    """

    on_track_gap: float = 0.10
    at_risk_gap: float = 0.30
    score_green: float = 0.7
    score_amber: float = 0.4
    stale_after_cadences: float = 1.5
    max_key_results_per_objective: int = 5
    max_objectives_per_owner: int = 5

    def stale_after(self, cadence: Cadence) -> timedelta:
        """The time without a measurement after which a measure is stale."""
        return _stale_after(cadence, self.stale_after_cadences)


@lru_cache(1024)
def _stale_after(cadence: Cadence, cadences: float) -> timedelta:
    """So many times a cadence. Kept, because each figure of a key result asks for it."""
    return timedelta(days=min(cadence.days * cadences, timedelta.max.days))


class Kind(StrEnum):
    """The kind of an aggregate, equal to the name of its type in the API."""

    PERSON = "Person"
    TEAM = "Team"
    CYCLE = "Cycle"
    OBJECTIVE = "Objective"
    KEY_RESULT = "KeyResult"
    CHECK_IN = "CheckIn"
    KPI = "Kpi"
    READING = "Reading"
    INITIATIVE = "Initiative"
    COMMENT = "Comment"
    REFLECTION = "Reflection"
    EXTERNAL_REFERENCE = "ExternalReference"
    TEMPLATE = "Template"
    POLICY = "ScoringPolicy"
    CALENDAR = "Calendar"


class Ref(Value, frozen=True):
    """A reference to an aggregate by kind and id, where several kinds are allowed."""

    kind: Kind
    id: UUID


class Source(StrEnum):
    """The route by which a command was sent."""

    API = "API"
    CONSOLE = "CONSOLE"
    IMPORT = "IMPORT"
    INGEST = "INGEST"
    SYSTEM = "SYSTEM"


class Basis(Value, frozen=True):
    """The bitemporal basis of a read: the effective time, and the last known position of the log."""

    at: datetime
    position: int
