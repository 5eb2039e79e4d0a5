"""What became of a command: carried out or refused, and what a payload can tell of either."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final
from uuid import UUID

from api.execution.context import Context
from api.schema.history.change import Change, changes, changes_between
from api.schema.mutations import inputs
from api.snapshot.dataloaders import found
from api.snapshot.snapshot import View
from domain.commands.command import Command
from domain.commands.permissions import Permission
from domain.handlers.dispatcher import Outcome
from domain.primitives.errors import CommandRejected
from domain.primitives.values import Kind

CHANGES_SINCE_MAX: Final = 500
"""As many changes a `STALE` problem tells; who is further behind had better read the thing itself."""


@dataclass(frozen=True)
class Answer:
    """Common to both."""

    context: Context

    @cached_property
    def now(self) -> View:
        """The present, fixed when it is first looked at."""
        return self.context.reads.present


@dataclass(frozen=True)
class CommandSucceeded(Answer):
    """A command was carried out. `behind`: how many events the views still lack to show what came of it."""

    command: Command
    outcome: Outcome
    behind: int

    @cached_property
    def view(self) -> View | None:
        """What the answer stands on: the present right after what was recorded, then as when it is asked again;
        or just the present, if there was nothing to record. None where the views are behind: a thing must never
        look as if the command had not been carried out; and for those who may not read."""
        if self.behind or Permission.READ not in self.context.caller.can:
            return None
        if self.outcome.first is None and not self.outcome.repeated:
            return self.context.reads.present
        return self.context.reading().after(self.outcome.head)

    @cached_property
    def now(self) -> View:
        """What the rest of the operation stands on: the same, so that one answer does not mix two moments; but
        the present, if this is an old answer told again."""
        return self.context.reads.present if self.view is None or self.outcome.repeated else self.view

    @property
    def position(self) -> int:
        return self.outcome.head if self.view is None else self.view.basis.position

    @property
    def changes(self) -> list[Change]:
        return [] if self.view is None else changes_between(self.view, self.outcome.first, self.outcome.last)

    def subject(self, kind: Kind) -> Any:
        """The thing that the command was about, if it is of this kind."""
        ref = self.outcome.result.subject
        if self.view is None or ref is None or ref.kind is not kind:
            return None
        return found(self.view, kind, [ref.id]).get(ref.id)

    @property
    def measured(self) -> list[UUID]:
        """The readings that the command was about, in the order given."""
        result = self.outcome.result
        return [id for id, _ in result.readings] if result.subject is None else [result.subject.id]

    @property
    def recorded(self) -> int:
        """How many readings the command recorded or changed."""
        result = self.outcome.result
        return result.recorded if result.subject is None else int(self.outcome.first is not None)


@dataclass(frozen=True)
class CommandDeclined(Answer):
    """A command was refused, and nothing was recorded."""

    refused: CommandRejected

    @property
    def changes_since(self) -> list[Change]:
        """What changed since the version that the caller saw."""
        if self.refused.since is None:
            return []
        entries = self.context.log.since(*self.refused.since, CHANGES_SINCE_MAX)
        if entries:
            self.context.writer.lag(entries[-1].position)
        return changes(self.now, entries)


def carry_out(context: Context, kind: type[Command], given: Any) -> CommandSucceeded | CommandDeclined:
    """Carry out the command that an input asks for, and wait until the views show what came of it."""
    try:
        command = inputs.command(kind, given)
        outcome = context.writer.execute(command, context.caller.author)
    except CommandRejected as refused:
        return CommandDeclined(context, refused)
    return CommandSucceeded(context, command, outcome, context.writer.lag(outcome.head))
