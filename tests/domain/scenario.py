"""A rule in one sentence: given what has happened, when something is asked, then this is recorded, or refused."""

from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID, uuid5

import msgspec

from domain.commands.command import Command
from domain.commands.permissions import Role
from domain.handlers.dispatcher import Dispatcher, Outcome, command_id
from domain.handlers.unit_of_work import Author
from domain.model.event import NOBODY, WHEN_RECORDED, Aggregate, Event, replay
from domain.primitives.errors import CommandRejected
from domain.primitives.values import Source
from tests.domain.memory_log import MemoryLog

ACTOR = "machine:test"
AUTHOR = Author(ACTOR, Source.API, frozenset(Role))

AnyCommand = TypeVar("AnyCommand", bound=Command)
AnyThing = TypeVar("AnyThing", bound=Aggregate)


def on(month: int, day: int, hour: int = 12) -> datetime:
    """A moment of 2026. Among what is given it sets the clock."""
    return datetime(2026, month, day, hour, tzinfo=UTC)


def made(name: str, nth: int = 1) -> UUID:
    """The id of the nth thing that the command called `name` makes."""
    return uuid5(command_id(ACTOR, name), str(nth))


def called(name: str, command: AnyCommand) -> AnyCommand:
    """The command under a name, by which `made` knows what it makes."""
    return msgspec.structs.replace(command, idempotency_key=name)


def given(*history: Command | datetime) -> "Given":
    """What has happened: commands, in order, and moments that set the clock."""
    return Given(history)


class Given:
    def __init__(self, history: tuple[Command | datetime, ...]) -> None:
        self.log = MemoryLog()
        self.keyframe = Dispatcher(self.log)
        for step in history:
            if isinstance(step, datetime):
                self.log.clock = step
            else:
                self.keyframe.execute(step, AUTHOR)

    def meanwhile(self, asked: str, command: Command) -> "Given":
        """Somebody else's command is carried out right before the log is next asked to do this."""
        plain = getattr(self.log, asked)

        def overtaken(*args: Any, **kwargs: Any) -> Any:
            delattr(self.log, asked)
            self.keyframe.execute(command, AUTHOR)
            return plain(*args, **kwargs)

        setattr(self.log, asked, overtaken)
        return self

    def when(self, command: Command, by: Author = AUTHOR) -> "Then":
        before = len(self.log.entries_made)
        try:
            return Then(self, before, self.keyframe.execute(command, by), None)
        except CommandRejected as refused:
            return Then(self, before, None, refused)

    def thing(self, kind: type[AnyThing], id: UUID) -> AnyThing:
        """How a thing stands."""
        thing = replay(iter(self.log.streams([id])[id]))
        assert isinstance(thing, kind)
        return thing


class Then:
    def __init__(self, given: Given, before: int, outcome: Outcome | None, refused: CommandRejected | None) -> None:
        self.given = given
        self.outcome = outcome
        self.refused = refused
        self.entries = given.log.entries_made[before:]

    def then(self, *expected: Event) -> "Then":
        """Exactly these events, whatever their streams and moments."""
        assert self.refused is None, self.refused
        assert [_body(self.given.log.event(one)) for one in self.entries] == list(expected)
        return self

    def then_nothing(self) -> "Then":
        """Carried out, with nothing to record."""
        return self.then()

    def then_refused(self, code: str, field: str | None = None, saying: str = "") -> CommandRejected:
        """Refused with this code at this field (`a.b`, or "" for the whole command), and nothing recorded."""
        assert self.refused is not None, f"carried out: {[self.given.log.event(one) for one in self.entries]}"
        assert (self.refused.code, len(self.entries)) == (code, 0), self.refused
        assert field is None or ".".join(self.refused.field) == field, self.refused
        assert saying in self.refused.message
        return self.refused

    def effective(self, *moments: datetime) -> "Then":
        """Since when what was recorded is true."""
        assert tuple(one.effective_at for one in self.entries) == moments
        return self

    def thing(self, kind: type[AnyThing], id: UUID) -> AnyThing:
        assert self.refused is None, self.refused
        return self.given.thing(kind, id)

    def the(self, event: type[Event]) -> Any:
        """The one event of this kind that was recorded."""
        assert self.refused is None, self.refused
        (found,) = [one for one in map(self.given.log.event, self.entries) if isinstance(one, event)]
        return _body(found)

    def topics(self) -> list[str]:
        assert self.refused is None, self.refused
        return [self.given.log.event(one).TOPIC for one in self.entries]


def _body(event: Event) -> Event:
    return msgspec.structs.replace(event, originator_id=NOBODY, originator_version=0, timestamp=WHEN_RECORDED)
