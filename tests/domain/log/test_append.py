"""An append stands on what was read: whatever has moved on since, it is refused whole."""

from concurrent.futures import ThreadPoolExecutor
from secrets import token_bytes
from uuid import uuid4

import pytest

from domain.log.append import Append, ConcurrencyConflict, NoNewer, PersonKey
from domain.log.event_store import Log, StoredRow
from domain.primitives.errors import Code, CommandRejected
from tests.domain.log.writing import KPI, command, correction, reading

TOPIC = "reading-recorded"


def refused(log: Log, append: Append, *stored: StoredRow) -> CommandRejected:
    before = log.head().position
    with pytest.raises(CommandRejected) as refusal:
        log.append(stored, append)
    assert log.head().position == before
    return refusal.value


def overtaken(log: Log, append: Append, *stored: StoredRow) -> ConcurrencyConflict:
    before = log.head().position
    with pytest.raises(ConcurrencyConflict) as conflict:
        log.append(stored, append)
    assert log.head().position == before
    assert log.command(append.by.command) is None
    return conflict.value


def test_a_stream_begins_once(log: Log) -> None:
    stream = uuid4()
    log.append([reading(stream=stream)], command())
    assert overtaken(log, command(), reading(), reading(stream=stream)).streams == (stream,)


def test_a_stream_goes_on_from_the_version_that_was_read(log: Log) -> None:
    stream = uuid4()
    log.append([reading(stream=stream), correction(stream, 2)], command())
    assert overtaken(log, command(), correction(stream, 2)).streams == (stream,)
    assert overtaken(log, command(), correction(stream, 4)).streams == (stream,)
    assert log.append([correction(stream, 3)], command()).first == 3


def test_a_stream_is_written_without_gaps(log: Log) -> None:
    stream = uuid4()
    with pytest.raises(ValueError, match="does not follow"):
        log.append([reading(stream=stream), correction(stream, 3)], command())
    with pytest.raises(ValueError, match="does not follow"):
        log.append([correction(stream, 3)], command(reads={stream: 1}))


def test_a_stream_that_was_only_read_must_not_have_moved_on(log: Log) -> None:
    read, absent = uuid4(), uuid4()
    log.append([reading(stream=read)], command())
    seen = {read: 1, absent: 0}
    assert log.append([reading()], command(reads=seen)).first == 2
    log.append([correction(read, 2)], command())
    assert overtaken(log, command(reads=seen), reading()).streams == (read,)
    log.append([reading(stream=absent)], command())
    assert set(overtaken(log, command(reads=seen), reading()).streams) == {read, absent}


def test_nothing_new_may_belong_to_what_was_counted(log: Log) -> None:
    log.append([reading()], command())
    claim = NoNewer(KPI, TOPIC, log.children(KPI, TOPIC).position)
    elsewhere = NoNewer(uuid4(), TOPIC, 0)
    otherwise = NoNewer(KPI, "comment-added", 0)
    assert log.append([reading(kpi=uuid4())], command(no_newer=[claim, elsewhere, otherwise])).first == 2
    log.append([reading()], command())
    assert overtaken(log, command(no_newer=[elsewhere, claim]), reading(kpi=uuid4())).streams == (KPI,)


def test_of_many_who_decided_on_the_same_version_one_goes_through(log: Log) -> None:
    stream = uuid4()
    log.append([reading(stream=stream)], command())

    def decide(_: int) -> bool:
        try:
            log.append([reading()], command(reads={stream: 1}))
            log.append([correction(stream, 2)], command())
        except ConcurrencyConflict:
            return False
        return True

    with ThreadPoolExecutor(8) as deciders:
        assert sum(deciders.map(decide, range(8))) == 1
    assert len(log.streams([stream])[stream]) == 2


def test_a_command_repeated_gives_the_first_result_and_records_nothing(log: Log) -> None:
    append = command(result=b"the first")
    row = log.append([reading(), reading()], append)
    log.append([reading()], command())
    again = command(append.by.command, result=b"the second")
    assert log.append([reading()], again) == row == log.command(append.by.command)
    assert row.result == b"the first"
    assert log.head().position == 3


def test_a_command_repeated_after_its_streams_moved_on_is_no_conflict(log: Log) -> None:
    stream, append = uuid4(), command()
    row = log.append([reading(stream=stream)], append)
    log.append([correction(stream, 2)], command())
    assert log.append([reading(stream=stream)], append) == row


def test_a_command_repeated_with_another_input_is_refused(log: Log) -> None:
    append = command(digest=b"one input")
    log.append([reading()], append)
    refusal = refused(log, command(append.by.command, digest=b"another"), reading())
    assert (refusal.code, refusal.field) == (Code.IDEMPOTENCY_MISMATCH, ("idempotencyKey",))


def test_one_command_sent_many_times_at_once_is_recorded_once(log: Log) -> None:
    append = command()
    with ThreadPoolExecutor(8) as senders:
        rows = list(senders.map(lambda _: log.append([reading()], append), range(8)))
    assert rows == [rows[0]] * 8
    assert log.head().position == 1


def test_a_command_that_changed_nothing_is_remembered_with_the_head_it_was_true_of(log: Log) -> None:
    log.append([reading()], command())
    append = command(result=b"as it was")
    row = log.append([], append)
    assert (row.first, row.last, row.result) == (2, 1, b"as it was")
    assert log.command(append.by.command) == row
    assert log.head().position == 1


def test_an_unknown_command_is_none(log: Log) -> None:
    assert log.command(uuid4()) is None


def test_a_handle_is_taken_once_and_belongs_to_its_person(log: Log) -> None:
    ada, digest, key = uuid4(), token_bytes(32), token_bytes(32)
    log.append([reading()], command(keys=[PersonKey(ada, key, digest)]))
    assert log.person_by_handle(digest) == ada
    assert log.person_by_handle(token_bytes(32)) is None
    assert log.person_keys([ada, uuid4()]) == {ada: key}
    refusal = refused(log, command(keys=[PersonKey(uuid4(), key, digest)]), reading())
    assert (refusal.code, refusal.field) == (Code.DUPLICATE, ("handle",))
