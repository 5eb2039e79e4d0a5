"""The event store in memory: the part that command handlers use, with a clock that a test can set."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from domain.log.append import Append, CommandRow, ConcurrencyConflict, PersonKey
from domain.log.event_store import Log
from domain.log.mapper import EventMapper, StoredRow
from domain.log.reads.log_reader import Head
from domain.log.reads.stream_lookups import MOVES, OWNING, Children
from domain.model.discussion import ExternalReferenceSet
from domain.model.event import WHEN_RECORDED, Authorship, Event, Recorded
from domain.model.key_result import KeyResultAdded, KeyResultLinked
from domain.primitives.errors import Code, CommandRejected

START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


class Entry(NamedTuple):
    position: int
    recorded_at: datetime
    row: StoredRow
    effective_at: datetime
    by: Authorship


class MemoryLog(Log):
    """Makes the same checks as the real log. `clock` is the database time; every append advances it by a second."""

    def __init__(self) -> None:
        self.mapper = EventMapper()
        self.clock = START
        self.entries_made: list[Entry] = []
        self._commands: dict[UUID, CommandRow] = {}
        self._people: list[PersonKey] = []

    def append(self, stored: Sequence[StoredRow], append: Append) -> CommandRow:
        if append.by.command in self._commands:
            return self._commands[append.by.command]
        moved = [id for id, version in append.reads.items() if version != len(self.streams([id]).get(id, ()))]
        if moved or any(self._newer(one.belongs_to, one.topic, one.position) for one in append.no_newer):
            raise ConcurrencyConflict(moved)
        if any(self.person_by_handle(key.handle_digest) for key in append.keys):
            raise CommandRejected(Code.DUPLICATE, "This handle is taken; choose another.", "handle")
        first, at = len(self.entries_made) + 1, self.clock
        for row in stored:
            recorded_at = at + timedelta(microseconds=len(self.entries_made) + 1 - first)
            effective_at = at if row.effective_at == WHEN_RECORDED else min(row.effective_at, recorded_at)
            self.entries_made.append(Entry(len(self.entries_made) + 1, recorded_at, row, effective_at, append.by))
        self._people.extend(append.keys)
        for row in stored:
            if row.topic.startswith("person-erased.v"):
                self.erase(row.originator_id)
        command = CommandRow(append.by.command, append.digest, first, len(self.entries_made), at, append.result)
        self._commands[command.id] = command
        self.clock += timedelta(seconds=1)
        return command

    def append_all(self, commands: Sequence[tuple[Sequence[StoredRow], Append]]) -> list[CommandRow]:
        """All are recorded if the first is: it has the preconditions of all."""
        done = [row for _, append in commands if (row := self._commands.get(append.by.command)) is not None]
        return done or [self.append(stored, append) for stored, append in commands]

    def commands(self, ids: Iterable[UUID]) -> dict[UUID, CommandRow]:
        return {id: self._commands[id] for id in ids if id in self._commands}

    def measured_at(self, topic: str, instants: Sequence[tuple[UUID, datetime]]) -> list[tuple[UUID, datetime, UUID]]:
        found = [
            (one.position, parent, at, one.row.originator_id)
            for parent, at in instants
            for one in self._of(parent, topic)
            if one.effective_at == at
        ]
        return [(parent, at, stream) for _, parent, at, stream in sorted(found, reverse=True)]

    def handles_taken(self, digests: Iterable[bytes]) -> set[bytes]:
        return {one.handle_digest for one in self._people} & {*digests}

    def streams(self, ids: Iterable[UUID]) -> dict[UUID, list[Event]]:
        streams = {id: [self.event(one) for one in self._stream(id)] for id in ids}
        return {id: events for id, events in streams.items() if events}

    def children(self, parent: UUID, topic: str) -> Children:
        ids = {one.row.originator_id for one in self._of(parent, topic)}
        moved = [self.event(one) for one in self.entries_made if one.row.topic.startswith(f"{MOVES.get(topic)}.v")]
        ids |= {one.originator_id for one in moved if one.moves_to == parent}
        return Children(sorted(ids, key=lambda one: self._stream(one)[0].position), len(self.entries_made))

    def supporting(self, goals: Iterable[UUID]) -> list[UUID]:
        ids = [f'"id":"{goal}"'.encode() for goal in goals]
        named = [
            one.row for one in self.entries_made if one.row.topic.startswith(("objective-aligned.", "objective-d"))
        ]
        return list(dict.fromkeys(row.originator_id for row in named if any(id in row.state for id in ids)))

    def children_of(self, parents: Iterable[UUID], topic: str) -> dict[UUID, list[UUID]]:
        return {parent: self.children(parent, topic).ids for parent in parents}

    def linked_to(self, kpi: UUID) -> list[UUID]:
        links = [one for one in map(self.event, self.entries_made) if isinstance(one, KeyResultAdded | KeyResultLinked)]
        return sorted({one.originator_id for one in links if one.kpi == kpi})

    def kpis_naming(self, kpis: Iterable[UUID]) -> list[UUID]:
        definitions = [
            one for one in self.entries_made if one.row.topic.startswith(("kpi-defined.v", "kpi-redefined.v"))
        ]
        ids = [f'"{kpi}"'.encode() for kpi in kpis]
        return sorted({one.row.originator_id for one in definitions if any(id in one.row.state for id in ids)})

    def owned_by(self, person: UUID) -> list[UUID]:
        owning = [one.row for one in self.entries_made if one.row.topic.rpartition(".v")[0] in OWNING]
        return list(dict.fromkeys(row.originator_id for row in owning if f'"{person}"'.encode() in row.state))

    def externally_named(self, system: str, external_id: str) -> list[UUID]:
        found = [one for one in map(self.event, self.entries_made) if isinstance(one, ExternalReferenceSet)]
        return sorted({one.originator_id for one in found if (one.system, one.external_id) == (system, external_id)})

    def all_externally_named(self, names: Sequence[tuple[str, str]]) -> dict[tuple[str, str], list[UUID]]:
        return {name: self.externally_named(*name) for name in names}

    def cycles(self) -> list[UUID]:
        return [one.row.originator_id for one in self.entries_made if one.row.topic.startswith("cycle-opened.v")]

    def measurements(
        self,
        parent: UUID,
        topic: str,
        *,
        since: datetime | None = None,
        upto: datetime | None = None,
        limit: int | None = None,
        oldest_first: bool = False,
    ) -> list[UUID]:
        found = [
            one
            for one in self._of(parent, topic)
            if (since is None or since <= one.effective_at) and (upto is None or one.effective_at <= upto)
        ]
        found.sort(key=lambda one: (one.effective_at, one.position), reverse=not oldest_first)
        return [one.row.originator_id for one in found[:limit]]

    def since(self, stream: UUID, version: int, limit: int) -> list[Recorded]:
        newer = [one for one in self._stream(stream) if one.row.originator_version > version]
        return [Recorded(one.position, one.recorded_at, self.event(one), one.by) for one in newer[:limit]]

    def head(self) -> Head:
        last = self.entries_made[-1] if self.entries_made else None
        return Head(len(self.entries_made), last and last.recorded_at, self.clock)

    def command(self, id: UUID) -> CommandRow | None:
        return self._commands.get(id)

    def person_keys(self, persons: Iterable[UUID]) -> dict[UUID, bytes]:
        return {one.person: one.key for one in self._people if one.person in set(persons)}

    def erase(self, person: UUID) -> None:
        self._people = [one for one in self._people if one.person != person]

    def person_by_handle(self, digest: bytes) -> UUID | None:
        return next((one.person for one in self._people if one.handle_digest == digest), None)

    def salt(self) -> bytes:
        return b"salt" * 8

    def _stream(self, id: UUID) -> Sequence[Entry]:
        return [one for one in self.entries_made if one.row.originator_id == id]

    def _of(self, parent: UUID, topic: str) -> list[Entry]:
        return [
            one for one in self.entries_made if one.row.belongs_to == parent and one.row.topic.startswith(f"{topic}.v")
        ]

    def _newer(self, parent: UUID | None, topic: str, position: int) -> bool:
        newer = self.entries_made[position:]
        return any(one.row.topic.startswith(f"{topic}.v") and parent in (None, one.row.belongs_to) for one in newer)

    def event(self, one: Entry) -> Event:
        return self.mapper.decode(
            one.row.topic, one.row.state, one.row.originator_id, one.row.originator_version, one.effective_at
        )
