"""Events for the tests of the log: readings of KPIs, each in its own stream, and links of key results, written in this
or in other processes."""

import multiprocessing
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime
from itertools import count
from multiprocessing.connection import Connection
from threading import Lock
from uuid import UUID, uuid4, uuid5

from api.runtime.database import open_database
from api.runtime.settings import Settings
from domain.log.append import Append, CommandInDoubt, CommandRow, ConcurrencyConflict, NoNewer, PersonKey, Unavailable
from domain.log.event_store import Log
from domain.log.mapper import EventMapper, StoredRow
from domain.model.cycle import CycleOpened
from domain.model.event import WHEN_RECORDED, Authorship
from domain.model.key_result import KeyResultAdded, KeyResultLinked
from domain.model.measurements.reading import ReadingCorrected, ReadingRecorded
from domain.primitives.values import Cadence, Direction, Metric, Source

KPI = UUID(int=1)

processes = multiprocessing.get_context("spawn")
if "forkserver" in multiprocessing.get_all_start_methods():
    processes = multiprocessing.get_context("forkserver")  # type: ignore[assignment]
    processes.set_forkserver_preload([__name__])

_mapper = EventMapper()


def reading(
    value: float = 1.0, *, stream: UUID | None = None, kpi: UUID = KPI, at: datetime = WHEN_RECORDED, note: str = ""
) -> StoredRow:
    """The first event of a stream that belongs to a KPI."""
    event = ReadingRecorded(
        kpi=kpi, value=value, note=note, originator_id=stream or uuid4(), originator_version=1, timestamp=at
    )
    return _mapper.to_stored_event(event)


def opened(stream: UUID, parent: UUID | None = None) -> StoredRow:
    """The first event of a cycle."""
    day = date(2026, 1, 1)
    event = CycleOpened(
        key="q", name="Q", starts_on=day, ends_on=day, check_in_cadence=Cadence.WEEKLY, parent=parent,
        originator_id=stream, originator_version=1,
    )  # fmt: skip
    return _mapper.to_stored_event(event)


def correction(stream: UUID, version: int) -> StoredRow:
    return _mapper.to_stored_event(ReadingCorrected(value=2.0, originator_id=stream, originator_version=version))


def added(stream: UUID, kpi: UUID | None) -> StoredRow:
    """The first event of a key result that a KPI measures, or none."""
    event = KeyResultAdded(
        objective=UUID(int=9),
        title="Sessions held",
        metric=Metric(Direction.DONE),
        due=date(2026, 3, 31),
        kpi=kpi,
        originator_id=stream,
        originator_version=1,
    )
    return _mapper.to_stored_event(event)


def linked(stream: UUID, version: int, kpi: UUID) -> StoredRow:
    return _mapper.to_stored_event(KeyResultLinked(kpi=kpi, originator_id=stream, originator_version=version))


def command(
    id: UUID | None = None,
    *,
    digest: bytes = b"input",
    result: bytes = b"",
    reads: Mapping[UUID, int] | None = None,
    no_newer: Sequence[NoNewer] = (),
    keys: Sequence[PersonKey] = (),
) -> Append:
    by = Authorship(actor="machine:test", source=Source.API, command=id or uuid4())
    return Append(by=by, digest=digest, result=result, reads=reads or {}, no_newer=no_newer, keys=keys)


def positions(row: CommandRow) -> list[int]:
    return list(range(row.first, row.last + 1))


def write_many(settings: Settings, sizes: Iterable[int]) -> None:
    """Append batches of these sizes; several processes run this concurrently."""
    with open_database(settings) as database:
        log = Log(database.pool(size_max=2), settings.workspace)
        for size in sizes:
            log.append([reading() for _ in range(size)], command())


def write_and_acknowledge(settings: Settings, series: Sequence[UUID], acknowledgements: Connection) -> None:
    """Append the events of each series one after another, in a thread of its own, until killed; send series, number and
    position of each acknowledged one."""
    sending = Lock()

    def write(log: Log, one: UUID) -> None:
        for number in count(1):
            row = persist(log, one, number)
            with sending:
                acknowledgements.send((one, number, row.first))

    with open_database(settings) as database, ThreadPoolExecutor(len(series)) as threads:
        log = Log(database.pool(size_max=4), settings.workspace, reconnect_seconds=settings.reconnect_timeout_s)
        for writing in [threads.submit(write, log, one) for one in series]:
            writing.result()


def persist(log: Log, series: UUID, number: int) -> CommandRow:
    """Append one numbered event; send it again while it is not known to be recorded."""
    while True:
        try:
            return log.append([reading(number, stream=numbered(series, number))], command(numbered(series, -number)))
        except (CommandInDoubt, ConcurrencyConflict, Unavailable):
            continue


def numbered(series: UUID, number: int) -> UUID:
    return uuid5(series, str(number))
