"""Results of commands: succeeded or rejected, with the data that payloads show."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import psycopg
import structlog
from psycopg_pool import PoolTimeout

from api.execution.context import Context
from api.schema.connections import change_lists
from api.schema.history.change import Change, changes, changes_between
from api.schema.mutations import inputs
from api.snapshot.dataloaders import found
from api.snapshot.snapshot import StaleProjection, View
from domain.commands.command import Command
from domain.handlers import authorization
from domain.handlers.batches.batch_dispatcher import Done
from domain.handlers.dispatcher import Outcome, Result
from domain.primitives.errors import CommandRejected
from domain.primitives.lazy import cached_property
from domain.primitives.values import Kind

_log = structlog.get_logger(__name__)

CHANGES_SINCE_MAX: Final = 500
"""The largest number of changes in a `STALE` problem. A client that is further behind should read the entity."""


MEASURED: Final = frozenset({Kind.CHECK_IN, Kind.READING})
"""Subjects whose commands change no cycle, scoring policy or calendar."""


@dataclass(frozen=True)
class Answer:
    """The base of both results."""

    context: Context

    @cached_property
    def now(self) -> View:
        """The present view, fixed on the first read."""
        return self.context.reads.present


@dataclass(frozen=True)
class CommandSucceeded(Answer):
    """A command succeeded. `lag` is the number of events by which the projections were behind its changes when the
    wait for them ended."""

    command: Command
    outcome: Outcome
    lag: int

    @cached_property
    def view(self) -> View | None:
        """The view of the payload: the state right after the recorded changes, also when the command is repeated; the
        present if nothing was recorded. None if the projections lag or cannot be read, because an entity must never
        show the state before the command and what was recorded is no error; and for callers without READ."""
        if self.lag or not self.context.caller.may_read:
            return None
        if self.outcome.first is None and not self.outcome.repeated:
            return self.context.reads.present
        try:
            self._carry_structure()
            return self.context.reading().after(self.outcome.head, self.outcome.recorded_at)
        except (StaleProjection, psycopg.OperationalError, PoolTimeout) as fault:
            _log.warning("payload_unreadable", request_id=self.context.request_id, cause=repr(fault))
            return None

    def _carry_structure(self) -> None:
        """Have nothing read again that a measurement does not change."""
        first, last, known = self.outcome.first, self.outcome.last, self.outcome.recorded_at
        if self.command.ANSWERS in MEASURED and first is not None and last is not None and known is not None:
            self.context.structure.carry(first - 1, last, known)

    @property
    def behind(self) -> int:
        """The number of events by which the projections lag behind the changes; at least 1 while the changes cannot be
        read."""
        return max(1, self.lag) if self.view is None and self.context.caller.may_read else self.lag

    @cached_property
    def now(self) -> View:
        """The view of the rest of the operation: the payload's view, so that one answer does not mix two moments; the
        present for a repeated command."""
        return self.context.reads.present if self.view is None or self.outcome.repeated else self.view

    @property
    def position(self) -> int:
        return self.outcome.head if self.view is None else self.view.basis.position

    @property
    def changes(self) -> list[Change]:
        return [] if self.view is None else changes_between(self.view, self.outcome.first, self.outcome.last)

    def subject(self, kind: Kind) -> Any:
        """The entity of the command, if it is of this kind."""
        ref = self.outcome.result.subject
        if self.view is None or ref is None or ref.kind is not kind:
            return None
        return found(self.view, kind, [ref.id]).get(ref.id)

    def subjects(self, kind: Kind) -> list[Any]:
        """The entities that the command has created, if it creates several of this kind."""
        ids = [ref.id for ref in self.outcome.result.created if ref.kind is kind]
        entities = {} if self.view is None else found(self.view, kind, ids)
        return [entities.get(id) for id in ids]

    @property
    def entity(self) -> Any:
        """The entity of the command, of whichever kind."""
        ref = self.outcome.result.subject
        return None if ref is None else self.subject(ref.kind)

    @property
    def measured(self) -> list[UUID]:
        """The readings of the command, in the order of the input."""
        result = self.outcome.result
        return [id for id, _ in result.readings] if result.subject is None else [result.subject.id]

    @property
    def recorded(self) -> int:
        """The number of readings that the command recorded or changed."""
        result = self.outcome.result
        return result.recorded if result.subject is None else int(self.outcome.first is not None)


@dataclass(frozen=True)
class BatchSucceeded(CommandSucceeded):
    """A batch was executed. `outcome` is that of all its items together, `done` that of each, in input order."""

    done: Sequence[Done]

    @property
    def changes(self) -> list[Change]:
        """The changes of all items, in log order; those of others between them are left out."""
        found = [
            one for one in self.done if isinstance(one, Outcome) and one.first is not None and one.last is not None
        ]
        positions = sorted(place for one in found for place in range(one.first or 0, (one.last or 0) + 1))
        return [] if self.view is None else change_lists.at_positions(self.view, positions)

    def subjects(self, kind: Kind) -> list[Any]:
        """The entity of each item, in input order; None for a rejected one."""
        ids = [one.result.subject.id if isinstance(one, Outcome) and one.result.subject else None for one in self.done]
        if self.view is None:
            return [None] * len(ids)
        entities = found(self.view, kind, [id for id in ids if id is not None])
        return [None if id is None else entities.get(id) for id in ids]


@dataclass(frozen=True)
class CommandDeclined(Answer):
    """A command was rejected, and nothing was recorded."""

    refused: CommandRejected

    @property
    def changes_since(self) -> list[Change]:
        """The changes since the version that the caller expected."""
        if self.refused.since is None:
            return []
        entries = self.context.log.since(*self.refused.since, CHANGES_SINCE_MAX)
        if entries:
            self.context.writer.lag(entries[-1].position)
        return changes(self.now, entries)


def dispatch(context: Context, kind: type[Command], given: Any) -> CommandSucceeded | CommandDeclined:
    """Execute the command of an input, and wait until the projections include its changes."""
    try:
        authorization.refuse_kind(kind, context.caller.author)  # before the input, of which it gives no hint
        command = inputs.command(kind, given)
        outcome = context.writer.execute(command, context.caller.author)
    except CommandRejected as refused:
        return CommandDeclined(context, refused)
    return CommandSucceeded(context, command, outcome, context.writer.lag(outcome.head))


def dispatch_batch(context: Context, kind: type[Command], given: Any) -> BatchSucceeded | CommandDeclined:
    """Execute the batch of an input, and wait until the projections include its changes."""
    try:
        authorization.refuse_kind(kind, context.caller.author)  # before the input, of which it gives no hint
        batch, items = inputs.batch(kind, given)
        done = context.writer.execute_batch(batch, context.caller.author, items)
    except CommandRejected as refused:
        return CommandDeclined(context, refused)
    outcome = _together(done) or Outcome(Result(), None, None, context.log.head().position)
    return BatchSucceeded(context, batch, outcome, context.writer.lag(outcome.head), done)


def _together(done: Sequence[Done]) -> Outcome | None:
    """The outcome of all items that are not rejected; None without any. It is that of a repeated command if each is."""
    outcomes = [one for one in done if isinstance(one, Outcome)]
    if not outcomes:
        return None
    recorded = [one for one in outcomes if one.first is not None]
    last = max(outcomes, key=lambda one: one.head)
    return Outcome(
        Result(),
        min((one.first for one in recorded if one.first is not None), default=None),
        max((one.last for one in recorded if one.last is not None), default=None),
        last.head,
        max((one.recorded_at for one in recorded if one.recorded_at is not None), default=None),
        repeated=all(one.repeated for one in outcomes),
    )
