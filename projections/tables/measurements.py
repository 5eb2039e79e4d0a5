"""Which check-ins and readings are there, in which versions, and since when is each known."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from functools import singledispatch
from operator import attrgetter
from typing import Any, TypeVar
from uuid import UUID

from domain.model.event import Event, Recorded
from domain.model.key_result import CheckInCorrected, KeyResultCheckedIn
from domain.model.kpi import ReadingCorrected, ReadingRecorded, ReadingRetracted
from domain.primitives.values import Basis
from projections.store.batch_writer import BatchWriter, Reads, event_columns
from projections.store.keyset import SortKey, counts, pages
from projections.store.versioned_tables import (
    OPEN,
    Connection,
    Cursor,
    EventRow,
    Table,
    ValidityTable,
    Window,
    basis_params,
    grouped,
)

# ── rows ─────────────────────────────────────────────────────────────────────────────────────────


class Ending(StrEnum):
    """How a version of a measurement ended."""

    CORRECTED = "CORRECTED"
    RETRACTED = "RETRACTED"


class CheckInRow(EventRow, frozen=True, gc=False):
    """One version of a check-in: version 1 as it was made, the next as it was corrected.

    `until_position` and `ended` tell by which event and how this version ended, as far as the basis
    knows; both are None while it stands.
    """

    version: int
    key_result: UUID
    measured_at: datetime
    value: float | None
    reached: tuple[str, ...] | None
    confidence: float | None
    note: str | None
    late: bool
    until_position: int | None = OPEN
    ended: Ending | None = None


class ReadingRow(EventRow, frozen=True, gc=False):
    """One version of a reading: version 1 as it was recorded, the next as it was corrected.

    `until_position` and `ended` tell by which event and how this version ended, as far as the basis
    knows; both are None while it stands. A reading that was RETRACTED can be recorded anew: that is
    its next version then.
    """

    version: int
    kpi: UUID
    measured_at: datetime
    value: float
    note: str | None
    until_position: int | None = OPEN
    ended: Ending | None = None


# ── tables ───────────────────────────────────────────────────────────────────────────────────────

CHECK_IN = ValidityTable(
    "check_in", CheckInRow, ["id"], ["until_position", "ended"], ["(key_result, measured_at, position)"]
)
READING = ValidityTable("reading", ReadingRow, ["id"], ["until_position", "ended"], ["(kpi, measured_at, position)"])
TABLES: tuple[Table[Any], ...] = (CHECK_IN, READING)

# ── handlers ─────────────────────────────────────────────────────────────────────────────────────

READS: Reads = {}


@singledispatch
def apply(event: Event, said: Recorded, writer: BatchWriter) -> None:
    """What an event changes here; nothing for most."""


@apply.register
def on_key_result_checked_in(event: KeyResultCheckedIn, said: Recorded, writer: BatchWriter) -> None:
    _check_in(event, event.key_result, said, writer)


@apply.register
def on_check_in_corrected(event: CheckInCorrected, said: Recorded, writer: BatchWriter) -> None:
    writer.close(CHECK_IN, (event.originator_id,), said.position, Ending.CORRECTED)
    _check_in(event, writer.current(CHECK_IN, event.originator_id).key_result, said, writer)


@apply.register
def on_reading_recorded(event: ReadingRecorded, said: Recorded, writer: BatchWriter) -> None:
    _reading(event, event.kpi, said, writer)


@apply.register
def on_reading_corrected(event: ReadingCorrected, said: Recorded, writer: BatchWriter) -> None:
    writer.close(READING, (event.originator_id,), said.position, Ending.CORRECTED)
    _reading(event, writer.current(READING, event.originator_id).kpi, said, writer)


@apply.register
def on_reading_retracted(event: ReadingRetracted, said: Recorded, writer: BatchWriter) -> None:
    writer.close(READING, (event.originator_id,), said.position, Ending.RETRACTED)


def _check_in(
    event: KeyResultCheckedIn | CheckInCorrected, key_result: UUID, said: Recorded, writer: BatchWriter
) -> None:
    measured = (event.value, event.reached, event.confidence, event.note, event.late)
    row = CheckInRow(*event_columns(said), event.originator_version, key_result, event.timestamp, *measured)
    writer.add(CHECK_IN, row)


def _reading(event: ReadingRecorded | ReadingCorrected, kpi: UUID, said: Recorded, writer: BatchWriter) -> None:
    row = ReadingRow(*event_columns(said), event.originator_version, kpi, event.timestamp, event.value, event.note)
    writer.add(READING, row)


# ── measurements ─────────────────────────────────────────────────────────────────────────────────

KNOWN = "v.position <= %(position)s and v.measured_at <= %(at)s"
CURRENT = f"{KNOWN} and v.until_position > %(position)s"
"""The conditions that the basis knows a measurement `v`, and that it knows no later version of it."""
_BY_MOMENT = SortKey("measured_at", "v.measured_at", "timestamptz", "v.position", "bigint")

M = TypeVar("M", CheckInRow, ReadingRow)


def _known(conn: Connection, basis: Basis, table: ValidityTable[M], ids: Sequence[UUID]) -> list[M]:
    sql = f"select {table.seen} from {table.name} v where v.id = any(%(ids)b) and {KNOWN} order by v.position"
    return table.read(conn, sql, basis_params(basis, ids=list(ids)))


def _measured(where: str, since: datetime | None, until: datetime | None) -> tuple[str, dict[str, datetime]]:
    """The condition, narrowed to what was measured in [since, until)."""
    params = {}
    for name, bound, side in (("since", since, ">="), ("until", until, "<")):
        if bound is not None:
            where += f" and v.measured_at {side} %({name})s"
            params[name] = bound
    return where, params


# ── readings: ordered by (measured at, position) ─────────────────────────────────────────────────


def readings(conn: Connection, basis: Basis, ids: Sequence[UUID]) -> dict[UUID, ReadingRow]:
    """The last known version of these readings, retracted ones too; unknown ones are left out."""
    return {row.id: row for row in _known(conn, basis, READING, ids)}


def reading_versions(conn: Connection, basis: Basis, ids: Sequence[UUID]) -> dict[UUID, list[ReadingRow]]:
    """Every version of these readings that the basis knows, oldest first."""
    return grouped(ids, _known(conn, basis, READING, ids), attrgetter("id"))


def latest_readings(conn: Connection, basis: Basis, kpis: Sequence[UUID]) -> dict[UUID, ReadingRow]:
    """The latest reading of each of these KPIs; those without one are left out."""
    window = Window(1, backwards=True)
    found = pages(conn, basis, READING, "kpi", kpis, window, _BY_MOMENT, CURRENT)
    return {kpi: rows[0] for kpi, rows in found.items() if rows}


def readings_of_kpis(
    conn: Connection,
    basis: Basis,
    kpis: Sequence[UUID],
    since: datetime | None = None,
    until: datetime | None = None,
) -> dict[UUID, list[ReadingRow]]:
    """All readings that stand, measured in [since, until), oldest first."""
    where, params = _measured(CURRENT, since, until)
    sql = f"select {READING.seen} from reading v where v.kpi = any(%(kpis)b) and {where} order by measured_at, position"
    return grouped(kpis, READING.read(conn, sql, basis_params(basis, kpis=list(kpis), **params)), attrgetter("kpi"))


def reading_pages(
    conn: Connection,
    basis: Basis,
    kpis: Sequence[UUID],
    window: Window,
    since: datetime | None = None,
    until: datetime | None = None,
    include_superseded: bool = False,
    descending: bool = False,
) -> dict[UUID, list[ReadingRow]]:
    """The same page of the readings of each of these KPIs, measured in [since, until)."""
    where, params = _measured(KNOWN if include_superseded else CURRENT, since, until)
    return pages(conn, basis, READING, "kpi", kpis, window, _BY_MOMENT, where, descending=descending, **params)


def reading_counts(
    conn: Connection,
    basis: Basis,
    kpis: Sequence[UUID],
    since: datetime | None = None,
    until: datetime | None = None,
    include_superseded: bool = False,
) -> dict[UUID, int]:
    """How many readings each of these KPIs has in [since, until)."""
    where, params = _measured(KNOWN if include_superseded else CURRENT, since, until)
    return counts(conn, basis, READING, "kpi", kpis, where, **params)


# ── check-ins: ordered by (measured at, position) ────────────────────────────────────────────────


def check_ins(conn: Connection, basis: Basis, ids: Sequence[UUID]) -> dict[UUID, CheckInRow]:
    """The last known version of these check-ins; unknown ones are left out."""
    return {row.id: row for row in _known(conn, basis, CHECK_IN, ids)}


def check_in_versions(conn: Connection, basis: Basis, ids: Sequence[UUID]) -> dict[UUID, list[CheckInRow]]:
    """Every version of these check-ins that the basis knows, oldest first."""
    return grouped(ids, _known(conn, basis, CHECK_IN, ids), attrgetter("id"))


def check_ins_of_key_results(
    conn: Connection, basis: Basis, key_results: Sequence[UUID]
) -> dict[UUID, list[CheckInRow]]:
    """All check-ins that stand, of each of these key results, oldest first."""
    sql = (
        f"select {CHECK_IN.seen} from check_in v where v.key_result = any(%(key_results)b) and {CURRENT}"
        " order by measured_at, position"
    )
    rows = CHECK_IN.read(conn, sql, basis_params(basis, key_results=list(key_results)))
    return grouped(key_results, rows, attrgetter("key_result"))


def check_in_pages(
    conn: Connection,
    basis: Basis,
    key_results: Sequence[UUID],
    window: Window,
    include_superseded: bool = False,
    descending: bool = False,
) -> dict[UUID, list[CheckInRow]]:
    """The same page of the check-ins of each of these key results."""
    where = KNOWN if include_superseded else CURRENT
    return pages(conn, basis, CHECK_IN, "key_result", key_results, window, _BY_MOMENT, where, descending=descending)


def check_in_counts(
    conn: Connection, basis: Basis, key_results: Sequence[UUID], include_superseded: bool = False
) -> dict[UUID, int]:
    """How many check-ins each of these key results has."""
    return counts(conn, basis, CHECK_IN, "key_result", key_results, KNOWN if include_superseded else CURRENT)


def measurement_cursor(row: CheckInRow | ReadingRow) -> Cursor:
    """Where this row stands among the measurements of its subject."""
    return Cursor(row.measured_at, row.position)
