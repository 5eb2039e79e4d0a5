"""The entities of a workspace as the reference model folds them, and the basis that they are folded at."""

from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from domain.primitives.calendar import Calendar
from domain.primitives.kpi_formula import Formula
from domain.primitives.values import (
    Aggregation,
    Cadence,
    CycleState,
    KpiGoal,
    KpiTarget,
    Metric,
    ObjectiveKind,
    ObjectiveState,
    PlanPoint,
    Ref,
    ScoringPolicy,
    Verdict,
)


@dataclass(frozen=True)
class Basis:
    """What was true at `at`, as far as the log knew at `position`.

    `tie` is set at the end of a whole only. Of the changes of structure that took effect at the very instant of the
    end, those after position `tie` came later and do not show. Measurements of that instant always show.
    """

    at: datetime
    position: int
    tie: int | None = None


@dataclass(frozen=True)
class End:
    """The moment at which something ended, and the last position of the command that ended it."""

    at: datetime
    position: int


@dataclass
class Cycle:
    id: UUID
    starts_on: date
    ends_on: date
    cadence: Cadence
    parent: UUID | None
    state: CycleState = CycleState.PLANNING
    end: End | None = None

    @property
    def days(self) -> int:
        """Its length in days; its first and last day are both included."""
        return (self.ends_on - self.starts_on).days + 1


@dataclass
class Team:
    id: UUID
    parent: UUID | None


@dataclass
class Objective:
    id: UUID
    cycle: UUID
    kind: ObjectiveKind
    team: UUID | None
    supports: list[Ref]
    state: ObjectiveState = ObjectiveState.DRAFT
    end: End | None = None
    verdict: Verdict | None = None
    score: float | None = None

    @property
    def counts(self) -> bool:
        """Drafts and dropped objectives count nowhere."""
        return self.state in (ObjectiveState.ACTIVE, ObjectiveState.CLOSED)


@dataclass
class Link:
    """The time in which the readings of a KPI measure a key result. `until` is None while it is linked."""

    kpi: UUID
    aggregate: Aggregation
    count_from: date | None
    until: datetime | None = None


@dataclass
class KeyResult:
    """`end` is its own dropping. `scored_by_person` is False for a score recorded by the closing of its objective."""

    id: UUID
    objective: UUID
    metric: Metric
    weight: float
    due: date
    created_at: datetime
    plan: tuple[PlanPoint, ...] = ()
    links: list[Link] = field(default_factory=list)
    end: End | None = None
    score: float | None = None
    scored_by_person: bool = False


@dataclass
class CheckIn:
    """`position` is that of its first recording: a correction keeps the place of what it corrects."""

    key_result: UUID
    measured_at: datetime
    position: int
    value: float | None
    reached: tuple[str, ...] | None
    confidence: float | None


@dataclass
class Reading:
    kpi: UUID
    measured_at: datetime
    value: float
    retracted: bool = False


@dataclass(frozen=True)
class Definition:
    """How a KPI is judged from `at` on."""

    at: datetime
    goal: KpiGoal | None
    cadence: Cadence
    aggregation: Aggregation
    formula: Formula | None = None


@dataclass(frozen=True)
class GoalChange:
    """A goal that was agreed at `at` from a day on; None for the day of `at`."""

    at: datetime
    goal: KpiGoal | None
    first_day: date | None


@dataclass
class Kpi:
    """`agreed` has every goal and target that was ever agreed, in the order of the log."""

    id: UUID
    definitions: list[Definition]
    agreed: list[GoalChange | KpiTarget] = field(default_factory=list)
    retired: bool = False

    @property
    def cadence(self) -> Cadence:
        return self.definitions[-1].cadence


@dataclass(frozen=True)
class CalendarChange:
    """A calendar, and when and where it was set."""

    at: datetime
    position: int
    calendar: Calendar


@dataclass(frozen=True)
class Adoption:
    """A scoring policy, and when and where it was adopted."""

    at: datetime
    position: int
    policy: ScoringPolicy
