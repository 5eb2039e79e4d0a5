"""The unit of work of a batch: its commands share what they read, and each sees what those before it have begun."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import chain
from typing import Any
from uuid import UUID

from msgspec import UNSET, Struct, structs

from domain.commands.command import By, Command, External, ExternalReferenceInput
from domain.commands.key_result_commands import CheckIn as CheckInCommand
from domain.commands.people_commands import AddPerson, FormTeam
from domain.commands.permissions import Author, Permission
from domain.handlers import related
from domain.handlers.unit_of_work import UnitOfWork, keyed_id
from domain.log.append import NoNewer
from domain.log.event_store import Log
from domain.model.event import NIL_ID, Aggregate, Event
from domain.model.key_result import KeyResult, KeyResultAdded
from domain.model.measurements.check_in import CheckIn, KeyResultCheckedIn
from domain.model.objective import Objective
from domain.primitives import personal_data
from domain.primitives.values import Kind, Ref, Visibility

_ABOVE = ("key_result", "objective", "cycle", "team", "kpi")
"""The attributes by which an aggregate names those that decide with it."""


class BatchUnit(UnitOfWork):
    """Reads what its commands need before the first of them, so that a batch costs no statement for each item. Its
    commands begin aggregates and change none that exists. It rests on the log alone, not on recent aggregates."""

    def __init__(self, log: Log, author: Author, batch: Command) -> None:
        super().__init__(log, author, batch, NIL_ID, may_recall=False)
        self._at: dict[tuple[UUID, datetime], list[UUID]] = {}
        self._begun_at = defaultdict[tuple[UUID, datetime], list[UUID]](list)
        self._handles: set[bytes] = set()
        self._externals: dict[tuple[str, str], list[UUID]] = {}

    # ── one command after the other ──────────────────────────────────────────────────────────────

    def turn_to(self, command: Command, command_id: UUID) -> None:
        """Turn to the next command."""
        for one in self._new.values():
            if isinstance(one, CheckIn):
                self._begun_at[one.key_result, one.created_at].insert(0, one.id)
        self._handles.update(key.handle_digest for key in self.keys)
        self.command, self.command_id = command, command_id
        self._new, self.keys, self.collected = {}, [], []
        self._ids, self._compared, self.names = 0, False, None
        self.__dict__.pop("at", None)

    def forget_begun(self) -> None:
        """Forget what the command at hand has begun: it is rejected."""
        for id in self._new:
            del self._known[id]
        self._new, self.keys = {}, []

    def changed(self) -> list[Aggregate]:
        """What the command at hand has begun."""
        return list(self._new.values())

    # ── reading for all of them ──────────────────────────────────────────────────────────────────

    def prefetch(self, commands: Sequence[Command]) -> None:
        """Read what these commands name and what that belongs to: one statement for each level."""
        level = set(chain.from_iterable(map(_named, commands)))
        while level:
            self.load(level)
            level = {above for one in self._known.values() for above in _above(one)} - self.reads.keys()
        self._prefetch_externals(commands)
        self._prefetch_private()
        self._prefetch_handles([one.handle for one in commands if isinstance(one, AddPerson)])
        self._prefetch_check_ins([one for one in commands if isinstance(one, CheckInCommand)])

    def _prefetch_externals(self, commands: Sequence[Command]) -> None:
        """The references to the counterparts that these commands name or set."""
        given = chain.from_iterable(_externals_in(structs.astuple(one)) for one in commands)
        names = {(one.system, one.id) for one in (each.stored for each in given) if one is not None}
        self._externals = self.log.all_externally_named(sorted(names)) if names else {}
        self.load(chain.from_iterable(self._externals.values()))

    def externally_named(self, name: External) -> list[UUID]:
        found = self._externals.get((name.system, name.id))
        return super().externally_named(name) if found is None else found

    def _prefetch_private(self) -> None:
        """The key results of private objectives, whose owners see them."""
        if Permission.READ_PRIVATE in self.can:
            return
        private = [one.id for one in self._known.values() if _is_private(one)]
        if private:
            related.children_of(self, KeyResult, KeyResultAdded, private)

    def _prefetch_handles(self, handles: Sequence[str]) -> None:
        if handles:
            digests = [personal_data.handle_digest(self.log.salt(), handle) for handle in handles]
            self._handles |= self.log.handles_taken(digests)

    def _prefetch_check_ins(self, commands: Sequence[CheckInCommand]) -> None:
        """The check-ins that were measured at the same instants."""
        asked = [(one.key_result, at) for one in commands if (at := one.measured_at or one.effective_at)]
        instants = [(key_result, at) for key_result, at in asked if at.tzinfo is not None]
        self._at = {(key_result, at): [] for key_result, at in instants}
        found = self.log.measured_at(KeyResultCheckedIn.TOPIC, instants) if instants else []
        for key_result, at, check_in in found:
            self._at[key_result, at].append(check_in)
        self.load(check_in for *_, check_in in found)

    def is_handle_taken(self, digest: bytes) -> bool:
        return digest in self._handles

    def measured(
        self,
        first: type[Event],
        parent: UUID,
        since: datetime | None = None,
        upto: datetime | None = None,
        limit: int | None = None,
        *,
        oldest_first: bool = False,
    ) -> list[UUID]:
        """Also those that commands before this one have begun, of one instant."""
        if since is None or since != upto or first is not KeyResultCheckedIn or (parent, since) not in self._at:
            return super().measured(first, parent, since, upto, limit, oldest_first=oldest_first)
        self.no_newer.append(NoNewer(belongs_to=parent, topic=first.TOPIC, position=self.head.position))
        return [*self._begun_at[parent, since], *self._at[parent, since]]


def _above(aggregate: Aggregate) -> Iterator[UUID]:
    named = (getattr(aggregate, name, None) for name in _ABOVE)
    return (id for id in named if isinstance(id, UUID))


def _is_private(aggregate: Aggregate) -> bool:
    return isinstance(aggregate, Objective) and aggregate.visibility is not Visibility.WORKSPACE


def _named(command: Command) -> Iterator[UUID]:
    """Every id in a command, those of keys included, and the id that a key gives what it creates."""
    if isinstance(command, FormTeam) and command.parent_key is not UNSET:
        yield keyed_id(Kind.TEAM, command.parent_key)
    key = getattr(command, "key", None)
    if isinstance(key, str) and command.ANSWERS is not None:
        yield keyed_id(command.ANSWERS, key)
    yield from _ids_in(structs.astuple(command))


def _ids_in(values: Iterable[Any]) -> Iterator[UUID]:
    for value in values:
        match value:
            case UUID():
                yield value
            case Ref():
                yield value.id
            case By():
                if value.id is not None or value.key is not None:
                    yield value.id or keyed_id(value.KIND, value.key or "")
            case Struct():
                yield from _ids_in(structs.astuple(value))
            case list() | tuple():
                yield from _ids_in(value)


def _externals_in(values: Iterable[Any]) -> Iterator[External]:
    """Every counterpart in another system that a command names or sets."""
    for value in values:
        match value:
            case External():
                yield value
            case ExternalReferenceInput():
                yield External(value.system, value.id)
            case Struct():
                yield from _externals_in(structs.astuple(value))
            case list() | tuple():
                yield from _externals_in(value)
