"""A connection lost at any point of a command: it is recorded once or not at all, and the caller knows which."""

from collections.abc import Callable, Iterator
from itertools import count
from uuid import UUID, uuid4

import pytest
from pydantic import SecretStr

from api.runtime.database import Connection, Database, open_database
from domain.log.append import Append, CommandInDoubt, ConcurrencyConflict
from domain.log.event_store import _APPEND, Log, append_parameters
from domain.log.schema import lock_key
from tests.domain.log.wire import Wire, wire_to
from tests.domain.log.writing import command, reading

MESSAGES_MAX = 100
ROW = b"D"

Losing = Callable[[Connection], Callable[[int], bool]]


def lose_message(_: int) -> bool:
    return False


def cut(_: Connection) -> Callable[[int], bool]:
    """The connection is cut, and the message is lost."""
    return lose_message


def terminated(conn: Connection) -> Callable[[int], bool]:
    """The server's backend process is terminated before the message is forwarded."""

    def terminate(backend: int) -> bool:
        conn.execute("select pg_terminate_backend(%s, 10000)", [backend])
        return True

    return terminate


@pytest.fixture
def wire(database: Database) -> Iterator[Wire]:
    with wire_to(database.dsn) as wire:
        yield wire


@pytest.fixture
def far_log(database: Database, wire: Wire) -> Iterator[Log]:
    """The log of the same workspace, connected through the proxy."""
    settings = database.settings.model_copy(update={"database_url": SecretStr(wire.dsn)})
    with open_database(settings) as far:
        log = Log(far.pool(size_max=2), settings.workspace)
        log.append([reading()], command())
        yield log


@pytest.mark.parametrize("lose", [cut, terminated])
def test_a_command_is_recorded_once_or_not_at_all(
    database: Database, log: Log, far_log: Log, wire: Wire, lose: Losing
) -> None:
    recorded, again = 0, 0
    with database.connect() as conn:
        for message in count(1):
            assert message < MESSAGES_MAX
            append, before = command(), log.head().position
            wire.arm(message, lose(conn))
            try:
                row = far_log.append([reading(), reading()], append)
                recorded += 1
            except ConcurrencyConflict:
                assert log.head().position == before
                assert log.command(append.by.command) is None
                row = far_log.append([reading(), reading()], append)
                again += 1
            assert (row.first, row.last) == (before + 1, before + 2)
            assert row == log.command(append.by.command)
            assert log.head().position == before + 2
            if wire.disarm():
                break
    assert recorded > 1
    assert again > 1


def test_a_read_is_retried_on_another_connection(log: Log, far_log: Log, wire: Wire) -> None:
    wire.arm(1, lose_message)
    assert far_log.head().position == log.head().position
    assert not wire.disarm()


def test_a_command_is_in_doubt_when_its_outcome_cannot_be_determined_in_time(
    database: Database, log: Log, far_log: Log, wire: Wire
) -> None:
    def lose_answer(_: int) -> bool:
        wire.open = False
        return False

    impatient = Log(far_log.pool, database.settings.workspace, reconnect_seconds=0.2)
    append = command()
    wire.arm(1, lose_answer, answer=ROW)
    with pytest.raises(CommandInDoubt) as unknown:
        impatient.append([reading()], append)
    assert unknown.value.command == append.by.command
    wire.open = True
    row = log.command(append.by.command)
    assert row is not None
    assert impatient.append([reading()], append) == row


def test_an_abandoned_append_cannot_commit_later(log: Log) -> None:
    attempt, append = uuid4(), command()
    with pytest.raises(ConcurrencyConflict):
        log._resolve_in_doubt(attempt, append.by.command)
    assert outcome(log, attempt, append) == "void"
    assert log.head().position == 0
    assert outcome(log, uuid4(), append) == "recorded"


def outcome(log: Log, attempt: UUID, append: Append) -> str:
    with log.pool.connection() as conn:
        lock = lock_key(conn.info.dbname, log.workspace, "append")
        params = [lock, attempt, *append_parameters([([reading()], append)])]
        return str(log._write(conn, _APPEND, params)[0][0][0])
