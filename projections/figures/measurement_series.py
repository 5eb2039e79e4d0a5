"""The measurements of key results and KPIs with all their versions, and the statements that read them."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import groupby
from operator import attrgetter, itemgetter
from typing import Any, TypeAlias
from uuid import UUID

import msgspec

from domain.metrics.formulas import Measurement
from domain.primitives.values import Basis, Kind, Ref
from projections.figures.horizon import Horizon
from projections.store.versioned_tables import OPEN, Connection, basis_params, each


class MeasurementVersion(msgspec.Struct, frozen=True, gc=False):
    """One version of a check-in or reading, current from `position` to `until_position`, which is `OPEN` without an
    end. `first_position` is the position of its first version, `kind` and `id` name the measurement."""

    subject: UUID
    kind: Kind
    id: UUID
    position: int
    first_position: int
    until_position: int
    measured_at: datetime
    value: float | None
    reached: tuple[str, ...] | None
    confidence: float | None

    @property
    def measurement(self) -> Measurement:
        return self.with_value(self.value)

    def with_value(self, value: float | None) -> Measurement:
        """The same measurement, of another value."""
        return Measurement(value, self.reached, self.measured_at, self.position, Ref(self.kind, self.id))


class MeasurementSeries:
    """Every version of every measurement of one key result or KPI, by (measured at, first position, position)."""

    def __init__(self, versions: Sequence[MeasurementVersion]) -> None:
        self.versions = versions

    def current(self, horizon: Horizon) -> list[MeasurementVersion]:
        """The current version of each measurement, oldest first."""
        return horizon.current(self.versions)

    def between(self, horizon: Horizon, since: datetime | None, until: datetime) -> list[MeasurementVersion]:
        """The current version of each measurement from `since` to `until`, oldest first."""
        first = 0 if since is None else bisect_left(self.versions, since, key=_measured_at)
        beyond = bisect_right(self.versions, until, lo=first, key=_measured_at)
        return horizon.current(self.versions[first:beyond])

    def latest(
        self, horizon: Horizon, cut: datetime, matches: Callable[[MeasurementVersion], bool] = lambda _: True
    ) -> MeasurementVersion | None:
        """The latest current version that was measured by `cut` and matches."""
        for place in range(bisect_right(self.versions, cut, key=_measured_at) - 1, -1, -1):
            version = self.versions[place]
            if _is_current(version, horizon) and matches(version):
                return version
        return None


_measured_at = attrgetter("measured_at")


def _is_current(version: MeasurementVersion, horizon: Horizon) -> bool:
    return horizon.is_current(version.position, version.until_position, version.measured_at)


EMPTY = MeasurementSeries(())


# ── queries ──────────────────────────────────────────────────────────────────────────────────────

Rows: TypeAlias = Iterable[Sequence[Any]]
"""Every version of measurements that a basis knows: by subject, and then in the order of a series."""


def check_ins(conn: Connection, basis: Basis, key_results: Sequence[UUID]) -> Rows:
    """All check-ins on these key results."""
    return each(conn, _CHECK_INS, basis_params(basis, key_results=key_results))


def readings_from(
    conn: Connection, basis: Basis, kpis: Sequence[UUID], since: Sequence[datetime | None], needed: Basis
) -> Rows:
    """The readings of these KPIs that figures at `needed` or later may depend on. `since`: for each KPI the moment from
    which on formulas need them, if there are any."""
    sql = _READINGS if needed.position == basis.position else _LATE_READINGS
    return each(conn, sql, basis_params(basis, kpis=kpis, from_=since, since=needed.at, first=needed.position))


def readings_within(
    conn: Connection, basis: Basis, kpis: Sequence[UUID], ranges: Sequence[tuple[datetime, datetime]]
) -> Rows:
    """The readings of these KPIs that were measured within these disjoint spans, both ends included."""
    since, until = ([moment[end] for moment in ranges] for end in (0, 1))
    return each(conn, _READINGS_WITHIN, basis_params(basis, kpis=kpis, since=since, until=until))


def by_subject(kind: Kind, rows: Rows) -> Iterator[tuple[UUID, MeasurementSeries]]:
    """The measurements of each subject."""
    for subject, of in groupby(rows, key=itemgetter(0)):
        yield subject, MeasurementSeries([_version(kind, subject, row) for row in of])


def _version(kind: Kind, subject: UUID, row: Sequence[Any]) -> MeasurementVersion:
    """One version. Equal positions are one object: there are very many of them."""
    _, id, position, first, until, measured_at, value, reached, confidence = row
    return MeasurementVersion(
        subject, kind, id, position, position if first == position else first,
        OPEN if until is None or until == OPEN else until, measured_at, value,
        None if reached is None else tuple(reached), confidence,
    )  # fmt: skip


_COLUMNS = "v.id, v.position, v.first_position, v.until_position, v.measured_at, v.value"
_KNOWN = "v.position <= %(position)s and v.measured_at <= %(at)s"
_ORDER = "v.measured_at, v.first_position, v.position"
_CHECK_INS = (
    f"select v.key_result, {_COLUMNS}, v.reached, v.confidence from check_in v"
    f" where v.key_result = any(%(key_results)b) and {_KNOWN} order by v.key_result, {_ORDER}"
)
_LATE = "v.position > %(first)s or (v.until_position > %(first)s and v.until_position <= %(position)s)"
_READINGS, _LATE_READINGS = (
    f"""
    select v.kpi, {_COLUMNS}, null::text[], null::float8
    from unnest(%(kpis)b::uuid[], %(from_)b::timestamptz[]) as k (kpi, since)
    left join lateral (
        select f.measured_at as since from reading f
        where f.kpi = k.kpi and f.measured_at <= %(since)s and f.position <= %(first)s
            and f.until_position > %(position)s
        order by f.measured_at desc limit 1
    ) f on true
    cross join lateral (
        select * from reading v
        where v.kpi = k.kpi and {_KNOWN} and (v.measured_at >= coalesce(least(k.since, f.since), '-infinity'){late})
        offset 0
    ) v
    order by v.kpi, {_ORDER}
"""
    for late in ("", f" or {_LATE}")
)
"""Of each KPI: the reading that is the latest one at the first basis, what was measured after it or from a moment of
its formulas on, and what was recorded after that basis. None before can be the latest one, or one of a later span.
Without later positions the condition is a range of the index, which the planner takes for each KPI by itself."""
_READINGS_WITHIN = (
    f"select v.kpi, {_COLUMNS}, null::text[], null::float8"
    " from unnest(%(kpis)b::uuid[]) as k (kpi), unnest(%(since)b::timestamptz[], %(until)b::timestamptz[]) as r (a, b),"
    f" lateral (select * from reading v where v.kpi = k.kpi and v.measured_at between r.a and r.b and {_KNOWN}) v"
    f" order by v.kpi, {_ORDER}"
)
