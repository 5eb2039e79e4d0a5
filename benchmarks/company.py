"""A company of any size, appended to the log directly, which is faster than executing thousands of commands."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from uuid import UUID, uuid4, uuid5

from domain.handlers.unit_of_work import keyed_id
from domain.log.append import Append
from domain.log.event_store import Log
from domain.model.cycle import Cycle, CycleActivated, CycleOpened
from domain.model.event import Aggregate, Authorship, Event
from domain.model.key_result import KeyResult, KeyResultAdded
from domain.model.kpi import Kpi, KpiDefined
from domain.model.measurements.check_in import CheckIn, KeyResultCheckedIn
from domain.model.measurements.reading import Reading, ReadingRecorded, reading_id
from domain.model.objective import Objective, ObjectiveDrafted
from domain.primitives.values import Cadence, Direction, Kind, Metric, ObjectiveKind, Source, Unit, Visibility

OPENED = datetime(2026, 1, 1, tzinfo=UTC)
AUTHOR = "machine:benchmark"
EVENTS_PER_APPEND = 5_000
SPACE = UUID("00000000-0000-4000-8000-00000000bbbb")


def goals(
    objectives: int, key_results: int, rounds: int, private: int = 0, pause: timedelta = timedelta(hours=1)
) -> Iterator[Event]:
    """A quarter of goals; in each round every key result is checked in on and retargeted and every
    objective reworded, so that a log of n rounds is about n times as long. The first ones are `private`.
    `pause`: the time between two rounds."""
    opened = CycleOpened(
        key="2026-q1",
        name="Q1",
        starts_on=date(2026, 1, 1),
        ends_on=date(2026, 3, 31),
        check_in_cadence=Cadence.WEEKLY,
    )
    cycle = Cycle.begin(keyed_id(Kind.CYCLE, opened.key), opened, OPENED)
    drafted = [_objective(cycle, number, is_private=number < private) for number in range(objectives)]
    added = [_key_result(one, number) for one in drafted for number in range(key_results)]
    yield from _collect(cycle, *drafted, *added)
    for one in drafted:
        one.commit(OPENED)
    cycle.record(CycleActivated(), OPENED)
    yield from _collect(*drafted, cycle)
    for number in range(rounds):
        at = OPENED + pause * (number + 1)
        for one in drafted:
            one.reword(f"{one.title.rsplit(' · ')[0]} · {number}", None, at)
        for key_result in added:
            key_result.retarget(Metric(Direction.INCREASE, start=0.0, target=100.0 + number), (), at)
        yield from _collect(*drafted, *added)
        for key_result in added:
            checked_in = KeyResultCheckedIn(key_result=key_result.id, value=number % 100 + 0.5, confidence=0.7)
            yield from _collect(CheckIn.begin(_id(f"{key_result.id}/{number}"), checked_in, at))


def kpi(key: str) -> Event:
    defined = KpiDefined(key=key, name=key, unit=Unit(), cadence=Cadence.DAILY)
    return Kpi.begin(keyed_id(Kind.KPI, key), defined, OPENED).collect_events()[0]


def readings(kpi: UUID, count: int, first: int = 0) -> Iterator[Event]:
    """One reading per second, from the start of the year on."""
    for number in range(first, first + count):
        at = OPENED + timedelta(seconds=number)
        yield from _collect(Reading.begin(reading_id(kpi, at), ReadingRecorded(kpi=kpi, value=float(number)), at))


def write(log: Log, events: Iterator[Event]) -> int:
    """Append the events in batches; their number."""
    total = 0
    while chunk := list(islice(events, EVENTS_PER_APPEND)):
        by = Authorship(actor=AUTHOR, source=Source.SYSTEM, command=uuid4())
        log.append([log.mapper.to_stored_event(event) for event in chunk], Append(by=by, digest=b""))
        total += len(chunk)
    return total


def _objective(cycle: Cycle, number: int, *, is_private: bool) -> Objective:
    event = ObjectiveDrafted(
        cycle=cycle.id,
        title=f"Objective {number}",
        kind=ObjectiveKind.COMMITTED,
        team=_id("team") if is_private else None,
        visibility=Visibility.TEAM if is_private else Visibility.WORKSPACE,
    )
    return Objective.begin(_id(f"objective/{number}"), event, OPENED)


def _key_result(objective: Objective, number: int) -> KeyResult:
    event = KeyResultAdded(
        objective=objective.id,
        title=f"Key result {number}",
        metric=Metric(Direction.INCREASE, start=0.0, target=100.0),
        due=date(2026, 3, 31),
    )
    return KeyResult.begin(_id(f"{objective.id}/{number}"), event, OPENED)


def _collect(*aggregates: Aggregate) -> Iterator[Event]:
    for aggregate in aggregates:
        yield from aggregate.collect_events()


def _id(name: str) -> UUID:
    return uuid5(SPACE, name)
