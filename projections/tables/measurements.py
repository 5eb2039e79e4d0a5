"""What was measured, when, and how far was it known: check-ins, readings, and where key results stand."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from functools import singledispatch
from operator import attrgetter
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

import msgspec

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
    fetch,
    grouped,
)
from projections.tables.key_result import KeyResultRow

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


class Standing(msgspec.Struct, frozen=True, gc=False):
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


class Link(NamedTuple):
    """A KPI, and since when a key result takes its value from there."""

    kpi: UUID
    since: datetime


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

_KNOWN = "v.position <= %(position)s and v.measured_at <= %(at)s"
_STANDS = f"{_KNOWN} and v.until_position > %(position)s"
_BY_MOMENT = SortKey("measured_at", "v.measured_at", "timestamptz", "v.position", "bigint")

M = TypeVar("M", CheckInRow, ReadingRow)


def _known(conn: Connection, basis: Basis, table: ValidityTable[M], ids: Sequence[UUID]) -> list[M]:
    sql = f"select {table.seen} from {table.name} v where v.id = any(%(ids)b) and {_KNOWN} order by v.position"
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
    found = pages(conn, basis, READING, "kpi", kpis, window, _BY_MOMENT, _STANDS)
    return {kpi: rows[0] for kpi, rows in found.items() if rows}


def readings_of_kpis(
    conn: Connection,
    basis: Basis,
    kpis: Sequence[UUID],
    since: datetime | None = None,
    until: datetime | None = None,
) -> dict[UUID, list[ReadingRow]]:
    """All readings that stand, measured in [since, until), oldest first."""
    where, params = _measured(_STANDS, since, until)
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
    where, params = _measured(_KNOWN if include_superseded else _STANDS, since, until)
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
    where, params = _measured(_KNOWN if include_superseded else _STANDS, since, until)
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
        f"select {CHECK_IN.seen} from check_in v where v.key_result = any(%(key_results)b) and {_STANDS}"
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
    where = _KNOWN if include_superseded else _STANDS
    return pages(conn, basis, CHECK_IN, "key_result", key_results, window, _BY_MOMENT, where, descending=descending)


def check_in_counts(
    conn: Connection, basis: Basis, key_results: Sequence[UUID], include_superseded: bool = False
) -> dict[UUID, int]:
    """How many check-ins each of these key results has."""
    return counts(conn, basis, CHECK_IN, "key_result", key_results, _KNOWN if include_superseded else _STANDS)


def measurement_cursor(row: CheckInRow | ReadingRow) -> Cursor:
    """Where this row stands among the measurements of its subject."""
    return Cursor(row.measured_at, row.position)


# ── where key results stand ──────────────────────────────────────────────────────────────────────


def standings(conn: Connection, basis: Basis, key_results: Sequence[KeyResultRow]) -> dict[UUID, Standing]:
    """Where each of these key results stands; one that was never spoken of has an empty standing.

    The value is the latest measurement by (measured at, position): of its own check-ins, or for a
    KPI-linked key result of the KPI's readings since it was linked; its own check-ins then carry
    confidence and note only.
    """
    found = [_NEVER] * len(key_results)
    for n, *last in fetch(conn, _LAST_WORDS, basis_params(basis, ids=[row.id for row in key_results])):
        found[n - 1] = last
    lacking = [n for n, row in enumerate(key_results) if row.kpi is not None or _lacks(found[n])]
    if lacking:
        told = [key_results[n] for n in lacking]
        links = {"ids": [row.id for row in told], "kpis": [row.kpi for row in told]}
        since = [row.kpi_since for row in told]
        for n, *earlier in fetch(conn, _EARLIER_WORDS, basis_params(basis, **links, since=since)):
            found[lacking[n - 1]] = _completed(found[lacking[n - 1]], *earlier)
    return {row.id: _standing(*words) for row, words in zip(key_results, found, strict=True)}


def readings_since(conn: Connection, basis: Basis, links: Sequence[Link]) -> list[list[ReadingRow]]:
    """The readings that stand, of the KPI of each of these links since it was made, oldest first."""
    found: list[list[ReadingRow]] = [[] for _ in links]
    if links:
        told = {"kpis": [link.kpi for link in links], "since": [link.since for link in links]}
        for n, *columns in fetch(conn, _READINGS_SINCE, basis_params(basis, **told)):
            found[n - 1].append(READING.loaded(columns))
    return found


def last_words_before(conn: Connection, versions: Sequence[KeyResultRow]) -> list[Standing]:
    """Where the key result of each of these versions stood just before it, as it was known then: its value only."""
    told = {
        "ids": [row.id for row in versions],
        "kpis": [row.kpi for row in versions],
        "since": [row.kpi_since for row in versions],
        "positions": [row.position for row in versions],
        "moments": [row.changed_at for row in versions],
    }
    return [_standing(*words) for words in fetch(conn, _WORDS_BEFORE, told)]


def milestones_reached(conn: Connection, basis: Basis, key_results: Sequence[UUID]) -> dict[UUID, dict[str, datetime]]:
    """By key result and milestone key: when it was first said to be reached."""
    sql = (
        "select v.key_result, milestone, min(v.measured_at) from check_in v, unnest(v.reached) milestone"
        f" where v.key_result = any(%(key_results)b) and {_STANDS} group by 1, 2"
    )
    found: dict[UUID, dict[str, datetime]] = {id: {} for id in key_results}
    for id, milestone, at in fetch(conn, sql, basis_params(basis, key_results=list(key_results))):
        found[id][milestone] = at
    return found


_SAYS_A_VALUE = "(v.value is not null or v.reached is not null)"


def _latest(table: str, of: str, where: str = "true") -> str:
    """The latest of what was measured of a thing, by (measured at, position), that stands at the basis."""
    order = "v.measured_at desc, v.position desc"
    return f"lateral (select * from {table} v where {of} and {_STANDS} and {where} order by {order} limit 1)"


_SUBJECTS = "unnest(%(ids)b::uuid[]) with ordinality as k (id, n)"
_LINKS = "unnest(%(ids)b::uuid[], %(kpis)b::uuid[], %(since)b::timestamptz[]) with ordinality as k (id, kpi, since, n)"
"""Key results with the KPIs they are linked to, and since when."""

_LAST_WORDS = f"""
    select k.n, l.value, l.reached, l.measured_at, l.id, l.position, l.measured_at, l.confidence, l.position
    from {_SUBJECTS} cross join {_latest("check_in", "v.key_result = k.id")} l
"""
"""The latest check-in of each, as a standing."""

_EARLIER_WORDS = f"""
    select k.n, k.kpi is not null,
        coalesce(m.value, r.value), m.reached, coalesce(m.measured_at, r.measured_at),
        coalesce(m.id, r.id), coalesce(m.position, r.position), s.confidence, s.position
    from {_LINKS}
    left join {_latest("check_in", "v.key_result = k.id", f"k.kpi is null and {_SAYS_A_VALUE}")} m on true
    left join {_latest("reading", "v.kpi = k.kpi", "v.measured_at >= k.since and k.kpi is not null")} r on true
    left join {_latest("check_in", "v.key_result = k.id", "v.confidence is not null")} s on true
"""
"""The latest value, of a check-in or of a reading of the KPI, and the latest confidence."""

_READINGS_SINCE = f"""
    select k.n, {READING.seen}
    from unnest(%(kpis)b::uuid[], %(since)b::timestamptz[]) with ordinality as k (kpi, since, n)
    join reading v on v.kpi = k.kpi and v.measured_at >= k.since and {_STANDS}
    order by v.measured_at, v.position
"""

_KNOWN_BEFORE = "v.position < k.position and v.until_position >= k.position and v.measured_at <= k.at"


def _latest_before(table: str, of: str) -> str:
    order = "v.measured_at desc, v.position desc"
    return f"lateral (select * from {table} v where {of} and {_KNOWN_BEFORE} order by {order} limit 1)"


_WORDS_BEFORE = f"""
    select coalesce(m.value, r.value), m.reached, coalesce(m.measured_at, r.measured_at),
        coalesce(m.id, r.id), coalesce(m.position, r.position)
    from unnest(%(ids)b::uuid[], %(kpis)b::uuid[], %(since)b::timestamptz[], %(positions)b::bigint[],
        %(moments)b::timestamptz[]) with ordinality as k (id, kpi, since, position, at, n)
    left join {_latest_before("check_in", f"v.key_result = k.id and k.kpi is null and {_SAYS_A_VALUE}")} m on true
    left join {_latest_before("reading", "v.kpi = k.kpi and v.measured_at >= k.since")} r on true
    order by k.n
"""
"""The latest value of each key result, as it was known just before a position, at a moment."""

_NEVER: Sequence[Any] = (None,) * 8


def _standing(value: float | None, reached: list[str] | None, *rest: Any) -> Standing:
    return Standing(value, None if reached is None else tuple(reached), *rest)


def _lacks(words: Sequence[Any]) -> bool:
    """Whether there is a check-in, but one that says nothing of the value, or of the confidence."""
    value, reached, *_, spoken_at, confidence, _ = words
    return spoken_at is not None and ((value is None and reached is None) or confidence is None)


def _completed(last: Sequence[Any], is_linked: bool, *earlier: Any) -> Sequence[Any]:
    *figure, confidence, position = earlier
    spoken_at = last[5]
    if is_linked:
        spoken_at = max(filter(None, (spoken_at, figure[2])), default=None)
    return (*figure, spoken_at, confidence, position)
