"""Threads compute in turns, and wait for PostgreSQL beside each other."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from contextvars import copy_context
from threading import Event, Lock
from typing import Any

import psycopg
import pytest

from api.runtime.database import Database
from api.runtime.turns import Turns
from projections.store.deadline import APPLIED, Deadline, DeadlineExceeded, Reading, raise_if_late
from tests.waiting import until

SECONDS_MAX = 20
KEY = 4711


class Operations:
    """Operations of callers on threads of their own, which compute in turns."""

    def __init__(self, turns: Turns, threads: ThreadPoolExecutor) -> None:
        self._turns = turns
        self._threads = threads

    def begin(self, caller: str, work: Callable[[], Any], deadline: Deadline | None = None) -> Future[Any]:
        deadline = deadline or Deadline(SECONDS_MAX)

        def taken() -> Any:
            APPLIED.set(deadline)
            return self._turns.taking(work, caller, deadline)()

        return self._threads.submit(copy_context().run, taken)


@pytest.fixture
def operations() -> Iterator[Operations]:
    """Two operations compute at a time, one of each caller."""
    with ThreadPoolExecutor(4) as threads:
        yield Operations(Turns(2, 1), threads)


class Gate:
    """Computes until it is opened."""

    def __init__(self) -> None:
        self.entered = Event()
        self.opened = Event()

    def work(self) -> str:
        self.entered.set()
        assert self.opened.wait(SECONDS_MAX)
        return "done"


@contextmanager
def locked(database: Database) -> Iterator[psycopg.Connection[Any]]:
    """Statements that lock the key wait within the block."""
    with database.connect() as conn:
        conn.execute("select pg_advisory_lock(%s)", [KEY])
        yield conn
        conn.execute("select pg_advisory_unlock(%s)", [KEY])


def reading(database: Database, deadline: Deadline) -> Callable[[], str]:
    """Work that waits for PostgreSQL while the key is locked."""

    def work() -> str:
        with Reading(deadline, database.connect()) as conn:
            conn.execute("select pg_advisory_lock_shared(%s)", [KEY])
        return "read"

    return work


def are_waiting(conn: psycopg.Connection[Any]) -> int:
    """How many statements wait for the key."""
    found = conn.execute("select count(*) from pg_locks where locktype = 'advisory' and not granted").fetchone()
    assert found is not None
    return int(found[0])


def test_operation_that_waits_for_postgres_lets_another_of_its_caller_compute(
    operations: Operations, database: Database
) -> None:
    deadline = Deadline(SECONDS_MAX)
    with locked(database) as conn:
        first = operations.begin("ada", reading(database, deadline), deadline)
        until(lambda: are_waiting(conn) == 1)
        assert operations.begin("ada", lambda: "computed").result(SECONDS_MAX) == "computed"
        assert not first.done()
    assert first.result(SECONDS_MAX) == "read"


def test_operation_computes_on_in_its_turn_only(operations: Operations, database: Database) -> None:
    deadline, gate = Deadline(SECONDS_MAX), Gate()
    with locked(database) as conn:
        first = operations.begin("ada", reading(database, deadline), deadline)
        until(lambda: are_waiting(conn) == 1)
        second = operations.begin("ada", gate.work)
        assert gate.entered.wait(SECONDS_MAX)
    with database.connect() as conn:
        until(lambda: are_waiting(conn) == 0)
    assert operations.begin("ben", lambda: "computed").result(SECONDS_MAX) == "computed"
    assert not first.done()
    gate.opened.set()
    assert [first.result(SECONDS_MAX), second.result(SECONDS_MAX)] == ["read", "done"]


def test_as_many_operations_compute_as_there_are_turns(operations: Operations) -> None:
    gates = [Gate() for _ in range(3)]
    begun = [operations.begin(caller, gate.work) for caller, gate in zip("abc", gates[:2], strict=False)]
    assert all(gate.entered.wait(SECONDS_MAX) for gate in gates[:2])
    begun.append(operations.begin("c", gates[2].work))
    gates[0].opened.set()
    assert gates[2].entered.wait(SECONDS_MAX)
    for gate in gates:
        gate.opened.set()
    assert [one.result(SECONDS_MAX) for one in begun] == ["done"] * 3


def test_operation_whose_deadline_passes_does_not_wait_for_its_turn(operations: Operations) -> None:
    gate, deadline = Gate(), Deadline(0.01)
    first = operations.begin("ada", gate.work)
    assert gate.entered.wait(SECONDS_MAX)
    with pytest.raises(DeadlineExceeded):
        operations.begin("ada", raise_if_late, deadline).result(SECONDS_MAX)
    gate.opened.set()
    assert first.result(SECONDS_MAX) == "done"
    assert operations.begin("ada", lambda: "computed").result(SECONDS_MAX) == "computed"


def test_failed_operation_gives_its_turn_up(operations: Operations, database: Database) -> None:
    deadline = Deadline(SECONDS_MAX)

    def fail() -> None:
        with Reading(deadline, database.connect()) as conn:
            conn.execute("select 1 / 0")

    with pytest.raises(psycopg.errors.DivisionByZero):
        operations.begin("ada", fail, deadline).result(SECONDS_MAX)
    assert operations.begin("ada", lambda: "computed").result(SECONDS_MAX) == "computed"


def test_operation_that_waits_for_a_connection_lets_another_compute_that_has_one(
    operations: Operations, database: Database
) -> None:
    only, deadline = Lock(), Deadline(SECONDS_MAX)

    @contextmanager
    def only_connection() -> Iterator[psycopg.Connection[Any]]:
        assert only.acquire(timeout=SECONDS_MAX)
        try:
            with database.connect() as conn:
                yield conn
        finally:
            only.release()

    def work() -> None:
        for _ in range(20):
            with Reading(deadline, only_connection()) as conn:
                conn.execute("select 1")

    begun = [operations.begin(caller, work, deadline) for caller in "aabb"]
    assert [one.result(SECONDS_MAX) for one in begun] == [None] * 4


def test_connection_keeps_its_cursors_only_while_it_is_read(database: Database) -> None:
    deadline = Deadline(SECONDS_MAX)
    Turns(1, 1).taking(lambda: None, "ada", deadline)
    with database.connect() as conn:
        usual = conn.cursor_factory
        with Reading(deadline, nullcontext(conn)) as same:
            assert same is conn
            assert conn.cursor_factory is not usual
        assert conn.cursor_factory is usual
