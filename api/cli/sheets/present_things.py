"""What a workspace has of the things that a spreadsheet names, read from the log in a few statements."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Final, NamedTuple, TypeVar
from uuid import UUID

from api.snapshot import global_ids
from api.snapshot.global_ids import GlobalId
from domain.handlers.unit_of_work import CALENDAR_ID
from domain.log.event_store import Log
from domain.model.cycle import Cycle
from domain.model.discussion import ExternalReference
from domain.model.event import Aggregate, replay
from domain.model.key_result import KeyResult
from domain.model.measurements.check_in import CheckIn, KeyResultCheckedIn
from domain.model.objective import Objective
from domain.model.people import Person, PersonAdded, Team, TeamFormed
from domain.model.workspace import WorkspaceCalendar
from domain.primitives import personal_data
from domain.primitives.personal_data import Personal
from domain.primitives.values import Kind, Ref

STREAMS_MAX: Final = 5_000
"""Streams that are read in one statement."""

A = TypeVar("A", bound=Aggregate)


class Latest(NamedTuple):
    """What the check-ins on a key result state last, each by itself."""

    value: float | None = None
    confidence: float | None = None
    note: str | None = None


class Colleague(NamedTuple):
    """A person with the names that a sheet may use."""

    id: UUID
    personal: Personal


class Present:
    """The things that exist when an import begins. `references` are those of the system of the sheet, by the id there;
    `at` is the clock of the database, and `time_zone` that of the workspace."""

    def __init__(self, at: datetime, time_zone: str = "UTC") -> None:
        self.at = at
        self.time_zone = time_zone
        self.references: dict[str, ExternalReference] = {}
        self.things: dict[UUID, Aggregate] = {}
        self.people: list[Colleague] = []
        self.teams: list[Team] = []
        self.check_ins: dict[UUID, list[CheckIn]] = {}
        """By key result, in the order of measurement."""

    def ref(self, text: str) -> Ref | None:
        """The thing with an id of the sheet: a global id, as an export writes it, or an external reference."""
        found = global_ids.decode(text)
        if isinstance(found, GlobalId):
            return Ref(found.kind, found.id)
        reference = self.references.get(text)
        return None if reference is None else reference.subject

    def known(self, kind: type[A], id: UUID) -> A | None:
        thing = self.things.get(id)
        return thing if isinstance(thing, kind) else None

    def latest(self, key_result: UUID) -> Latest:
        """The last value, confidence and note that were stated."""
        last: list[object] = [None, None, None]
        for one in self.check_ins.get(key_result, ()):
            value, _, confidence, note = one.content
            last = [new if new is not None else old for new, old in zip((value, confidence, note), last, strict=True)]
        return Latest(*last)  # type: ignore[arg-type]

    def measured(self, key_result: UUID, at: datetime) -> CheckIn | None:
        """The check-in that was measured at this moment; of several the last one."""
        found = [one for one in self.check_ins.get(key_result, ()) if one.created_at == at]
        return found[-1] if found else None

    def is_over(self, key_result: KeyResult) -> bool:
        """Whether its cycle has ended: a late check-in needs a reason."""
        objective = self.known(Objective, key_result.objective)
        cycle = None if objective is None else self.known(Cycle, objective.cycle)
        return cycle is not None and cycle.has_ended


def read_present(log: Log, system: str, ids: Collection[str], *, with_check_ins: bool) -> Present:
    """What the log has of the things with these ids of a sheet, and of people and teams."""
    calendar = _replayed(log, [CALENDAR_ID]).get(CALENDAR_ID)
    at = log.head().now
    present = Present(at)
    if isinstance(calendar, WorkspaceCalendar):
        present.time_zone = calendar.in_force(at).time_zone
    for reference in _replayed(log, log.named_by(system)).values():
        if isinstance(reference, ExternalReference) and reference.external_id is not None:
            present.references[reference.external_id] = reference
    _read_goals(log, present, [ref for ref in map(present.ref, ids) if ref is not None])
    _read_people(log, present)
    if with_check_ins:
        _read_check_ins(log, present)
    return present


def _read_goals(log: Log, present: Present, refs: Sequence[Ref]) -> None:
    present.things |= _replayed(log, [ref.id for ref in refs if ref.kind in (Kind.OBJECTIVE, Kind.KEY_RESULT)])
    key_results = [one for one in present.things.values() if isinstance(one, KeyResult)]
    present.things |= _replayed(log, {one.objective for one in key_results} - present.things.keys())
    present.things |= _replayed(log, {one.cycle for one in present.things.values() if isinstance(one, Objective)})


def _read_people(log: Log, present: Present) -> None:
    people = _replayed(log, log.begun(PersonAdded.TOPIC))
    keys = log.person_keys(people)
    for id, person in people.items():
        if isinstance(person, Person):
            erased = Personal(personal_data.erased_handle(id), personal_data.ERASED)
            personal = personal_data.unseal(keys[id], id, person.sealed) if id in keys else erased
            present.people.append(Colleague(id, personal))
    teams = _replayed(log, log.begun(TeamFormed.TOPIC)).values()
    present.teams += [one for one in teams if isinstance(one, Team)]


def _read_check_ins(log: Log, present: Present) -> None:
    key_results = [id for id, one in present.things.items() if isinstance(one, KeyResult)]
    ids = log.children_of_all(key_results, KeyResultCheckedIn.TOPIC) if key_results else []
    found = _replayed(log, ids)
    for one in sorted((found[id] for id in ids), key=lambda check_in: check_in.created_at):
        if isinstance(one, CheckIn):
            present.check_ins.setdefault(one.key_result, []).append(one)


def _replayed(log: Log, ids: Iterable[UUID]) -> dict[UUID, Aggregate]:
    """The aggregates with these ids; unknown ones are left out."""
    found: dict[UUID, Aggregate] = {}
    wanted = list(ids)
    for start in range(0, len(wanted), STREAMS_MAX):
        for id, events in log.streams(wanted[start : start + STREAMS_MAX]).items():
            aggregate: Aggregate | None = replay(events)
            if aggregate is not None:
                found[id] = aggregate
    return found
