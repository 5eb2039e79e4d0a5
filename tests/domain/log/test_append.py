"""Optimistic concurrency and idempotency of an append."""

from concurrent.futures import ThreadPoolExecutor
from secrets import token_bytes
from uuid import uuid4

import pytest

from domain.log.append import Append, ConcurrencyConflict, NoNewer, PersonKey
from domain.log.event_store import Log
from domain.log.mapper import StoredRow
from domain.primitives.errors import Code, CommandRejected
from tests.domain.log.writing import KPI, command, correction, reading

TOPIC = "reading-recorded"


def rejection_of(log: Log, append: Append, *stored: StoredRow) -> CommandRejected:
    before = log.head().position
    with pytest.raises(CommandRejected) as refusal:
        log.append(stored, append)
    assert log.head().position == before
    return refusal.value


def conflict_of(log: Log, append: Append, *stored: StoredRow) -> ConcurrencyConflict:
    before = log.head().position
    with pytest.raises(ConcurrencyConflict) as conflict:
        log.append(stored, append)
    assert log.head().position == before
    assert log.command(append.by.command) is None
    return conflict.value


def test_first_event_of_an_existing_stream_is_a_conflict(log: Log) -> None:
    stream = uuid4()
    log.append([reading(stream=stream)], command())
    assert conflict_of(log, command(), reading(), reading(stream=stream)).streams == (stream,)


def test_append_at_another_version_is_a_conflict(log: Log) -> None:
    stream = uuid4()
    log.append([reading(stream=stream), correction(stream, 2)], command())
    assert conflict_of(log, command(), correction(stream, 2)).streams == (stream,)
    assert conflict_of(log, command(), correction(stream, 4)).streams == (stream,)
    assert log.append([correction(stream, 3)], command()).first == 3


def test_version_gaps_are_refused(log: Log) -> None:
    stream = uuid4()
    with pytest.raises(ValueError, match="does not follow"):
        log.append([reading(stream=stream), correction(stream, 3)], command())
    with pytest.raises(ValueError, match="does not follow"):
        log.append([correction(stream, 3)], command(reads={stream: 1}))


def test_changed_read_only_stream_is_a_conflict(log: Log) -> None:
    read, absent = uuid4(), uuid4()
    log.append([reading(stream=read)], command())
    seen = {read: 1, absent: 0}
    assert log.append([reading()], command(reads=seen)).first == 2
    log.append([correction(read, 2)], command())
    assert conflict_of(log, command(reads=seen), reading()).streams == (read,)
    log.append([reading(stream=absent)], command())
    assert set(conflict_of(log, command(reads=seen), reading()).streams) == {read, absent}


def test_new_child_stream_after_counting_is_a_conflict(log: Log) -> None:
    log.append([reading()], command())
    counted = NoNewer(KPI, TOPIC, log.children(KPI, TOPIC).position)
    elsewhere = NoNewer(uuid4(), TOPIC, 0)
    otherwise = NoNewer(KPI, "comment-added", 0)
    assert log.append([reading(kpi=uuid4())], command(no_newer=[counted, elsewhere, otherwise])).first == 2
    log.append([reading()], command())
    assert conflict_of(log, command(no_newer=[elsewhere, counted]), reading(kpi=uuid4())).streams == (KPI,)


def test_new_event_of_a_topic_is_a_conflict_wherever_it_belongs(log: Log) -> None:
    log.append([reading()], command())
    nowhere, elsewhere = NoNewer(None, TOPIC, 1), NoNewer(uuid4(), TOPIC, 0)
    assert log.append([correction(uuid4(), 1)], command(no_newer=[NoNewer(None, TOPIC, 1), elsewhere])).first == 2
    log.append([reading(kpi=uuid4())], command())
    assert conflict_of(log, command(no_newer=[elsewhere, nowhere]), reading()).streams == ()
    assert log.append([reading()], command(no_newer=[NoNewer(None, "comment-added", 0), elsewhere])).first == 4


def test_one_of_many_concurrent_appends_at_one_version_succeeds(log: Log) -> None:
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


def test_repeated_command_returns_the_first_result_and_records_nothing(log: Log) -> None:
    append = command(result=b"the first")
    row = log.append([reading(), reading()], append)
    log.append([reading()], command())
    again = command(append.by.command, result=b"the second")
    assert log.append([reading()], again) == row == log.command(append.by.command)
    assert row.result == b"the first"
    assert log.head().position == 3


def test_repeated_command_is_no_conflict_after_later_events(log: Log) -> None:
    stream, append = uuid4(), command()
    row = log.append([reading(stream=stream)], append)
    log.append([correction(stream, 2)], command())
    assert log.append([reading(stream=stream)], append) == row


def test_repeated_command_with_other_input_is_refused(log: Log) -> None:
    append = command(digest=b"one input")
    log.append([reading()], append)
    refusal = rejection_of(log, command(append.by.command, digest=b"another"), reading())
    assert (refusal.code, refusal.field) == (Code.IDEMPOTENCY_MISMATCH, ("idempotencyKey",))


def test_concurrent_repeats_of_a_command_are_recorded_once(log: Log) -> None:
    append = command()
    with ThreadPoolExecutor(8) as senders:
        rows = list(senders.map(lambda _: log.append([reading()], append), range(8)))
    assert rows == [rows[0]] * 8
    assert log.head().position == 1


def test_a_command_without_events_is_stored_with_the_head_position(log: Log) -> None:
    log.append([reading()], command())
    append = command(result=b"as it was")
    row = log.append([], append)
    assert (row.first, row.last, row.result) == (2, 1, b"as it was")
    assert log.command(append.by.command) == row
    assert log.head().position == 1


def test_an_unknown_command_is_none(log: Log) -> None:
    assert log.command(uuid4()) is None


def test_a_handle_digest_is_unique_and_finds_its_person(log: Log) -> None:
    ada, digest, key = uuid4(), token_bytes(32), token_bytes(32)
    log.append([reading()], command(keys=[PersonKey(ada, key, digest)]))
    assert log.person_by_handle(digest) == ada
    assert log.person_by_handle(token_bytes(32)) is None
    assert log.person_keys([ada, uuid4()]) == {ada: key}
    refusal = rejection_of(log, command(keys=[PersonKey(uuid4(), key, digest)]), reading())
    assert (refusal.code, refusal.field) == (Code.DUPLICATE, ("handle",))
