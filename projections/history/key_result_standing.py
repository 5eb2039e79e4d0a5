"""The standing of a key result at a basis: its value, confidence and milestones, and the measurement they come from."""

from collections.abc import Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from domain.primitives.values import Basis
from projections.store.versioned_tables import (
    Connection,
    basis_params,
    fetch,
)
from projections.tables.key_result import KeyResultRow
from projections.tables.measurements import CURRENT, READING, ReadingRow


class Standing(msgspec.Struct, frozen=True, gc=False):
    """The latest value of a key result, its latest confidence, and the time of its last update.

    `value` and `reached` come from the same measurement, a check-in or, for a KPI-linked key result, a reading:
    `measurement`, `position` and `measured_at` identify it. `last_measured_at` is the time of the latest check-in or
    reading, with or without a value; `confidence` is the last one given.
    """

    value: float | None = None
    reached: tuple[str, ...] | None = None
    measured_at: datetime | None = None
    measurement: UUID | None = None
    position: int | None = None
    last_measured_at: datetime | None = None
    confidence: float | None = None
    confidence_position: int | None = None


class Link(NamedTuple):
    """A KPI, and the time since which a key result is linked to it."""

    kpi: UUID
    since: datetime


# ── queries ──────────────────────────────────────────────────────────────────────────────────────


def standings(conn: Connection, basis: Basis, key_results: Sequence[KeyResultRow]) -> dict[UUID, Standing]:
    """The standing of each of these key results; an empty one without any measurement.

    The value is that of the latest measurement by (measured at, position): of its own check-ins, or for a KPI-linked
    key result of the KPI's readings since the link; its own check-ins then have a confidence and a note only.
    """
    found = [_NEVER] * len(key_results)
    for n, *last in fetch(conn, _LATEST_CHECK_INS, basis_params(basis, ids=list(map(attrgetter("id"), key_results)))):
        found[n - 1] = last
    lacking = [n for n, row in enumerate(key_results) if row.kpi is not None or _lacks(found[n])]
    if lacking:
        rows = [key_results[n] for n in lacking]
        links = {"ids": [row.id for row in rows], "kpis": [row.kpi for row in rows]}
        since = [row.kpi_since for row in rows]
        for n, *earlier in fetch(conn, _LATEST_VALUES, basis_params(basis, **links, since=since)):
            found[lacking[n - 1]] = _completed(found[lacking[n - 1]], *earlier)
    return {row.id: _standing(*columns) for row, columns in zip(key_results, found, strict=True)}


def readings_since(conn: Connection, basis: Basis, links: Sequence[Link]) -> list[list[ReadingRow]]:
    """The current readings of the KPI of each of these links since the link, oldest first."""
    found: list[list[ReadingRow]] = [[] for _ in links]
    if links:
        params = {"kpis": [link.kpi for link in links], "since": [link.since for link in links]}
        for n, *columns in fetch(conn, _READINGS_SINCE, basis_params(basis, **params)):
            found[n - 1].append(READING.loaded(columns))
    return found


def standings_before(conn: Connection, versions: Sequence[KeyResultRow]) -> list[Standing]:
    """The standing of the key result right before each of these versions, as known then, without the confidence."""
    params = {
        "ids": [row.id for row in versions],
        "kpis": [row.kpi for row in versions],
        "since": [row.kpi_since for row in versions],
        "positions": [row.position for row in versions],
        "moments": [row.changed_at for row in versions],
    }
    return [_standing(*columns) for columns in fetch(conn, _VALUES_BEFORE, params)]


def milestones_reached(conn: Connection, basis: Basis, key_results: Sequence[UUID]) -> dict[UUID, dict[str, datetime]]:
    """By key result and milestone key: when a check-in first listed it as reached."""
    sql = (
        "select v.key_result, milestone, min(v.measured_at) from check_in v, unnest(v.reached) milestone"
        f" where v.key_result = any(%(key_results)b) and {CURRENT} group by 1, 2"
    )
    found: dict[UUID, dict[str, datetime]] = {id: {} for id in key_results}
    for id, milestone, at in fetch(conn, sql, basis_params(basis, key_results=list(key_results))):
        found[id][milestone] = at
    return found


# ── SQL ──────────────────────────────────────────────────────────────────────────────────────────

_HAS_VALUE = "(v.value is not null or v.reached is not null)"


def _latest(table: str, of: str, where: str = "true") -> str:
    """The latest current measurement of a key result or KPI, by (measured at, position)."""
    order = "v.measured_at desc, v.position desc"
    return f"lateral (select * from {table} v where {of} and {CURRENT} and {where} order by {order} limit 1)"


_SUBJECTS = "unnest(%(ids)b::uuid[]) with ordinality as k (id, n)"
_LINKS = "unnest(%(ids)b::uuid[], %(kpis)b::uuid[], %(since)b::timestamptz[]) with ordinality as k (id, kpi, since, n)"
"""Key results with the KPIs they are linked to, and the times of the links."""

_LATEST_CHECK_INS = f"""
    select k.n, l.value, l.reached, l.measured_at, l.id, l.position, l.measured_at, l.confidence, l.position
    from {_SUBJECTS} cross join {_latest("check_in", "v.key_result = k.id")} l
"""
"""The latest check-in of each, as a standing."""

_LATEST_VALUES = f"""
    select k.n, k.kpi is not null,
        coalesce(m.value, r.value), m.reached, coalesce(m.measured_at, r.measured_at),
        coalesce(m.id, r.id), coalesce(m.position, r.position), s.confidence, s.position
    from {_LINKS}
    left join {_latest("check_in", "v.key_result = k.id", f"k.kpi is null and {_HAS_VALUE}")} m on true
    left join {_latest("reading", "v.kpi = k.kpi", "v.measured_at >= k.since and k.kpi is not null")} r on true
    left join {_latest("check_in", "v.key_result = k.id", "v.confidence is not null")} s on true
"""
"""The latest value, of a check-in or of a reading of the KPI, and the latest confidence."""

_READINGS_SINCE = f"""
    select k.n, {READING.seen}
    from unnest(%(kpis)b::uuid[], %(since)b::timestamptz[]) with ordinality as k (kpi, since, n)
    join reading v on v.kpi = k.kpi and v.measured_at >= k.since and {CURRENT}
    order by v.measured_at, v.position
"""

_KNOWN_BEFORE = "v.position < k.position and v.until_position >= k.position and v.measured_at <= k.at"


def _latest_before(table: str, of: str) -> str:
    order = "v.measured_at desc, v.position desc"
    return f"lateral (select * from {table} v where {of} and {_KNOWN_BEFORE} order by {order} limit 1)"


_VALUES_BEFORE = f"""
    select coalesce(m.value, r.value), m.reached, coalesce(m.measured_at, r.measured_at),
        coalesce(m.id, r.id), coalesce(m.position, r.position)
    from unnest(%(ids)b::uuid[], %(kpis)b::uuid[], %(since)b::timestamptz[], %(positions)b::bigint[],
        %(moments)b::timestamptz[]) with ordinality as k (id, kpi, since, position, at, n)
    left join {_latest_before("check_in", f"v.key_result = k.id and k.kpi is null and {_HAS_VALUE}")} m on true
    left join {_latest_before("reading", "v.kpi = k.kpi and v.measured_at >= k.since")} r on true
    order by k.n
"""
"""The latest value of each key result at a moment, as known right before a position."""

_NEVER: Sequence[Any] = (None,) * 8


def _standing(value: float | None, reached: list[str] | None, *rest: Any) -> Standing:
    return Standing(value, None if reached is None else tuple(reached), *rest)


def _lacks(columns: Sequence[Any]) -> bool:
    """Whether there is a check-in that lacks a value or a confidence."""
    value, reached, *_, last_measured_at, confidence, _ = columns
    return last_measured_at is not None and ((value is None and reached is None) or confidence is None)


def _completed(last: Sequence[Any], is_linked: bool, *earlier: Any) -> Sequence[Any]:
    *figure, confidence, position = earlier
    last_measured_at = last[5]
    if is_linked:
        last_measured_at = max(filter(None, (last_measured_at, figure[2])), default=None)
    return (*figure, last_measured_at, confidence, position)
