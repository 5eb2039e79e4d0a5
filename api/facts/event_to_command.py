"""The command that records an event: the way back from the log to a fact file.

Most commands are derived from their event, field by field. What a command computes (a score, a verdict, a baseline)
is in its event, and is given explicitly in the derived command.
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
from domain.commands.command import By, Command, CycleBy
from domain.commands.cycle_commands import AdoptScoringPolicy
from domain.commands.key_result_commands import AddKeyResult, MetricInput, RetargetKeyResult
from domain.commands.objective_commands import CarryObjective, DraftObjective, UnalignObjective
from domain.commands.people_commands import AddPerson, AppointLead, RenamePerson
from domain.commands.registry import VERBS
from domain.model.cycle import ScoringPolicyAdopted
from domain.model.event import Event
from domain.model.event_registry import EVENTS
from domain.model.key_result import KeyResultAdded, KeyResultReopened, KeyResultRetargeted
from domain.model.kpi import ReadingRecorded
from domain.model.objective import ObjectiveDrafted, ObjectiveUnaligned
from domain.model.people import PersonAdded, PersonRenamed, TeamLeadAppointed
from domain.primitives import personal_data
from domain.primitives.values import Metric, Unit

SEALED: Final[tuple[type[Event], ...]] = (PersonAdded, PersonRenamed)
"""Events that are read with the person's key."""
NOT_ALONE: Final[frozenset[type[Event]]] = frozenset({KeyResultReopened, ReadingRecorded})
"""Events that no fact of their own tells: a reopened key result is part of reopening its objective, and the exporter
writes the readings of a command together."""
_OMITTED: Final = frozenset({"measured_at", "close_objectives"})
"""Command fields that a fact expresses otherwise: by its `at`, and by a fact for each objective that was closed."""


@dataclass(frozen=True)
class Known:
    """What events do not contain: the streams of `DEPENDENT` events; for people their keys, or for erased people the
    handles that they have in this export."""

    streams: Mapping[UUID, Sequence[Event]]
    keys: Mapping[UUID, bytes]
    handles: Mapping[UUID, str]

    def before(self, event: Event, field: str) -> Any:
        """The value of a field before this event: that of the last earlier event of the stream which has the field."""
        earlier = self.streams[event.originator_id][: event.originator_version - 1]
        return next(getattr(one, field) for one in reversed(earlier) if field in one.__struct_fields__)

    def personal(self, event: PersonAdded | PersonRenamed) -> personal_data.Personal | None:
        """What was sealed; None for a person who was erased."""
        person = event.originator_id
        return personal_data.unseal(self.keys[person], person, event.sealed) if person in self.keys else None


# ── derived commands ─────────────────────────────────────────────────────────────────────────────


@singledispatch
def command(event: Event, known: Known) -> Command:
    """The command that records this event, where the same events precede it. Raises `LookupError` for an event that
    no command records by itself."""
    if type(event) not in DERIVED:
        raise LookupError(f"no fact is known for {event.TOPIC}")
    return _derived(DERIVED[type(event)], event, known)


def _derived(kind: type[Command], event: Event, known: Known, **given: Any) -> Command:
    """The command with every field that the event has under the same name, and with the id of what it changes."""
    subject = _subject(kind, type(event))
    values: dict[str, Any] = {} if subject is None else {subject: event.originator_id}
    for name, optional in _shared(kind, type(event)).items():
        if not (optional and getattr(event, name) == _before(event, name, subject, known)):
            values[name] = getattr(event, name)
    for name, by in _by(kind).items():
        if values.get(name) is not None:
            values[name] = by(id=values[name])
    return kind(**values | given)


def _before(event: Event, name: str, subject: str | None, known: Known) -> Any:
    """The value that a field keeps if the command leaves it out: only changes are told, since what was chosen then
    (an owner who has left) may not be chosen again. In a first event it is the default."""
    return _defaults(type(event))[name] if subject is None else known.before(event, name)


@cache
def _subject(kind: type[Command], event: type[Event]) -> str | None:
    """The field that takes the id of the thing whose event it is; None for a command that creates it."""
    names = [name for name, expected in by_field(kind).items() if expected.kind is event.KIND]
    return next((name for name in names if name not in event.__struct_fields__), None)


@cache
def _shared(kind: type[Command], event: type[Event]) -> dict[str, bool]:
    """The fields that a command shares with its event, and whether they may be left out to stay as they are."""
    defaults = _defaults(kind)
    return {name: defaults[name] is UNSET for name in kind.__struct_fields__ if name in event.__struct_fields__}


@cache
def _by(kind: type[Command]) -> dict[str, type[By]]:
    """The fields that take a thing by id or key."""
    return {name: expected.by for name, expected in by_field(kind).items() if expected.by is not None}


@cache
def _defaults(struct: type[msgspec.Struct]) -> dict[str, Any]:
    return {field.name: field.default for field in structs.fields(struct)}


# ── people ───────────────────────────────────────────────────────────────────────────────────────


@command.register
def from_person_added(event: PersonAdded, known: Known) -> Command:
    personal = known.personal(event)
    if personal is None:
        return AddPerson(handle=known.handles[event.originator_id], name=personal_data.ERASED)
    return AddPerson(handle=personal.handle, name=personal.name, email=personal.email)


@command.register
def from_person_renamed(event: PersonRenamed, known: Known) -> Command:
    """The new name of an erased person cannot be read; that they were renamed is told."""
    personal = known.personal(event)
    if personal is None:
        name = f"{personal_data.ERASED} {event.originator_version}"
        return RenamePerson(person=event.originator_id, name=name)
    return RenamePerson(person=event.originator_id, name=personal.name, email=personal.email)


@command.register
def from_team_lead_appointed(event: TeamLeadAppointed, _: Known) -> Command:
    return AppointLead(team=event.originator_id, person=event.lead)


# ── goals ────────────────────────────────────────────────────────────────────────────────────────


@command.register
def from_scoring_policy_adopted(event: ScoringPolicyAdopted, _: Known) -> Command:
    return AdoptScoringPolicy(**structs.asdict(event.policy))


@command.register
def from_objective_drafted(event: ObjectiveDrafted, known: Known) -> Command:
    if event.carried_from is not None:
        return CarryObjective(objective=event.carried_from, into=CycleBy(id=event.cycle))
    return _derived(DraftObjective, event, known)


@command.register
def from_objective_unaligned(event: ObjectiveUnaligned, _: Known) -> Command:
    return UnalignObjective(objective=event.originator_id, from_=event.to)


@command.register
def from_key_result_added(event: KeyResultAdded, known: Known) -> Command:
    return _derived(AddKeyResult, event, known, metric=_metric(event.metric, Unit()))


@command.register
def from_key_result_retargeted(event: KeyResultRetargeted, known: Known) -> Command:
    return _derived(RetargetKeyResult, event, known, metric=_metric(event.metric))


def _metric(metric: Metric, default: Unit | None = None) -> MetricInput:
    """The input of a metric, with its unit unless that is the default."""
    unit = UNSET if metric.unit == default else metric.unit
    return MetricInput(**{**structs.asdict(metric), "unit": unit})


# ── completeness ─────────────────────────────────────────────────────────────────────────────────


def derivable(events: Iterable[type[Event]], commands: Iterable[type[Command]]) -> dict[type[Event], type[Command]]:
    """The command of each event that has no function of its own above. Raises `TypeError` for an event without
    exactly one command, and for a command that takes what its event does not contain."""
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
    known = {*Command.__struct_fields__, *event.__struct_fields__, _subject(kind, event), *_OMITTED}
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
"""Events that are told by what they changed: it takes what precedes them in their streams."""
