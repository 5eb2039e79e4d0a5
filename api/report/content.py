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


class Cycle(Shape, frozen=True):
    key: str
    name: str
    starts_on: date
    ends_on: date


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


class Outcome(Shape, frozen=True):
    verdict: str


class Objective(Shape, frozen=True):
    title: str
    owner: Named | None
    team: Named | None
    outcome: Outcome | None


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
    def counts(self) -> list[list[tuple[int, str]]]:
        """The number of objectives by presence, and by verdict, without zeros."""
        verdicts = [one.objective.outcome.verdict for one in self.objectives if one.objective.outcome is not None]
        counted = Counter([*(one.presence for one in self.objectives), *verdicts])
        named = (("KEPT", "ADDED_LATER", "DROPPED"), ("ACHIEVED", "MISSED"))
        found = [[(counted[name], name) for name in names if counted[name]] for names in named]
        return [part for part in found if part]


def read(context: Context, cycle: str, known: str | None = None) -> Story:
    """The retrospective of the cycle with this key, `known` as in `Query.retrospective`. Raises `QueryFailed`."""
    answer = schema.answer(QUESTION, {"cycle": cycle, "known": known}, context)
    return msgspec.convert(answer["retrospective"], Story)
