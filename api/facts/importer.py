"""Imports fact files: history as a list of commands, one JSON object a line."""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

import msgspec

from api.facts.field_references import Expected, by_json_name
from domain.commands.command import Command, verb
from domain.commands.kpi_commands import ReadingInput
from domain.commands.objective_commands import CarriedTarget, CarryObjective, KeyResultScore
from domain.commands.people_commands import AddPerson, RenamePerson
from domain.commands.permissions import Role
from domain.commands.registry import VERBS
from domain.handlers.dispatcher import Dispatcher, Outcome, command_id
from domain.handlers.unit_of_work import Author
from domain.log.event_store import Log
from domain.model.key_result import KeyResultAdded
from domain.primitives import personal_data
from domain.primitives.errors import Code, CommandRejected, Faults, Problem, invalid
from domain.primitives.json_keys import reject_duplicate_keys
from domain.primitives.rules import Rule
from domain.primitives.values import Kind, Ref, Source

LINE_BYTES_MAX = 16 * 1024 * 1024
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


class Import:
    """Imports facts one after the other.

    Each fact becomes a command whose idempotency key is derived from its text, so that an import that is repeated or
    resumed records nothing twice. The actor is the user who runs the import; `by` and `at` of a fact are claims.
    `by_is_actor`: `by` is the actor and no claim. This is for facts that Keyframe itself makes up.
    """

    def __init__(self, dispatcher: Dispatcher, log: Log, actor: str, *, by_is_actor: bool = False) -> None:
        self._dispatcher = dispatcher
        self._log = log
        self._actor = actor
        self._by_is_actor = by_is_actor
        self._refs: dict[str, Ref] = {}
        self._people: dict[str, UUID] = {}
        self._seen: Counter[str] = Counter()

    def run(
        self, lines: Iterable[bytes], *, go_on: bool = False, progress: Callable[[int], object] = int
    ) -> ImportResult:
        """Import the lines. Stops at the first refusal, and records nothing after it, unless `go_on`. `progress` is
        called with the number of bytes of each line that is done."""
        tally = ImportResult()
        for number, line in enumerate(lines, 1):
            if line.strip():
                tally.read += 1
                try:
                    outcome = self._import(line)
                except CommandRejected as refused:
                    tally.refusals.append(Refusal(number, refused.problems))
                    if not go_on:
                        return tally
                else:
                    tally.recorded += outcome.first is not None and not outcome.repeated
                    tally.already_there += outcome.first is None or outcome.repeated
            progress(len(line))
        return tally

    def _import(self, line: bytes) -> Outcome:
        fact, key = self._fact(line)
        kind = VERBS.get(fact.do)
        if kind is None:
            raise invalid(
                f"There is no command '{fact.do}'; use the name of a mutation of the schema.",
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
        outcome = self._dispatcher.execute(self._command(kind, fact, key), author)
        if fact.ref is not None:
            self._name(fact.ref, outcome)
            if kind is CarryObjective:
                self._name_carried(fact.ref)
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
            fact = msgspec.json.decode(line, type=Fact)
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

    def _command(self, kind: type[Command], fact: Fact, key: str) -> Command:
        given = {name: self._resolved(value, by_json_name(kind).get(name)) for name, value in fact.input.items()}
        given.setdefault("effectiveAt", fact.at)
        if fact.reason is not None:
            given.setdefault("reason", fact.reason)
        given["idempotencyKey"] = key
        return self._renaming_if_known(_converted(given, kind))

    def _renaming_if_known(self, command: Command) -> Command:
        """The command, or a rename in place of adding a person whom the import has added as a `by` before."""
        if not isinstance(command, AddPerson):
            return command
        person = self._person(command.handle)
        if person is None or self._log.command(_person_command_id(command.handle)) is None:
            return command
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
            self._refs[name] = result.subject
        for index, (reading, _) in enumerate(result.readings):
            self._refs.setdefault(name, Ref(Kind.READING, reading))
            self._refs[f"{name}/{index}"] = Ref(Kind.READING, reading)

    def _name_carried(self, name: str) -> None:
        """The key results that are carried with an objective are `NAME/0`, `NAME/1` and so on, in their order;
        key results that are added later have names of their own."""
        carried = self._log.children(self._refs[name].id, KeyResultAdded.TOPIC).ids
        for index, key_result in enumerate(carried):
            self._refs[f"{name}/{index}"] = Ref(Kind.KEY_RESULT, key_result)

    def _resolved(self, value: Any, expected: Expected | None) -> Any:
        if isinstance(value, list):
            return [self._resolved(one, expected) for one in value]
        if not isinstance(value, dict):
            return value
        if value.keys() == {"ref"} and isinstance(value["ref"], str):
            return _as(self._named(value["ref"]), expected)
        return {name: self._resolved(one, _NESTED.get(name)) for name, one in value.items()}

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


def _converted(given: Mapping[str, Any], kind: type[Command]) -> Command:
    """The command of an input. Raises `InputRejected` with a problem for each field that does not fit."""
    faults, left = Faults(), dict(given)
    while True:
        try:
            command = msgspec.convert(left, kind)
        except msgspec.ValidationError as error:
            name = _misfit(error)
            if name in left or not faults:  # a field that is missing because it did not fit is no other fault
                with faults:
                    raise invalid(
                        f"The input does not fit {verb(kind)}: {error}.",
                        "input",
                        *([name] if name else []),
                        rule=Rule.INPUT_MALFORMED,
                        cause=str(error),
                    ) from error
            if name not in left:
                faults.refuse()
            del left[name]
        else:
            faults.refuse()
            return command


def _misfit(error: msgspec.ValidationError) -> str:
    """The field of the command that a message of msgspec is about; empty without one."""
    found = re.search(r"at `\$\.(\w+)", str(error)) or re.search(r"field `(\w+)`", str(error))
    return "" if found is None else found[1]


def _as(ref: Ref, expected: Expected | None) -> Any:
    if expected is None:
        raise invalid("This field takes no reference; give a value.", "input", "ref", rule=Rule.REF_NOT_ALLOWED)
    if expected.kind is not None and expected.kind is not ref.kind:
        raise invalid(
            f"References a {ref.kind}; this field takes a {expected.kind}.",
            "input",
            "ref",
            rule=Rule.ID_OF_OTHER_KIND,
            kind=ref.kind,
            allowed=expected.kind,
        )
    if expected.form == "ref":
        return {"kind": ref.kind, "id": str(ref.id)}
    return {"id": str(ref.id)} if expected.form == "by" else str(ref.id)


_NESTED = {
    name: expected
    for part in (ReadingInput, KeyResultScore, CarriedTarget)
    for name, expected in by_json_name(part).items()
}
"""The references in the parts of inputs, by the name of the field in JSON."""


def _person_command_id(handle: str) -> UUID:
    """The id of the command with which an import adds a person because of a `by`."""
    return command_id(Source.IMPORT, f"person:{handle}")
