"""Goals as the report's response describes them: metric, progress, attainment and plan curve of each."""

from datetime import date, datetime

from api.report.words import Named, Shape


class Progress(Shape, frozen=True):
    """`health` is None for what was closed without a score."""

    expected: float | None
    health: str | None


class HealthCount(Shape, frozen=True):
    health: str
    count: int


class Cycle(Shape, frozen=True):
    key: str
    name: str
    starts_on: date
    ends_on: date
    state: str
    progress: Progress
    objectives: list[HealthCount]
    key_results: list[HealthCount]

    @property
    def end(self) -> str | None:
        """How it ended; None while it is open."""
        return self.progress.health or "NOT_SCORED" if self.state == "CLOSED" else None

    @property
    def counts(self) -> list[tuple[str, list[HealthCount]]]:
        """The number of objectives and of key results by health, without zeros."""
        named = (("Objectives", self.objectives), ("Key results", self.key_results))
        return [(name, found) for name, counts in named if (found := [one for one in counts if one.count])]


class Attainment(Shape, frozen=True):
    against_original: float | None
    against_final: float | None
    score: float | None


class Attribution(Shape, frozen=True):
    initial: float
    movement: float
    goalpost: float
    scope: float
    final: float
    judgement: float | None = None

    @property
    def parts(self) -> dict[str, float]:
        """The parts that sum to `final`, by name."""
        return {name: getattr(self, name) for name in ("initial", "movement", "goalpost", "scope")}


class Unit(Shape, frozen=True):
    symbol: str


class Metric(Shape, frozen=True):
    direction: str
    unit: Unit
    start: float | None
    target: float | None
    lower: float | None
    upper: float | None

    @property
    def is_number(self) -> bool:
        """Whether its values are numbers, rather than milestones or done."""
        return self.direction not in ("MILESTONES", "DONE")


class Point(Shape, frozen=True):
    """A moment of a plan curve: shares of 1, and for a key result values in its unit."""

    at: datetime
    planned: float | None
    replanned: float | None
    actual: float | None
    planned_value: float | None = None
    replanned_value: float | None = None
    actual_value: float | None = None


class Distance(Shape, frozen=True):
    at: datetime
    distance: float
    planned: float | None
    actual: float | None
    planned_value: float | None
    actual_value: float | None


class PlanCurve(Shape, frozen=True):
    points: list[Point]
    largest_distance: Distance | None
    largest_distance_from_last: Distance | None

    @property
    def was_measured(self) -> bool:
        """Whether any value was measured."""
        return any(point.actual is not None for point in self.points)

    @property
    def is_replanned(self) -> bool:
        """Whether the last plan differs from the first one."""
        return any(point.planned != point.replanned for point in self.points)

    @property
    def farthest(self) -> Distance | None:
        """The largest distance from the first plan, or from the last one of what was added later."""
        return self.largest_distance or self.largest_distance_from_last


class KeyResult(Shape, frozen=True):
    id: str
    title: str
    owner: Named | None
    metric: Metric
    progress: Progress


class Planned(Shape, frozen=True):
    metric: Metric


class KeyResultLook(Shape, frozen=True):
    presence: str
    revisions: int
    attainment: Attainment
    plan_curve: PlanCurve
    key_result: KeyResult
    planned: Planned | None


class KeyedTeam(Shape, frozen=True):
    key: str
    name: str


class Objective(Shape, frozen=True):
    id: str
    title: str
    state: str
    owner: Named | None
    team: KeyedTeam | None
    progress: Progress


class PlannedObjective(Shape, frozen=True):
    state: str


class ObjectiveLook(Shape, frozen=True):
    presence: str
    objective: Objective
    planned: PlannedObjective | None
    attainment: Attainment
    attribution: Attribution
    plan_curve: PlanCurve
    key_results: list[KeyResultLook]

    @property
    def goals(self) -> "list[ObjectiveLook | KeyResultLook]":
        """Itself and its key results."""
        return [self, *self.key_results]

    @property
    def has_progress(self) -> bool:
        """Whether any part of the attribution is not zero."""
        return any(self.attribution.parts.values())


class GoalCounts(Shape, frozen=True):
    """How many goals were planned, added later and kept, and dropped."""

    planned: int
    added_later: int
    dropped: int


class TeamLook(Shape, frozen=True):
    """The objectives of one team; of those without a team, it is None."""

    team: KeyedTeam | None
    objectives: GoalCounts
    attainment: Attainment
