"""Which command records an event: the way back from a stored event to the command that was sent.

What a command computes itself (a score, a verdict, a baseline) is in its event, and so is in the command built here.
Every stored event has its command or is listed as having none of its own. The check runs when this module is imported.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import singledispatch
from typing import Any, TypeVar
from uuid import UUID

from msgspec import UNSET, UnsetType, structs

from domain.commands import command as commands
from domain.commands.command import Command
from domain.model.cycle import CycleActivated, CycleClosed, CycleOpened, ScoringPolicyAdopted
from domain.model.discussion import CommentAdded, InitiativeMoved, InitiativePlanned, Reflected
from domain.model.event import Event, replay
from domain.model.event_registry import EVENTS
from domain.model.key_result import (
    CheckIn,
    CheckInCorrected,
    KeyResult,
    KeyResultAdded,
    KeyResultAssigned,
    KeyResultCheckedIn,
    KeyResultDropped,
    KeyResultLinked,
    KeyResultReopened,
    KeyResultRescheduled,
    KeyResultRetargeted,
    KeyResultReweighed,
    KeyResultReworded,
    KeyResultScored,
    KeyResultUnlinked,
)
from domain.model.kpi import (
    Kpi,
    KpiDefined,
    KpiRedefined,
    KpiRetired,
    Reading,
    ReadingCorrected,
    ReadingRecorded,
    ReadingRetracted,
)
from domain.model.objective import (
    Objective,
    ObjectiveAligned,
    ObjectiveAssigned,
    ObjectiveClosed,
    ObjectiveCommitted,
    ObjectiveDrafted,
    ObjectiveDropped,
    ObjectiveReopened,
    ObjectiveReworded,
    ObjectiveUnaligned,
    ObjectiveVisibilitySet,
)
from domain.model.people import (
    PersonAdded,
    PersonDeactivated,
    PersonErased,
    PersonRenamed,
    TeamDisbanded,
    TeamFormed,
    TeamJoined,
    TeamLeadAppointed,
    TeamLeft,
    TeamMoved,
    TeamRenamed,
)
from domain.primitives import personal_data
from domain.primitives.values import Metric, Unit, Visibility

T = TypeVar("T")

DEPENDENT: tuple[type[Event], ...] = (
    ObjectiveReworded, ObjectiveAssigned, KeyResultReworded, CheckInCorrected, KpiRedefined, ReadingCorrected,
)  # fmt: skip
"""What is understood only beside what was before it in its stream."""
SEALED: tuple[type[Event], ...] = (PersonAdded, PersonRenamed)
"""What is understood only with the person's key."""


@dataclass(frozen=True)
class Known:
    """What events do not say themselves: the streams of `DEPENDENT` ones, and of people their keys, or else the
    handles that those have for this telling whom nobody can name any more."""

    streams: Mapping[UUID, Sequence[Event]]
    keys: Mapping[UUID, bytes]
    handles: Mapping[UUID, str]

    def before(self, event: Event) -> Any:
        """The thing as it was before this event."""
        return replay(iter(self.streams[event.originator_id][: event.originator_version - 1]))

    def personal(self, event: PersonAdded | PersonRenamed) -> personal_data.Personal | None:
        """What was sealed; None for a person who was erased."""
        person = event.originator_id
        return personal_data.unseal(self.keys[person], person, event.sealed) if person in self.keys else None


_PLAIN: dict[type[Event], tuple[type[Command], str | None]] = {
    PersonDeactivated: (commands.DeactivatePerson, "person"),
    PersonErased: (commands.ErasePerson, "person"),
    TeamFormed: (commands.FormTeam, None),
    TeamRenamed: (commands.RenameTeam, "team"),
    TeamMoved: (commands.MoveTeam, "team"),
    TeamJoined: (commands.JoinTeam, "team"),
    TeamLeft: (commands.LeaveTeam, "team"),
    TeamDisbanded: (commands.DisbandTeam, "team"),
    ObjectiveVisibilitySet: (commands.SetObjectiveVisibility, "objective"),
    ObjectiveAligned: (commands.AlignObjective, "objective"),
    ObjectiveCommitted: (commands.CommitObjective, "objective"),
    ObjectiveClosed: (commands.CloseObjective, "objective"),
    ObjectiveDropped: (commands.DropObjective, "objective"),
    ObjectiveReopened: (commands.ReopenObjective, "objective"),
    KeyResultAssigned: (commands.AssignKeyResult, "key_result"),
    KeyResultRescheduled: (commands.RescheduleKeyResult, "key_result"),
    KeyResultReweighed: (commands.ReweighKeyResult, "key_result"),
    KeyResultUnlinked: (commands.UnlinkKpi, "key_result"),
    KeyResultScored: (commands.ScoreKeyResult, "key_result"),
    KeyResultDropped: (commands.DropKeyResult, "key_result"),
    KeyResultCheckedIn: (commands.CheckIn, None),
    KpiDefined: (commands.DefineKpi, None),
    ReadingRetracted: (commands.RetractReading, "reading"),
    InitiativePlanned: (commands.PlanInitiative, None),
    InitiativeMoved: (commands.MoveInitiative, "initiative"),
    CommentAdded: (commands.AddComment, None),
    Reflected: (commands.Reflect, None),
}
"""Events whose fields have the names of their command's fields, and the field in which that names its subject."""
NO_COMMAND: dict[type[Event], str] = {
    KeyResultReopened: "recorded together with ObjectiveReopened, by reopenObjective",
    ReadingRecorded: "one recordReadings records many; the exporter puts them together",
}
"""Events that no command records by itself, and how they are recorded."""


@singledispatch
def command(event: Event, _: Known) -> Command:
    """The command that records this event, given what was recorded before it. Raises `LookupError` for an event
    that no command records by itself."""
    if type(event) not in _PLAIN:
        raise LookupError(f"no command records {event.TOPIC} by itself: {NO_COMMAND.get(type(event), 'it is unknown')}")
    kind, subject = _PLAIN[type(event)]
    said: dict[str, Any] = {} if subject is None else {subject: event.originator_id}
    said |= {name: getattr(event, name) for name in event.__struct_fields__ if name in kind.__struct_fields__}
    return kind(**said)


# ── people ───────────────────────────────────────────────────────────────────────────────────────


@command.register
def command_of_person_added(event: PersonAdded, known: Known) -> Command:
    personal = known.personal(event)
    if personal is None:
        return commands.AddPerson(handle=known.handles[event.originator_id], name=personal_data.ERASED)
    return commands.AddPerson(handle=personal.handle, name=personal.name, email=personal.email)


@command.register
def command_of_person_renamed(event: PersonRenamed, known: Known) -> Command:
    """An erased person got another name that nobody knows; that they did is known."""
    personal = known.personal(event)
    if personal is None:
        name = f"{personal_data.ERASED} {event.originator_version}"
        return commands.RenamePerson(person=event.originator_id, name=name)
    return commands.RenamePerson(person=event.originator_id, name=personal.name, email=personal.email)


@command.register
def command_of_team_lead_appointed(event: TeamLeadAppointed, _: Known) -> Command:
    return commands.AppointLead(team=event.originator_id, person=event.lead)


# ── cycles ───────────────────────────────────────────────────────────────────────────────────────


@command.register
def command_of_cycle_opened(event: CycleOpened, _: Known) -> Command:
    return commands.OpenCycle(
        key=event.key,
        name=event.name,
        starts_on=event.starts_on,
        ends_on=event.ends_on,
        parent=None if event.parent is None else commands.CycleBy(id=event.parent),
        check_in_cadence=event.check_in_cadence,
    )


@command.register
def command_of_cycle_activated(event: CycleActivated, _: Known) -> Command:
    return commands.ActivateCycle(cycle=commands.CycleBy(id=event.originator_id))


@command.register
def command_of_cycle_closed(event: CycleClosed, _: Known) -> Command:
    return commands.CloseCycle(cycle=commands.CycleBy(id=event.originator_id))


@command.register
def command_of_scoring_policy_adopted(event: ScoringPolicyAdopted, _: Known) -> Command:
    return commands.AdoptScoringPolicy(**structs.asdict(event.policy))


# ── objectives ───────────────────────────────────────────────────────────────────────────────────


@command.register
def command_of_objective_drafted(event: ObjectiveDrafted, _: Known) -> Command:
    cycle = commands.CycleBy(id=event.cycle)
    if event.carried_from is not None:
        return commands.CarryObjective(objective=event.carried_from, into=cycle)
    return commands.DraftObjective(
        cycle=cycle,
        title=event.title,
        description=event.description,
        kind=event.kind,
        owner=event.owner,
        team=event.team,
        contributors=list(event.contributors),
        supports=list(event.supports),
        visibility=_if_changed(event.visibility, Visibility.WORKSPACE),
    )


@command.register
def command_of_objective_reworded(event: ObjectiveReworded, known: Known) -> Command:
    was: Objective = known.before(event)
    return commands.RewordObjective(
        objective=was.id,
        title=_if_changed(event.title, was.title),
        description=_if_changed(event.description, was.description),
    )


@command.register
def command_of_objective_assigned(event: ObjectiveAssigned, known: Known) -> Command:
    """Only what was changed: an owner who has left since may stay, but not be chosen again."""
    was: Objective = known.before(event)
    return commands.AssignObjective(
        objective=was.id,
        owner=_if_changed(event.owner, was.owner),
        team=_if_changed(event.team, was.team),
        contributors=_if_changed(list(event.contributors), list(was.contributors)),
    )


@command.register
def command_of_objective_unaligned(event: ObjectiveUnaligned, _: Known) -> Command:
    return commands.UnalignObjective(objective=event.originator_id, from_=event.to)


# ── key results ──────────────────────────────────────────────────────────────────────────────────


@command.register
def command_of_key_result_added(event: KeyResultAdded, _: Known) -> Command:
    return commands.AddKeyResult(
        objective=event.objective,
        title=event.title,
        metric=_asked(event.metric, Unit()),
        description=event.description,
        owner=event.owner,
        weight=event.weight,
        due=event.due,
        kpi=None if event.kpi is None else commands.KpiBy(id=event.kpi),
    )


@command.register
def command_of_key_result_retargeted(event: KeyResultRetargeted, _: Known) -> Command:
    return commands.RetargetKeyResult(key_result=event.originator_id, metric=_asked(event.metric))


def _asked(metric: Metric, usual: Unit | None = None) -> commands.MetricInput:
    """The metric as it is asked for: its unit is said, unless it is the usual one."""
    unit = UNSET if metric.unit == usual else metric.unit
    return commands.MetricInput(**{**structs.asdict(metric), "unit": unit})


@command.register
def command_of_key_result_reworded(event: KeyResultReworded, known: Known) -> Command:
    was: KeyResult = known.before(event)
    return commands.RewordKeyResult(
        key_result=was.id,
        title=_if_changed(event.title, was.title),
        description=_if_changed(event.description, was.description),
    )


@command.register
def command_of_key_result_linked(event: KeyResultLinked, _: Known) -> Command:
    return commands.LinkKpi(key_result=event.originator_id, kpi=commands.KpiBy(id=event.kpi))


@command.register
def command_of_check_in_corrected(event: CheckInCorrected, known: Known) -> Command:
    """Only what was changed: the metric may no longer take a value of the kind that it had then."""
    was: CheckIn = known.before(event)
    value, reached, confidence, note = was.said
    return commands.CorrectCheckIn(
        check_in=was.id,
        value=_if_changed(event.value, value),
        reached=_if_changed(_listed(event.reached), _listed(reached)),
        confidence=_if_changed(event.confidence, confidence),
        note=_if_changed(event.note, note),
    )


def _listed(reached: tuple[str, ...] | None) -> list[str] | None:
    return None if reached is None else list(reached)


# ── measures ─────────────────────────────────────────────────────────────────────────────────────


@command.register
def command_of_kpi_redefined(event: KpiRedefined, known: Known) -> Command:
    """Only what was changed, for the same reason as with objectives."""
    was: Kpi = known.before(event)
    name, description, unit, goal, cadence, owner, team = was.definition
    return commands.RedefineKpi(
        kpi=commands.KpiBy(id=was.id),
        name=_if_changed(event.name, name),
        description=_if_changed(event.description, description),
        unit=_if_changed(event.unit, unit),
        goal=_if_changed(event.goal, goal),
        cadence=_if_changed(event.cadence, cadence),
        owner=_if_changed(event.owner, owner),
        team=_if_changed(event.team, team),
    )


@command.register
def command_of_reading_corrected(event: ReadingCorrected, known: Known) -> Command:
    was: Reading = known.before(event)
    return commands.CorrectReading(reading=was.id, value=event.value, note=_if_changed(event.note, was.note))


@command.register
def command_of_kpi_retired(event: KpiRetired, _: Known) -> Command:
    return commands.RetireKpi(kpi=commands.KpiBy(id=event.originator_id))


def _if_changed(value: T, before: T) -> T | UnsetType:
    return UNSET if value == before else value


# ── completeness ─────────────────────────────────────────────────────────────────────────────────


def require_commands(events: Iterable[type[Event]]) -> None:
    """Raise `TypeError` for an event that has no command and is not listed as having none."""
    for event in events:
        if event not in _PLAIN and event not in NO_COMMAND and event not in command.registry:
            raise TypeError(
                f"no command is known that records the event {event.__name__}: enter it in _PLAIN, register a function "
                "for it on `command`, or enter it in NO_COMMAND with the reason"
            )


require_commands(EVENTS.values())
