"""The command that records an event: the inverse of a command handler, for exports of fact files.

Most commands are derived from their event, field by field. A value that a command computed (a score, a verdict, a
baseline) is in its event, and the derived command gives it explicitly.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, singledispatch
from typing import Any, Final
from uuid import UUID

import msgspec
from msgspec import UNSET, structs

from api.facts.field_references import by_field
from domain.commands.command import By, Command, CycleBy, ExternalReferenceInput, KpiBy
from domain.commands.cycle_commands import AdoptScoringPolicy
from domain.commands.key_result_commands import (
    AddKeyResult,
    CheckIn,
    LinkKpi,
    MetricInput,
    MoveKeyResult,
    PlanKeyResult,
    RetargetKeyResult,
)
from domain.commands.kpi_commands import RedefineKpi
from domain.commands.kpi_formula_input import KpiFormulaInput
from domain.commands.objective_commands import (
    CarriedTarget,
    CarryObjective,
    CloseObjective,
    DraftObjective,
    KeyResultScore,
    MoveObjective,
    UnalignObjective,
)
from domain.commands.people_commands import AddPerson, AppointLead, FormTeam, HandOver, RenamePerson
from domain.commands.registry import VERBS
from domain.commands.subject_commands import SetExternalReference, SetLabels
from domain.commands.template_commands import SaveAsTemplate, TemplateGoalInput, TemplateKeyResultInput
from domain.commands.workspace_commands import SetCalendar
from domain.model.cycle import ScoringPolicyAdopted
from domain.model.discussion import ExternalReferenceRemoved, ExternalReferenceSet
from domain.model.event import Event
from domain.model.event_registry import EVENTS
from domain.model.key_result import (
    KeyResultAdded,
    KeyResultLabelled,
    KeyResultLinked,
    KeyResultMoved,
    KeyResultPlanned,
    KeyResultReopened,
    KeyResultRetargeted,
    KeyResultScored,
)
from domain.model.kpi import KpiLabelled, KpiRedefined
from domain.model.measurements.check_in import KeyResultCheckedIn
from domain.model.measurements.reading import ReadingRecorded
from domain.model.objective import (
    ObjectiveClosed,
    ObjectiveDrafted,
    ObjectiveLabelled,
    ObjectiveMoved,
    ObjectiveUnaligned,
)
from domain.model.people import PersonAdded, PersonRenamed, TeamFormed, TeamLabelled, TeamLeadAppointed, WorkHandedOver
from domain.model.templates.template import TemplateSaved
from domain.model.templates.template_goals import TemplateGoal
from domain.model.workspace import CalendarSet
from domain.primitives import personal_data
from domain.primitives.kpi_formula import Formula
from domain.primitives.values import Aggregation, Direction, Metric, Ref, Unit

SEALED: Final[tuple[type[Event], ...]] = (PersonAdded, PersonRenamed)
"""Events whose personal data is decrypted with the key of the person."""
NOT_ALONE: Final[frozenset[type[Event]]] = frozenset({KeyResultReopened, ReadingRecorded})
"""Events without a fact of their own: a key result is reopened with its objective, and the exporter writes all readings
of a command as one fact."""
OF_A_STREAM: Final[tuple[type[Event], ...]] = (
    KeyResultScored, KeyResultRetargeted, KpiRedefined, ExternalReferenceRemoved,
)  # fmt: skip
"""Other events for which earlier ones of their stream are needed: a score in a closing belongs to the objective of the
key result, a retarget gives the plan if there was one, a redefinition gives only the changed fields, and a
removed reference the system."""
_OMITTED: Final = frozenset({"close_objectives"})
"""Command fields that facts express in another way: by one fact for each closed objective."""
_OF_ANOTHER_EVENT: Final = frozenset({"external"})
"""Command fields whose values are in another event of the same command."""


@dataclass(frozen=True)
class ReplayContext:
    """The context that events do not contain: the streams of `DEPENDENT` events, the keys of people, the handles of
    erased people in this export, and all events of the same command."""

    streams: Mapping[UUID, Sequence[Event]]
    keys: Mapping[UUID, bytes]
    handles: Mapping[UUID, str]
    together: Sequence[Event] = ()

    def before(self, event: Event, field: str) -> Any:
        """The value of a field before this event, from the last earlier event of the stream that has the field."""
        earlier = self.streams[event.originator_id][: event.originator_version - 1]
        return next(getattr(one, field) for one in reversed(earlier) if field in one.__struct_fields__)

    def reference_of(self, event: Event) -> ExternalReferenceSet | None:
        """The reference to another system that a thing begins with: it is the next event of the command. One that
        follows later, like that of a team after its members, is a fact of its own."""
        later = iter(self.together)
        if event.originator_version > 1 or not any(one is event for one in later):
            return None
        after = next(later, None)
        if isinstance(after, ExternalReferenceSet) and after.subject.id == event.originator_id:
            return after
        return None

    def personal(self, event: PersonAdded | PersonRenamed) -> personal_data.Personal | None:
        """The decrypted personal data; None for a person who was erased."""
        person = event.originator_id
        return personal_data.unseal(self.keys[person], person, event.sealed) if person in self.keys else None


# ── derived commands ─────────────────────────────────────────────────────────────────────────────


@singledispatch
def command(event: Event, context: ReplayContext) -> Command:
    """The command that records this event if the same events precede it. Raises `LookupError` for an event that
    no command records by itself."""
    if type(event) not in DERIVED:
        raise LookupError(f"the event {event.TOPIC} has no fact of its own")
    return _derived(DERIVED[type(event)], event, context)


def with_reference(derived: Command, event: Event, context: ReplayContext) -> Command:
    """The command that creates a thing, with the reference to another system that the thing began with."""
    if "external" not in derived.__struct_fields__:
        return derived
    begun = context.reference_of(event)
    if begun is None:
        return derived
    return structs.replace(derived, external=ExternalReferenceInput(begun.system, begun.external_id, begun.url))


def _derived(kind: type[Command], event: Event, context: ReplayContext, **given: Any) -> Command:
    """The command with the fields of the event that have the same name, and with the id of the aggregate."""
    subject = _subject(kind, type(event))
    values: dict[str, Any] = {} if subject is None else {subject: event.originator_id}
    for name, optional in _shared(kind, type(event)).items():
        value = getattr(event, name)
        if not (optional and value == _before(event, name, subject, context)):
            values[name] = _taken(value)
    for name, by in _by(kind).items():
        if values.get(name) is not None:
            values[name] = by(id=values[name])
    return kind(**values | given)


def _taken(value: Any) -> Any:
    """The value as a command takes it: a list for the tuple of a frozen event, and a formula with its inputs by id."""
    if isinstance(value, Formula):
        return KpiFormulaInput.of(value)
    return list(value) if isinstance(value, tuple) else value


def _before(event: Event, name: str, subject: str | None, context: ReplayContext) -> Any:
    """The value that a field keeps if the command leaves it out: the default for the first event of a stream.

    A derived command gives only changes, because an unchanged value (an owner who has left) may no longer be valid.
    """
    return _defaults(type(event))[name] if subject is None else context.before(event, name)


@cache
def _subject(kind: type[Command], event: type[Event]) -> str | None:
    """The field that takes the id of the aggregate; None for a command that creates it."""
    names = [name for name, expected in by_field(kind).items() if expected.kind is event.KIND]
    return next((name for name in names if name not in event.__struct_fields__), None)


@cache
def _shared(kind: type[Command], event: type[Event]) -> dict[str, bool]:
    """The fields that a command shares with its event, and whether the command may leave them out."""
    defaults = _defaults(kind)
    return {name: defaults[name] is UNSET for name in kind.__struct_fields__ if name in event.__struct_fields__}


@cache
def _by(kind: type[Command]) -> dict[str, type[By]]:
    """The fields that take an id or a key."""
    return {name: expected.by for name, expected in by_field(kind).items() if expected.by is not None}


@cache
def _defaults(struct: type[msgspec.Struct]) -> dict[str, Any]:
    return {field.name: field.default for field in structs.fields(struct)}


# ── people ───────────────────────────────────────────────────────────────────────────────────────


@command.register
def from_person_added(event: PersonAdded, context: ReplayContext) -> Command:
    personal = context.personal(event)
    if personal is None:
        return AddPerson(handle=context.handles[event.originator_id], name=personal_data.ERASED)
    return AddPerson(handle=personal.handle, name=personal.name, email=personal.email)


@command.register
def from_person_renamed(event: PersonRenamed, context: ReplayContext) -> Command:
    """The new name of an erased person cannot be decrypted, so the command gives a placeholder."""
    personal = context.personal(event)
    if personal is None:
        name = f"{personal_data.ERASED} {event.originator_version}"
        return RenamePerson(person=event.originator_id, name=name)
    return RenamePerson(person=event.originator_id, name=personal.name, email=personal.email)


@command.register
def from_team_formed(event: TeamFormed, context: ReplayContext) -> Command:
    """Without its members, each of whom is a fact of its own."""
    return _derived(FormTeam, event, context)


@command.register
def from_team_lead_appointed(event: TeamLeadAppointed, _: ReplayContext) -> Command:
    return AppointLead(team=event.originator_id, person=event.lead)


@command.register
def from_work_handed_over(event: WorkHandedOver, _: ReplayContext) -> Command:
    return HandOver(from_=event.originator_id, to=event.taker)


# ── goals ────────────────────────────────────────────────────────────────────────────────────────


@command.register
def from_scoring_policy_adopted(event: ScoringPolicyAdopted, _: ReplayContext) -> Command:
    return AdoptScoringPolicy(**structs.asdict(event.policy))


@command.register
def from_calendar_set(event: CalendarSet, _: ReplayContext) -> Command:
    return SetCalendar(**structs.asdict(event.calendar))


@command.register
def from_objective_drafted(event: ObjectiveDrafted, context: ReplayContext) -> Command:
    if event.carried_from is None:
        return _derived(DraftObjective, event, context)
    carried = [one for one in context.together if isinstance(one, KeyResultAdded)]
    targets = [_target(one.carried_from, one.metric) for one in carried if one.carried_from and _has_bounds(one.metric)]
    return CarryObjective(
        objective=event.carried_from,
        into=CycleBy(id=event.cycle),
        targets=targets or UNSET,
        keep_alignment=True if event.supports else UNSET,
    )


def _has_bounds(metric: Metric) -> bool:
    return metric.direction not in (Direction.MILESTONES, Direction.DONE)


def _target(key_result: UUID, metric: Metric) -> CarriedTarget:
    """The target of a carried key result. One that was given by a ratio is given by the ratio again."""
    target = metric.target if metric.change_by is None else None
    return CarriedTarget(key_result, target, metric.change_by, metric.lower, metric.upper)


@command.register
def from_objective_closed(event: ObjectiveClosed, context: ReplayContext) -> Command:
    """The closing with the scores that it recorded, so that an import computes nothing and a reopening revokes them."""
    scored = [one for one in context.together if isinstance(one, KeyResultScored)]
    own = [one for one in scored if _objective_of(one, context) == event.originator_id]
    scores = [KeyResultScore(one.originator_id, one.score) for one in own]
    return CloseObjective(
        objective=event.originator_id,
        verdict=event.verdict,
        score=event.score,
        reflection=event.reflection,
        scores=scores or UNSET,
    )


def _objective_of(event: KeyResultScored, context: ReplayContext) -> UUID | None:
    """The objective of a key result before an event of it."""
    earlier = context.streams[event.originator_id][: event.originator_version - 1]
    return next(one.objective for one in reversed(earlier) if isinstance(one, KeyResultAdded | KeyResultMoved))


@command.register
def from_objective_moved(event: ObjectiveMoved, _: ReplayContext) -> Command:
    return MoveObjective(objective=event.originator_id, to=CycleBy(id=event.cycle))


@command.register
def from_key_result_moved(event: KeyResultMoved, _: ReplayContext) -> Command:
    return MoveKeyResult(key_result=event.originator_id, to=event.objective)


@command.register
def from_objective_unaligned(event: ObjectiveUnaligned, _: ReplayContext) -> Command:
    return UnalignObjective(objective=event.originator_id, from_=event.to)


@command.register
def from_key_result_added(event: KeyResultAdded, context: ReplayContext) -> Command:
    if event.kpi is None:
        return _derived(AddKeyResult, event, context, metric=_metric(event.metric, Unit()))
    return _derived(AddKeyResult, event, context, metric=_metric(event.metric), **_link(event))


@command.register
def from_key_result_linked(event: KeyResultLinked, _: ReplayContext) -> Command:
    return LinkKpi(key_result=event.originator_id, kpi=KpiBy(id=event.kpi), **_link(event))


def _link(event: KeyResultAdded | KeyResultLinked) -> dict[str, Any]:
    """The aggregate of a link, given explicitly: the KPI's own may be another one. Events omit LAST."""
    if event.aggregate is None:
        return {"aggregate": Aggregation.LAST}
    return {"aggregate": event.aggregate, "count_from": event.count_from}


@command.register
def from_key_result_checked_in(event: KeyResultCheckedIn, context: ReplayContext) -> Command:
    """`at` of the fact is the time of measurement, unless that is needed for the claim."""
    measured_at = None if event.claimed_at is None else event.timestamp
    return _derived(CheckIn, event, context, measured_at=measured_at)


@command.register
def from_key_result_retargeted(event: KeyResultRetargeted, context: ReplayContext) -> Command:
    """The plan is given, too, unless there was none before and after: an import maps nothing."""
    plan = list(event.plan) if event.plan or context.before(event, "plan") else UNSET
    return _derived(RetargetKeyResult, event, context, metric=_metric(event.metric), plan=plan)


@command.register
def from_key_result_planned(event: KeyResultPlanned, _: ReplayContext) -> Command:
    return PlanKeyResult(key_result=event.originator_id, points=list(event.plan))


def _metric(metric: Metric, default: Unit | None = None) -> MetricInput:
    """The input of a metric, with its unit unless that is the default."""
    unit = UNSET if metric.unit == default else metric.unit
    return MetricInput(**{**structs.asdict(metric), "unit": unit})


# ── things of several kinds ──────────────────────────────────────────────────────────────────────


@command.register(ObjectiveLabelled)
@command.register(KeyResultLabelled)
@command.register(KpiLabelled)
@command.register(TeamLabelled)
def from_labelled(
    event: ObjectiveLabelled | KeyResultLabelled | KpiLabelled | TeamLabelled, _: ReplayContext
) -> Command:
    return SetLabels(subject=Ref(event.KIND, event.originator_id), labels=list(event.labels))


@command.register
def from_external_reference_set(event: ExternalReferenceSet, _: ReplayContext) -> Command:
    return SetExternalReference(subject=event.subject, system=event.system, id=event.external_id, url=event.url)


@command.register
def from_external_reference_removed(event: ExternalReferenceRemoved, context: ReplayContext) -> Command:
    return SetExternalReference(subject=event.subject, system=context.before(event, "system"), id=None)


@command.register
def from_template_saved(event: TemplateSaved, _: ReplayContext) -> Command:
    """The goals are given: the objectives that they were taken from have changed since."""
    goals = [_template_goal(goal) for goal in event.template_goals]
    return SaveAsTemplate(name=event.name, goals=goals, cadence=event.cadence)


def _template_goal(goal: TemplateGoal) -> TemplateGoalInput:
    key_results = [
        TemplateKeyResultInput(
            title=one.title, metric=_metric(one.metric, Unit()), description=one.description, weight=one.weight
        )
        for one in goal.key_results
    ]
    return TemplateGoalInput(title=goal.title, description=goal.description, kind=goal.kind, key_results=key_results)


# ── KPIs ─────────────────────────────────────────────────────────────────────────────────────────


@command.register
def from_kpi_redefined(event: KpiRedefined, context: ReplayContext) -> Command:
    """A goal with a first day is given even if the definition before had the same one."""
    if event.goal_from is None:
        return _derived(RedefineKpi, event, context, goal_from=UNSET)
    return _derived(RedefineKpi, event, context, goal=event.goal, goal_from=event.goal_from)


# ── completeness ─────────────────────────────────────────────────────────────────────────────────


def derivable(events: Iterable[type[Event]], commands: Iterable[type[Command]]) -> dict[type[Event], type[Command]]:
    """The command of each event that has no registered function. Raises `TypeError` for an event without exactly one
    command, and for a command with a field that its event lacks."""
    recorded_by = defaultdict[type[Event], list[type[Command]]](list)
    for kind in commands:
        recorded_by[kind.RECORDS].append(kind)
    plain = [event for event in events if event not in command.registry and event not in NOT_ALONE]
    return {event: _only(event, recorded_by[event]) for event in plain}


def _only(event: type[Event], kinds: Sequence[type[Command]]) -> type[Command]:
    instead = "or register a function for the event in api.facts.event_to_command"
    if len(kinds) != 1:
        names = " and ".join(kind.__name__ for kind in kinds) or "no command"
        raise TypeError(
            f"The event {event.__name__} is recorded by {names}: name it as RECORDS of one command, {instead}."
        )
    (kind,) = kinds
    known = {*Command.__struct_fields__, *event.__struct_fields__, _subject(kind, event), *_OMITTED, *_OF_ANOTHER_EVENT}
    if missing := [name for name in kind.__struct_fields__ if name not in known]:
        raise TypeError(
            f"The command {kind.__name__} takes {', '.join(missing)}, which its event {event.__name__} lacks: "
            f"add this to the event, {instead}."
        )
    return kind


DERIVED: Final = derivable(EVENTS.values(), VERBS.values())
DEPENDENT: Final[tuple[type[Event], ...]] = tuple(
    event for event, kind in DERIVED.items() if _subject(kind, event) and any(_shared(kind, event).values())
)
"""Events whose command gives only the changed fields, for which the earlier events of the stream are needed."""
