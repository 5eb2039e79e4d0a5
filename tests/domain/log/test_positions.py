"""Positions are gapless and become visible in order, and recording times increase with them."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random
from uuid import uuid4

import pytest

from api.runtime.database import Database
from domain.log import event_store
from domain.log.append import Unavailable
from domain.log.event_store import Log
from domain.log.schema import lock_key
from tests.domain.log.writing import command, positions, processes, reading, write_many
from tests.waiting import until


def test_positions_are_gapless_for_a_tailing_reader_with_16_writers(database: Database, log: Log) -> None:
    sizes = [[Random(seed).randint(1, 3) for _ in range(60)] for seed in range(16)]
    writers = [processes.Process(target=write_many, args=(database.settings, of_one)) for of_one in sizes]
    for writer in writers:
        writer.start()
    seen: list[int] = []
    with log.listener() as listener:
        while len(seen) < sum(map(sum, sizes)):
            listener.wait()
            assert not any(writer.exitcode for writer in writers)
            seen += [entry.position for entry in log.entries(after=len(seen), limit=10_000)]
            assert seen == list(range(1, len(seen) + 1))
    for writer in writers:
        writer.join()
        assert writer.exitcode == 0


def test_appends_wait_for_a_stalled_transaction(database: Database, log: Log) -> None:
    with ThreadPoolExecutor(4) as others:
        with stalled_append(database):
            later = [others.submit(log.append, [reading()], command()) for _ in range(4)]
            until(lambda: len(log._queue._waiting) == len(later) - 1 and sessions_waiting_for_the_lock(database) == 1)
            assert not any(append.done() for append in later)
            assert log.entries(after=0, limit=10) == []
        assert sorted(append.result().first for append in later) == [2, 3, 4, 5]
    assert [entry.position for entry in log.entries(after=0, limit=10)] == [1, 2, 3, 4, 5]


def test_a_rolled_back_append_leaves_no_gap(database: Database, log: Log) -> None:
    with pytest.raises(ZeroDivisionError), stalled_append(database):
        raise ZeroDivisionError
    assert log.append([reading()], command()).first == 1


def test_waiting_for_the_append_lock_times_out(database: Database) -> None:
    impatient = Database(database.dsn, database.settings.model_copy(update={"lock_timeout_s": 0.05}), database._stack)
    log = Log(impatient.pool(), database.settings.workspace)
    with stalled_append(database), pytest.raises(Unavailable):
        log.append([reading()], command())
    assert log.append([reading()], command()).first == 2


def test_one_append_can_hold_10000_events(log: Log) -> None:
    row = log.append([reading(note="x" * 1000) for _ in range(10_000)], command())
    assert positions(row) == list(range(1, 10_001))
    assert [entry.position for entry in log.entries(after=0, limit=20_000)] == positions(row)


def test_recorded_at_increases_by_at_least_a_microsecond(log: Log) -> None:
    for _ in range(20):
        log.append([reading() for _ in range(5)], command())
    times = [row.recorded_at for row in log.rows(after=0, limit=100)]
    assert all(later - earlier >= timedelta(microseconds=1) for earlier, later in pairwise(times))


def test_recorded_at_increases_even_if_the_clock_goes_back(database: Database, log: Log) -> None:
    ahead = datetime.now(UTC) + timedelta(days=1)
    with database.connect() as conn:
        conn.execute(
            "insert into log values (1, %s, %s, %s, 1, 'reading-recorded.v1', null, '{}', '{}', sha256(''))",
            [ahead, ahead, uuid4()],
        )
    row = log.append([reading(), reading()], command())
    assert row.recorded_at == ahead + timedelta(microseconds=1)
    assert [at.recorded_at - ahead for at in log.rows(after=1, limit=2)] == [
        timedelta(microseconds=1), timedelta(microseconds=2),
    ]  # fmt: skip
    assert log.head().now == ahead + timedelta(microseconds=2)


def test_effective_time_is_clamped_to_the_recording_time(log: Log) -> None:
    soon = datetime.now(UTC) + timedelta(minutes=1)
    log.append([reading(), reading(at=soon)], command())
    assert all(entry.effective_at == entry.recorded_at for entry in log.entries(after=0, limit=2))


def test_all_events_of_one_append_have_the_same_effective_time(log: Log) -> None:
    log.append([reading(), reading(), reading()], command())
    first, *others = log.entries(after=0, limit=3)
    assert {entry.effective_at for entry in others} == {first.recorded_at}
    assert all(entry.recorded_at > first.recorded_at for entry in others)


def test_past_effective_time_is_kept(log: Log) -> None:
    before = datetime(1999, 12, 31, 23, 59, 59, 999_999, UTC)
    log.append([reading(at=before)], command())
    assert log.entries(after=0, limit=1)[0].effective_at == before


@contextmanager
def stalled_append(database: Database) -> Iterator[None]:
    """An append that has not committed yet."""
    with database.connect() as conn, conn.transaction():
        key = lock_key(conn.info.dbname, database.settings.workspace, "append")
        params = [key, uuid4(), *event_store.append_parameters([([reading()], command())])]
        conn.execute(event_store._APPEND, params)
        yield


def sessions_waiting_for_the_lock(database: Database) -> int:
    query = "select count(*) from pg_stat_activity where application_name = %s and wait_event = 'advisory'"
    with database.connect() as conn:
        row = conn.execute(query, [f"keyframe {database.settings.workspace}"]).fetchone()
    assert row is not None
    return int(row[0])
