"""Random commands: one of each type, with references to existing ids, a few of them wrong on purpose.

Times of measurement and effective times are late, early and out of order.
"""

from datetime import UTC, date, datetime, timedelta
from random import Random
from uuid import UUID

from msgspec import UNSET, UnsetType

from domain.commands.command import Command, CycleBy, KpiBy
from domain.commands.cycle_commands import (
    AbandonCycle,
    ActivateCycle,
    AdoptScoringPolicy,
    CloseCycle,
    OpenCycle,
    RenameCycle,
    RescheduleCycle,
)
from domain.commands.discussion_commands import AddComment, EditInitiative, MoveInitiative, PlanInitiative, Reflect
from domain.commands.key_result_commands import (
    AddKeyResult,
    AssignKeyResult,
    CheckIn,
    CorrectCheckIn,
    DropKeyResult,
    KeyResultDraft,
    LinkKpi,
    MoveKeyResult,
    PlanKeyResult,
    RescheduleKeyResult,
    RetargetKeyResult,
    ReweighKeyResult,
    RewordKeyResult,
    ScoreKeyResult,
    UnlinkKpi,
)
from domain.commands.kpi_commands import (
    CorrectReading,
    DefineKpi,
    ReadingInput,
    RecordReadings,
    RedefineKpi,
    RetireKpi,
    RetractReading,
    ReviveKpi,
    SetKpiTargets,
)
from domain.commands.kpi_formula_input import (
    KpiAverageInput,
    KpiDifferenceInput,
    KpiFormulaInput,
    KpiGrowthInput,
    KpiRatioInput,
    KpiSumInput,
    KpiTermInput,
)
from domain.commands.objective_commands import (
    AlignObjective,
    AssignObjective,
    CarryObjective,
    CloseObjective,
    CommitObjective,
    DraftObjective,
    DropObjective,
    MoveObjective,
    ReopenObjective,
    RewordObjective,
    SetObjectiveVisibility,
    UnalignObjective,
)
from domain.commands.people_commands import (
    AddPerson,
    AppointLead,
    DeactivatePerson,
    DisbandTeam,
    ErasePerson,
    FormTeam,
    HandOver,
    JoinTeam,
    LeaveTeam,
    MoveTeam,
    ReactivatePerson,
    RenamePerson,
    RenameTeam,
    ReviveTeam,
)
from domain.commands.subject_commands import SetExternalReference, SetLabels
from domain.commands.template_commands import (
    ApplyTemplate,
    RenameTemplate,
    RetireTemplate,
    SaveAsTemplate,
    TemplateGoalInput,
    TemplateKeyResultInput,
)
from domain.commands.workspace_commands import SetCalendar
from domain.handlers.batches.batch_dispatcher import BatchDispatcher
from domain.handlers.dispatcher import Outcome
from domain.primitives.calendar import Weekday
from domain.primitives.values import (
    Aggregation,
    Cadence,
    EarlierPeriod,
    InitiativeState,
    Kind,
    KpiTarget,
    ObjectiveKind,
    ReflectionKind,
    Verdict,
    Visibility,
)
from tests.metric_input import as_input
from tests.properties.drawing import LONG_AGO
from tests.properties.optional_fields import OptionalFields


class DrawnCommands(OptionalFields):
    """Draws a command of each type; the methods have the names of the API. `done` has each command that was executed
    with its outcome, also those of batches."""

    def __init__(self, keyframe: BatchDispatcher, chance: Random) -> None:
        super().__init__(keyframe, chance)
        self.done: list[tuple[Command, Outcome]] = []

    # ── people and teams ─────────────────────────────────────────────────────────────────────────

    def _addPerson(self) -> Command:  # noqa: N802
        return AddPerson(handle=self._key(), name=self._text(), email="a@example.com")

    def _renamePerson(self) -> Command:  # noqa: N802
        return RenamePerson(person=self._any(Kind.PERSON), name=self._text(), **self._since())

    def _deactivatePerson(self) -> Command:  # noqa: N802
        return DeactivatePerson(person=self._any(Kind.PERSON), **self._since())

    def _reactivatePerson(self) -> Command:  # noqa: N802
        """Often a person who was deactivated."""
        return ReactivatePerson(person=self._undoing(DeactivatePerson, "person", Kind.PERSON), **self._since())

    def _handOver(self) -> Command:  # noqa: N802
        return HandOver(from_=self._any(Kind.PERSON), to=self._any(Kind.PERSON), **self._since())

    def _erasePerson(self) -> Command:  # noqa: N802
        return ErasePerson(person=self._any(Kind.PERSON), **self._since())

    def _formTeam(self) -> Command:  # noqa: N802
        return FormTeam(
            key=self._key(), name=self._text(), parent=self._maybe(Kind.TEAM), lead=self._maybe(Kind.PERSON),
            members=[self._any(Kind.PERSON), self._any(Kind.PERSON)] if self._chance.random() < 0.5 else UNSET,
        )  # fmt: skip

    def _renameTeam(self) -> Command:  # noqa: N802
        return RenameTeam(team=self._any(Kind.TEAM), name=self._text(), **self._since())

    def _moveTeam(self) -> Command:  # noqa: N802
        return MoveTeam(team=self._any(Kind.TEAM), parent=self._maybe(Kind.TEAM), **self._since())

    def _appointLead(self) -> Command:  # noqa: N802
        return AppointLead(team=self._any(Kind.TEAM), person=self._maybe(Kind.PERSON), **self._since())

    def _joinTeam(self) -> Command:  # noqa: N802
        return JoinTeam(team=self._any(Kind.TEAM), person=self._any(Kind.PERSON), **self._since())

    def _leaveTeam(self) -> Command:  # noqa: N802
        return LeaveTeam(team=self._any(Kind.TEAM), person=self._any(Kind.PERSON), **self._since())

    def _disbandTeam(self) -> Command:  # noqa: N802
        return DisbandTeam(team=self._any(Kind.TEAM), **self._since())

    def _reviveTeam(self) -> Command:  # noqa: N802
        """Often a team that was disbanded."""
        return ReviveTeam(team=self._undoing(DisbandTeam, "team", Kind.TEAM), **self._since())

    def _undoing(self, done: type[Command], field: str, kind: Kind) -> UUID:
        """The subject of a command of this type that was executed; else any aggregate of the kind."""
        subjects = [getattr(command, field) for command, _ in self.done if isinstance(command, done)]
        return self._chance.choice(subjects) if subjects else self._any(kind)

    # ── cycles and settings ──────────────────────────────────────────────────────────────────────

    def _openCycle(self) -> Command:  # noqa: N802
        starts_on = date(2025, self._chance.choice([1, 4, 7, 10]), 1)
        return OpenCycle(
            key=self._key(), name=self._text(), starts_on=starts_on, ends_on=starts_on + timedelta(days=90),
            parent=CycleBy(id=self._any(Kind.CYCLE)) if self._chance.random() < 0.2 else None,
            check_in_cadence=self._chance.choice(list(Cadence)), effective_at=LONG_AGO,
        )  # fmt: skip

    def _cycle(self) -> CycleBy:
        return CycleBy(id=self._any(Kind.CYCLE))

    def _activateCycle(self) -> Command:  # noqa: N802
        return ActivateCycle(cycle=self._cycle(), **self._since())

    def _closeCycle(self) -> Command:  # noqa: N802
        return CloseCycle(cycle=self._cycle(), close_objectives=self._chance.random() < 0.5, **self._since())

    def _renameCycle(self) -> Command:  # noqa: N802
        return RenameCycle(cycle=self._cycle(), name=self._text(), **self._since())

    def _abandonCycle(self) -> Command:  # noqa: N802
        return AbandonCycle(cycle=self._cycle(), **self._since())

    def _rescheduleCycle(self) -> Command:  # noqa: N802
        """Often without one of the days, which then stays."""
        first = date(2025, self._chance.choice([1, 3, 4, 6]), self._chance.choice([1, 15]))
        last = first + timedelta(days=self._chance.choice([-3, 60, 90, 120]))
        days: list[tuple[date | UnsetType, date | UnsetType]] = [(UNSET, last), (first, UNSET), (first, last)]
        starts_on, ends_on = self._chance.choice(days)
        return RescheduleCycle(cycle=self._cycle(), starts_on=starts_on, ends_on=ends_on, **self._since())

    def _adoptScoringPolicy(self) -> Command:  # noqa: N802
        return AdoptScoringPolicy(score_green=self._chance.choice([0.6, 0.7, 0.8]), on_track_gap=0.05, **self._since())

    def _setCalendar(self) -> Command:  # noqa: N802
        return SetCalendar(
            time_zone=self._chance.choice(["UTC", "Europe/Lisbon", "Pacific/Apia", "America/New_York"]),
            fiscal_year_start_month=self._chance.choice([1, 2, 7]),
            week_starts_on=self._chance.choice([UNSET, *Weekday]), **self._since(),
        )  # fmt: skip

    # ── objectives ───────────────────────────────────────────────────────────────────────────────

    def _draftObjective(self) -> Command:  # noqa: N802
        supports = [self._ref(Kind.OBJECTIVE, Kind.KEY_RESULT)] if self._ids[Kind.KEY_RESULT] else []
        return DraftObjective(
            cycle=self._cycle(), title=self._text(), kind=self._chance.choice(list(ObjectiveKind)),
            owner=self._maybe(Kind.PERSON), team=self._maybe(Kind.TEAM),
            contributors=[self._any(Kind.PERSON)] if self._chance.random() < 0.3 else [], supports=supports,
            effective_at=self._moment() if self._chance.random() < 0.6 else None,
            visibility=self._chance.choice([UNSET, UNSET, *Visibility]), commit=self._chance.random() < 0.5 or UNSET,
            key_results=[self._key_result() for _ in range(self._chance.choice([0, 0, 2]))] or UNSET,
        )  # fmt: skip

    def _key_result(self) -> KeyResultDraft:
        kpi = KpiBy(id=self._any(Kind.KPI)) if self._chance.random() < 0.2 else None
        return KeyResultDraft(
            title=self._text(), metric=as_input(self._metric()), owner=self._maybe(Kind.PERSON), kpi=kpi
        )

    def _rewordObjective(self) -> Command:  # noqa: N802
        return RewordObjective(objective=self._any(Kind.OBJECTIVE), title=self._text(), **self._since())

    def _assignObjective(self) -> Command:  # noqa: N802
        return AssignObjective(
            objective=self._any(Kind.OBJECTIVE),
            owner=self._maybe(Kind.PERSON),
            team=self._maybe(Kind.TEAM),
            **self._since(),
        )

    def _setObjectiveVisibility(self) -> Command:  # noqa: N802
        visibility = self._chance.choice(list(Visibility))
        return SetObjectiveVisibility(objective=self._any(Kind.OBJECTIVE), visibility=visibility, **self._since())

    def _alignObjective(self) -> Command:  # noqa: N802
        to = self._ref(Kind.OBJECTIVE, Kind.KEY_RESULT)
        return AlignObjective(objective=self._any(Kind.OBJECTIVE), to=to, **self._since())

    def _unalignObjective(self) -> Command:  # noqa: N802
        aligned = [command for command, _ in self.done if isinstance(command, AlignObjective)]
        if not aligned:
            return UnalignObjective(objective=self._any(Kind.OBJECTIVE), from_=self._ref(Kind.OBJECTIVE))
        was = self._chance.choice(aligned)
        return UnalignObjective(objective=was.objective, from_=was.to, **self._since())

    def _commitObjective(self) -> Command:  # noqa: N802
        return CommitObjective(objective=self._any(Kind.OBJECTIVE), **self._since())

    def _closeObjective(self) -> Command:  # noqa: N802
        return CloseObjective(
            objective=self._any(Kind.OBJECTIVE), verdict=self._chance.choice([None, *Verdict]),
            score=self._chance.choice([None, 0.4]), **self._since(),
        )  # fmt: skip

    def _dropObjective(self) -> Command:  # noqa: N802
        return DropObjective(objective=self._any(Kind.OBJECTIVE), **self._since())

    def _reopenObjective(self) -> Command:  # noqa: N802
        return ReopenObjective(objective=self._any(Kind.OBJECTIVE), **self._since())

    def _moveObjective(self) -> Command:  # noqa: N802
        return MoveObjective(objective=self._any(Kind.OBJECTIVE), to=self._cycle(), **self._since())

    def _carryObjective(self) -> Command:  # noqa: N802
        return CarryObjective(objective=self._any(Kind.OBJECTIVE), into=self._cycle(), **self._since())

    # ── key results and check-ins ────────────────────────────────────────────────────────────────

    def _addKeyResult(self) -> Command:  # noqa: N802
        due = self._chance.choice([None, None, datetime.now(UTC).date() + timedelta(days=40)])
        return AddKeyResult(
            objective=self._any(Kind.OBJECTIVE), title=self._text(), metric=as_input(self._metric()), due=due,
            owner=self._maybe(Kind.PERSON), weight=self._chance.choice([0.5, 1.0, 3.0]),
            kpi=KpiBy(id=self._any(Kind.KPI)) if self._chance.random() < 0.2 else None,
            effective_at=self._moment() if self._chance.random() < 0.4 else None,
        )  # fmt: skip

    def _rewordKeyResult(self) -> Command:  # noqa: N802
        return RewordKeyResult(key_result=self._any(Kind.KEY_RESULT), description=self._text(), **self._since())

    def _assignKeyResult(self) -> Command:  # noqa: N802
        return AssignKeyResult(key_result=self._any(Kind.KEY_RESULT), owner=self._maybe(Kind.PERSON), **self._since())

    def _retargetKeyResult(self) -> Command:  # noqa: N802
        return RetargetKeyResult(
            key_result=self._any(Kind.KEY_RESULT), metric=as_input(self._metric()), **self._since()
        )

    def _planKeyResult(self) -> Command:  # noqa: N802
        key_result = self._any(Kind.KEY_RESULT)
        return PlanKeyResult(key_result=key_result, points=self._plan(key_result), **self._since())

    def _rescheduleKeyResult(self) -> Command:  # noqa: N802
        due = self._chance.choice([date(2025, 6, 1), datetime.now(UTC).date() + timedelta(days=20)])
        due += timedelta(days=self._chance.randint(0, 9))
        return RescheduleKeyResult(key_result=self._any(Kind.KEY_RESULT), due=due, **self._since())

    def _reweighKeyResult(self) -> Command:  # noqa: N802
        weight = self._chance.choice([0.5, 2.0, 5.0])
        return ReweighKeyResult(key_result=self._any(Kind.KEY_RESULT), weight=weight, **self._since())

    def _checkIn(self) -> Command:  # noqa: N802
        measured = {"reached": self._reached()} if self._chance.random() < 0.2 else {"value": self._number()}
        if self._chance.random() < 0.2:
            measured = {}
        return CheckIn(
            key_result=self._any(Kind.KEY_RESULT), confidence=self._share(), note=self._text(), reason=self._text(),
            measured_at=self._moment() if self._chance.random() < 0.7 else None, **measured,
        )  # fmt: skip

    def _correctCheckIn(self) -> Command:  # noqa: N802
        value = self._number() if self._chance.random() < 0.8 else UNSET
        return CorrectCheckIn(check_in=self._any(Kind.CHECK_IN), value=value, reason=self._text())

    def _moveKeyResult(self) -> Command:  # noqa: N802
        return MoveKeyResult(key_result=self._any(Kind.KEY_RESULT), to=self._any(Kind.OBJECTIVE), **self._since())

    def _linkKpi(self) -> Command:  # noqa: N802
        kpi = KpiBy(id=self._any(Kind.KPI))
        return LinkKpi(key_result=self._any(Kind.KEY_RESULT), kpi=kpi, **self._since())

    def _unlinkKpi(self) -> Command:  # noqa: N802
        return UnlinkKpi(key_result=self._any(Kind.KEY_RESULT), **self._since())

    def _scoreKeyResult(self) -> Command:  # noqa: N802
        return ScoreKeyResult(key_result=self._any(Kind.KEY_RESULT), score=self._share(), **self._since())

    def _dropKeyResult(self) -> Command:  # noqa: N802
        return DropKeyResult(key_result=self._any(Kind.KEY_RESULT), **self._since())

    # ── KPIs and readings ────────────────────────────────────────────────────────────────────────

    def _defineKpi(self) -> Command:  # noqa: N802
        return DefineKpi(
            key=self._key(), name=self._text(), goal=self._goal(), cadence=self._chance.choice(list(Cadence)),
            owner=self._maybe(Kind.PERSON), team=self._maybe(Kind.TEAM),
            aggregation=self._chance.choice(list(Aggregation)),
            formula=self._formula() if self._ids[Kind.KPI] and self._chance.random() < 0.3 else UNSET,
        )  # fmt: skip

    def _formula(self) -> KpiFormulaInput:
        """A formula over KPIs that there are; often refused for a circle."""
        of, other = (KpiBy(id=self._any(Kind.KPI)) for _ in range(2))
        return self._chance.choice(
            [
                KpiFormulaInput(ratio=KpiRatioInput(of, other, 100.0)),
                KpiFormulaInput(growth=KpiGrowthInput(of, self._chance.choice(list(EarlierPeriod)))),
                KpiFormulaInput(difference=KpiDifferenceInput(of, other)),
                KpiFormulaInput(sum=KpiSumInput([KpiTermInput(of, 0.5), KpiTermInput(other, -2.0)])),
                KpiFormulaInput(average=KpiAverageInput([of])),
            ]
        )

    @property
    def _formulas(self) -> list[UUID]:
        """The KPIs that were defined with a formula."""
        defined = [(command, outcome) for command, outcome in self.done if isinstance(command, DefineKpi)]
        found = [outcome.result.subject for command, outcome in defined if command.formula is not UNSET]
        return [subject.id for subject in found if subject is not None]

    def _read_kpi(self) -> UUID:
        """The id of a KPI, mostly of one that takes readings."""
        formulas = set(self._formulas)
        return next((id for _ in range(9) if (id := self._any(Kind.KPI)) not in formulas), self._any(Kind.KPI))

    def _redefineKpi(self) -> Command:  # noqa: N802
        formulas = self._formulas
        if formulas and self._chance.random() < 0.3:
            kpi = KpiBy(id=self._chance.choice(formulas))
            return RedefineKpi(kpi=kpi, formula=self._formula(), **self._since())
        kpi, aggregation = KpiBy(id=self._any(Kind.KPI)), self._chance.choice([UNSET, *Aggregation])
        first_day = self._day() if self._chance.random() < 0.4 else UNSET
        return RedefineKpi(kpi=kpi, goal=self._goal(), aggregation=aggregation, goal_from=first_day, **self._since())

    def _setKpiTargets(self) -> Command:  # noqa: N802
        """Targets of one shape, which may not fit the goals of their days, and some to be removed."""
        days = sorted({self._day() for _ in range(self._chance.randint(1, 5))})
        within = self._chance.random() < 0.25
        targets = [self._target(day, within=within) for day in days]
        return SetKpiTargets(kpi=KpiBy(id=self._any(Kind.KPI)), targets=targets, **self._since())

    def _target(self, day: date, *, within: bool) -> KpiTarget:
        if self._chance.random() < 0.2:
            return KpiTarget(day, remove=True)
        low = self._number()
        return KpiTarget(day, lower=low, upper=low + 5.0) if within else KpiTarget(day, target=low)

    def _retireKpi(self) -> Command:  # noqa: N802
        return RetireKpi(kpi=KpiBy(id=self._any(Kind.KPI)), **self._since())

    def _reviveKpi(self) -> Command:  # noqa: N802
        """Often a KPI that was retired."""
        retired = [command.kpi for command, _ in self.done if isinstance(command, RetireKpi)]
        kpi = self._chance.choice(retired) if retired else KpiBy(id=self._any(Kind.KPI))
        return ReviveKpi(kpi=kpi, **self._since())

    def _recordReadings(self) -> Command:  # noqa: N802
        readings = [
            ReadingInput(kpi=KpiBy(id=self._read_kpi()), value=self._number(), measured_at=self._moment())
            for _ in range(self._chance.randint(1, 6))
        ]
        return RecordReadings(readings=readings)

    def _correctReading(self) -> Command:  # noqa: N802
        return CorrectReading(reading=self._any(Kind.READING), value=self._number(), reason=self._text())

    def _retractReading(self) -> Command:  # noqa: N802
        return RetractReading(reading=self._any(Kind.READING), reason=self._text())

    # ── what belongs to goals ────────────────────────────────────────────────────────────────────

    def _planInitiative(self) -> Command:  # noqa: N802
        subject = self._ref(Kind.OBJECTIVE, Kind.KEY_RESULT)
        return PlanInitiative(title=self._text(), subject=subject, owner=self._maybe(Kind.PERSON))

    def _editInitiative(self) -> Command:  # noqa: N802
        due = self._chance.choice([UNSET, None, date(2026, 1, 31)])
        return EditInitiative(
            initiative=self._any(Kind.INITIATIVE), title=self._text(), owner=self._maybe(Kind.PERSON), due=due,
            **self._since(),
        )  # fmt: skip

    def _moveInitiative(self) -> Command:  # noqa: N802
        to = self._chance.choice(list(InitiativeState))
        return MoveInitiative(initiative=self._any(Kind.INITIATIVE), to=to, **self._since())

    def _addComment(self) -> Command:  # noqa: N802
        return AddComment(subject=self._ref(Kind.OBJECTIVE, Kind.CHECK_IN, Kind.KPI), body=self._text())

    def _saveAsTemplate(self) -> Command:  # noqa: N802
        if self._chance.random() < 0.5:
            return SaveAsTemplate(name=self._text(), objective=self._any(Kind.OBJECTIVE))
        if self._chance.random() < 0.3:
            key_result = TemplateKeyResultInput(title=self._text(), metric=as_input(self._metric()))
            kind = self._chance.choice([*ObjectiveKind])
            goal = TemplateGoalInput(title=self._text(), kind=kind, key_results=[key_result])
            return SaveAsTemplate(name=self._text(), goals=[goal])
        return SaveAsTemplate(name=self._text(), team=self._any(Kind.TEAM), cycle=self._cycle())

    def _renameTemplate(self) -> Command:  # noqa: N802
        return RenameTemplate(template=self._any(Kind.TEMPLATE), name=self._text(), **self._since())

    def _retireTemplate(self) -> Command:  # noqa: N802
        return RetireTemplate(template=self._any(Kind.TEMPLATE))

    def _applyTemplate(self) -> Command:  # noqa: N802
        teams = [self._any(Kind.TEAM) for _ in range(2)]
        return ApplyTemplate(template=self._any(Kind.TEMPLATE), cycle=self._cycle(), teams=teams)

    def _setLabels(self) -> Command:  # noqa: N802
        subject = self._ref(Kind.OBJECTIVE, Kind.KEY_RESULT, Kind.KPI, Kind.TEAM)
        labels = self._chance.sample(["growth", "Ünï", "2025", "π"], self._chance.randint(0, 3))
        return SetLabels(subject=subject, labels=labels, **self._since())

    def _setExternalReference(self) -> Command:  # noqa: N802
        """Few ids, so that they are often taken."""
        subject = self._ref(
            Kind.OBJECTIVE, Kind.KEY_RESULT, Kind.KPI, Kind.TEAM, Kind.PERSON, Kind.CYCLE, Kind.INITIATIVE
        )
        id = self._chance.choice([None, *(f"X-{number}" for number in range(9))])
        url = None if id is None else self._chance.choice([None, "https://example.com/x"])
        return SetExternalReference(
            subject=subject, system=self._chance.choice(["jira", "hr"]), id=id, url=url, **self._since()
        )

    def _reflect(self) -> Command:
        kind = self._chance.choice(list(ReflectionKind))
        return Reflect(subject=self._ref(Kind.CYCLE, Kind.OBJECTIVE), kind=kind, body=self._text())
