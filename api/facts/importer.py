"""Imports fact files: history as a list of commands, one JSON object a line."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from hashlib import sha256
from time import monotonic
from typing import Any, Final, NamedTuple, TypeAlias
from uuid import UUID

import msgspec
from msgspec import UNSET, structs

from api.facts.fact_input import converted, converted_part
from api.facts.field_references import Expected, as_input, by_json_name
from api.facts.line_reader import LineReader
from domain.commands import kpi_formula_input
from domain.commands.command import Command, External, ExternalReferenceInput
from domain.commands.key_result_commands import KeyResultDraft
from domain.commands.kpi_commands import ReadingInput
from domain.commands.objective_commands import CarriedTarget, CarryObjective, KeyResultScore
from domain.commands.people_commands import AddPerson, RenamePerson
from domain.commands.permissions import Author, Role
from domain.commands.registry import VERBS
from domain.commands.subject_commands import SetExternalReference
from domain.handlers import identity
from domain.handlers.dispatcher import Dispatcher, Outcome, command_id
from domain.log.event_store import Log
from domain.log.group import GroupedLog, GroupFailed
from domain.model.key_result import KeyResultAdded
from domain.primitives import personal_data
from domain.primitives.errors import Code, CommandRejected, Problem, invalid
from domain.primitives.json_keys import reject_duplicate_keys
from domain.primitives.rules import Rule
from domain.primitives.values import Kind, Ref, Source

LINE_BYTES_MAX = 16 * 1024 * 1024
GROUP_LINES_MAX = 500
GROUP_BYTES_MAX = 4 * 1024 * 1024
GROUP_SECONDS_MAX = 0.25
"""How long the facts of a group are recorded before it is committed. Other commands wait meanwhile."""
ADMIN = frozenset({Role.ADMIN})
"""The roles of the user who runs an import."""


class Fact(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line: the effective time, the person, the command, its input, and a name for what the command creates.

    Where the input gives a measurement its own `measuredAt`, `at` is when it was reported, and kept as `claimedAt`.
    Without `by`, the event records only the user who runs the import.
    """

    at: datetime
    do: str
    input: dict[str, Any]
    by: str | None = None
    ref: str | None = None
    reason: str | None = None


_FACT: Final = msgspec.json.Decoder(Fact)


class Refusal(msgspec.Struct, frozen=True):
    """A fact that was not recorded: its line in the file, counted from 1, and why."""

    line: int
    problems: Sequence[Problem]

    @property
    def message(self) -> str:
        """All problems on one line."""
        return "; ".join(map(str, self.problems))


class ImportResult(msgspec.Struct):
    """The result of an import: how many facts were read, recorded and recorded before, and the refusals."""

    read: int = 0
    recorded: int = 0
    already_there: int = 0
    refusals: list[Refusal] = []

    def add(self, line: int, outcome: Outcome | CommandRejected) -> None:
        """Count the outcome of a line."""
        self.read += 1
        if isinstance(outcome, CommandRejected):
            self.refusals.append(Refusal(line, outcome.problems))
            return
        is_new = outcome.first is not None and not outcome.repeated
        self.recorded += is_new
        self.already_there += not is_new


class Numbered(NamedTuple):
    """A line of the file: its number, its size in bytes, and its fact with the idempotency key, or why it is none; no
    fact of a blank line."""

    number: int
    size: int
    fact: Fact | CommandRejected | None
    key: str = ""


Done: TypeAlias = tuple[Numbered, Outcome | CommandRejected]


class Import:
    """Imports facts one after the other, in groups that are committed together.

    Each fact becomes a command whose idempotency key is derived from its text, so that an import that is repeated or
    resumed records nothing twice. The actor is the user who runs the import; `by` and `at` of a fact are claims.
    `by_is_actor`: `by` is the actor and no claim. This is for facts that Keyframe itself makes up. `one_by_one`: each
    fact is committed by itself.
    """

    def __init__(
        self, dispatcher: Dispatcher, log: Log, actor: str, *, by_is_actor: bool = False, one_by_one: bool = False
    ) -> None:
        self._single = log, dispatcher
        self._group = None if one_by_one else GroupedLog(log)
        self._log, self._dispatcher = self._single
        self._recorded_here: set[UUID] = set()
        """The commands that groups have recorded before they failed."""
        self._actor = actor
        self._by_is_actor = by_is_actor
        self._refs: dict[str, Ref] = {}
        self._named_in_group: list[str] = []
        self._people: dict[str, UUID] = {}
        self._seen: Counter[str] = Counter()

    def run(
        self, lines: Iterable[bytes], *, go_on: bool = False, progress: Callable[[int], object] = int
    ) -> ImportResult:
        """Import the lines. Stops at the first refusal, and records nothing after it, unless `go_on`. `progress` is
        called with the number of bytes of each line that is done."""
        tally = ImportResult()
        reader = LineReader(lines, GROUP_LINES_MAX, GROUP_BYTES_MAX)
        try:
            for line, outcome in self._done(reader.groups()):
                if outcome is not None:
                    tally.add(line.number, outcome)
                progress(line.size)
                if tally.refusals and not go_on:
                    break
        finally:
            reader.close()
        return tally

    def _done(self, groups: Iterable[Sequence[bytes]]) -> Iterator[tuple[Numbered, Outcome | CommandRejected | None]]:
        """Every line once it is recorded or refused; a blank one has no outcome."""
        count = 0
        for group in groups:
            left = [self._numbered(number, line) for number, line in enumerate(group, count + 1)]
            count += len(group)
            yield from ((line, None) for line in left if line.fact is None)
            left = [line for line in left if line.fact is not None]
            while left:
                done = self._recorded(left)
                yield from done
                left = left[len(done) :]

    def _recorded(self, lines: Sequence[Numbered]) -> list[Done]:
        """Record the first of these lines together; or the first one by itself, if it is refused or the group fails."""
        done = [] if self._group is None else self._recorded_together(lines, self._group)
        return done or [(lines[0], self._outcome(lines[0]))]

    def _recorded_together(self, lines: Sequence[Numbered], group: GroupedLog) -> list[Done]:
        done: list[Done] = []
        self._named_in_group.clear()
        self._log, self._dispatcher = group, Dispatcher(group)
        try:
            with group.group(command_id(Source.IMPORT, line.key) for line in lines):
                done.extend(self._until_refusal(lines))
        except GroupFailed:
            done.clear()
            self._recorded_here |= group.recorded
            self._people.clear()
            for name in self._named_in_group:
                del self._refs[name]
        finally:
            self._log, self._dispatcher = self._single
        return done

    def _until_refusal(self, lines: Sequence[Numbered]) -> Iterator[Done]:
        """The outcomes of the lines before the first refusal, or until a group has lasted long enough."""
        until = monotonic() + GROUP_SECONDS_MAX
        for line in lines:
            outcome = self._outcome(line)
            if isinstance(outcome, CommandRejected):
                return
            yield line, outcome
            if monotonic() > until:
                return

    def _outcome(self, line: Numbered) -> Outcome | CommandRejected:
        assert line.fact is not None
        if isinstance(line.fact, CommandRejected):
            return line.fact
        try:
            outcome = self._import(line.fact, line.key)
        except CommandRejected as refused:
            return refused
        if outcome.repeated and command_id(Source.IMPORT, line.key) in self._recorded_here:
            return structs.replace(outcome, repeated=False)
        return outcome

    def _numbered(self, number: int, line: bytes) -> Numbered:
        if not line.strip():
            return Numbered(number, len(line), None)
        try:
            return Numbered(number, len(line), *self._fact(line))
        except CommandRejected as refused:
            return Numbered(number, len(line), refused)

    def _import(self, fact: Fact, key: str) -> Outcome:
        kind = VERBS.get(fact.do)
        if kind is None:
            raise invalid(
                f"There is no command '{fact.do}'; use the name of a mutation of the schema that is no batch.",
                "do",
                rule=Rule.COMMAND_UNKNOWN,
                command=fact.do,
            )
        if fact.ref is not None and fact.ref in self._refs:
            raise CommandRejected(
                Code.DUPLICATE,
                f"An earlier fact has the name '{fact.ref}'; choose another name.",
                "ref",
                rule=Rule.REF_TAKEN,
                ref=fact.ref,
            )
        author = self._author(self._claimed(fact, key), fact.at)
        outcome = self._executed(self._command(kind, fact, key), author)
        if fact.ref is not None:
            self._name(fact.ref, outcome)
            if kind is CarryObjective or "keyResults" in fact.input:
                self._name_key_results(fact.ref)
        return outcome

    def _fact(self, line: bytes) -> tuple[Fact, str]:
        if len(line) > LINE_BYTES_MAX:
            raise CommandRejected(
                Code.TOO_LARGE,
                f"A line has at most {LINE_BYTES_MAX} bytes; split the fact.",
                rule=Rule.FACT_TOO_LONG,
                max=LINE_BYTES_MAX,
            )
        try:
            fact = _FACT.decode(line)
            reject_duplicate_keys(line)
        except (msgspec.MsgspecError, ValueError) as error:
            raise invalid(f"This is not a fact: {error}.", rule=Rule.FACT_MALFORMED, cause=str(error)) from error
        digest = sha256(json.dumps(msgspec.json.decode(line), sort_keys=True).encode()).hexdigest()
        self._seen[digest] += 1
        return fact, f"{digest}:{self._seen[digest]}"

    def _author(self, by: UUID | None, at: datetime) -> Author:
        if self._by_is_actor and by is not None:
            return Author(f"person:{by}", Source.IMPORT, ADMIN, claimed_at=at)
        return Author(self._actor, Source.IMPORT, ADMIN, by, at)

    def _claimed(self, fact: Fact, key: str) -> UUID | None:
        """The person that `by` names; an unknown handle is added as a person."""
        if fact.by is None:
            return None
        kind, _, handle = fact.by.partition(":")
        if kind != "person" or not handle:
            raise invalid(
                f"'{fact.by}' does not name a person; write it as person:HANDLE.",
                "by",
                rule=Rule.BY_MALFORMED,
                by=fact.by,
            )
        known = self._person(handle)
        created = self._refs.get(fact.by)
        if known is None and created is not None and created.kind is Kind.PERSON:
            return created.id  # an earlier fact added this person, and another one erased them
        if known is not None or (fact.do == "addPerson" and fact.input.get("handle") == handle):
            return known
        if self._log.command(command_id(Source.IMPORT, key)) is not None:
            return None  # the fact was imported before and the person was erased since: do not add them again
        added = AddPerson(handle=handle, name=handle, effective_at=fact.at, idempotency_key=f"person:{handle}")
        self._dispatcher.execute(added, Author(self._actor, Source.IMPORT, ADMIN))
        return self._person(handle)

    def _person(self, handle: str) -> UUID | None:
        if handle not in self._people:
            found = self._log.person_by_handle(personal_data.handle_digest(self._log.salt(), handle))
            if found is None:
                return None
            self._people[handle] = found
        return self._people[handle]

    def _executed(self, command: Command, author: Author) -> Outcome:
        """Execute a command; a rename in place of adding a person whom the import has added as a `by` before."""
        renaming = self._renaming(command) if isinstance(command, AddPerson) else None
        outcome = self._dispatcher.execute(renaming or command, author)
        if renaming is not None and isinstance(command, AddPerson) and command.external is not UNSET:
            self._dispatcher.execute(_reference(renaming, command.external), author)
        return outcome

    def _command(self, kind: type[Command], fact: Fact, key: str) -> Command:
        given = {name: self._resolved(value, by_json_name(kind).get(name)) for name, value in fact.input.items()}
        given.setdefault("effectiveAt", fact.at)
        if fact.reason is not None:
            given.setdefault("reason", fact.reason)
        given["idempotencyKey"] = key
        return converted(given, kind)

    def _renaming(self, command: AddPerson) -> RenamePerson | None:
        person = self._person(command.handle)
        if person is None or self._log.command(_person_command_id(command.handle)) is None:
            return None
        return RenamePerson(
            person=person,
            name=command.name,
            email=command.email,
            effective_at=command.effective_at,
            idempotency_key=command.idempotency_key,
        )

    # ── names ────────────────────────────────────────────────────────────────────────────────────

    def _name(self, name: str, outcome: Outcome) -> None:
        """`NAME` references what the fact created; the readings of a batch are `NAME/0`, `NAME/1` and so on, and
        `NAME` is the first of them."""
        result = outcome.result
        if result.subject is not None:
            self._add_ref(name, result.subject)
        for index, (reading, _) in enumerate(result.readings):
            if index == 0:
                self._add_ref(name, Ref(Kind.READING, reading))
            self._add_ref(f"{name}/{index}", Ref(Kind.READING, reading))

    def _add_ref(self, name: str, ref: Ref) -> None:
        self._refs[name] = ref
        self._named_in_group.append(name)

    def _name_key_results(self, name: str) -> None:
        """The key results that are carried or drafted with an objective are `NAME/0`, `NAME/1` and so on, in their
        order; key results that are added later have names of their own."""
        together = self._log.children(self._refs[name].id, KeyResultAdded.TOPIC).ids
        for index, key_result in enumerate(together):
            self._add_ref(f"{name}/{index}", Ref(Kind.KEY_RESULT, key_result))

    def _resolved(self, value: Any, expected: Expected | None) -> Any:
        if isinstance(value, list):
            return [self._resolved(one, expected) for one in value]
        if not isinstance(value, dict):
            return value
        if value.keys() == {"ref"} and isinstance(value["ref"], str):
            return as_input(self._named(value["ref"]), expected)
        if value.keys() == {"external"}:
            return as_input(self._referring(value["external"]), expected)
        return {name: self._resolved(one, _NESTED.get(name)) for name, one in value.items()}

    def _referring(self, given: Any) -> Ref:
        """The thing with a counterpart in another system, whichever command has set the reference."""
        external = converted_part(given, External, "external")
        ref = identity.by_external(self._log, external)
        if ref is None:
            raise CommandRejected(
                Code.NOT_FOUND, f"Nothing has the id '{external.id}' of '{external.system}'.", "input", "external"
            )
        return ref

    def _named(self, name: str) -> Ref:
        ref = self._refs.get(name)
        if ref is None and name.startswith("person:"):
            person = self._person(name.removeprefix("person:"))
            ref = None if person is None else Ref(Kind.PERSON, person)
        if ref is None:
            raise CommandRejected(
                Code.NOT_FOUND, f"No earlier fact has created '{name}', or it was refused.", "input", "ref"
            )
        return ref


_NESTED = {
    name: expected
    for part in (ReadingInput, KeyResultScore, CarriedTarget, KeyResultDraft, *kpi_formula_input.PARTS)
    for name, expected in by_json_name(part).items()
}
"""The references in the parts of inputs, by the name of the field in JSON."""


def _reference(renaming: RenamePerson, external: ExternalReferenceInput) -> SetExternalReference:
    """The reference of a person who is renamed in place of being added, as a command of its own."""
    return SetExternalReference(
        subject=Ref(Kind.PERSON, renaming.person),
        system=external.system,
        id=external.id,
        url=external.url,
        effective_at=renaming.effective_at,
        idempotency_key=f"{renaming.idempotency_key}:external",
    )


def _person_command_id(handle: str) -> UUID:
    """The id of the command with which an import adds a person because of a `by`."""
    return command_id(Source.IMPORT, f"person:{handle}")
