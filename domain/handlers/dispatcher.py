"""The dispatcher: it executes each command once or not at all, and is the only way to write."""

import random
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import chain
from operator import attrgetter
from typing import Final, NamedTuple, TypeAlias
from uuid import UUID, uuid4, uuid5

import msgspec
from msgspec import structs

from domain.commands.command import Command, verb
from domain.commands.parsing import parsed
from domain.commands.people_commands import AddPerson, RenamePerson
from domain.commands.permissions import Author, Permission
from domain.commands.registry import MUTATIONS, VERBS
from domain.handlers import (  # noqa: F401  importing a module registers its handlers
    authorization,
    check_ins,
    cycles,
    discussions,
    key_results,
    kpis,
    objectives,
    people_and_teams,
)
from domain.handlers.across import carrying, handing_over, labelling, referencing, templating  # noqa: F401
from domain.handlers.across.templating import Drafted
from domain.handlers.handler_registry import HANDLERS, require_handlers
from domain.handlers.kpis import Readings, Targets
from domain.handlers.moves import moving, rescheduling  # noqa: F401
from domain.handlers.recent_aggregates import NONE_KEPT, RecentAggregates
from domain.handlers.unit_of_work import WORKSPACE, UnitOfWork
from domain.log.append import Append, CommandRow, ConcurrencyConflict
from domain.log.event_store import Log
from domain.model.event import Aggregate, Authorship, Event
from domain.primitives import personal_data
from domain.primitives.errors import Code, CommandRejected, idempotency_mismatch, invalid
from domain.primitives.rules import Rule
from domain.primitives.values import Kind, Ref, Source

require_handlers(VERBS.values(), HANDLERS)

_NAMING = (AddPerson, RenamePerson)
"""Commands with personal data. Their digest is keyed, because a plain digest could be guessed from a name."""

_TICK = timedelta(microseconds=1)
"""The time between two events of a command."""

_DIGESTED = {kind: f"{name}\n".encode() for name, kind in MUTATIONS.items()}
"""By command: the beginning of the text of which a digest is made."""

_stream = attrgetter("originator_id")

Keys: TypeAlias = Callable[[Iterable[UUID]], Mapping[UUID, bytes]]
"""Reads the encryption keys of people; those of erased ones are missing."""

ATTEMPTS_MAX = 50
BACKOFF_SECONDS_MAX = 0.05
KEY_LENGTH_MAX = 200
NOT_FOUND_SECONDS = 0.05
"""A `NOT_FOUND` for authors without READ_PRIVATE is delayed to a multiple of this time. A hidden id takes longer to
check than an unknown one, and the delay makes the timing of both equal."""


class Result(msgspec.Struct, frozen=True, omit_defaults=True):
    """The result of a command: its subject and the subject's version, or the readings of a batch. `recorded` and
    `unchanged` count the readings of a batch, or the targets of a KPI."""

    subject: Ref | None = None
    version: int = 0
    readings: tuple[tuple[UUID, int], ...] = ()
    recorded: int = 0
    unchanged: int = 0
    created: tuple[Ref, ...] = ()
    """What a command has created that creates several."""


_RESULT: Final = msgspec.json.Decoder(Result)


def result_of(done: CommandRow) -> Result:
    """The result of a recorded command."""
    return _RESULT.decode(done.result)


class Outcome(msgspec.Struct, frozen=True):
    """The outcome of an executed command. `first` and `last` are the positions of its events, both None without any;
    `head` is the position from which its result can be read. `recorded_at`: when the last event was recorded.
    `repeated`: the command was already executed with this idempotency key, and this is the first outcome."""

    result: Result
    first: int | None
    last: int | None
    head: int
    recorded_at: datetime | None = None
    repeated: bool = False


class Decision(NamedTuple):
    """The result of a command with its events, and the unit of work with what they depend on."""

    uow: UnitOfWork
    result: Result
    events: list[Event]


class Dispatcher:
    """Executes the commands of `domain.commands` on one log.

    `conflicts` counts how often one was handled again, because another command changed what it had read.
    """

    def __init__(self, log: Log, admit: Callable[[], None] | None = None, recent: RecentAggregates = NONE_KEPT) -> None:
        """`admit` is called before each append; it raises an error if nothing may be recorded at the moment. `recent`
        keeps what commands load, for those after them."""
        self._log = log
        self._admit = admit or _admit_always
        self._recent = recent
        self.conflicts = 0

    def execute(self, command: Command, author: Author) -> Outcome:
        """Execute a command, all or nothing, and at most once per idempotency key.

        The author's roles are checked at every call, even for a repeated idempotency key. Ownership is checked only at
        the first execution, because the command itself may transfer it. After a concurrency conflict the command is
        handled again. Raises `CommandRejected` if a rule forbids it, and `CommandInDoubt` if the database was
        unreachable for so long that only a retry with the same idempotency key can find out.
        """
        authorization.refuse_by_role(command, author)
        started = time.monotonic()
        try:
            return self._once(command, author)
        except CommandRejected as rejection:
            hide_time_of([rejection], author, started)
            raise

    def _once(self, command: Command, author: Author) -> Outcome:
        id = id_of_command(command, author)
        digest = input_digest(command)
        for attempt in range(ATTEMPTS_MAX):
            if command.idempotency_key is not None and (first := self._first(command, id, digest)) is not None:
                return first
            try:
                return self._decide(command, author, id, digest)
            except ConcurrencyConflict:
                self.conflicts += 1
                back_off(attempt)
            except CommandRejected:
                # the cause may be the same command, executed concurrently since the lookup
                if command.idempotency_key is None or (first := self._first(command, id, digest)) is None:
                    raise
                return first
        raise contended()

    def _first(self, command: Command, id: UUID, digest: bytes) -> Outcome | None:
        """The outcome of the first execution with this idempotency key, None if there is none. Raises
        `IDEMPOTENCY_MISMATCH`."""
        done = self._log.command(id)
        return None if done is None else self.repeated(done, command, digest, self._log.person_keys)

    def repeated(self, done: CommandRow, command: Command, digest: bytes, keys: Keys) -> Outcome:
        """The outcome of a command that is recorded. `keys` reads the keys of people. Raises `IDEMPOTENCY_MISMATCH`."""
        if done.digest != digest and not self._has_same_input(done, command, digest, keys):
            raise idempotency_mismatch()
        return self._outcome(done, repeated=True)

    def _has_same_input(self, done: CommandRow, command: Command, digest: bytes, keys: Keys) -> bool:
        """Whether a command with personal data has the same input as the recorded one. For an erased person the digest
        cannot be checked any more: then person and verb must match. An import's key is itself a digest of the input."""
        result = result_of(done)
        subject = result.subject
        if not isinstance(command, _NAMING) or subject is None or subject.kind is not Kind.PERSON:
            return False
        key = keys([subject.id]).get(subject.id)
        if key is not None:
            return personal_data.keyed_digest(key, digest) == done.digest
        if done.id == command_id(Source.IMPORT, command.idempotency_key or ""):
            return True
        was_added = result.version == 1 and done.first <= done.last
        return was_added if isinstance(command, AddPerson) else command.person == subject.id and not was_added

    def _decide(self, command: Command, author: Author, id: UUID, digest: bytes) -> Outcome:
        uow, result, events = self._decision(command, author, id)
        if not events and command.idempotency_key is None:
            return Outcome(result=result, first=None, last=None, head=self._log.head().position)
        self._admit()
        append = Append(
            by=Authorship(author.actor, author.source, id, uow.command.reason, author.on_behalf_of),
            digest=digest if uow.names is None else personal_data.keyed_digest(uow.names, digest),
            result=msgspec.json.encode(result),
            reads=uow.reads,
            no_newer=uow.no_newer,
            keys=uow.keys,
        )
        try:
            done = self._log.append(list(map(self._log.mapper.to_stored_event, events)), append)
        except ConcurrencyConflict:
            self._recent.forget(uow.reads)
            raise
        self._recent.forget(map(_stream, events))
        return self._outcome(done, result if done.result == append.result else None)

    def _decision(self, command: Command, author: Author, id: UUID) -> Decision:
        """The decision on a command. One that records nothing is verified by no append, so it rests on the log alone,
        not on aggregates that were loaded earlier."""
        uow = UnitOfWork(self._log, author, command, id, self._recent)
        try:
            decision = decided(uow)
            if decision.events or not uow.has_recalled:
                return decision
        except CommandRejected:
            if not uow.has_recalled:
                raise
        return decided(UnitOfWork(self._log, author, command, id, self._recent, may_recall=False))

    def _outcome(self, done: CommandRow, result: Result | None = None, *, repeated: bool = False) -> Outcome:
        """The outcome of a recorded command. Decodes the result from the row if it is not given."""
        is_empty = done.first > done.last
        return Outcome(
            result=result or result_of(done),
            first=None if is_empty else done.first,
            last=None if is_empty else done.last,
            head=done.last,
            recorded_at=None if is_empty else done.recorded_at + (done.last - done.first) * _TICK,
            repeated=repeated,
        )


def decided(uow: UnitOfWork) -> Decision:
    """Decide on the command of a unit of work. Raises `CommandRejected`."""
    hidden = authorization.authorize(uow)
    uow.command = command = parsed(uow.command, lambda: uow.now)
    result = _result(HANDLERS[type(command)](uow, command))
    assert not hidden, f"the handler of {verb(type(command))} ignored a hidden id"
    uow.refuse_unused_version()
    events = [*uow.collected, *chain.from_iterable(map(Aggregate.collect_events, uow.changed()))]
    return Decision(uow, result, events)


def contended() -> CommandRejected:
    """The rejection of a command whose decision others have outdated in every attempt."""
    return CommandRejected(
        Code.CONFLICT,
        "Other commands keep changing the same objects; try again in a moment.",
        rule=Rule.WRITES_CONTENDED,
    )


def hide_time_of(rejections: Iterable[CommandRejected], author: Author, started: float) -> None:
    """Delay an answer that reports a missing id, which may be a hidden one, to a multiple of `NOT_FOUND_SECONDS`."""
    codes = (problem.code for rejection in rejections for problem in rejection.problems)
    if Permission.READ_PRIVATE not in author.can and Code.NOT_FOUND in codes:
        time.sleep(NOT_FOUND_SECONDS - (time.monotonic() - started) % NOT_FOUND_SECONDS)


def _admit_always() -> None:
    """The default of `admit`."""


def back_off(attempt: int) -> None:
    """Exponential backoff with jitter."""
    time.sleep(random.uniform(0, min(BACKOFF_SECONDS_MAX, 0.002 * 2**attempt)))  # noqa: S311  no cryptographic use


def id_of_command(command: Command, author: Author) -> UUID:
    """The id of a command, derived from actor and idempotency key; in an import from the key alone.
    A command without a key gets a random id."""
    key = command.idempotency_key
    if key is None:
        return uuid4()
    if not 1 <= len(key) <= KEY_LENGTH_MAX:
        raise invalid(
            f"Must have 1 to {KEY_LENGTH_MAX} characters.",
            "idempotencyKey",
            rule=Rule.IDEMPOTENCY_KEY_LENGTH,
            max=KEY_LENGTH_MAX,
            length=len(key),
        )
    return command_id(scope_of(author), key)


def scope_of(author: Author) -> str:
    """The scope of an author's idempotency keys: the actor; of imports all of them together."""
    return Source.IMPORT if author.source is Source.IMPORT else author.actor


def command_id(scope: str, key: str) -> UUID:
    """The id of the command with an idempotency key in a scope."""
    return uuid5(WORKSPACE, f"{scope}\n{key}")


def input_digest(command: Command) -> bytes:
    """The digest of the verb and the input, without the idempotency key."""
    keyless = command if command.idempotency_key is None else msgspec.structs.replace(command, idempotency_key=None)
    return sha256(_DIGESTED[type(command)] + msgspec.json.encode(keyless)).digest()


def _result(handled: Aggregate | Readings | Targets | Drafted) -> Result:
    if isinstance(handled, Drafted):
        return Result(created=tuple(Ref(one.KIND, one.id) for one in handled.objectives))
    if isinstance(handled, Readings):
        return Result(
            readings=tuple((reading.id, reading.version) for reading in handled.readings),
            recorded=handled.recorded,
            unchanged=handled.unchanged,
        )
    if isinstance(handled, Targets):
        return structs.replace(_result(handled.kpi), recorded=handled.recorded, unchanged=handled.unchanged)
    return Result(subject=Ref(handled.KIND, handled.id), version=handled.version)
