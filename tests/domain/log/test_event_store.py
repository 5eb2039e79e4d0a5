"""Reading the log: by stream, by parent, by position and by time; the interfaces of the eventsourcing library."""

from datetime import UTC, datetime, timedelta
from threading import Thread
from typing import Any
from uuid import UUID, uuid4

from eventsourcing.application import Application, LocalNotificationLog
from eventsourcing.domain import CanMutateProtocol, CollectEventsProtocol

from domain.log.event_store import Log
from domain.log.tail import Listener
from domain.model.event import Authorship, replay
from domain.model.measurements.reading import Reading, ReadingCorrected, ReadingRecorded
from domain.primitives.values import Source
from tests.domain.log.writing import KPI, added, command, correction, linked, opened, reading
from tests.waiting import until

NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)


def test_head_of_an_empty_log_is_position_0(log: Log) -> None:
    head = log.head()
    assert (head.position, head.recorded_at) == (0, None)
    assert head.now.utcoffset() == timedelta(0)
    assert log.max_notification_id() is None
    assert log.entries(0, 10) == []
    assert log.position_at(head.now) == 0


def test_head_is_the_last_event_and_not_after_now(log: Log) -> None:
    row = log.append([reading(), reading()], command())
    head = log.head()
    assert head.position == row.last == log.max_notification_id()
    assert head.recorded_at == row.recorded_at + timedelta(microseconds=1)
    assert head.recorded_at <= head.now


def test_streams_are_in_version_order_without_unknown_ids(log: Log) -> None:
    one, other, none = uuid4(), uuid4(), uuid4()
    log.append([reading(stream=one), reading(stream=other), correction(one, 2)], command())
    streams = log.streams([other, none, one])
    assert {id: [event.originator_version for event in events] for id, events in streams.items()} == {
        other: [1], one: [1, 2],
    }  # fmt: skip
    assert replay(streams[one]).value == 2


def test_an_entry_has_position_times_event_and_authorship(log: Log) -> None:
    stream, person = uuid4(), uuid4()
    by = Authorship(
        actor=f"person:{uuid4()}", source=Source.IMPORT, command=uuid4(), reason="because", on_behalf_of=person
    )
    append = command()
    row = log.append([reading(7, stream=stream, at=NEW_YEAR)], type(append)(by=by, digest=b""))
    (entry,) = log.entries(0, 10)
    assert (entry.position, entry.recorded_at, entry.effective_at, entry.by) == (1, row.recorded_at, NEW_YEAR, by)
    assert entry.event == ReadingRecorded(
        kpi=KPI, value=7, note="", originator_id=stream, originator_version=1, timestamp=NEW_YEAR
    )


def test_entries_after_a_position_are_limited(log: Log) -> None:
    log.append([reading() for _ in range(5)], command())
    assert [entry.position for entry in log.entries(after=2, limit=2)] == [3, 4]
    assert [row.position for row in log.rows(after=4, limit=2)] == [5]


def test_children_are_the_streams_of_a_parent_with_the_given_first_event(log: Log) -> None:
    kpi, first, second = uuid4(), uuid4(), uuid4()
    log.append([reading(stream=second, kpi=kpi), reading(), reading(stream=first, kpi=kpi)], command())
    log.append([correction(first, 2)], command())
    children = log.children(kpi, "reading-recorded")
    assert (children.ids, children.position) == ([second, first], 4)
    assert log.children(kpi, "reading-corrected").ids == []
    assert log.children(uuid4(), "reading-recorded").ids == []


def test_key_results_linked_to_a_kpi_are_found_by_every_link_they_ever_had(log: Log) -> None:
    kpi, born, later, never = uuid4(), UUID(int=1), UUID(int=2), UUID(int=3)
    log.append([added(born, kpi), added(later, None), added(never, uuid4()), reading(kpi=kpi)], command())
    log.append([linked(later, 2, kpi), linked(born, 2, uuid4())], command())
    assert log.linked_to(kpi) == [born, later]
    assert log.linked_to(uuid4()) == []


def test_measurements_come_latest_first_by_effective_time_then_position(log: Log) -> None:
    kpi = uuid4()
    early, late, again = uuid4(), uuid4(), uuid4()
    day = timedelta(days=1)
    log.append([reading(kpi=kpi, stream=late, at=NEW_YEAR + day)], command())
    log.append([reading(kpi=kpi, stream=early, at=NEW_YEAR), reading(at=NEW_YEAR)], command())
    log.append([reading(kpi=kpi, stream=again, at=NEW_YEAR), correction(early, 2)], command())

    def found(since: datetime | None = None, upto: datetime | None = None) -> list[UUID]:
        return log.measurements(kpi, "reading-recorded", since=since, upto=upto)

    assert found() == [late, again, early]
    assert found(NEW_YEAR, NEW_YEAR) == [again, early]
    assert found(NEW_YEAR + day / 2, NEW_YEAR + day / 2) == []
    assert found(upto=NEW_YEAR) == [again, early]
    assert found(upto=NEW_YEAR + day) == [late, again, early]
    assert found(upto=NEW_YEAR - day) == []
    assert found(since=NEW_YEAR + day) == [late]
    assert log.measurements(kpi, "reading-recorded", limit=1) == [late]
    oldest_first = log.measurements(kpi, "reading-recorded", limit=2, oldest_first=True)
    assert oldest_first == [early, again]


def test_cycles_are_found_in_the_order_of_the_log(log: Log) -> None:
    first, second = uuid4(), uuid4()
    log.append([opened(first), reading(), opened(second, parent=first)], command())
    assert log.cycles() == [first, second]


def test_position_at_a_time_is_the_last_event_recorded_by_then(log: Log) -> None:
    log.append([reading() for _ in range(3)], command())
    times = [row.recorded_at for row in log.rows(0, 3)]
    instant = timedelta(microseconds=1)
    assert [log.position_at(time) for time in times] == [1, 2, 3]
    assert log.position_at(times[0] - instant) == 0
    assert log.position_at(times[-1] + timedelta(days=1)) == 3


def test_eventsourcing_application_saves_and_loads(log: Log) -> None:
    class Readings(Application[UUID]):
        def construct_mapper(self) -> Any:
            return log.mapper

        def construct_recorder(self) -> Any:
            return log

    app, id = Readings(), uuid4()
    made = Reading.begin(id, ReadingRecorded(kpi=KPI, value=1), NEW_YEAR)
    made.record(ReadingCorrected(value=5), NEW_YEAR)
    recordings = app.save(made, append=command())
    assert [recording.notification.id for recording in recordings] == [1, 2]
    loaded: Any = app.repository.get(id)
    assert (loaded.value, loaded.version, loaded.changed_at) == (5, 2, NEW_YEAR)
    assert app.save(loaded, append=command()) == []


def test_eventsourcing_recorder_interface_selects_events(log: Log) -> None:
    stream = uuid4()
    log.append([reading(stream=stream), reading(), correction(stream, 2), correction(stream, 3)], command())

    def versions(**wanted: Any) -> list[int]:
        return [event.originator_version for event in log.select_events(stream, **wanted)]

    assert versions() == [1, 2, 3]
    assert versions(gt=1) == [2, 3]
    assert versions(lte=2, desc=True) == [2, 1]
    assert versions(desc=True, limit=1) == [3]

    def ids(start: int | None, limit: int = 10, **wanted: Any) -> list[int]:
        return [one.id for one in log.select_notifications(start, limit, **wanted)]

    assert ids(None) == [1, 2, 3, 4]
    assert ids(2, stop=3) == [2, 3]
    assert ids(2, inclusive_of_start=False, limit=1) == [3]
    assert ids(1, topics=["reading-corrected.v1"]) == [3, 4]


def test_eventsourcing_notification_log_pages_through_the_log(log: Log) -> None:
    log.append([reading() for _ in range(5)], command())
    section = LocalNotificationLog(log, section_size=3)["1,10"]
    assert (section.id, section.next_id) == ("1,3", "4,6")
    assert [item.id for item in LocalNotificationLog(log, section_size=3)["4,6"].items] == [4, 5]


def test_events_and_aggregates_implement_the_eventsourcing_protocols() -> None:
    made = Reading.begin(uuid4(), ReadingRecorded(kpi=KPI, value=1), NEW_YEAR)
    assert isinstance(made, CollectEventsProtocol)
    events = made.collect_events()
    assert len(events) == 1
    assert all(isinstance(event, CanMutateProtocol) for event in events)


def test_a_subscription_yields_stored_events_then_new_ones(log: Log) -> None:
    log.append([reading() for _ in range(3)], command())
    writer = Thread(target=lambda: [log.append([reading()], command()) for _ in range(20)])
    with log.subscribe(gt=1) as subscription:
        assert next(subscription).id == 2
        writer.start()
        assert [next(subscription).id for _ in range(21)] == list(range(3, 24))
        subscription.stop()
        assert list(subscription) == []
    writer.join()


def test_a_listener_reconnects(log: Log) -> None:
    with log.listener() as listener:
        listener.wait()
        first = backend(listener)
        with log.pool.connection() as conn:
            conn.execute("reset role")
            conn.execute("select pg_terminate_backend(%s, 10000)", [first])
        until(lambda: listener.wait(0.01) or backend(listener) is None)
        listener.wait()
        log.append([reading()], command())
        listener.wait(60)
        assert backend(listener) not in (None, first)


def test_a_stopped_listener_waits_no_longer(log: Log) -> None:
    with log.listener() as listener:
        listener.wait()
        waiting = Thread(target=listener.wait, args=(600,))
        waiting.start()
        listener.stop()
        waiting.join(30)
        assert not waiting.is_alive()
        assert listener.is_stopped
        assert not listener.wait(600)


def backend(listener: Listener) -> int | None:
    return None if listener._conn is None else listener._conn.info.backend_pid
