"""The log told as facts: the lines that make an import into an empty workspace record the same again."""

import re
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import groupby
from typing import Any, NamedTuple, TypeAlias
from uuid import UUID

import msgspec
import psycopg
from msgspec import NODEFAULT, UNSET

from api.facts.event_to_command import DEPENDENT, SEALED, Known, command
from api.facts.importer import LINE_BYTES_MAX
from api.facts.naming import Names
from domain.commands.command import By, Command, KpiBy, verb
from domain.commands.cycle_commands import OpenCycle
from domain.commands.kpi_commands import DefineKpi, ReadingInput, RecordReadings
from domain.commands.people_commands import AddPerson, FormTeam
from domain.log.event_store import Log
from domain.log.references import spoken_of
from domain.model.cycle import CycleActivated
from domain.model.discussion import CommentAdded, InitiativePlanned, Reflected
from domain.model.event import Authorship, Event, Recorded
from domain.model.key_result import KeyResultAdded, KeyResultCheckedIn, KeyResultReopened
from domain.model.kpi import ReadingCorrected, ReadingRecorded, ReadingRetracted
from domain.model.objective import ObjectiveCommitted, ObjectiveDrafted, ObjectiveReopened
from domain.model.people import PersonAdded
from domain.primitives import personal_data
from domain.primitives.values import Ref, Unit

BATCH = 1000
"""How many events are read at once; the readings of one command, up to 10,000, come on top."""
READINGS_BYTES_MAX = LINE_BYTES_MAX - 2**20
"""How long the readings of one line may be, so that there is room for all the rest of it."""
READING_BYTES_MAX = 200
"""How long a reading is at most, but for its note, whose characters take up to four bytes each."""

_COMES_WITH: dict[type[Event], type[Event]] = {
    ObjectiveCommitted: CycleActivated,
    KeyResultReopened: ObjectiveReopened,
    KeyResultAdded: ObjectiveDrafted,
}
"""What is recorded by the way, together with what its command is about."""
_ALWAYS_NAMED: tuple[type[Event], ...] = (ObjectiveDrafted, KeyResultAdded)
_NAMED_IF_SPOKEN_OF: tuple[type[Event], ...] = (
    KeyResultCheckedIn, ReadingRecorded, InitiativePlanned, CommentAdded, Reflected,
)  # fmt: skip
"""What is so many that it has a name only where a later fact needs it."""
_ALWAYS_SAID = {(Unit, "kind")}
"""What the schema wants to hear in any case."""
_WHOLE = re.compile(r"-?[1-9]\d*\.0|0\.0")

Group: TypeAlias = Sequence[Recorded]
"""What one command has recorded."""


class Told(NamedTuple):
    """The line of a fact, and the position of the last event of its command."""

    position: int
    line: bytes


class Facts:
    """The facts of a log, in its order. It is read as they are told, and need not fit in memory: of what is past
    only names are kept, of goals and of what is spoken of again.

    Mostly one command is one fact. One that worked out scores as it closed something is told score by score, so
    that nothing has to be worked out again.
    """

    def __init__(self, log: Log, conn: psycopg.Connection[Any], upto: int) -> None:
        self._log = log
        self._conn = conn
        self._upto = upto
        self.names = Names()
        self._known = Known({}, {}, {})
        self._spoken_of: set[UUID] = set()

    def __iter__(self) -> Iterator[Told]:
        """Each fact. Raises `LookupError` for an event that cannot be told, or read, by this program."""
        for groups in self._groups():
            self._look_up([one.event for group in groups for one in group])
            for group in groups:
                yield from (Told(group[-1].position, line) for line in self._lines(group))

    # ── reading ──────────────────────────────────────────────────────────────────────────────────

    def _groups(self) -> Iterator[Sequence[Group]]:
        """Some commands at a time, each whole."""
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
        """All that is needed beside these events, in one statement each."""
        streams = self._log.streams([one.originator_id for one in events if isinstance(one, DEPENDENT)])
        keys = self._log.person_keys([one.originator_id for one in events if isinstance(one, SEALED)])
        nameless = [one.originator_id for one in events if isinstance(one, PersonAdded)]
        handles = {person: self._free_handle() for person in nameless if person not in keys}
        self._known = Known(streams, keys, handles)
        begun = [one.originator_id for one in events if isinstance(one, _NAMED_IF_SPOKEN_OF)]
        self._spoken_of = spoken_of(self._conn, begun, self._upto)

    def _free_handle(self) -> str:
        """The next handle for somebody who was erased, but for one that somebody who is there has."""
        salt = self._log.salt()
        while self._log.person_by_handle(personal_data.handle_digest(salt, handle := self.names.erased())) is not None:
            pass
        return handle

    # ── telling ──────────────────────────────────────────────────────────────────────────────────

    def _lines(self, group: Group) -> Iterator[bytes]:
        if any(self._is_recorded_anew(one.event) or isinstance(one.event, ReadingRecorded) for one in group):
            yield from self._batches(group)
            return
        kinds = {type(one.event) for one in group}
        for one in group:
            if _COMES_WITH.get(type(one.event)) not in kinds:
                told = command(one.event, self._known)
                yield self._line(one, told, self._name(one.event, told))
            elif isinstance(one.event, KeyResultAdded):
                self.names.carried(one.event.originator_id, one.event.objective)

    def _line(self, one: Recorded, told: Command, name: str | None) -> bytes:
        said = {
            "at": one.effective_at,
            "by": self._by(one.by),
            "do": verb(type(told)),
            "ref": name,
            "reason": one.by.reason,
            "input": self._written(told),
        }
        return msgspec.json.encode({key: value for key, value in said.items() if value is not None}) + b"\n"

    def _by(self, by: Authorship) -> str | None:
        """The person for whom it was done, or who did it; nobody for a machine."""
        kind, _, id = by.actor.partition(":")
        actor = UUID(id) if kind == "person" else None
        return self.names.get(by.on_behalf_of or actor)

    def _name(self, event: Event, told: Command) -> str | None:
        """The name of what the event begins, if later facts may speak of it."""
        id, names = event.originator_id, self.names
        match told:
            case AddPerson():
                return names.person(id, told.handle)
            case FormTeam():
                return names.team(id, told.key)
            case OpenCycle():
                return names.cycle(id, told.key)
            case DefineKpi():
                return names.kpi(id, told.key)
        if event.belongs_to is None or not (isinstance(event, _ALWAYS_NAMED) or id in self._spoken_of):
            return None
        return names.child(id, event.KIND, event.belongs_to)

    def _written(self, value: Any) -> Any:
        """A command or a part of it as it stands in the file, with names in the place of ids."""
        match value:
            case UUID() | Ref():
                return {"ref": self.names[value if isinstance(value, UUID) else value.id]}
            case By() if value.id is not None:
                return {"key": self.names.key(value.id)}
            case msgspec.Struct():
                return {name: self._written(said) for name, said in _said(value)}
            case list() | tuple():
                return [self._written(one) for one in value]
            case float():
                return int(value) if _WHOLE.fullmatch(repr(value)) else value
            case _:
                return value

    # ── readings ─────────────────────────────────────────────────────────────────────────────────

    def _is_recorded_anew(self, event: Event) -> bool:
        """Whether it is a reading that had been taken back and was then recorded again."""
        if not isinstance(event, ReadingCorrected):
            return False
        stream = self._known.streams[event.originator_id]
        return isinstance(stream[event.originator_version - 2], ReadingRetracted)

    def _batches(self, group: Group) -> Iterator[bytes]:
        """The readings of a command in one fact, or in several if they are too long for one line."""
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
        """What is recorded again is told backwards and before the rest, since so it comes to the same order."""
        new = [one for one in batch if isinstance(one.event, ReadingRecorded)]
        readings = [*(one for one in reversed(batch) if isinstance(one.event, ReadingCorrected)), *new]
        told = RecordReadings(readings=[self._reading(one) for one in readings])
        return self._line(readings[0], told, self._name_batch(new, len(readings) - len(new)))

    def _name_batch(self, new: Group, before: int) -> str | None:
        """The name of a batch, if later facts speak of what is new in it; so many others are told before that."""
        spoken_of = [
            (place, one) for place, one in enumerate(new, before) if one.event.originator_id in self._spoken_of
        ]
        if not spoken_of:
            return None
        name = self.names.batch()
        for place, one in spoken_of:
            self.names.reading(one.event.originator_id, name, place)
        return name

    def _reading(self, one: Recorded) -> ReadingInput:
        event = one.event
        assert isinstance(event, ReadingRecorded | ReadingCorrected)
        kpi = (
            event.kpi if isinstance(event, ReadingRecorded) else self._known.streams[event.originator_id][0].belongs_to
        )
        return ReadingInput(kpi=KpiBy(id=kpi), value=event.value, measured_at=one.effective_at, note=event.note)


def _said(value: msgspec.Struct) -> Iterator[tuple[str, Any]]:
    """What is said, under its name in JSON: all but what is left out, or goes without saying."""
    for field in _fields(type(value)):
        said = getattr(value, field.name)
        if said is not UNSET and (
            field.required or said != _default(field) or (type(value), field.name) in _ALWAYS_SAID
        ):
            yield field.encode_name, said


@cache
def _fields(kind: type[msgspec.Struct]) -> tuple[msgspec.structs.FieldInfo, ...]:
    return msgspec.structs.fields(kind)


def _default(field: msgspec.structs.FieldInfo) -> Any:
    return field.default if field.default_factory is NODEFAULT else field.default_factory()
