"""What was measured, when, and how far was it known: check-ins, KPIs, readings, and where key results stand."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec
import psycopg

from domain.values import Basis, Cadence, KpiGoal, Unit
from projections.goals import KeyResultRow
from projections.tables import By, Cursor, Order, Version, Window

# ── rows ─────────────────────────────────────────────────────────────────────────────────────────


class Ending(StrEnum):
    """How a version of a measurement ended."""

    CORRECTED = "CORRECTED"
    RETRACTED = "RETRACTED"


class KpiRow(Version, frozen=True):
    key: str
    name: str
    description: str | None
    unit: Unit
    goal: KpiGoal | None
    cadence: Cadence
    owner: UUID | None
    team: UUID | None
    retired: bool


class CheckInRow(msgspec.Struct, frozen=True):
    """One version of a check-in: version 1 as it was made, the next as it was corrected.

    `ended` tells how this version ended, as far as the basis knows; `version + 1` supersedes it then.
    """

    id: UUID
    version: int
    key_result: UUID
    measured_at: datetime
    recorded_at: datetime
    position: int
    value: float | None
    reached: tuple[str, ...] | None
    confidence: float | None
    note: str | None
    late: bool
    by: By
    reason: str | None
    ended: Ending | None


class ReadingRow(msgspec.Struct, frozen=True):
    """One version of a reading: version 1 as it was recorded, the next as it was corrected.

    `ended` tells how this version ended, as far as the basis knows: CORRECTED, then `version + 1`
    supersedes it; or RETRACTED, then nothing follows.
    """

    id: UUID
    version: int
    kpi: UUID
    measured_at: datetime
    recorded_at: datetime
    position: int
    value: float
    note: str | None
    by: By
    reason: str | None
    ended: Ending | None


class Standing(msgspec.Struct, frozen=True):
    """Where a key result stands: its latest value, when anyone last spoke of it, how sure they are.

    `value` and `reached` come from the same measurement, a check-in or, for a KPI-linked key result, a
    reading: `measurement`, `position` and `measured_at` name it. `spoken_at` is the moment of the
    latest check-in or reading whatever it said; `confidence` the last one stated.
    """

    value: float | None = None
    reached: tuple[str, ...] | None = None
    measured_at: datetime | None = None
    measurement: UUID | None = None
    position: int | None = None
    spoken_at: datetime | None = None
    confidence: float | None = None
    confidence_position: int | None = None


class Measurement(msgspec.Struct, frozen=True):
    """A point of a key result's history: of its own check-ins, or of the readings of its KPI.

    `from_kpi` tells which; a check-in of a KPI-linked key result has confidence and note only.
    """

    id: UUID
    position: int
    measured_at: datetime
    recorded_at: datetime
    value: float | None
    reached: tuple[str, ...] | None
    confidence: float | None
    from_kpi: bool


# ── filters and orders ───────────────────────────────────────────────────────────────────────────


class KpiFilter(msgspec.Struct, frozen=True):
    """`search`: a part of key, name or description, whatever the case."""

    team: UUID | None = None
    owner: UUID | None = None
    retired: bool | None = None
    search: str | None = None


class KpiOrder(StrEnum):
    RECORDED = "RECORDED"
    KEY = "KEY"
    NAME = "NAME"
    CREATED_AT = "CREATED_AT"
    CHANGED_AT = "CHANGED_AT"


# ── KPIs ─────────────────────────────────────────────────────────────────────────────────────────


def kpis(conn: psycopg.Connection, basis: Basis, ids: Sequence[UUID]) -> dict[UUID, KpiRow]:
    """The KPIs with these ids, retired ones too; unknown ones are left out."""


def kpis_by_key(conn: psycopg.Connection, basis: Basis, keys: Sequence[str]) -> dict[str, KpiRow]:
    """The KPIs with these keys; unknown ones are left out."""


def kpi_versions(conn: psycopg.Connection, basis: Basis, ids: Sequence[UUID]) -> dict[UUID, list[KpiRow]]:
    """Every version of these KPIs up to the basis, oldest first."""


def kpi_page(
    conn: psycopg.Connection, basis: Basis, filter: KpiFilter, order: Order[KpiOrder], window: Window
) -> list[KpiRow]:
    """A stretch of the KPIs that pass the filter."""


def kpi_count(conn: psycopg.Connection, basis: Basis, filter: KpiFilter) -> int:
    """How many KPIs pass the filter."""


def kpi_cursor(row: KpiRow, order: KpiOrder) -> Cursor:
    """Where this row stands in that order."""


# ── readings: ordered by (measured at, position) ─────────────────────────────────────────────────


def readings(conn: psycopg.Connection, basis: Basis, ids: Sequence[UUID]) -> dict[UUID, ReadingRow]:
    """The last known version of these readings, retracted ones too; unknown ones are left out."""


def reading_versions(
    conn: psycopg.Connection, basis: Basis, ids: Sequence[UUID]
) -> dict[UUID, list[ReadingRow]]:
    """Every version of these readings that the basis knows, oldest first."""


def latest_readings(conn: psycopg.Connection, basis: Basis, kpis: Sequence[UUID]) -> dict[UUID, ReadingRow]:
    """The latest reading of each of these KPIs; those without one are left out."""


def readings_of_kpis(
    conn: psycopg.Connection,
    basis: Basis,
    kpis: Sequence[UUID],
    since: datetime | None = None,
    until: datetime | None = None,
) -> dict[UUID, list[ReadingRow]]:
    """All readings that stand, measured in [since, until), oldest first."""


def reading_pages(
    conn: psycopg.Connection,
    basis: Basis,
    kpis: Sequence[UUID],
    window: Window,
    since: datetime | None = None,
    until: datetime | None = None,
    include_superseded: bool = False,
    descending: bool = False,
) -> dict[UUID, list[ReadingRow]]:
    """The same stretch of the readings of each of these KPIs, measured in [since, until)."""


def reading_counts(
    conn: psycopg.Connection,
    basis: Basis,
    kpis: Sequence[UUID],
    since: datetime | None = None,
    until: datetime | None = None,
    include_superseded: bool = False,
) -> dict[UUID, int]:
    """How many readings each of these KPIs has in [since, until)."""


# ── check-ins: ordered by (measured at, position) ────────────────────────────────────────────────


def check_ins(conn: psycopg.Connection, basis: Basis, ids: Sequence[UUID]) -> dict[UUID, CheckInRow]:
    """The last known version of these check-ins; unknown ones are left out."""


def check_in_versions(
    conn: psycopg.Connection, basis: Basis, ids: Sequence[UUID]
) -> dict[UUID, list[CheckInRow]]:
    """Every version of these check-ins that the basis knows, oldest first."""


def check_ins_of_key_results(
    conn: psycopg.Connection, basis: Basis, key_results: Sequence[UUID]
) -> dict[UUID, list[CheckInRow]]:
    """All check-ins that stand, of each of these key results, oldest first."""


def check_in_pages(
    conn: psycopg.Connection,
    basis: Basis,
    key_results: Sequence[UUID],
    window: Window,
    include_superseded: bool = False,
    descending: bool = False,
) -> dict[UUID, list[CheckInRow]]:
    """The same stretch of the check-ins of each of these key results."""


def check_in_counts(
    conn: psycopg.Connection, basis: Basis, key_results: Sequence[UUID], include_superseded: bool = False
) -> dict[UUID, int]:
    """How many check-ins each of these key results has."""


def measurement_cursor(row: CheckInRow | ReadingRow) -> Cursor:
    """Where this row stands among the measurements of its subject."""


# ── where key results stand ──────────────────────────────────────────────────────────────────────


def standings(
    conn: psycopg.Connection, basis: Basis, key_results: Sequence[KeyResultRow]
) -> dict[UUID, Standing]:
    """Where each of these key results stands; one that was never spoken of has an empty standing.

    The value is the latest measurement by (measured at, position): of its own check-ins, or for a
    KPI-linked key result of the KPI's readings since it was linked; its own check-ins then carry
    confidence and note only.
    """


def measurements(
    conn: psycopg.Connection, basis: Basis, key_results: Sequence[KeyResultRow]
) -> dict[UUID, list[Measurement]]:
    """All that was measured or said of each of these key results, oldest first: see `standings`."""


def milestones_reached(
    conn: psycopg.Connection, basis: Basis, key_results: Sequence[UUID]
) -> dict[UUID, dict[str, datetime]]:
    """By key result and milestone key: when it was first said to be reached."""
