"""The content of a report: one query against the GraphQL schema, and its response as structs."""

from datetime import date, datetime
from importlib.resources import files
from typing import Any, NamedTuple, Self, TypeAlias

import msgspec

from api.execution.context import Context
from api.report.report_figures import Figures
from api.report.words import Changed, ClosingReflection, Named, Note, Page, Reason, Reflection, Shape
from api.schema.schema import schema
from domain.primitives.calendar import Calendar

HEADING = files(__package__).joinpath("heading.graphql").read_text("utf-8")


class Place(Shape, frozen=True):
    at: datetime
    position: int


class CalendarDays(Shape, frozen=True):
    """The calendar by which moments are shown as days."""

    time_zone: str

    def __call__(self, at: datetime) -> date:
        """The day of a moment."""
        return Calendar(time_zone=self.time_zone).day_of(at)


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


class PlanPoint(Shape, frozen=True):
    on: date
    value: float


class KpiGoal(Shape, frozen=True):
    direction: str
    target: float | None
    lower: float | None
    upper: float | None

    @property
    def bounds(self) -> list[float]:
        """The target, or the lower and the upper bound."""
        return [bound for bound in (self.target, self.lower, self.upper) if bound is not None]


class KpiTargetChange(Shape, frozen=True):
    """The goal of a KPI from a day on, before and after a change."""

    since: date = msgspec.field(name="from")
    before: KpiGoal | None
    after: KpiGoal | None


class Target(NamedTuple):
    """The goal of a KPI from a day on."""

    goal: KpiGoal | None
    since: date


class Formula(Shape, frozen=True):
    text: str


class MeasuringKpi(Shape, frozen=True):
    name: str


class Measure(NamedTuple):
    """What measures a key result: a KPI by its name, with the aggregate of its readings (None is the last one); None is
    the check-ins of the key result."""

    kpi: str | None
    aggregate: str | None


class WorkspaceCalendar(Shape, frozen=True):
    time_zone: str
    fiscal_year_start_month: int
    week_starts_on: str


class Days(NamedTuple):
    """The first and the last day of a cycle."""

    first: date
    last: date


Moved: TypeAlias = (
    Metric | date | Days | list[PlanPoint] | KpiGoal | Target | Formula | Measure | WorkspaceCalendar | None
)
"""What a goalpost was before or after."""


class Goalpost(Changed, frozen=True):
    """A change of a metric, a due day, a plan, a link to a KPI, the days of the cycle or the calendar, with what it was
    before and after."""

    reason: str | None = None
    days_before_close: int | None = None
    before: Metric | None = None
    after: Metric | None = None
    before_due: date | None = None
    after_due: date | None = None
    before_starts_on: date | None = None
    after_starts_on: date | None = None
    before_ends_on: date | None = None
    after_ends_on: date | None = None
    before_plan: list[PlanPoint] | None = None
    after_plan: list[PlanPoint] | None = None
    before_goal: KpiGoal | None = None
    after_goal: KpiGoal | None = None
    before_formula: Formula | None = None
    after_formula: Formula | None = None
    before_kpi: MeasuringKpi | None = None
    after_kpi: MeasuringKpi | None = None
    before_aggregate: str | None = None
    after_aggregate: str | None = None
    before_calendar: WorkspaceCalendar | None = None
    after_calendar: WorkspaceCalendar | None = None
    targets: list[KpiTargetChange] = []  # noqa: RUF012 - msgspec copies it

    @property
    def moved(self) -> list[tuple[Moved, Moved]]:
        """Each thing that was changed, before and after."""
        pairs: list[tuple[Moved, Moved]] = [
            (self.before, self.after),
            (self.before_due, self.after_due),
            (_days(self.before_starts_on, self.before_ends_on), _days(self.after_starts_on, self.after_ends_on)),
            (self.before_plan, self.after_plan),
            (self.before_goal, self.after_goal),
            (self.before_formula, self.after_formula),
            (self.before_calendar, self.after_calendar),
        ]
        if self.before_kpi is not None or self.after_kpi is not None:
            pairs.append(
                (_measure(self.before_kpi, self.before_aggregate), _measure(self.after_kpi, self.after_aggregate))
            )
        targets = [(Target(one.before, one.since), Target(one.after, one.since)) for one in self.targets]
        given = [pair for pair in pairs if any(one is not None for one in pair)]
        return [*([pair for pair in given if pair[0] != pair[1]] or given), *targets]


def _measure(kpi: MeasuringKpi | None, aggregate: str | None) -> Measure:
    return Measure(None, None) if kpi is None else Measure(kpi.name, aggregate)


def _days(first: date | None, last: date | None) -> Days | None:
    return None if first is None or last is None else Days(first, last)


class SilentKeyResult(Shape, frozen=True):
    id: str
    title: str


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
    stated: float | None
    hit: float | None
    brier: float | None
    buckets: list[Bucket]


class Kpi(Shape, frozen=True):
    name: str
    unit: Unit


class KpiPeriod(Shape, frozen=True):
    start: datetime
    label: str
    planned_goal: KpiGoal | None
    goal: KpiGoal | None
    value: float | None


class KpiPlanCurve(Shape, frozen=True):
    points: list[KpiPeriod]
    largest_distance: KpiPeriod | None
    largest_distance_from_last: KpiPeriod | None

    @property
    def was_measured(self) -> bool:
        """Whether any period has a value."""
        return any(point.value is not None for point in self.points)


class KpiDelta(Shape, frozen=True):
    kpi: Kpi
    before: float | None
    after: float | None
    change: float | None
    status_before: str
    status_after: str
    plan_curve: KpiPlanCurve


class RecordedAfterwards(Shape, frozen=True):
    """The changes that were recorded long after they took effect, in a sentence; None without any."""

    summary: str | None


class SilencesOfKeyResult(NamedTuple):
    """All silences of one key result."""

    key_result: SilentKeyResult
    silences: list[Silence]

    @property
    def days(self) -> int:
        """The total of the days."""
        return sum(one.days for one in self.silences)


class ReportRequest(NamedTuple):
    """The cycle of a report by its key, and the arguments of `Query.retrospective`: `team` by key, `person` by
    handle."""

    cycle: str
    known: str | None = None
    team: str | None = None
    person: str | None = None

    @classmethod
    def of(cls, figures: Figures) -> Self:
        """The request of a report that has these figures."""
        given = figures.variables
        team, person = (given.get(name) or {} for name in ("team", "person"))
        return cls(given["cycle"], given.get("known"), team.get("key"), person.get("handle"))

    @property
    def narrowed(self) -> str:
        """What the report is narrowed to, in words; empty for the whole cycle."""
        named = {"team": self.team, "person": self.person}
        return " and ".join(f"{kind} {key}" for kind, key in named.items() if key)

    @property
    def variables(self) -> dict[str, Any]:
        team, person = self.team and {"key": self.team}, self.person and {"handle": self.person}
        return {"cycle": self.cycle, "known": self.known, "team": team or None, "person": person or None}


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


class Story(Shape, frozen=True):
    """The retrospective of a cycle as the report shows it. `asked`: how it was asked for; `narrowed`: what it is
    narrowed to, in words; `figures`: what it was made from."""

    asked: ReportRequest
    narrowed: str
    figures: Figures
    is_final: bool
    plan: Place
    outcome: Place
    day_of: CalendarDays = msgspec.field(name="calendar")
    cycle: Cycle
    attainment: Attainment
    attribution: Attribution
    plan_curve: PlanCurve
    objective_counts: GoalCounts
    key_result_counts: GoalCounts
    teams: Page[TeamLook]
    objective_page: Page[ObjectiveLook] = msgspec.field(name="objectives")
    goalposts: Page[Goalpost]
    recorded_afterwards: RecordedAfterwards
    silences: Page[Silence]
    silent_key_results: int
    calibration: Calibration
    kpis: Page[KpiDelta]
    reflections: list[Reflection]
    closing_reflections: list[ClosingReflection]
    reasons: Page[Reason]
    check_in_notes: Page[Note]

    @property
    def objectives(self) -> list[ObjectiveLook]:
        """The objectives that the report shows."""
        return self.objective_page.nodes

    @property
    def heading(self) -> "Heading":
        """The heading of its page."""
        return Heading(self.cycle.name, self.narrowed)

    @property
    def is_cut(self) -> bool:
        """Whether some objectives are in the reports of their teams only."""
        return self.objective_page.total_count > len(self.objectives)

    def query_of(self, team: KeyedTeam) -> dict[str, str]:
        """The query of the report of a team, otherwise asked for like this one."""
        given = {"known": self.asked.known, "person": self.asked.person}
        return {"team": team.key, **{name: value for name, value in given.items() if value}}

    @property
    def notes(self) -> dict[str, list[Note]]:
        """The notes of check-ins by the id of their key result."""
        found: dict[str, list[Note]] = {}
        for note in self.check_in_notes.nodes:
            found.setdefault(note.key_result.id, []).append(note)
        return found

    @property
    def _remarks(self) -> list[Reflection]:
        """The reflections of closings, and all others."""
        closings = [Reflection("CLOSING", one.body, one.by, one.objective) for one in self.closing_reflections]
        return [*closings, *self.reflections]

    @property
    def remarks(self) -> dict[str, list[Reflection]]:
        """The reflections on the objectives that the report shows, by the id of the objective."""
        found: dict[str, list[Reflection]] = {look.objective.id: [] for look in self.objectives}
        for one in self._remarks:
            if one.subject.id in found:
                found[one.subject.id].append(one)
        return found

    @property
    def other_remarks(self) -> list[Reflection]:
        """The reflections on the cycle, and on objectives that are in the reports of their teams only."""
        shown = {look.objective.id for look in self.objectives}
        return [one for one in self._remarks if one.subject.id not in shown]

    @property
    def is_scored(self) -> bool:
        """Whether any goal has a score."""
        return any(goal.attainment.score is not None for look in self.objectives for goal in look.goals)

    @property
    def other_reasons(self) -> list[Reason]:
        """The reasons of changes that are no goalposts."""
        shown = {one.position for one in self.goalposts.nodes}
        return [one for one in self.reasons.nodes if one.position not in shown]

    @property
    def silent(self) -> list[SilencesOfKeyResult]:
        """The silences by key result, most days first."""
        found: dict[str, SilencesOfKeyResult] = {}
        for one in self.silences.nodes:
            found.setdefault(one.key_result.id, SilencesOfKeyResult(one.key_result, [])).silences.append(one)
        return sorted(found.values(), key=lambda one: -one.days)

    @property
    def counts(self) -> list[tuple[int, str]]:
        """The number of objectives by presence, without zeros."""
        of = self.objective_counts
        kept = self.objective_page.total_count - of.added_later - of.dropped
        named = ((kept, "KEPT"), (of.added_later, "ADDED_LATER"), (of.dropped, "DROPPED"))
        return [(count, name) for count, name in named if count]


class Heading(NamedTuple):
    """What the head of a page shows: the cycle's name, and what the report is narrowed to."""

    cycle: str
    narrowed: str


def read_heading(context: Context, asked: ReportRequest) -> Heading:
    """The heading of a report, in a few statements. Raises `QueryFailed` for whatever cannot be reported on."""
    answer = schema.answer(HEADING, asked.variables, context)
    return Heading(answer["retrospective"]["cycle"]["name"], asked.narrowed)


def read(context: Context, asked: ReportRequest) -> Story:
    """The retrospective that is asked for. Raises `QueryFailed`."""
    return story_of(Figures.of(context, asked.variables))


def story_of(figures: Figures) -> Story:
    """The retrospective that these figures describe. Raises `msgspec.MsgspecError` and `KeyError` for others."""
    asked = ReportRequest.of(figures)
    given = {"asked": tuple(asked), "narrowed": asked.narrowed, "figures": figures}
    return msgspec.convert({**figures.retrospective, **given}, Story)
