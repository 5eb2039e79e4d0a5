"""The content of a report: one query against the GraphQL schema, and its response as structs."""

from collections import Counter
from datetime import date, datetime
from importlib.resources import files
from typing import NamedTuple

import msgspec

from api.execution.context import Context
from api.schema.schema import schema

QUESTION = files(__package__).joinpath("question.graphql").read_text("utf-8")


class Shape(msgspec.Struct, frozen=True, rename="camel"):
    """The base of all parts of the response; the names are those of the schema."""


class Named(Shape, frozen=True):
    """A person or team by name; an erased person has none."""

    name: str | None


class Place(Shape, frozen=True):
    at: datetime
    position: int


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


class Unit(Shape, frozen=True):
    symbol: str


class Metric(Shape, frozen=True):
    direction: str
    unit: Unit
    start: float | None
    target: float | None
    lower: float | None
    upper: float | None


class Point(Shape, frozen=True):
    at: datetime
    planned: float | None
    replanned: float | None
    actual: float | None


class KeyResult(Shape, frozen=True):
    title: str
    metric: Metric
    progress: Progress
    trajectory: list[Point]


class Planned(Shape, frozen=True):
    metric: Metric


class KeyResultLook(Shape, frozen=True):
    presence: str
    revisions: int
    attainment: Attainment
    key_result: KeyResult
    planned: Planned | None

    @property
    def was_measured(self) -> bool:
        """Whether any value was measured."""
        return any(point.actual is not None for point in self.key_result.trajectory)


class Objective(Shape, frozen=True):
    title: str
    state: str
    owner: Named | None
    team: Named | None
    progress: Progress


class ObjectiveLook(Shape, frozen=True):
    presence: str
    objective: Objective
    attainment: Attainment
    attribution: Attribution
    key_results: list[KeyResultLook]

    @property
    def has_progress(self) -> bool:
        """Whether any part of the attribution is not zero."""
        return any(msgspec.structs.astuple(self.attribution))


class Actor(Shape, frozen=True):
    handle: str
    person: Named | None = None
    on_behalf_of: Named | None = None

    @property
    def name(self) -> str:
        """The name of the person on whose behalf an import acted, else of the person, else the handle."""
        person = self.on_behalf_of or self.person
        return (person.name if person is not None else None) or self.handle


class Titled(Shape, frozen=True):
    title: str


class Goalpost(Shape, frozen=True):
    effective_at: datetime
    reason: str | None
    days_before_close: int
    actor: Actor
    subject: Titled | None
    before: Metric
    after: Metric


class SilentKeyResult(Titled, frozen=True):
    id: str


class Silence(Shape, frozen=True):
    key_result: SilentKeyResult
    since: datetime = msgspec.field(name="from")
    until: datetime = msgspec.field(name="to")
    days: int


class Bucket(Shape, frozen=True):
    lower: float
    upper: float
    count: int
    stated: float
    hit: float


class Calibration(Shape, frozen=True):
    summary: str | None
    brier: float | None
    buckets: list[Bucket]


class Kpi(Shape, frozen=True):
    name: str
    unit: Unit


class KpiDelta(Shape, frozen=True):
    kpi: Kpi
    before: float | None
    after: float | None
    change: float | None
    status_before: str
    status_after: str


class Reflection(Shape, frozen=True):
    kind: str
    body: str
    by: Actor


class SilencesOfKeyResult(NamedTuple):
    """All silences of one key result."""

    key_result: SilentKeyResult
    silences: list[Silence]

    @property
    def days(self) -> int:
        """The total of the days."""
        return sum(one.days for one in self.silences)


class Story(Shape, frozen=True):
    """The retrospective of a cycle as the report shows it."""

    is_final: bool
    plan: Place
    outcome: Place
    cycle: Cycle
    attainment: Attainment
    attribution: Attribution
    objectives: list[ObjectiveLook]
    goalposts: list[Goalpost]
    silences: list[Silence]
    calibration: Calibration
    kpis: list[KpiDelta]
    reflections: list[Reflection]

    @property
    def silent(self) -> list[SilencesOfKeyResult]:
        """The silences by key result, most days first."""
        found: dict[str, SilencesOfKeyResult] = {}
        for one in self.silences:
            found.setdefault(one.key_result.id, SilencesOfKeyResult(one.key_result, [])).silences.append(one)
        return sorted(found.values(), key=lambda one: -one.days)

    @property
    def counts(self) -> list[tuple[int, str]]:
        """The number of objectives by presence, without zeros."""
        counted = Counter(one.presence for one in self.objectives)
        return [(counted[name], name) for name in ("KEPT", "ADDED_LATER", "DROPPED") if counted[name]]


def read(context: Context, cycle: str, known: str | None = None) -> Story:
    """The retrospective of the cycle with this key, `known` as in `Query.retrospective`. Raises `QueryFailed`."""
    answer = schema.answer(QUESTION, {"cycle": cycle, "known": known}, context)
    return msgspec.convert(answer["retrospective"], Story)
