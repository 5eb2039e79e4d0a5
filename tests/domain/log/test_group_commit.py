"""Commands that wait for the append lock together are recorded in one commit, and no command suffers from another."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from secrets import token_bytes
from threading import Barrier, Lock
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from pydantic import SecretStr

from api.runtime.database import Database, open_database
from domain.log import commits
from domain.log.append import (
    Append,
    CommandInDoubt,
    CommandRow,
    ConcurrencyConflict,
    NoNewer,
    PersonKey,
    WritesStalled,
)
from domain.log.commits import CommandQueue, Pending
from domain.log.event_store import _NOTIFY, Log
from domain.log.mapper import StoredRow
from domain.primitives.errors import Code, CommandRejected
from tests.domain.log.test_positions import stalled_append
from tests.domain.log.wire import wire_to
from tests.domain.log.writing import KPI, command, correction, reading
from tests.explained import recorded_statements
from tests.waiting import until

Command = tuple[Sequence[StoredRow], Append]
TOPIC = "reading-recorded"
ROW = b"D"


@contextmanager
def waiting_together(database: Database, log: Log, *written: Command) -> Iterator[list["Future[CommandRow]"]]:
    """Appends of these commands. The first waits for the lock of the log, the others for the first, in this order."""
    with ThreadPoolExecutor(len(written)) as threads:
        with stalled_append(database):
            waiting = []
            for number, (stored, append) in enumerate(written):
                waiting.append(threads.submit(log.append, stored, append))
                until(lambda expected=number: log._queue._is_led and len(log._queue._waiting) == expected)  # type: ignore[misc]
        yield waiting


class InterruptedLock:
    """A lock of a thread that is interrupted once: another thread does something as soon as the lock is released."""

    def __init__(self, other: Callable[[], None]) -> None:
        self._lock = Lock()
        self._others = [other]

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()
        if self._others:
            self._others.pop()()


def one(id: UUID | None = None) -> Command:
    return [reading(note="")], command(id)


def transactions(database: Database) -> list[int]:
    """The number of events of each transaction, in the order of the log."""
    query = "select count(*) from log group by xmin order by min(position)"
    with database.connect() as conn:
        return [count for (count,) in conn.execute(query)]


def test_commands_that_wait_together_are_recorded_in_one_commit_in_their_order(database: Database, log: Log) -> None:
    written = [one() for _ in range(6)]
    with waiting_together(database, log, *written) as waiting:
        rows = [append.result() for append in waiting]
    assert [row.first for row in rows] == [2, 3, 4, 5, 6, 7]
    assert rows == [log.command(append.by.command) for _, append in written]
    assert transactions(database) == [1, 1, 5]
    assert len({row.recorded_at for row in rows}) == len(rows)


def test_a_group_is_bounded(database: Database, log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commits, "GROUP_COMMANDS_MAX", 3)
    monkeypatch.setattr(commits, "GROUP_EVENTS_MAX", 4)
    large = [reading() for _ in range(5)], command()
    with waiting_together(database, log, one(), one(), one(), one(), one(), large, one()) as waiting:
        assert [append.result().first for append in waiting] == [2, 3, 4, 5, 6, 7, 12]
    assert transactions(database) == [1, 1, 3, 1, 5, 1]


def test_a_conflict_of_one_command_keeps_no_other_from_being_recorded(database: Database, log: Log) -> None:
    stream = uuid4()
    log.append([reading(stream=stream)], command())
    stale = [reading()], command(reads={stream: 0})
    counted = [reading(kpi=uuid4())], command(no_newer=[NoNewer(KPI, TOPIC, 0)])
    anywhere = [reading(kpi=uuid4())], command(no_newer=[NoNewer(None, TOPIC, 1)])
    with waiting_together(database, log, one(), one(), stale, counted, anywhere, one()) as waiting:
        first, second, *refused, last = waiting
        assert [append.result().first for append in (first, second, last)] == [3, 4, 5]
        for append in refused:
            with pytest.raises(ConcurrencyConflict):
                append.result()
    assert transactions(database) == [1, 1, 1, 2]


def test_a_command_that_does_not_know_an_earlier_one_of_its_group_is_a_conflict(database: Database, log: Log) -> None:
    stream = uuid4()
    log.append([reading(stream=stream)], command())
    first, second = ([correction(stream, 2)], command()), ([correction(stream, 2)], command())
    counted = [reading(kpi=uuid4())], command(no_newer=[NoNewer(KPI, "comment-added", 9), NoNewer(KPI, TOPIC, 9)])
    with waiting_together(database, log, one(), first, second, one(), counted, one()) as waiting:
        assert [waiting[place].result().first for place in (0, 1, 3, 5)] == [3, 4, 5, 6]
        for append in (waiting[2], waiting[4]):
            with pytest.raises(ConcurrencyConflict):
                append.result()
    assert log.append(*first) == log.command(first[1].by.command)


def test_the_same_command_twice_in_a_group_is_recorded_once(database: Database, log: Log) -> None:
    id = uuid4()
    other = [reading()], command(id, digest=b"other input")
    with waiting_together(database, log, one(), one(id=id), one(id=id), other, one()) as waiting:
        leader, first, repeated, mismatch, last = waiting
        assert first.result() == repeated.result() == log.command(id)
        with pytest.raises(CommandRejected) as refusal:
            mismatch.result()
        assert refusal.value.code is Code.IDEMPOTENCY_MISMATCH
        assert [leader.result().first, first.result().first, last.result().first] == [2, 3, 4]


def test_a_command_that_is_recorded_already_is_answered_within_a_group(database: Database, log: Log) -> None:
    done = one()
    row = log.append(*done)
    with waiting_together(database, log, one(), one(), done, one()) as waiting:
        assert [append.result().first for append in waiting] == [3, 4, row.first, 5]


def test_a_handle_is_taken_by_the_first_command_of_a_group_only(database: Database, log: Log) -> None:
    digest = token_bytes(32)

    def named() -> Command:
        return [reading()], command(keys=[PersonKey(uuid4(), token_bytes(32), digest)])

    with waiting_together(database, log, one(), one(), named(), named(), one()) as waiting:
        _, _, first, second, last = waiting
        with pytest.raises(CommandRejected) as refusal:
            second.result()
        assert refusal.value.code is Code.DUPLICATE
        assert sorted([first.result().first, last.result().first]) == [4, 5]


def test_a_command_that_the_database_refuses_fails_alone(database: Database, log: Log) -> None:
    refused = [replace(reading(), topic="not\0text")], command()
    gap = [correction(uuid4(), 3)], command(reads={})
    unordered = [reading(stream=KPI), correction(KPI, 3)], command()
    with waiting_together(database, log, one(), one(), refused, gap, unordered, one()) as waiting:
        leader, first, *failed, last = waiting
        assert [append.result().first for append in (leader, first, last)] == [2, 3, 4]
        for append in failed:
            assert isinstance(append.exception(), Exception)
    assert log.head().position == 4


@pytest.mark.parametrize("answer", [b"", ROW], ids=["before the commit", "after the commit"])
def test_after_a_lost_connection_each_command_of_a_group_is_looked_up_by_its_own_id(
    database: Database, log: Log, answer: bytes
) -> None:
    with wire_to(database.dsn) as wire:
        settings = database.settings.model_copy(update={"database_url": SecretStr(wire.dsn)})
        with open_database(settings) as far:
            far_log = Log(far.pool(size_max=4), settings.workspace)
            far_log.append(*one())
            group = [Pending(*one()) for _ in range(3)]
            wire.arm(1, lambda _: False, answer=answer)
            assert far_log._record_group(group) == []
            wire.disarm()
            for pending in group:
                assert pending.answer is not None
                command_id = pending.append.by.command
                if answer:
                    assert far_log._accepted(pending.answer, [command_id]) == [log.command(command_id)]
                else:
                    with pytest.raises(ConcurrencyConflict):
                        far_log._accepted(pending.answer, [command_id])
    assert log.head().position == (4 if answer else 1)


def test_listeners_are_notified_once_per_group(database: Database, log: Log) -> None:
    with recorded_statements() as statements, waiting_together(database, log, *(one() for _ in range(5))) as waiting:
        assert {append.result().first for append in waiting} == {2, 3, 4, 5, 6}
    assert len(statements[_NOTIFY].examples) == 2


def test_a_command_waits_a_bounded_time_for_the_commits_before_it(database: Database, log: Log) -> None:
    impatient = Log(log.pool, log.workspace, lock_seconds=0.05)
    with ThreadPoolExecutor(1) as threads, stalled_append(database):
        first = threads.submit(impatient.append, *one())
        until(lambda: impatient._queue._is_led)
        late = one()
        with pytest.raises(WritesStalled):
            impatient.append(*late)
        assert not first.done()
        database.connect().close()
    assert first.result().first == 2
    assert log.command(late[1].by.command) is None


def test_a_command_that_leads_as_soon_as_it_is_in_the_queue_leaves_the_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    queue = CommandQueue(seconds=0)
    first, second, third = (Pending(*one()) for _ in range(3))
    group = queue.enter(first)
    monkeypatch.setattr(queue, "_lock", InterruptedLock(lambda: queue.leave(group)))
    group_after = queue.enter(second)
    assert [*group_after] == [second]
    queue.leave(group_after)
    assert [*queue.enter(third)] == [third]


def test_first_commits_of_several_threads_share_one_watch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commits, "_watch", set.copy)
    start = Barrier(6)
    with ThreadPoolExecutor(start.parties) as pool:
        for _ in range(20):
            monkeypatch.setattr(commits, "_started", cache(commits._started.__wrapped__))
            found = pool.map(lambda _: (start.wait(), commits._watched())[1], range(start.parties))
            assert len({*map(id, [*found])}) == 1


def test_commands_of_an_interrupted_group_are_in_doubt(
    database: Database, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Log, "_record_group", interrupt)
    with waiting_together(database, log, one(), one(), one()) as waiting:
        leader, *others = waiting
        assert leader.result().first == 2
        assert {type(append.exception()) for append in others} == {KeyboardInterrupt, CommandInDoubt}
    assert log.append(*one()).first == 3


@given(
    choices=st.lists(st.tuples(st.integers(0, 2), st.booleans(), st.booleans(), st.booleans()), min_size=2, max_size=8)
)
@examples(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_a_group_has_the_outcomes_of_its_commands_one_after_another(
    log: Log, choices: list[tuple[int, bool, bool, bool]]
) -> None:
    """A command has read one of three streams, perhaps long ago, may write it, and may have counted the children of a
    KPI."""
    kpi, streams = uuid4(), [uuid4() for _ in range(3)]
    log.append([reading(stream=streams[0]), reading(stream=streams[1], kpi=kpi)], command())
    head, versions, children = log.head().position, {streams[0]: 1, streams[1]: 1, streams[2]: 0}, 0
    group, expected = [], []
    for place, is_stale, writes, counts in choices:
        stream, version = streams[place], int(place < 2 and not is_stale)
        stored = [reading(kpi=kpi)] if counts else []
        if writes:
            stored.append(correction(stream, version + 1) if version else reading(stream=stream, kpi=uuid4()))
        claims = [NoNewer(kpi, TOPIC, head)] if counts else []
        group.append(Pending(stored, command(reads={stream: version}, no_newer=claims)))
        is_valid = versions[stream] == version and not (counts and children)
        expected.append("recorded" if is_valid else "moved")
        if is_valid:
            versions[stream] += writes
            children += counts
    left = list(group)
    while left:
        left = list(log._record_group(left))
    assert [one.answer and one.answer.outcome for one in group] == expected
    rows = [row for one in group if one.answer for row in one.answer.rows]
    assert log.head().position == head + sum(row.last + 1 - row.first for row in rows)
