"""Executes batches in memory."""

from collections.abc import Sequence

from domain.commands.command import Command
from domain.commands.permissions import Author
from domain.handlers.batches.batch_dispatcher import BatchDispatcher, Done
from domain.handlers.dispatcher import Outcome
from domain.primitives.errors import CommandRejected
from tests.domain.scenario import AUTHOR, Given


def execute(history: Given, batch: Command, by: Author = AUTHOR) -> list[Done]:
    return BatchDispatcher(history.log).execute_batch(batch, by)


def refused(history: Given, batch: Command, by: Author = AUTHOR) -> list[tuple[str, str, str]]:
    """The problems of a rejected batch, by path; nothing was recorded."""
    before = len(history.log.entries_made)
    try:
        execute(history, batch, by)
    except CommandRejected as rejection:
        assert len(history.log.entries_made) == before
        return [(".".join(one.field), one.code.value, one.rule) for one in rejection.problems]
    raise AssertionError("nothing was rejected")


def topics(history: Given, since: int) -> list[str]:
    """The topics of the events after a position."""
    return [history.log.event(one).TOPIC for one in history.log.entries_made[since:]]


def brief(done: Sequence[Done]) -> list[str]:
    """The code of each rejected item, and what became of the others."""
    return [_brief(one) for one in done]


def _brief(one: Done) -> str:
    if isinstance(one, Outcome):
        return "repeated" if one.repeated else "nothing" if one.first is None else "recorded"
    return one.code.value
