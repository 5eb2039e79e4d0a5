"""The end of an operation cancels its statement, and no other."""

from threading import Thread
from time import monotonic
from typing import Any

import psycopg
import pytest

from projections.store.deadline import APPLIED, Deadline, DeadlineExceeded, Reading, raise_if_late
from tests.waiting import until
from tests.world import World

SLEEP = "select pg_sleep(60)"


def test_passed_deadline_raises() -> None:
    Deadline(60).check()
    with pytest.raises(DeadlineExceeded):
        Deadline(-1).check()


def test_renewed_deadline_stays_within_its_maximum() -> None:
    deadline = Deadline(1, 10)
    deadline.renew(5)
    assert 4 < deadline.seconds_left <= 5
    deadline.renew(100)
    assert 9 < deadline.seconds_left <= 10


def test_ended_operation_cannot_be_renewed() -> None:
    deadline = Deadline(10)
    deadline.end()
    deadline.renew(10)
    with pytest.raises(DeadlineExceeded):
        deadline.check()


def test_computation_checks_the_deadline_of_its_thread() -> None:
    raised: list[bool] = []

    def work(deadline: Deadline) -> None:
        APPLIED.set(deadline)
        try:
            raise_if_late()
        except DeadlineExceeded:
            raised.append(True)
        else:
            raised.append(False)

    for seconds in (-1, 60):
        thread = Thread(target=work, args=[Deadline(seconds)])
        thread.start()
        thread.join()
    raise_if_late()
    assert raised == [True, False]


def test_end_cancels_the_statement_in_progress(world: World) -> None:
    deadline, failures = Deadline(), list[Any]()
    pool = world.database.pool(size_max=1)

    def work() -> None:
        try:
            with Reading(deadline, pool.connection()) as conn:
                conn.execute(SLEEP)
        except psycopg.Error as error:
            failures.append(error)

    thread, began = Thread(target=work), monotonic()
    thread.start()
    asleep = "select 1 from pg_stat_activity where query = %s and state = 'active' and datname = current_database()"
    until(lambda: world.conn.execute(asleep, [SLEEP]).fetchone())
    deadline.end()
    thread.join()
    assert monotonic() - began < 20
    assert [type(error) for error in failures] == [psycopg.errors.QueryCanceled]
    with Reading(Deadline(), pool.connection()) as conn:
        assert conn.execute("select 1").fetchone() == (1,)


def test_ended_operation_reads_nothing_more(world: World) -> None:
    deadline, pool = Deadline(), world.database.pool(size_max=1)
    with Reading(deadline, pool.connection()) as conn:
        deadline.end()
        assert conn.execute("select 1").fetchone() == (1,), "what ran before has ended, so nothing was cancelled"
    with pytest.raises(DeadlineExceeded), Reading(deadline, pool.connection()):
        pytest.fail("the connection was used")
    assert pool.get_stats()["pool_available"] == 1
