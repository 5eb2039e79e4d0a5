"""The dispatcher: it executes each command once or not at all, and is the only way to write."""

import random
import time
from hashlib import sha256
from itertools import chain
from uuid import UUID, uuid4, uuid5

import msgspec

from domain.commands.command import Command, verb
from domain.commands.people_commands import AddPerson, RenamePerson
from domain.commands.permissions import Permission
from domain.commands.registry import VERBS
from domain.handlers import (  # noqa: F401  importing a module registers its handlers
    authorization,
    cycles,
    discussions,
    key_results,
    kpis,
    objectives,
    people_and_teams,
)
from domain.handlers.handler_registry import HANDLERS, require_handlers
from domain.handlers.kpis import Readings
from domain.handlers.unit_of_work import WORKSPACE, Author, UnitOfWork
from domain.log.event_store import Append, CommandRow, ConcurrencyConflict, Log
from domain.model.event import Aggregate, Authorship
from domain.primitives import personal_data
from domain.primitives.errors import Code, CommandRejected, used_otherwise
from domain.primitives.values import Kind, Ref, Source

require_handlers(VERBS.values(), HANDLERS)

_NAMING = (AddPerson, RenamePerson)
"""What says what a person is called: a digest of it alone could be guessed at."""

ATTEMPTS_MAX = 50
BACKOFF_SECONDS_MAX = 0.05
KEY_LENGTH_MAX = 200
NOT_FOUND_SECONDS = 0.05
"""Where something may be hidden from its author, a command that names what is not there is answered after this time,
or a multiple of it: what is hidden takes longer to look at than what never was, and nobody shall tell them apart."""


class Result(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a command was about: its subject at that version, and for a batch its readings."""

    subject: Ref | None = None
    version: int = 0
    readings: tuple[tuple[UUID, int], ...] = ()
    recorded: int = 0
    unchanged: int = 0


class Outcome(msgspec.Struct, frozen=True):
    """A command was carried out. `first` and `last` are the positions it recorded, both None where it
    had nothing to record; `head` is the position at which its answer can be read. `repeated`: it had
    been carried out before, under the same key, and this is what came of it then."""

    result: Result
    first: int | None
    last: int | None
    head: int
    repeated: bool = False


class Dispatcher:
    """Executes the commands of `domain.commands` on one log."""

    def __init__(self, log: Log) -> None:
        self._log = log

    def execute(self, command: Command, author: Author) -> Outcome:
        """Carry a command out: all of it once, or nothing.

        The roles of its author are asked anew each time, also where the command was carried out before under its
        key; whether something is theirs only before it is carried out, for it may have given that away itself.
        A decision that was overtaken by another is made anew. Raises `CommandRejected` where the rules say no,
        and `CommandInDoubt` where the database was lost for so long that only asking again, with the
        same idempotency key, can tell.
        """
        authorization.refuse_by_role(command, author)
        began = time.monotonic()
        try:
            return self._once(command, author)
        except CommandRejected as refused:
            if refused.code is Code.NOT_FOUND and Permission.READ_PRIVATE not in author.can:
                time.sleep(NOT_FOUND_SECONDS - (time.monotonic() - began) % NOT_FOUND_SECONDS)
            raise

    def _once(self, command: Command, author: Author) -> Outcome:
        id = _command_id(command, author)
        digest = _digest(command)
        for attempt in range(ATTEMPTS_MAX):
            if command.idempotency_key is not None and (first := self._first(command, id, digest)) is not None:
                return first
            try:
                return self._decide(command, author, id, digest)
            except ConcurrencyConflict:
                _step_back(attempt)
            except CommandRejected:
                # what stands in the way may be the same command, carried out since it was looked up
                if command.idempotency_key is None or (first := self._first(command, id, digest)) is None:
                    raise
                return first
        raise CommandRejected(Code.CONFLICT, "Others keep changing the same things; ask again in a moment.")

    def _first(self, command: Command, id: UUID, digest: bytes) -> Outcome | None:
        """What came of it when it was carried out before, under its key. Raises `IDEMPOTENCY_MISMATCH`."""
        done = self._log.command(id)
        if done is None:
            return None
        if done.digest != digest and not self._names_the_same(done, command, digest):
            raise used_otherwise()
        return self._outcome(done, repeated=True)

    def _names_the_same(self, done: CommandRow, command: Command, digest: bytes) -> bool:
        """Whether it says of a person what was said then; of one who was erased nobody can tell any more, but whether
        it says it of the same one, and brings them in as it did then. An import's key is a digest of what it says."""
        result = msgspec.json.decode(done.result, type=Result)
        about = result.subject
        if not isinstance(command, _NAMING) or about is None or about.kind is not Kind.PERSON:
            return False
        key = self._log.person_keys([about.id]).get(about.id)
        if key is not None:
            return personal_data.keyed_digest(key, digest) == done.digest
        if done.id == command_id(Source.IMPORT, command.idempotency_key or ""):
            return True
        brought_in = result.version == 1 and done.first <= done.last
        return brought_in if isinstance(command, AddPerson) else command.person == about.id and not brought_in

    def _decide(self, command: Command, author: Author, id: UUID, digest: bytes) -> Outcome:
        uow = UnitOfWork(self._log, author, command, id)
        by = Authorship(
            actor=author.actor,
            source=author.source,
            command=id,
            reason=uow.reason,
            on_behalf_of=author.on_behalf_of,
        )
        hidden = authorization.judge(uow)
        result = _result(HANDLERS[type(command)](uow, command))
        assert not hidden, f"{verb(type(command))} passed over what it names"
        uow.refuse_idle_expectation()
        events = list(chain.from_iterable(map(Aggregate.collect_events, uow.changed())))
        if not events and command.idempotency_key is None:
            return Outcome(result=result, first=None, last=None, head=self._log.head().position)
        append = Append(
            by=by,
            digest=digest if uow.names is None else personal_data.keyed_digest(uow.names, digest),
            result=msgspec.json.encode(result),
            reads=uow.reads,
            no_newer=uow.no_newer,
            keys=uow.keys,
        )
        done = self._log.append(list(map(self._log.mapper.to_stored_event, events)), append)
        return self._outcome(done, result if done.result == append.result else None)

    def _outcome(self, done: CommandRow, result: Result | None = None, *, repeated: bool = False) -> Outcome:
        """What came of a command; its result is read from the row where it is not known yet."""
        nothing = done.first > done.last
        return Outcome(
            result=result or msgspec.json.decode(done.result, type=Result),
            first=None if nothing else done.first,
            last=None if nothing else done.last,
            head=done.last,
            repeated=repeated,
        )


def _step_back(attempt: int) -> None:
    """Wait a little, longer each time, each a different while."""
    time.sleep(random.uniform(0, min(BACKOFF_SECONDS_MAX, 0.002 * 2**attempt)))  # noqa: S311  nothing is guessed at


def _command_id(command: Command, author: Author) -> UUID:
    """The same actor and key name the same command, in an import the same key alone, whoever runs it;
    a command without a key is always a new one."""
    key = command.idempotency_key
    if key is None:
        return uuid4()
    if not 1 <= len(key) <= KEY_LENGTH_MAX:
        raise CommandRejected(Code.INVALID, f"Takes 1 to {KEY_LENGTH_MAX} characters.", "idempotencyKey")
    return command_id(Source.IMPORT if author.source is Source.IMPORT else author.actor, key)


def command_id(scope: str, key: str) -> UUID:
    """The id of the command that an idempotency key names within its scope."""
    return uuid5(WORKSPACE, f"{scope}\n{key}")


def _digest(command: Command) -> bytes:
    """Of the verb and its input, but for the key itself."""
    asked = command if command.idempotency_key is None else msgspec.structs.replace(command, idempotency_key=None)
    return sha256(verb(type(command)).encode() + b"\n" + msgspec.json.encode(asked)).digest()


def _result(about: Aggregate | Readings) -> Result:
    if isinstance(about, Readings):
        return Result(
            readings=tuple((reading.id, reading.version) for reading in about.readings),
            recorded=about.recorded,
            unchanged=about.unchanged,
        )
    return Result(subject=Ref(about.KIND, about.id), version=about.version)
