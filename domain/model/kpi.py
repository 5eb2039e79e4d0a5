"""KPIs, measures that are tracked at a fixed cadence and outside cycles.

    defined ──(redefine, set targets, with a reason)──▶ defined ◀──revive / retire──▶ retired

The readings have streams of their own: `domain.model.measurements.reading`.
"""

from collections.abc import Sequence
from datetime import date, datetime
from operator import attrgetter
from typing import Annotated, NamedTuple
from uuid import UUID

from msgspec import Struct, structs

from domain.model.event import Aggregate, Event, stored
from domain.model.fields import Description, Key, Labels, Name, Owner, OwningTeam
from domain.primitives.calendar import Calendar
from domain.primitives.documentation import doc
from domain.primitives.errors import Code, CommandRejected, Faults, invalid
from domain.primitives.goal_schedule import GoalEdit, GoalSchedule, refuse_misfit, refuse_misfits, schedule_of
from domain.primitives.kpi_formula import Formula
from domain.primitives.rules import Rule
from domain.primitives.values import Aggregation, Cadence, Kind, KpiGoal, KpiTarget, Unit

# ── events: their topics are the storage format ──────────────────────────────────────────────────


class KpiEvent(Event, frozen=True, kw_only=True):
    KIND = Kind.KPI


class _Definition(KpiEvent, frozen=True, kw_only=True):
    """The complete definition. A redefinition repeats all of it."""

    name: Name
    description: Description | None = None
    unit: Annotated[Unit, doc("The unit of its readings.")]
    goal: Annotated[KpiGoal, doc("The goal that its readings are compared with.")] | None = None
    cadence: Annotated[Cadence, doc("How often a reading is expected.")]
    owner: Owner | None = None
    team: OwningTeam | None = None
    aggregation: Annotated[
        Aggregation, doc("How the readings of a period become its value; LAST in definitions of earlier versions.")
    ] = Aggregation.LAST
    formula: (
        Annotated[Formula, doc("How its values follow from other KPIs; null for a KPI that takes readings.")] | None
    ) = None
    goal_from: (
        Annotated[
            date,
            doc(
                "The first day of the goal. Without one, a goal begins on the day of the effective time, and the goal "
                "that the KPI was defined with judges earlier readings, too."
            ),
        ]
        | None
    ) = None

    @property
    def first_day(self) -> date | None:
        """The first day that the event plans or judges again; None if that is the day of its effective time."""
        return self.goal_from

    def apply(self, aggregate: "Kpi") -> None:
        aggregate.definition = Definition(*_defined(self))
        aggregate.definitions = (*aggregate.definitions, (self.timestamp, aggregate.definition))
        aggregate.edits = (*aggregate.edits, GoalEdit(self.timestamp, self.goal, self.goal_from))


@stored
class KpiDefined(_Definition, frozen=True, kw_only=True):
    """A KPI was defined."""

    TOPIC = "kpi-defined"
    FIRST = True
    key: Key

    def apply(self, aggregate: "Kpi") -> None:
        super().apply(aggregate)
        aggregate.key = self.key


@stored
class KpiRedefined(_Definition, frozen=True, kw_only=True):
    """A KPI's definition was changed."""

    TOPIC = "kpi-redefined"


@stored
class KpiTargetsSet(KpiEvent, frozen=True, kw_only=True):
    """Targets of a KPI were set or removed."""

    TOPIC = "kpi-targets-set"
    targets: Annotated[tuple[KpiTarget, ...], doc("The targets that were set or removed, in the order of their days.")]

    @property
    def days(self) -> Sequence[date]:
        """The first days of the targets, in order."""
        return [one.from_ for one in self.targets]

    @property
    def first_day(self) -> date | None:
        """The first day that the event plans or judges again."""
        return self.days[0]

    def apply(self, aggregate: "Kpi") -> None:
        edit = GoalEdit(self.timestamp, aggregate.definition.goal, targets=self.targets)
        aggregate.edits = (*aggregate.edits, edit)


@stored
class KpiLabelled(KpiEvent, frozen=True, kw_only=True):
    """A KPI's labels were set."""

    TOPIC = "kpi-labelled"
    labels: Labels

    def apply(self, aggregate: "Kpi") -> None:
        aggregate.labels = self.labels


@stored
class KpiRetired(KpiEvent, frozen=True, kw_only=True):
    """A KPI was retired: it takes no more readings."""

    TOPIC = "kpi-retired"

    def apply(self, aggregate: "Kpi") -> None:
        aggregate.retired = True


@stored
class KpiRevived(KpiEvent, frozen=True, kw_only=True):
    """A retired KPI was revived: it takes readings again."""

    TOPIC = "kpi-revived"

    def apply(self, aggregate: "Kpi") -> None:
        aggregate.retired = False


# ── aggregates ───────────────────────────────────────────────────────────────────────────────────


class Definition(Struct, frozen=True):
    """What a KPI measures and who answers for it: the fields that `KpiDefined` and `KpiRedefined` share."""

    name: str
    description: str | None
    unit: Unit
    goal: KpiGoal | None
    cadence: Cadence
    owner: UUID | None
    team: UUID | None
    aggregation: Aggregation
    formula: Formula | None


_defined = attrgetter(*Definition.__struct_fields__)
"""The fields of an event that make the definition."""


class Kpi(Aggregate):
    """`definition` is the one in force; `definitions` has each with the time since which it is effective, oldest
    first."""

    KIND = Kind.KPI
    key: str
    definition: Definition
    definitions: tuple[tuple[datetime, Definition], ...] = ()
    edits: tuple[GoalEdit, ...] = ()
    labels: tuple[str, ...] = ()
    retired: bool = False

    def inputs_since(self, at: datetime) -> tuple[UUID, ...]:
        """The inputs of the formula in force at a moment, and of every later one."""
        earlier = sum(since <= at for since, _ in self.definitions)
        found = [one.formula for _, one in self.definitions[max(earlier - 1, 0) :]]
        return tuple(dict.fromkeys(id for formula in found if formula is not None for id in formula.inputs))

    def redefine(self, definition: Definition, goal_from: date | None, at: datetime) -> None:
        """`goal_from`: the first day of a goal that begins by this definition, where it must be stated."""
        self.refuse_retired()
        if definition != self.definition or goal_from is not None:
            self.record(KpiRedefined(**structs.asdict(definition), goal_from=goal_from), at)

    def new_goal(self, goal: KpiGoal | None, day: date | None, today: date, calendar: Calendar) -> "NewGoal":
        """What a redefinition with this goal states, which begins on `day` or by default today, where that is not what
        the schedule says already. Raises `INVALID` if the targets after it do not fit the goal."""
        self.refuse_retired()
        schedule = self.schedule(calendar)
        is_there = schedule.on(today) == goal if day is None else schedule.begins(day, goal)
        if is_there:
            return NewGoal(self.definition.goal, None)
        refuse_misfits(schedule.with_goal(day or today, goal), day or today)
        return NewGoal(goal, today if day is None and goal == self.definition.goal else day)

    def set_targets(self, targets: Sequence[KpiTarget], calendar: Calendar, at: datetime) -> int:
        """Set and remove targets, and return how many changed. Raises `INVALID`, with a problem for each target that
        does not fit the goal of its day."""
        self.refuse_retired()
        schedule, faults = self.schedule(calendar), Faults()
        for index, one in enumerate(targets):
            with faults:
                refuse_misfit(schedule, one, "targets", str(index))
        faults.refuse()
        changed = sorted((one for one in targets if not schedule.includes(one)), key=lambda one: one.from_)
        if changed:
            self.record(KpiTargetsSet(targets=tuple(changed)), at)
        return len(changed)

    def schedule(self, calendar: Calendar) -> GoalSchedule:
        """Its goals and targets by day."""
        return schedule_of(self.edits, calendar)

    def label(self, labels: tuple[str, ...], at: datetime) -> None:
        """Replace all labels."""
        self.refuse_retired()
        if labels != self.labels:
            self.record(KpiLabelled(labels=labels), at)

    def retire(self, at: datetime) -> None:
        if not self.retired:
            self.record(KpiRetired(), at)

    def revive(self, at: datetime) -> None:
        if self.retired:
            self.record(KpiRevived(), at)

    def refuse_readings(self, *field: str) -> None:
        """Raises `CLOSED` for a retired KPI, and `INVALID` for one with a formula."""
        self.refuse_retired(*field)
        if self.definition.formula is not None:
            raise invalid(
                f"'{self.key}' is worked out by a formula and takes no readings; record those of its inputs.",
                *field,
                "kpi",
                rule=Rule.FORMULA_TAKES_NO_READINGS,
                kpi=self.key,
            )

    def refuse_retired(self, *field: str) -> None:
        if self.retired:
            raise CommandRejected(
                Code.CLOSED,
                f"The KPI '{self.key}' is retired; revive it or define a new one.",
                *field,
                "kpi",
                rule=Rule.KPI_RETIRED,
                kpi=self.key,
            )


class NewGoal(NamedTuple):
    """The goal of a new definition, and its first day where it must be stated: without one, an equal goal begins
    nothing, and another one begins on the day of the effective time."""

    goal: KpiGoal | None
    goal_from: date | None
