"""Exports the log as facts. Their import into an empty workspace records the same events."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache
from itertools import groupby
from typing import Any, NamedTuple, TypeAlias
from uuid import UUID

import msgspec
import psycopg
from msgspec import NODEFAULT, UNSET

from api.facts.event_to_command import DEPENDENT, OF_A_STREAM, SEALED, ReplayContext, command, with_reference
from api.facts.importer import LINE_BYTES_MAX
from api.facts.naming import Names
from domain.commands.command import By, Command, KpiBy, verb
from domain.commands.cycle_commands import OpenCycle
from domain.commands.kpi_commands import DefineKpi, ReadingInput, RecordReadings
from domain.commands.people_commands import AddPerson, FormTeam
from domain.commands.template_commands import SaveAsTemplate
from domain.log.event_store import Log
from domain.log.reads.references import referenced_later
from domain.model.cycle import CycleAbandoned, CycleActivated, CycleRescheduled
from domain.model.discussion import (
    CommentAdded,
    InitiativeEdited,
    InitiativePlanned,
    Reflected,
)
from domain.model.event import Authorship, Event, Recorded
from domain.model.key_result import (
    KeyResultAdded,
    KeyResultAssigned,
    KeyResultMoved,
    KeyResultReopened,
    KeyResultRescheduled,
    KeyResultScored,
)
from domain.model.kpi import KpiRedefined
from domain.model.measurements.check_in import KeyResultCheckedIn
from domain.model.measurements.reading import ReadingCorrected, ReadingRecorded, ReadingRetracted
from domain.model.objective import (
    ObjectiveAssigned,
    ObjectiveClosed,
    ObjectiveCommitted,
    ObjectiveDrafted,
    ObjectiveDropped,
    ObjectiveMoved,
    ObjectiveReopened,
    ObjectiveUnaligned,
)
from domain.model.people import PersonAdded, TeamLeadAppointed, WorkHandedOver
from domain.primitives import personal_data
from domain.primitives.values import Ref, Unit

BATCH = 1000
"""Events that are read at once; the rest of the last command, up to 10,000 readings, is added."""
READINGS_BYTES_MAX = LINE_BYTES_MAX - 2**20
"""Bytes of the readings of one line; the remainder is for the other fields."""
READING_BYTES_MAX = 200
"""Bytes of a reading without its note, whose characters take up to four bytes each."""

_PRIMARIES: dict[type[Event], tuple[type[Event], ...]] = {
    ObjectiveCommitted: (CycleActivated,),
    ObjectiveDropped: (CycleAbandoned,),
    KeyResultReopened: (ObjectiveReopened,),
    KeyResultScored: (ObjectiveClosed,),
    KeyResultAdded: (ObjectiveDrafted,),
    ObjectiveAssigned: (WorkHandedOver,),
    KeyResultAssigned: (WorkHandedOver,),
    KpiRedefined: (WorkHandedOver,),
    InitiativeEdited: (WorkHandedOver,),
    TeamLeadAppointed: (WorkHandedOver,),
    KeyResultRescheduled: (CycleRescheduled, ObjectiveReopened),
    KeyResultMoved: (ObjectiveMoved,),
    ObjectiveUnaligned: (ObjectiveMoved, KeyResultMoved),
}
"""Secondary events, by the primary events one of which is in the same command. A key result is secondary to an
objective that is carried; one that is drafted with its objective is a fact of its own."""
_ALWAYS_NAMED: tuple[type[Event], ...] = (ObjectiveDrafted, KeyResultAdded)
_NAMED_IF_REFERENCED: tuple[type[Event], ...] = (
    KeyResultCheckedIn, ReadingRecorded, InitiativePlanned, CommentAdded, Reflected,
)  # fmt: skip
"""Events whose subjects are so many that they get a name only if a later fact references them."""
_ALWAYS_WRITTEN = {(Unit, "kind")}
"""Fields that the schema requires, and which are written even with their default."""
_WHOLE = re.compile(r"-?[1-9]\d*\.0|0\.0")

Group: TypeAlias = Sequence[Recorded]
"""The events of one command."""


class FactLine(NamedTuple):
    """The line of a fact, and the position of the last event of its command."""

    position: int
    line: bytes


class Facts:
    """The facts of a log, in the order of the log.

    The log is streamed and need not fit in memory: only the names of goals, and of subjects that later facts reference,
    are kept. Usually one command is one fact. The closing of a cycle becomes one fact for each objective that it
    closed, with the scores that it computed, so that the import computes nothing.
    """

    def __init__(self, log: Log, conn: psycopg.Connection[Any], upto: int) -> None:
        self._log = log
        self._conn = conn
        self._upto = upto
        self.names = Names()
        self._context = ReplayContext({}, {}, {})
        self._referenced: set[UUID] = set()

    def __iter__(self) -> Iterator[FactLine]:
        """Each fact. Raises `LookupError` for an event that this version cannot read, or cannot express as a fact."""
        for groups in self._groups():
            self._look_up([one.event for group in groups for one in group])
            for group in groups:
                yield from (FactLine(group[-1].position, line) for line in self._lines(group))

    # ── reading ──────────────────────────────────────────────────────────────────────────────────

    def _groups(self) -> Iterator[Sequence[Group]]:
        """Batches of commands, each command with all of its events."""
        pending: list[Recorded] = []
        position = 0
        while position < self._upto:
            entries = self._log.entries(position, min(BATCH, self._upto - position))
            pending += entries
            position = entries[-1].position
            whole = [list(group) for _, group in groupby(pending, key=lambda one: one.by.command)]
            pending = whole.pop() if position < self._upto else []
            yield whole

    def _look_up(self, events: Sequence[Event]) -> None:
        """Read the context of these events, with one statement for each kind of context."""
        needed = [one.originator_id for one in events if isinstance(one, (*DEPENDENT, *OF_A_STREAM))]
        streams = self._log.streams(needed)
        keys = self._log.person_keys([one.originator_id for one in events if isinstance(one, SEALED)])
        nameless = [one.originator_id for one in events if isinstance(one, PersonAdded)]
        handles = {person: self._free_handle() for person in nameless if person not in keys}
        self._context = ReplayContext(streams, keys, handles)
        begun = [one.originator_id for one in events if isinstance(one, _NAMED_IF_REFERENCED)]
        self._referenced = referenced_later(self._conn, begun, self._upto)

    def _free_handle(self) -> str:
        """The next handle for an erased person that no existing person has."""
        salt = self._log.salt()
        while self._log.person_by_handle(personal_data.handle_digest(salt, handle := self.names.erased())) is not None:
            pass
        return handle

    # ── writing ──────────────────────────────────────────────────────────────────────────────────

    def _lines(self, group: Group) -> Iterator[bytes]:
        if any(self._is_recorded_again(one.event) or isinstance(one.event, ReadingRecorded) for one in group):
            yield from self._batches(group)
            return
        events = [one.event for one in group]
        kinds = {type(event) for event in events if not isinstance(event, ObjectiveDrafted) or event.carried_from}
        context = replace(self._context, together=events)
        given = {reference.originator_id for event in events if (reference := context.reference_of(event)) is not None}
        for one in group:
            if one.event.originator_id in given:
                continue  # the fact of the thing gives it
            if kinds.isdisjoint(_PRIMARIES.get(type(one.event), ())):
                derived = with_reference(command(one.event, context), one.event, context)
                yield self._line(one, derived, self._name(one.event, derived))
            elif isinstance(one.event, KeyResultAdded):
                self.names.carried(one.event.originator_id, one.event.objective)

    def _line(self, one: Recorded, derived: Command, name: str | None, at: datetime | None = None) -> bytes:
        fact = {
            "at": at or _claimed_at(one) or one.effective_at,
            "by": self._by(one.by),
            "do": verb(type(derived)),
            "ref": name,
            "reason": one.by.reason,
            "input": self._written(derived),
        }
        return msgspec.json.encode({key: value for key, value in fact.items() if value is not None}) + b"\n"

    def _by(self, by: Authorship) -> str | None:
        """The name of the person on whose behalf it was done, or who did it; None for a machine."""
        kind, _, id = by.actor.partition(":")
        actor = UUID(id) if kind == "person" else None
        return self.names.get(by.on_behalf_of or actor)

    def _name(self, event: Event, derived: Command) -> str | None:
        """The name of the subject that the event creates, if later facts may reference it."""
        id, names = event.originator_id, self.names
        match derived:
            case AddPerson():
                return names.person(id, derived.handle)
            case FormTeam():
                return names.team(id, derived.key)
            case OpenCycle():
                return names.cycle(id, derived.key)
            case DefineKpi():
                return names.kpi(id, derived.key)
        if event.belongs_to is None or not (isinstance(event, _ALWAYS_NAMED) or id in self._referenced):
            return names.template(id) if isinstance(derived, SaveAsTemplate) else None
        return names.child(id, event.KIND, event.belongs_to)

    def _written(self, value: Any) -> Any:
        """A command or a part of it as it is written to the file, with names in place of ids."""
        match value:
            case UUID() | Ref():
                return {"ref": self.names[value if isinstance(value, UUID) else value.id]}
            case By() if value.id is not None:
                return {"key": self.names.key(value.id)}
            case msgspec.Struct():
                return {name: self._written(given) for name, given in _given(value)}
            case list() | tuple():
                return [self._written(one) for one in value]
            case float():
                return int(value) if _WHOLE.fullmatch(repr(value)) else value
            case _:
                return value

    # ── readings ─────────────────────────────────────────────────────────────────────────────────

    def _is_recorded_again(self, event: Event) -> bool:
        """Whether the event records a reading again that had been retracted."""
        if not isinstance(event, ReadingCorrected):
            return False
        stream = self._context.streams[event.originator_id]
        return isinstance(stream[event.originator_version - 2], ReadingRetracted)

    def _batches(self, group: Group) -> Iterator[bytes]:
        """The readings of a command as one fact, or as several if they are too long for one line."""
        size, batch = 0, list[Recorded]()
        for one in group:
            length = READING_BYTES_MAX + 4 * len(getattr(one.event, "note", None) or "")
            if batch and size + length > READINGS_BYTES_MAX:
                yield self._batch(batch)
                size, batch = 0, []
            size += length
            batch.append(one)
        yield self._batch(batch)

    def _batch(self, batch: Group) -> bytes:
        """Readings that are recorded again come first, in reverse: an import then records the same order of events.

        `at` is the claim of the readings; without one it is when the earliest was measured, which claims nothing.
        """
        new = [one for one in batch if isinstance(one.event, ReadingRecorded)]
        readings = [*(one for one in reversed(batch) if isinstance(one.event, ReadingCorrected)), *new]
        derived = RecordReadings(readings=[self._reading(one) for one in readings])
        at = next(filter(None, map(_claimed_at, readings)), min(one.effective_at for one in readings))
        return self._line(readings[0], derived, self._name_batch(new, len(readings) - len(new)), at)

    def _name_batch(self, new: Group, before: int) -> str | None:
        """The name of a batch if later facts reference its new readings. `before`: how many others precede them."""
        referenced = [
            (place, one) for place, one in enumerate(new, before) if one.event.originator_id in self._referenced
        ]
        if not referenced:
            return None
        name = self.names.batch()
        for place, one in referenced:
            self.names.reading(one.event.originator_id, name, place)
        return name

    def _reading(self, one: Recorded) -> ReadingInput:
        event = one.event
        assert isinstance(event, ReadingRecorded | ReadingCorrected)
        kpi = (
            event.kpi
            if isinstance(event, ReadingRecorded)
            else self._context.streams[event.originator_id][0].belongs_to
        )
        return ReadingInput(kpi=KpiBy(id=kpi), value=event.value, measured_at=one.effective_at, note=event.note)


def _claimed_at(one: Recorded) -> datetime | None:
    claimed_at: datetime | None = getattr(one.event, "claimed_at", None)
    return claimed_at


def _given(value: msgspec.Struct) -> Iterator[tuple[str, Any]]:
    """The fields by their names in JSON, without those that are unset or have their default."""
    for field in _fields(type(value)):
        given = getattr(value, field.name)
        if given is not UNSET and (
            field.required or given != _default(field) or (type(value), field.name) in _ALWAYS_WRITTEN
        ):
            yield field.encode_name, given


@cache
def _fields(kind: type[msgspec.Struct]) -> tuple[msgspec.structs.FieldInfo, ...]:
    return msgspec.structs.fields(kind)


def _default(field: msgspec.structs.FieldInfo) -> Any:
    return field.default if field.default_factory is NODEFAULT else field.default_factory()
