"""Executes commands, and waits until the projections have caught up with them."""

from collections.abc import Callable, Sequence

import psycopg
from psycopg_pool import PoolTimeout

from domain.commands.command import Command
from domain.commands.permissions import Author
from domain.handlers.batches.batch_dispatcher import BatchDispatcher, Done, Item
from domain.handlers.dispatcher import Outcome
from domain.handlers.recent_aggregates import RecentAggregates
from domain.log.append import CommandInDoubt, CommandUnconfirmed, LogReplaced, WritesPaused, WritesStalled
from domain.log.event_store import Log
from projections.engine.projector import Condition, Projector


class Writer:
    """Executes the commands of one process. `timeout_s`: how long a response waits for the projections. `lag_max`: the
    number of events by which they may be behind the log while commands are recorded; 0 for any number. `on_recorded` is
    called with the actor of a command and the position at which it was answered, or None if that is in doubt."""

    on_recorded: Callable[[str, int | None], None] | None = None

    def __init__(self, log: Log, projector: Projector, timeout_s: float, lag_max: int = 0) -> None:
        self._log = log
        self._dispatcher = BatchDispatcher(log, self._admit, RecentAggregates())
        self._projector = projector
        self._timeout_s = timeout_s
        self._lag_max = lag_max
        self._head = 0

    def execute(self, command: Command, author: Author) -> Outcome:
        """Execute a command: see `Dispatcher.execute`. For a command that would record anything it also raises
        `WritesPaused` while the projections are too far behind, as when they cannot apply an event; `LogReplaced` while
        they contain events that the log does not have; and `WritesStalled` while commits do not complete, as without a
        synchronous standby."""
        try:
            outcome = self._dispatcher.execute(command, author)
        except (CommandInDoubt, CommandUnconfirmed):
            if self.on_recorded is not None:
                self.on_recorded(author.actor, None)
            raise
        if self.on_recorded is not None:
            self.on_recorded(author.actor, outcome.head)
        self._head = max(self._head, outcome.head)
        return outcome

    def execute_batch(self, batch: Command, author: Author, items: Sequence[Item]) -> list[Done]:
        """Execute a batch: see `BatchDispatcher.execute_batch`. Raises as `execute`."""
        try:
            done = self._dispatcher.execute_batch(batch, author, items)
        except (CommandInDoubt, CommandUnconfirmed):
            if self.on_recorded is not None:
                self.on_recorded(author.actor, None)
            raise
        head = max((one.head for one in done if isinstance(one, Outcome)), default=0)
        if head and self.on_recorded is not None:
            self.on_recorded(author.actor, head)
        self._head = max(self._head, head)
        return done

    def _admit(self) -> None:
        """Raises `WritesStalled`, `LogReplaced` and `WritesPaused`. The head of the log is the last one that this
        process knows, which costs no read."""
        if self._log.commits.running and self._log.commits.are_stalled:
            raise WritesStalled("earlier commands wait for their commit")
        status = self._projector.status
        if status.condition is Condition.DIVERGED:
            raise LogReplaced(status.cause)
        if not self._lag_max:
            return
        if status.condition in (Condition.STARTING, Condition.FAULTED):
            return
        self._head = self._head or self._log.head().position
        if self._head - status.position > self._lag_max:
            raise WritesPaused(f"the projections are {self._head - status.position} events behind the log")

    @property
    def conflicts(self) -> int:
        """How often commands were handled again, because another one changed what they had read."""
        return self._dispatcher.conflicts

    def behind(self, position: int) -> int:
        """How many events the projections are behind a position that a client names, after waiting for them.

        Returns at once for a position beyond the head of the log.
        """
        status = self._projector.status
        if not status.has_reached(position) and self._is_beyond_the_log(position):
            return max(1, position - status.position)
        return self.lag(position)

    def _is_beyond_the_log(self, position: int) -> bool:
        """False, too, while the log cannot be read: the wait tells."""
        try:
            return position > self._log.head().position
        except (psycopg.OperationalError, PoolTimeout):
            return False

    def lag(self, position: int) -> int:
        """How many events the projections are behind a position of the log, after waiting for them: usually 0. At
        least 1 if it is unknown, because the database cannot be reached."""
        if self._projector.wait(position, self._timeout_s):
            return 0
        return max(1, position - self._projector.status.position)
