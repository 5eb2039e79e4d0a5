"""Check-ins and readings in all their versions, each with the position since which it is known."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from functools import singledispatch
from operator import attrgetter
from typing import Any, Generic, NamedTuple, TypeVar
from uuid import UUID

import msgspec

from domain.model.event import Event, Recorded
from domain.model.measurements.check_in import CheckInCorrected, KeyResultCheckedIn
from domain.model.measurements.reading import ReadingCorrected, ReadingRecorded, ReadingRetracted
from domain.primitives.values import Basis
from projections.store.batch_writer import BatchWriter, Reads, event_columns
from projections.store.keyset import SortKey, counts, ordered, pages
from projections.store.rows import EventRow
from projections.store.versioned_tables import (
    OPEN,
    Connection,
    Cursor,
    Table,
    ValidityTable,
    Window,
    basis_params,
    fetch,
    grouped,
)

# ── rows ─────────────────────────────────────────────────────────────────────────────────────────


class Ending(StrEnum):
    """How a version of a measurement ended."""

    CORRECTED = "CORRECTED"
    RETRACTED = "RETRACTED"


class CheckInRow(EventRow, frozen=True, gc=False):
    """One version of a check-in: version 1 as recorded, each later version as corrected.

    `first_position` is the position of version 1: of two measurements of one instant, the one first recorded last is
    the later one. `until_position` and `ended`: the position of the event that ended this version, and how, as known at
    the basis; both are None while the version is current.
    """

    version: int
    first_position: int
    key_result: UUID
    measured_at: datetime
    value: float | None
    reached: tuple[str, ...] | None
    confidence: float | None
    note: str | None
    late: bool
    claimed_at: datetime | None
    until_position: int | None = OPEN
    ended: Ending | None = None


class ReadingRow(EventRow, frozen=True, gc=False):
    """One version of a reading: version 1 as recorded, each later version as corrected.

    `first_position` is the position of version 1: of two measurements of one instant, the one first recorded last is
    the later one. `until_position` and `ended`: the position of the event that ended this version, and how, as known at
    the basis; both are None while the version is current. A RETRACTED reading can be recorded again, which is its next
    version.
    """

    version: int
    first_position: int
    kpi: UUID
    measured_at: datetime
    value: float
    note: str | None
    claimed_at: datetime | None
    until_position: int | None = OPEN
    ended: Ending | None = None


class ReadValue(msgspec.Struct, frozen=True, gc=False):
    """The value of a reading, without what only its own node shows."""

    id: UUID
    kpi: UUID
    position: int
    measured_at: datetime
    value: float


# ── tables ───────────────────────────────────────────────────────────────────────────────────────

CHECK_IN = ValidityTable(
    "check_in",
    CheckInRow,
    ["id"],
    ["until_position", "ended"],
    ["(key_result, measured_at, first_position)"],
    searched=("note",),
)
READING = ValidityTable(
    "reading", ReadingRow, ["id"], ["until_position", "ended"], ["(kpi, measured_at, first_position)"]
)
TABLES: tuple[Table[Any], ...] = (CHECK_IN, READING)

# ── handlers ─────────────────────────────────────────────────────────────────────────────────────

READS: Reads = {}


@singledispatch
def apply(event: Event, entry: Recorded, writer: BatchWriter) -> None:
    """Apply an event to the tables of this projection; most events are ignored."""


@apply.register
def on_key_result_checked_in(event: KeyResultCheckedIn, entry: Recorded, writer: BatchWriter) -> None:
    _check_in(event, entry.position, event.key_result, entry, writer)


@apply.register
def on_check_in_corrected(event: CheckInCorrected, entry: Recorded, writer: BatchWriter) -> None:
    writer.close(CHECK_IN, (event.originator_id,), entry.position, Ending.CORRECTED)
    before = writer.current(CHECK_IN, event.originator_id)
    _check_in(event, before.first_position, before.key_result, entry, writer)


@apply.register
def on_reading_recorded(event: ReadingRecorded, entry: Recorded, writer: BatchWriter) -> None:
    _reading(event, entry.position, event.kpi, entry, writer)


@apply.register
def on_reading_corrected(event: ReadingCorrected, entry: Recorded, writer: BatchWriter) -> None:
    writer.close(READING, (event.originator_id,), entry.position, Ending.CORRECTED)
    before = writer.current(READING, event.originator_id)
    _reading(event, before.first_position, before.kpi, entry, writer)


@apply.register
def on_reading_retracted(event: ReadingRetracted, entry: Recorded, writer: BatchWriter) -> None:
    writer.close(READING, (event.originator_id,), entry.position, Ending.RETRACTED)


def _check_in(
    event: KeyResultCheckedIn | CheckInCorrected, first: int, key_result: UUID, entry: Recorded, writer: BatchWriter
) -> None:
    measured = (event.value, event.reached, event.confidence, event.note, event.late, event.claimed_at)
    row = CheckInRow(*event_columns(entry), event.originator_version, first, key_result, event.timestamp, *measured)
    writer.add(CHECK_IN, row)


def _reading(
    event: ReadingRecorded | ReadingCorrected, first: int, kpi: UUID, entry: Recorded, writer: BatchWriter
) -> None:
    measured = (event.timestamp, event.value, event.note, event.claimed_at)
    row = ReadingRow(*event_columns(entry), event.originator_version, first, kpi, *measured)
    writer.add(READING, row)


# ── measurements ─────────────────────────────────────────────────────────────────────────────────

KNOWN = "v.position <= %(position)s and v.measured_at <= %(at)s"
CURRENT = f"{KNOWN} and v.until_position > %(position)s"
"""The conditions that a measurement `v` is known at the basis, and that no later version of it is."""
_MOMENTS = "unnest(%(ids)b::uuid[], %(moments)b::timestamptz[]) as c (id, moment)"
_BY_MOMENT = SortKey("measured_at", "v.measured_at", "timestamptz", ("v.first_position", "v.position"), "bigint")

M = TypeVar("M", CheckInRow, ReadingRow)


class Measurements(Generic[M]):
    """Measurements of one kind, each of a subject: a key result or KPI.

    They are ordered by (measured at, first position, position): a correction keeps the place of the measurement that it
    corrects, and the versions of one measurement follow each other.
    """

    def __init__(self, table: ValidityTable[M], subject: str) -> None:
        self._table: ValidityTable[M] = table
        self._subject = subject

    def by_id(self, conn: Connection, basis: Basis, ids: Sequence[UUID]) -> dict[UUID, M]:
        """The last known version of each of these, retracted ones too; unknown ones are left out."""
        return {row.id: row for row in ordered(conn, basis, self._table, "id", ids, KNOWN)}

    def versions(self, conn: Connection, basis: Basis, ids: Sequence[UUID]) -> dict[UUID, list[M]]:
        """Every version of these that the basis knows, oldest first."""
        return grouped(ids, ordered(conn, basis, self._table, "id", ids, KNOWN), attrgetter("id"))

    def latest(self, conn: Connection, basis: Basis, subjects: Sequence[UUID]) -> dict[UUID, M]:
        """The latest measurement of each of these subjects; subjects without one are left out."""
        window = Window(1, backwards=True)
        found = pages(conn, basis, self._table, self._subject, subjects, window, _BY_MOMENT, CURRENT)
        return {subject: rows[0] for subject, rows in found.items() if rows}

    def all(
        self,
        conn: Connection,
        basis: Basis,
        subjects: Sequence[UUID],
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> dict[UUID, list[M]]:
        """All current measurements of each of these subjects, measured in [since, until), oldest first."""
        where, params = _measured(CURRENT, since, until)
        order = "measured_at, first_position"
        rows = ordered(conn, basis, self._table, self._subject, subjects, where, order, **params)
        return grouped(subjects, rows, attrgetter(self._subject))

    def latest_before(self, conn: Connection, basis: Basis, ends: Mapping[UUID, datetime]) -> dict[UUID, M]:
        """The latest measurement of each of these subjects before a moment of its own; subjects without one are left
        out."""
        own = f"v.{self._subject} = c.id and v.measured_at < c.moment and {CURRENT}"
        order = "v.measured_at desc, v.first_position desc"
        last = f"lateral (select {self._table.seen} from {self._table.name} v where {own} order by {order} limit 1) v"
        rows = self._of_each(conn, basis, ends, f"select v.* from {_MOMENTS} cross join {last}")
        return {getattr(row, self._subject): row for row in rows}

    def since(self, conn: Connection, basis: Basis, starts: Mapping[UUID, datetime]) -> dict[UUID, list[M]]:
        """All current measurements of each of these subjects from a moment of its own on, oldest first."""
        own = f"v.{self._subject} = c.id and v.measured_at >= c.moment"
        found = f"select {self._table.seen} from {_MOMENTS} join {self._table.name} v on {own} where {CURRENT}"
        rows = self._of_each(conn, basis, starts, f"{found} order by v.measured_at, v.first_position")
        return grouped(starts, rows, attrgetter(self._subject))

    def _of_each(self, conn: Connection, basis: Basis, moments: Mapping[UUID, datetime], sql: str) -> list[M]:
        params = basis_params(basis, ids=list(moments), moments=list(moments.values()))
        return self._table.read(conn, sql, params)

    def remarked(self, conn: Connection, basis: Basis, subjects: Sequence[UUID]) -> list[M]:
        """Every version of the measurements of these subjects that has a note or a reason, by time of measurement."""
        remarked = f"{KNOWN} and (v.note is not null or v.reason is not null)"
        order = "measured_at, first_position, position"
        return ordered(conn, basis, self._table, self._subject, subjects, remarked, order)

    def pages(
        self,
        conn: Connection,
        basis: Basis,
        subjects: Sequence[UUID],
        window: Window,
        since: datetime | None = None,
        until: datetime | None = None,
        include_superseded: bool = False,
        descending: bool = False,
    ) -> dict[UUID, list[M]]:
        """The same page of the measurements of each of these subjects, measured in [since, until)."""
        where, params = _measured(KNOWN if include_superseded else CURRENT, since, until)
        return pages(
            conn, basis, self._table, self._subject, subjects, window, _BY_MOMENT, where,
            descending=descending, **params,
        )  # fmt: skip

    def counts(
        self,
        conn: Connection,
        basis: Basis,
        subjects: Sequence[UUID],
        since: datetime | None = None,
        until: datetime | None = None,
        include_superseded: bool = False,
    ) -> dict[UUID, int]:
        """The number of measurements of each of these subjects in [since, until)."""
        where, params = _measured(KNOWN if include_superseded else CURRENT, since, until)
        return counts(conn, basis, self._table, self._subject, subjects, where, **params)

    def cursor(self, row: M) -> Cursor:
        """The place of this row among the measurements of its subject."""
        return Cursor(row.measured_at, (row.first_position, row.position))


def _measured(where: str, since: datetime | None, until: datetime | None) -> tuple[str, dict[str, datetime]]:
    """The condition, narrowed to what was measured in [since, until)."""
    params = {}
    for name, bound, side in (("since", since, ">="), ("until", until, "<")):
        if bound is not None:
            where += f" and v.measured_at {side} %({name})s"
            params[name] = bound
    return where, params


CHECK_INS = Measurements(CHECK_IN, "key_result")
READINGS = Measurements(READING, "kpi")

_VALUES = f"""
    select v.id, v.kpi, v.position, v.measured_at, v.value from reading v join {_MOMENTS} on v.kpi = c.id
    where v.measured_at >= c.moment and {CURRENT} order by v.measured_at, v.first_position
"""


def read_values(conn: Connection, basis: Basis, starts: Mapping[UUID, datetime]) -> dict[UUID, list[ReadValue]]:
    """The values of the current readings of each of these KPIs from a moment of its own on, oldest first."""
    params = basis_params(basis, ids=list(starts), moments=list(starts.values()))
    found: dict[UUID, list[ReadValue]] = {id: [] for id in starts}
    for row in fetch(conn, _VALUES, params):
        found[row[1]].append(ReadValue(*row))
    return found


class Reported(NamedTuple):
    """What an export shows of a reading, and its place among the readings of its KPI."""

    kpi: UUID
    measured_at: datetime
    value: float
    note: str | None
    claimed_at: datetime | None
    recorded_at: datetime
    first_position: int
    position: int

    @property
    def cursor(self) -> Cursor:
        return Cursor(self.measured_at, (self.first_position, self.position))


def reported(
    conn: Connection,
    basis: Basis,
    kpis: Sequence[UUID],
    window: Window,
    since: datetime | None = None,
    until: datetime | None = None,
) -> list[Reported]:
    """The first rows of the same page of the readings of each of these KPIs: by KPI in this order, then as `pages`."""
    where, params = _measured(CURRENT, since, until)
    limits, cursors = _BY_MOMENT.limits(window, descending=False)
    columns, order = ", ".join(f"v.{name}" for name in Reported._fields), _BY_MOMENT.by("asc")
    own = f"v.kpi = c.id and {' and '.join([where, *limits])} order by {order} limit %(limit)s"
    each = f"lateral (select {columns} from reading v where {own}) v"
    sql = f"select v.* from unnest(%(kpis)b::uuid[]) with ordinality as c (id, n) cross join {each}"
    given = basis_params(basis, kpis=list(kpis), limit=window.limit, **params, **cursors)
    return list(map(Reported._make, fetch(conn, f"{sql} order by c.n, {order} limit %(limit)s", given)))


# ── units ────────────────────────────────────────────────────────────────────────────────────────


def _measured_before(table: str, of: str) -> str:
    """Whether a measurement that is current at the basis was first recorded before the change `c`."""
    return f"exists (select from {table} v where {of} and {CURRENT} and v.first_position < c.position)"


def _unit_changes(table: str, column: str, unit: str, kpi: str, ids: str = "any(%(ids)b)") -> str:
    """The versions up to the basis whose unit differs from that of the version before. `unit`: that in a value of the
    column, which is looked at only where the column changed."""
    versions = (
        f"select id, version, position, {kpi} as kpi, {column} as now,"
        f" lag({column}) over (partition by id order by position) as before"
        f" from {table} where id = {ids} and position <= %(position)s and changed_at <= %(at)s"
    )
    changed = "version > 1 and now is distinct from before"
    differs = f"case when {changed} then {unit.format('now')} is distinct from {unit.format('before')} else false end"
    return f"select id, position, kpi from ({versions}) v where {differs}"


_CHECKED_IN = _measured_before("check_in", "v.key_result = c.id and (v.value is not null or v.reached is not null)")
_READ = _measured_before("reading", "v.kpi = c.kpi")
_OF_KEY_RESULTS = ("key_result", "metric", "convert_from({}, 'UTF8')::jsonb -> 'unit'", "kpi")
_WITHIN = "any(array(select f.id from key_result f where f.arrived and f.objective = any(%(objectives)b)))"
_KEY_RESULTS, _KEY_RESULTS_WITHIN = (
    f"select distinct c.id from ({changes}) c where {_CHECKED_IN} or {_READ}"
    for changes in (_unit_changes(*_OF_KEY_RESULTS), _unit_changes(*_OF_KEY_RESULTS, _WITHIN))
)
_UNITS = _unit_changes("kpi", "unit", "{}", "id")
_KPIS = f"select distinct c.id from ({_UNITS}) c where {_READ}"


def key_results_with_changed_units(conn: Connection, basis: Basis, key_results: Sequence[UUID]) -> frozenset[UUID]:
    """Those of these key results whose unit changed after a check-in with a value, or after a reading of the KPI that
    was linked at the change. Their values are not comparable."""
    return frozenset(id for (id,) in fetch(conn, _KEY_RESULTS, basis_params(basis, ids=list(key_results))))


def key_results_with_changed_units_within(
    conn: Connection, basis: Basis, objectives: Sequence[UUID]
) -> frozenset[UUID]:
    """The same of all key results of these objectives."""
    params = basis_params(basis, objectives=list(objectives))
    return frozenset(id for (id,) in fetch(conn, _KEY_RESULTS_WITHIN, params))


def kpis_with_changed_units(conn: Connection, basis: Basis, kpis: Sequence[UUID]) -> frozenset[UUID]:
    """Those of these KPIs whose unit changed after a reading. Their readings are not comparable."""
    return frozenset(id for (id,) in fetch(conn, _KPIS, basis_params(basis, ids=list(kpis))))
