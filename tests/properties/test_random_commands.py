"""The random histories draw every field of every command, and batches of commands."""

from collections.abc import Iterator
from datetime import UTC, datetime
from random import Random

from msgspec import UNSET

from domain.commands.command import Command
from domain.commands.registry import MUTATIONS, VERBS
from domain.handlers.batches.batch_dispatcher import BatchDispatcher
from tests.domain.memory_log import MemoryLog
from tests.properties.histories import History

HISTORIES = 3
DRAWS = 60
NOW = datetime(2026, 12, 1, tzinfo=UTC)
"""After all moments that histories draw."""


def drawn() -> Iterator[Command]:
    """Commands of each type, as they are drawn after a history."""
    for seed in range(HISTORIES):
        log = MemoryLog()
        log.clock = NOW
        history = History(BatchDispatcher(log), Random(seed))
        history.live(300)
        yield from (history._drawn(name) for name in VERBS for _ in range(DRAWS))


def test_every_field_of_every_command_is_drawn() -> None:
    commands = list(drawn())
    given = {
        (type(one), name)
        for one in commands
        for name in one.__struct_fields__
        if getattr(one, name) not in (None, UNSET, [])
    }
    of_all = Command.__struct_fields__
    fields = {(kind, name) for kind in VERBS.values() for name in kind.__struct_fields__ if name not in of_all}
    assert fields - given == set()
    assert {name for _, name in given} >= {*of_all}


def test_every_command_has_its_share_in_a_history() -> None:
    assert set(History.weights) == set(MUTATIONS)
    assert all(weight > 0 for weight in History.weights.values())
