"""The content of a report: one query against the GraphQL schema, and its response as structs."""

from datetime import date, datetime
from importlib.resources import files
from typing import Any, NamedTuple, Self

import msgspec

from api.execution.context import Context
from api.report.goal_looks import (
    Attainment,
    Attribution,
    Cycle,
    GoalCounts,
    KeyedTeam,
    ObjectiveLook,
    PlanCurve,
    TeamLook,
)
from api.report.goalposts import Goalpost
from api.report.kpi_looks import KpiDelta
from api.report.report_figures import Figures
from api.report.words import ClosingReflection, Note, Page, Reason, Reflection, Shape
from api.schema.schema import schema
from domain.primitives.calendar import Calendar
from domain.primitives.decoding import prepared

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


@prepared
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
