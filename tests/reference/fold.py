"""The fold: the entities of a workspace at a basis, from the events of its log."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from uuid import UUID

from domain.model.cycle import (
    CycleAbandoned,
    CycleActivated,
    CycleClosed,
    CycleOpened,
    CycleRescheduled,
    ScoringPolicyAdopted,
)
from domain.model.event import Event, Recorded
from domain.model.key_result import (
    KeyResultAdded,
    KeyResultDropped,
    KeyResultLinked,
    KeyResultMoved,
    KeyResultPlanned,
    KeyResultReopened,
    KeyResultRescheduled,
    KeyResultRetargeted,
    KeyResultReweighed,
    KeyResultScored,
    KeyResultUnlinked,
)
from domain.model.kpi import KpiDefined, KpiRedefined, KpiRetired, KpiRevived, KpiTargetsSet
from domain.model.measurements.check_in import CheckInCorrected, KeyResultCheckedIn
from domain.model.measurements.reading import ReadingCorrected, ReadingRecorded, ReadingRetracted
from domain.model.objective import (
    ObjectiveAligned,
    ObjectiveAssigned,
    ObjectiveClosed,
    ObjectiveCommitted,
    ObjectiveDrafted,
    ObjectiveDropped,
    ObjectiveMoved,
    ObjectiveReopened,
    ObjectiveUnaligned,
)
from domain.model.people import TeamFormed, TeamMoved
from domain.model.workspace import CalendarSet
from domain.primitives.values import Aggregation, CycleState, Kind, ObjectiveState
from tests.reference.entities import (
    Adoption,
    Basis,
    CalendarChange,
    CheckIn,
    Cycle,
    Definition,
    End,
    GoalChange,
    KeyResult,
    Kpi,
    Link,
    Objective,
    Reading,
    Team,
)


class Log:
    """All recorded events of one workspace, in log order."""

    def __init__(self, events: Iterable[Recorded]) -> None:
        self.events: Sequence[Recorded] = sorted(events, key=lambda recorded: recorded.position)
        self.last_of_command = {recorded.by.command: recorded.position for recorded in self.events}
        self.closing_commands = {
            recorded.by.command for recorded in self.events if isinstance(recorded.event, ObjectiveClosed | CycleClosed)
        }
        self._views: dict[Basis, View] = {}

    def view(self, basis: Basis) -> "View":
        """The workspace at a basis."""
        if basis not in self._views:
            self._views[basis] = View(self, basis, [one for one in self.events if shows(basis, one)])
        return self._views[basis]

    def end_of(self, recorded: Recorded) -> End:
        """The end that this event makes: its effective time and the last position of its command."""
        return End(recorded.effective_at, self.last_of_command[recorded.by.command])


def shows(basis: Basis, recorded: Recorded) -> bool:
    """Whether an event is visible at a basis: known by its position, and in effect (measured) at its moment."""
    if recorded.position > basis.position or recorded.effective_at > basis.at:
        return False
    is_measurement = recorded.event.KIND in (Kind.CHECK_IN, Kind.READING)
    if is_measurement or basis.tie is None or recorded.effective_at < basis.at:
        return True
    return recorded.position <= basis.tie


class View:
    """The entities at a basis, folded from `events` in log order."""

    def __init__(self, log: Log, basis: Basis, events: Sequence[Recorded]) -> None:
        self.log = log
        self.basis = basis
        self.cycles: dict[UUID, Cycle] = {}
        self.teams: dict[UUID, Team] = {}
        self.objectives: dict[UUID, Objective] = {}
        self.key_results: dict[UUID, KeyResult] = {}
        self.check_ins: dict[UUID, CheckIn] = {}
        self.kpis: dict[UUID, Kpi] = {}
        self.readings: dict[UUID, Reading] = {}
        self.adoptions: list[Adoption] = []
        self.calendars: list[CalendarChange] = []
        self._events = events
        self._at_ends: dict[End, View] = {}
        self.complete_until = basis.at
        """The moment up to which the periods of formulas are complete."""
        self.periods: dict[UUID, list[Reading]] = {}
        """The complete periods of formulas that `tests.reference.formulas` has worked out."""
        for recorded in events:
            self._fold(recorded)

    def at_end(self, end: End) -> "View":
        """The same knowledge at the end of a whole: what ended stands still, except for late facts about before."""
        if (self.basis.at, self.basis.tie) == (end.at, end.position):
            return self
        if end not in self._at_ends:
            basis = Basis(end.at, self.basis.position, end.position)
            self._at_ends[end] = View(self.log, basis, [one for one in self._events if shows(basis, one)])
            self._at_ends[end].complete_until = min(end.at, self.complete_until)
        return self._at_ends[end]

    def _fold(self, recorded: Recorded) -> None:
        kind = recorded.event.KIND
        if kind is Kind.OBJECTIVE:
            self._fold_objective(recorded, recorded.event)
        elif kind is Kind.KEY_RESULT:
            self._fold_key_result(recorded, recorded.event)
        elif kind in (Kind.CHECK_IN, Kind.READING):
            self._fold_measurement(recorded, recorded.event)
        elif kind is Kind.KPI:
            self._fold_kpi(recorded, recorded.event)
        else:
            self._fold_frame(recorded, recorded.event)

    def _fold_frame(self, recorded: Recorded, event: Event) -> None:
        """Cycles, teams, policies and calendars: what goals are set in."""
        id = event.originator_id
        match event:
            case CycleOpened():
                self.cycles[id] = Cycle(id, event.starts_on, event.ends_on, event.check_in_cadence, event.parent)
            case CycleActivated():
                self.cycles[id].state = CycleState.ACTIVE
            case CycleRescheduled():
                self.cycles[id].starts_on, self.cycles[id].ends_on = event.starts_on, event.ends_on
            case CycleAbandoned():
                self.cycles[id].state = CycleState.ABANDONED
            case CycleClosed():
                self.cycles[id].state = CycleState.CLOSED
                self.cycles[id].end = self.log.end_of(recorded)
            case TeamFormed():
                self.teams[id] = Team(id, event.parent)
            case TeamMoved():
                self.teams[id].parent = event.parent
            case ScoringPolicyAdopted():
                self.adoptions.append(Adoption(recorded.effective_at, recorded.position, event.policy))
            case CalendarSet():
                self.calendars.append(CalendarChange(recorded.effective_at, recorded.position, event.calendar))

    def _fold_objective(self, recorded: Recorded, event: Event) -> None:
        id = event.originator_id
        match event:
            case ObjectiveDrafted():
                self.objectives[id] = Objective(id, event.cycle, event.kind, event.team, list(event.supports))
            case ObjectiveMoved():
                self.objectives[id].cycle = event.cycle
            case ObjectiveAssigned():
                self.objectives[id].team = event.team
            case ObjectiveAligned():
                self.objectives[id].supports.append(event.to)
            case ObjectiveUnaligned():
                self.objectives[id].supports.remove(event.to)
            case ObjectiveCommitted():
                self.objectives[id].state = ObjectiveState.ACTIVE
            case ObjectiveClosed():
                objective = self.objectives[id]
                objective.state, objective.end = ObjectiveState.CLOSED, self.log.end_of(recorded)
                objective.verdict, objective.score = event.verdict, event.score
            case ObjectiveDropped():
                objective = self.objectives[id]
                objective.state, objective.end = ObjectiveState.DROPPED, self.log.end_of(recorded)
            case ObjectiveReopened():
                self._reopen(self.objectives[id])

    def _reopen(self, objective: Objective) -> None:
        """Reopening undoes score and verdict; scores that people gave to key results stay."""
        objective.state, objective.end = ObjectiveState.ACTIVE, None
        objective.verdict, objective.score = None, None
        for key_result in self.key_results.values():
            if key_result.objective == objective.id and not key_result.scored_by_person:
                key_result.score = None

    def _fold_key_result(self, recorded: Recorded, event: Event) -> None:
        id = event.originator_id
        match event:
            case KeyResultAdded():
                at = recorded.effective_at
                added = KeyResult(id, event.objective, event.metric, event.weight, event.due, at, event.plan)
                self.key_results[id] = added
                if event.kpi is not None:
                    added.links.append(link_of(event, event.kpi))
            case KeyResultRetargeted() | KeyResultRescheduled() | KeyResultPlanned():
                self._fold_plan(self.key_results[id], event)
            case KeyResultMoved():
                key_result = self.key_results[id]
                key_result.objective, key_result.due, key_result.plan = event.objective, event.due, event.plan
            case KeyResultReweighed():
                self.key_results[id].weight = event.weight
            case KeyResultDropped():
                self.key_results[id].end = self.log.end_of(recorded)
            case KeyResultScored():
                self.key_results[id].score = event.score
                self.key_results[id].scored_by_person = recorded.by.command not in self.log.closing_commands
            case KeyResultReopened():
                self.key_results[id].score, self.key_results[id].scored_by_person = None, False
            case KeyResultLinked() | KeyResultUnlinked():
                self._fold_link(self.key_results[id], recorded, event)

    def _fold_plan(
        self, key_result: KeyResult, event: KeyResultRetargeted | KeyResultRescheduled | KeyResultPlanned
    ) -> None:
        """Each of the three says what the plan is from then on."""
        key_result.metric = getattr(event, "metric", key_result.metric)
        key_result.due = getattr(event, "due", key_result.due)
        key_result.plan = event.plan

    def _fold_link(self, key_result: KeyResult, recorded: Recorded, event: KeyResultLinked | KeyResultUnlinked) -> None:
        """Both end the link before."""
        for link in key_result.links:
            link.until = link.until or recorded.effective_at
        if isinstance(event, KeyResultLinked):
            key_result.links.append(link_of(event, event.kpi))

    def _fold_measurement(self, recorded: Recorded, event: Event) -> None:
        id, at = event.originator_id, recorded.effective_at
        match event:
            case KeyResultCheckedIn():
                content = event.value, event.reached, event.confidence
                self.check_ins[id] = CheckIn(event.key_result, at, recorded.position, *content)
            case CheckInCorrected():
                check_in = self.check_ins[id]
                check_in.value, check_in.reached, check_in.confidence = event.value, event.reached, event.confidence
            case ReadingRecorded():
                self.readings[id] = Reading(event.kpi, at, event.value)
            case ReadingCorrected():
                self.readings[id].value, self.readings[id].retracted = event.value, False
            case ReadingRetracted():
                self.readings[id].retracted = True

    def _fold_kpi(self, recorded: Recorded, event: Event) -> None:
        id = event.originator_id
        match event:
            case KpiDefined() | KpiRedefined():
                kpi = self.kpis.setdefault(id, Kpi(id, []))
                kpi.agreed += new_goal(kpi, recorded.effective_at, event)
                kpi.definitions.append(definition_of(recorded.effective_at, event))
            case KpiTargetsSet():
                self.kpis[id].agreed += event.targets
            case KpiRetired():
                self.kpis[id].retired = True
            case KpiRevived():
                self.kpis[id].retired = False


def new_goal(kpi: Kpi, at: datetime, event: KpiDefined | KpiRedefined) -> list[GoalChange]:
    """The goal that a definition begins: on the day that it states, else on that of its effective time. The first one
    also judges what came before. A redefinition that repeats the goal, and states no day, begins none."""
    if not kpi.definitions:
        return [GoalChange(at, event.goal, event.goal_from or date.min)]
    repeats = event.goal_from is None and event.goal == kpi.definitions[-1].goal
    return [] if repeats else [GoalChange(at, event.goal, event.goal_from)]


def link_of(event: KeyResultAdded | KeyResultLinked, kpi: UUID) -> Link:
    """The link that an event begins. Links of earlier versions state no aggregate: they are LAST."""
    return Link(kpi, event.aggregate or Aggregation.LAST, event.count_from)


def definition_of(at: datetime, event: KpiDefined | KpiRedefined) -> Definition:
    return Definition(at, event.goal, event.cadence, event.aggregation or Aggregation.LAST, event.formula)
