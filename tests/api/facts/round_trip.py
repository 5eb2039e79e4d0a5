"""Export and import of a workspace, and the comparable contents of both."""

import io
import json
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

import msgspec

from api.cli.export_facts import export_facts
from api.cli.import_facts import run_import
from api.snapshot.global_ids import encode
from domain.commands.command import Command
from domain.commands.permissions import Author, Role
from domain.handlers.batches.batch_dispatcher import BatchDispatcher, Done, Item
from domain.handlers.dispatcher import Outcome
from domain.log.event_store import Log
from domain.model.event import Recorded
from domain.model.people import PersonAdded, PersonRenamed
from domain.primitives.personal_data import erased_handle, unseal
from domain.primitives.values import Kind, Source
from tests.properties.conftest import World
from tests.properties.drawing import LONG_AGO
from tests.properties.test_reproducible_answers import VIEW, Asker

Json = dict[str, Any]


def exported(world: World) -> bytes:
    file = io.BytesIO()
    export_facts(world.database, file)
    return file.getvalue()


def facts(world: World) -> list[Json]:
    return [json.loads(line) for line in exported(world).splitlines()]


def imported(world: World, file: bytes) -> None:
    """Import the whole file; no line may be refused or repeated."""
    tally = run_import(world.database, io.BytesIO(file), None)
    assert tally.refusals == []
    assert tally.already_there == 0


def log_contents(world: World) -> list[Json]:
    """The events of a log without ids and record times, which differ between workspaces.

    An aggregate is named by the position of its first event.
    """
    entries = world.log.entries(0, 1_000_000)
    began: dict[str, int] = {}
    for entry in entries:
        began.setdefault(str(entry.event.originator_id), entry.position)
    return [_entry_contents(world.log, entry, began) for entry in entries]


def _entry_contents(log: Log, entry: Recorded, began: dict[str, int]) -> Json:
    event = entry.event
    fields = {name: getattr(event, name) for name in event.__struct_fields__ if name != "sealed"}
    if isinstance(event, PersonAdded | PersonRenamed):
        key = log.person_keys([event.originator_id]).get(event.originator_id)
        fields["personal"] = None if key is None else unseal(key, event.originator_id, event.sealed)
    by = entry.by.on_behalf_of or entry.by.actor.removeprefix("person:")
    fields |= {"topic": event.TOPIC, "reason": entry.by.reason, "by": str(by) if str(by) in began else None}
    contents: Json = renamed(_plain(fields), began)
    return contents


def _plain(value: Any) -> Any:
    """A value as builtins, including fields with default values."""
    match value:
        case msgspec.Struct():
            return _plain(msgspec.structs.asdict(value))
        case dict():
            return {key: _plain(part) for key, part in value.items()}
        case list() | tuple():
            return [_plain(part) for part in value]
        case _:
            return msgspec.to_builtins(value)


def renamed(value: Any, names: dict[str, Any]) -> Any:
    """The value with all names replaced, at any depth."""
    match value:
        case dict():
            return {key: renamed(part, names) for key, part in value.items()}
        case list() | tuple():
            return [renamed(part, names) for part in value]
        case str():
            return names.get(value, value)
        case _:
            return value


# ── answers ───────────────────────────────────────────────────────────────────────────────────────

_SET_BY_THE_IMPORT = {"createdBy", "recordedAt"}
"""The author and the record time: an import sets its own."""


class Answers:
    """The answers of a workspace, with entities named by the position of their first event."""

    def __init__(self, world: World) -> None:
        self._asker = Asker(world)
        self._asker.projector.catch_up()
        entries = reversed(world.log.entries(0, 1_000_000))
        positions = [(encode(entry.event.KIND, entry.event.originator_id), entry.position) for entry in entries]
        self._began = {id: f"began at {position}" for id, position in positions}
        people = [entry for entry in world.log.entries(0, 1_000_000) if isinstance(entry.event, PersonAdded)]
        self._began |= {erased_handle(one.event.originator_id): f"erased, began at {one.position}" for one in people}

    def now(self) -> Any:
        return self._comparable(self._asker.now())

    def as_of(self, at: datetime) -> Any:
        asked = f"query ($at: DateTime!) {{ asOf(at: $at) {{ {VIEW} }} }}"
        return self._comparable(self._asker.ask(asked, at=at.isoformat())["asOf"])

    def _comparable(self, answer: Any) -> Any:
        """People of the same name are sorted by id, which differs between workspaces: sort them by handle."""
        comparable = renamed(_stripped(answer), self._began)
        comparable["people"]["nodes"].sort(key=lambda person: person["handle"])
        return comparable


def _stripped(answer: Any) -> Any:
    match answer:
        case dict():
            return {name: _stripped(value) for name, value in answer.items() if name not in _SET_BY_THE_IMPORT}
        case list():
            return [_stripped(one) for one in answer]
        case _:
            return answer


# ── authors ───────────────────────────────────────────────────────────────────────────────────────


class RandomAuthors(BatchDispatcher):
    """A dispatcher that executes each command as a machine, a person, or an import on behalf of a person, which may
    claim a time."""

    def __init__(self, log: Log, chance: Random) -> None:
        super().__init__(log)
        self._chance = chance
        self._people: list[UUID] = []

    def execute(self, command: Command, author: Author) -> Outcome:
        outcome = super().execute(command, self._random_author(author))
        self._note_people([outcome])
        return outcome

    def execute_batch(self, batch: Command, author: Author, given: Sequence[Item] | None = None) -> list[Done]:
        done = super().execute_batch(batch, self._random_author(author), given)
        self._note_people([one for one in done if isinstance(one, Outcome)])
        return done

    def _note_people(self, outcomes: Iterable[Outcome]) -> None:
        subjects = [one.result.subject for one in outcomes]
        self._people += [one.id for one in subjects if one is not None and one.kind is Kind.PERSON]

    def _random_author(self, author: Author) -> Author:
        person = self._chance.choice([None, *self._people[-5:]])
        if person is None:
            return author
        if self._chance.random() < 0.5:
            return Author(f"person:{person}", Source.API, frozenset(Role))
        at = LONG_AGO + timedelta(hours=6 * self._chance.randint(0, 2400))
        return Author("machine:console", Source.IMPORT, frozenset(Role), person, self._chance.choice([None, at]))


def effective(world: World) -> list[datetime]:
    return [entry.effective_at for entry in world.log.entries(0, 1_000_000)]


def lines(facts: Iterable[Json]) -> bytes:
    return b"".join(json.dumps(one).encode() + b"\n" for one in facts)
