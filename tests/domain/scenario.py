"""Given-when-then tests of command handlers: given history, when a command, then events or a rejection."""

from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID, uuid5

import msgspec

from domain.commands.command import Command
from domain.commands.permissions import Author, Role
from domain.handlers.dispatcher import Dispatcher, Outcome, command_id
from domain.handlers.recent_aggregates import RecentAggregates
from domain.model.event import NIL_ID, WHEN_RECORDED, Aggregate, Event, replay
from domain.primitives.errors import CommandRejected
from domain.primitives.values import Source
from tests.domain.memory_log import MemoryLog

ACTOR = "machine:test"
AUTHOR = Author(ACTOR, Source.API, frozenset(Role))

AnyCommand = TypeVar("AnyCommand", bound=Command)
AnyAggregate = TypeVar("AnyAggregate", bound=Aggregate)


def on(month: int, day: int, hour: int = 12) -> datetime:
    """A time in 2026. In `given` it sets the clock."""
    return datetime(2026, month, day, hour, tzinfo=UTC)


def made(name: str, nth: int = 1) -> UUID:
    """The id of the nth aggregate that the command called `name` creates."""
    return uuid5(command_id(ACTOR, name), str(nth))


def called(name: str, command: AnyCommand) -> AnyCommand:
    """The command with its name as idempotency key, from which `made` derives the ids."""
    return msgspec.structs.replace(command, idempotency_key=name)


def given(*history: Command | datetime) -> "Given":
    """The history: commands in order, and times that set the clock."""
    return Given(history)


class Given:
    def __init__(self, history: tuple[Command | datetime, ...]) -> None:
        self.log = MemoryLog()
        self.keyframe = Dispatcher(self.log, recent=RecentAggregates())
        for step in history:
            if isinstance(step, datetime):
                self.log.clock = step
            else:
                self.keyframe.execute(step, AUTHOR)

    def meanwhile(self, method: str, command: Command) -> "Given":
        """Execute another command right before the next call of the log's method `method`."""
        original = getattr(self.log, method)

        def raced(*args: Any, **kwargs: Any) -> Any:
            delattr(self.log, method)
            self.keyframe.execute(command, AUTHOR)
            return original(*args, **kwargs)

        setattr(self.log, method, raced)
        return self

    def when(self, command: Command, by: Author = AUTHOR) -> "Then":
        before = len(self.log.entries_made)
        try:
            return Then(self, before, self.keyframe.execute(command, by), None)
        except CommandRejected as refused:
            return Then(self, before, None, refused)

    def aggregate(self, kind: type[AnyAggregate], id: UUID) -> AnyAggregate:
        """The current state of an aggregate."""
        aggregate = replay(iter(self.log.streams([id])[id]))
        assert isinstance(aggregate, kind)
        return aggregate


class Then:
    def __init__(self, given: Given, before: int, outcome: Outcome | None, refused: CommandRejected | None) -> None:
        self.given = given
        self.outcome = outcome
        self.refused = refused
        self.entries = given.log.entries_made[before:]

    def then(self, *expected: Event) -> "Then":
        """Exactly these events were recorded, regardless of their streams and times."""
        assert self.refused is None, self.refused
        assert [_body(self.given.log.event(one)) for one in self.entries] == list(expected)
        return self

    def then_nothing(self) -> "Then":
        """The command succeeded and recorded nothing."""
        return self.then()

    def then_refused(self, code: str, field: str | None = None, containing: str = "") -> CommandRejected:
        """Rejected with this code at this field (`a.b`, or "" for the whole command); nothing was recorded."""
        assert self.refused is not None, f"succeeded: {[self.given.log.event(one) for one in self.entries]}"
        assert (self.refused.code, len(self.entries)) == (code, 0), self.refused
        assert field is None or ".".join(self.refused.field) == field, self.refused
        assert containing in self.refused.message
        return self.refused

    def effective(self, *moments: datetime) -> "Then":
        """The effective times of the recorded events."""
        assert tuple(one.effective_at for one in self.entries) == moments
        return self

    def aggregate(self, kind: type[AnyAggregate], id: UUID) -> AnyAggregate:
        assert self.refused is None, self.refused
        return self.given.aggregate(kind, id)

    def the(self, event: type[Event]) -> Any:
        """The only recorded event of this type."""
        assert self.refused is None, self.refused
        (found,) = [one for one in map(self.given.log.event, self.entries) if isinstance(one, event)]
        return _body(found)

    def topics(self) -> list[str]:
        assert self.refused is None, self.refused
        return [self.given.log.event(one).TOPIC for one in self.entries]


def _body(event: Event) -> Event:
    return msgspec.structs.replace(event, originator_id=NIL_ID, originator_version=0, timestamp=WHEN_RECORDED)
