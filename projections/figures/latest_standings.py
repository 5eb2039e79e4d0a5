"""The standings and the progress of many key results at one basis, without reading their histories.

Two statements find the latest measurement of most key results, and one more the readings that an aggregate is made of.
The few whose value depends on more than that (a formula, a former link, a start taken from the first value) are
computed from a timeline, so that the read models implement those rules once.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from msgspec.structs import replace

from domain.metrics import progress
from domain.metrics.formulas import Measurement, fits
from domain.metrics.kpi_series import aggregated
from domain.metrics.progress import KeyResultProgress, needs_baseline
from domain.primitives.values import EARLIEST, Aggregation, Basis, Direction, Kind, Ref
from projections.figures import formula_inputs, timeline
from projections.figures.horizon import Horizon
from projections.figures.standing import Standing, standing
from projections.figures.timeline import Timeline
from projections.figures.window import Window, window
from projections.store.basis import is_level
from projections.store.versioned_tables import Connection, basis_params, fetch
from projections.tables.cycle import CYCLE, Calendars, CycleRow, Settings, settings
from projections.tables.key_result import KeyResultRow
from projections.tables.kpi import KPI, KpiRow
from projections.tables.measurements import CURRENT
from projections.tables.objective import OBJECTIVE, AnyObjective


class Context(NamedTuple):
    """A key result with the rows that its figures depend on, and its window, all at one basis."""

    row: KeyResultRow
    objective: AnyObjective
    cycle: CycleRow
    kpi: KpiRow | None
    window: Window

    @property
    def is_changed_after_end(self) -> bool:
        """Whether it was changed after its window had ended: then its figures are those of an earlier version."""
        return self.window.ended is not None and self.window.ended.precedes(self.row)


def contexts(
    basis: Basis,
    key_results: Sequence[KeyResultRow],
    objectives: Mapping[UUID, AnyObjective],
    cycles: Mapping[UUID, CycleRow],
    kpis: Mapping[UUID, KpiRow],
    calendars: Calendars,
) -> list[Context]:
    """The contexts of key results, from the rows of their objectives, cycles and linked KPIs at the basis."""
    found = []
    for row in key_results:
        objective = objectives[row.objective]
        cycle = cycles[objective.cycle]
        kpi = None if row.kpi is None else kpis.get(row.kpi)
        found.append(Context(row, objective, cycle, kpi, window(row, objective, cycle, basis.at, calendars.in_force)))
    return found


def read_contexts(conn: Connection, basis: Basis, key_results: Sequence[KeyResultRow]) -> list[Context]:
    """The contexts of key results, with the rows that they need."""
    objectives = OBJECTIVE.by_id(conn, basis, {row.objective for row in key_results})
    cycles = CYCLE.by_id(conn, basis, {row.cycle for row in objectives.values()})
    kpis = KPI.by_id(conn, basis, {row.kpi for row in key_results if row.kpi is not None})
    return contexts(basis, key_results, objectives, cycles, kpis, settings(conn, basis).calendars)


def progress_of(of: Context, standing: Standing, settings: Settings, basis: Basis) -> KeyResultProgress:
    """The progress of a key result with this standing."""
    facts = formula_inputs.of_key_result(of.row, standing, of.window, of.cycle, of.objective, of.kpi)
    return progress.of_key_result(facts, basis.at, settings.policies.in_force(of.window.ended))


# ── standings ────────────────────────────────────────────────────────────────────────────────────


def standings(conn: Connection, basis: Basis, of: Sequence[Context]) -> list[Standing]:
    """The standing of each of these key results; an empty one without any measurement."""
    foreseen = set() if is_level(basis) else _ever_linked(conn, basis, of)
    plain: list[Context] = []
    others: list[Context] = []
    for one in of:
        has_history = _has_history(one) or (one.row.kpi is None and one.row.id in foreseen)
        (others if has_history else plain).append(one)
    found = _latest(conn, basis, plain) if plain else {}
    found |= _aggregated(conn, basis, [one for one in plain if _is_aggregated(one)], found)
    if recent := [one for one in others if _may_be_recent(one)]:
        found |= _by_latest_period(conn, basis, recent)
    if left := [one for one in others if one.row.id not in found]:
        found |= _from_histories(conn, basis, left)
    return [found[one.row.id] for one in of]


def _has_history(of: Context) -> bool:
    """Whether the standing depends on more than the latest measurement."""
    row, kpi = of.row, of.kpi
    if kpi is not None and kpi.formula is not None:
        return True
    if _is_aggregated(of):
        return False
    return row.former is not None or row.aggregate not in (None, Aggregation.LAST) or needs_baseline(row.metric)


def _is_aggregated(of: Context) -> bool:
    """Whether the value is an aggregate of readings, with a start that these do not decide."""
    row = of.row
    is_worked_out = of.kpi is None or of.kpi.formula is not None
    if is_worked_out or row.aggregate in (None, Aggregation.LAST) or row.metric.milestones:
        return False
    return row.aggregate is Aggregation.SUM or not needs_baseline(row.metric)


def _ever_linked(conn: Connection, basis: Basis, of: Sequence[Context]) -> set[UUID]:
    """The key results that any version known at the basis links to a KPI, whenever it is effective."""
    sql = (
        "select distinct v.id from key_result v"
        " where v.id = any(%(ids)b) and v.kpi is not null and v.position <= %(position)s"
    )
    return {id for (id,) in fetch(conn, sql, basis_params(basis, ids=[one.row.id for one in of]))}


def _from_histories(conn: Connection, basis: Basis, of: Sequence[Context]) -> dict[UUID, Standing]:
    since = min(min(one.row.created_at, timeline.before_day(one.cycle.starts_on)) for one in of)
    history, horizon = timeline.of_key_results(conn, basis, [one.row.id for one in of], since), Horizon.of(basis)
    return {one.row.id: standing(history, one.row, one.cycle, one.window, horizon) for one in of}


# ── formulas ─────────────────────────────────────────────────────────────────────────────────────

_A_DAY = timedelta(days=1)


def _may_be_recent(of: Context) -> bool:
    """Whether the latest complete period of a formula alone may tell the value."""
    row, kpi = of.row, of.kpi
    is_last = row.aggregate in (None, Aggregation.LAST) and not needs_baseline(row.metric)
    return is_last and kpi is not None and kpi.formula is not None and not row.metric.milestones


def _by_latest_period(conn: Connection, basis: Basis, of: Sequence[Context]) -> dict[UUID, Standing]:
    """The standings of those whose formula has a value for a period that completes within a cadence before the end of
    the window, from the readings of two cadences."""
    ranges = _merged([(_recently(one, 2) - 2 * _A_DAY, one.window.readings_until) for one in of])
    ids, horizon = [one.row.id for one in of], Horizon.of(basis)
    history = timeline.of_key_results(conn, basis, ids, EARLIEST, ranges)
    found = {one.row.id: standing(history, one.row, one.cycle, one.window, horizon) for one in of}
    return {one.row.id: found[one.row.id] for one in of if _is_recent(history, one, found[one.row.id].measured_at)}


def _recently(of: Context, cadences: int) -> datetime:
    assert of.kpi is not None
    return of.window.readings_until - cadences * of.kpi.cadence.length


def _is_recent(history: Timeline, of: Context, measured_at: datetime | None) -> bool:
    """Whether all readings that a value depends on were read: those of its period, which was never longer."""
    assert of.kpi is not None
    if measured_at is None or measured_at < _recently(of, 1):
        return False
    cadences = [row.cadence.length for row in history.kpis[of.kpi.id].versions]
    formulas = [row.formula for id in history.with_inputs([of.kpi.id]) for row in history.kpis[id].versions]
    return max(cadences) <= of.kpi.cadence.length and all(one is None or one.growth is None for one in formulas)


def _merged(ranges: Iterable[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    """The same moments in disjoint ranges."""
    found: list[tuple[datetime, datetime]] = []
    for since, until in sorted(ranges):
        if found and since <= found[-1][1]:
            found[-1] = (found[-1][0], max(until, found[-1][1]))
        else:
            found.append((since, until))
    return found


# ── latest measurements ──────────────────────────────────────────────────────────────────────────


class _Last(NamedTuple):
    """The latest check-in of a key result, with or without a value."""

    value: float | None
    reached: list[str] | None
    measured_at: datetime
    id: UUID
    position: int
    confidence: float | None


def _latest(conn: Connection, basis: Basis, of: Sequence[Context]) -> dict[UUID, Standing]:
    subjects = {"ids": [one.row.id for one in of], "until": [one.window.check_ins_until for one in of]}
    rows = fetch(conn, _LATEST_CHECK_INS, basis_params(basis, **subjects))
    last = {id: _Last(*columns) for id, *columns in rows}
    found: dict[UUID, Standing] = {}
    lacking: list[Context] = []
    for one in of:
        latest = last.get(one.row.id)
        if _lacks(one.row, latest):
            lacking.append(one)
        else:
            found[one.row.id] = Standing() if latest is None else _of_last(latest)
    return found | _completed(conn, basis, lacking, last) if lacking else found


def latest_check_ins(conn: Connection, basis: Basis, of: Sequence[Context]) -> dict[UUID, UUID]:
    """By key result: its check-in with the latest `measured_at` within its window, if it has any."""
    subjects = {"ids": [one.row.id for one in of], "until": [one.window.check_ins_until for one in of]}
    return {row[0]: row[4] for row in fetch(conn, _LATEST_CHECK_INS, basis_params(basis, **subjects))}


def _of_last(last: _Last) -> Standing:
    """The standing of a key result whose latest check-in has everything."""
    value = Measurement(
        last.value, None if last.reached is None else tuple(last.reached), last.measured_at, last.position,
        Ref(Kind.CHECK_IN, last.id),
    )  # fmt: skip
    return Standing(value, last.measured_at, last.confidence, last.position)


def _lacks(row: KeyResultRow, last: _Last | None) -> bool:
    """Whether the latest check-in does not tell the standing."""
    if row.kpi is not None:
        return True
    if last is None:
        return False
    reached = None if last.reached is None else tuple(last.reached)
    return last.confidence is None or not fits(row.metric, last.value, reached)


def _completed(
    conn: Connection, basis: Basis, of: Sequence[Context], last: Mapping[UUID, _Last]
) -> dict[UUID, Standing]:
    """The standings of key results that are linked to a KPI, or whose latest check-in lacks a value or confidence."""
    params = {
        "ids": [one.row.id for one in of],
        "kpis": [one.row.kpi for one in of],
        "until": [one.window.check_ins_until for one in of],
        "since": [_counts_since(one) for one in of],
        "readings_until": [one.window.readings_until for one in of],
        "kinds": [_FITTING.get(one.row.metric.direction, 0) for one in of],
    }
    rows = fetch(conn, _LATEST_VALUES, basis_params(basis, **params))
    return {one.row.id: _standing(last.get(one.row.id), *columns) for one, columns in zip(of, rows, strict=True)}


def _standing(
    last: _Last | None,
    is_linked: bool,
    value: float | None,
    reached: list[str] | None,
    measured_at: datetime | None,
    id: UUID | None,
    position: int | None,
    confidence: float | None,
    confidence_position: int | None,
) -> Standing:
    latest = None
    if measured_at is not None:
        assert id is not None
        assert position is not None
        node = Ref(Kind.READING if is_linked else Kind.CHECK_IN, id)
        latest = Measurement(value, None if reached is None else tuple(reached), measured_at, position, node)
    moments = [] if last is None else [last.measured_at]
    moments += [] if measured_at is None else [measured_at]
    return Standing(latest, max(moments, default=None), confidence, confidence_position)


# ── aggregates ───────────────────────────────────────────────────────────────────────────────────


def _aggregated(
    conn: Connection, basis: Basis, of: Sequence[Context], latest: dict[UUID, Standing]
) -> dict[UUID, Standing]:
    """The standings of key results whose value is an aggregate, by those of the latest reading."""
    if not of:
        return {}
    params = {
        "kpis": [one.row.kpi for one in of],
        "since": [_counts_since(one) for one in of],
        "readings_until": [one.window.readings_until for one in of],
    }
    rows = fetch(conn, _READINGS, basis_params(basis, **params))
    return {one.row.id: _of_values(one, values, latest[one.row.id]) for one, (values,) in zip(of, rows, strict=True)}


def _counts_since(of: Context) -> datetime:
    """The first moment whose readings count."""
    if not _is_aggregated(of):
        return EARLIEST
    first = max(filter(None, (of.cycle.at_end(of.window.ended).starts_on, of.row.count_from)))
    return of.window.calendar.day_start(first)


def _of_values(of: Context, values: Sequence[float], latest: Standing) -> Standing:
    """The standing with the aggregate of these values, by that of the latest reading."""
    aggregate, last = of.row.aggregate, latest.latest
    baseline = 0.0 if needs_baseline(of.row.metric) else None
    if last is None or aggregate is None:
        return replace(latest, baseline=baseline)
    return replace(latest, latest=replace(last, value=aggregated(values, aggregate)), baseline=baseline)


# ── milestones ───────────────────────────────────────────────────────────────────────────────────


def milestones_reached(conn: Connection, basis: Basis, of: Sequence[Context]) -> dict[UUID, dict[str, datetime]]:
    """By key result and milestone key: when a check-in within the window first listed it as reached."""
    found: dict[UUID, dict[str, datetime]] = {one.row.id: {} for one in of}
    params = {"ids": list(found), "until": [one.window.check_ins_until for one in of]}
    for id, milestone, at in fetch(conn, _MILESTONES, basis_params(basis, **params)):
        found[id][milestone] = at
    return found


# ── SQL ──────────────────────────────────────────────────────────────────────────────────────────

_FITTING = {Direction.MILESTONES: 1, Direction.DONE: 2}
"""By direction: which check-ins fit, as in `formulas.fits`; 0 for those with a value."""
_FITS = "case k.kind when 0 then v.value is not null when 1 then v.reached is not null else v.value between 0 and 1 end"


def _latest_of(table: str, of: str, until: str, where: str = "true") -> str:
    """The latest current measurement of a key result or KPI, by (measured at, first position)."""
    order = "v.measured_at desc, v.first_position desc"
    condition = f"{of} and v.measured_at <= k.{until} and {CURRENT} and {where}"
    return f"lateral (select * from {table} v where {condition} order by {order} limit 1)"


_OWN = "v.key_result = k.id"
_SUBJECTS = "unnest(%(ids)b::uuid[], %(until)b::timestamptz[]) as k (id, until)"
_LINKS = (
    "unnest(%(ids)b::uuid[], %(kpis)b::uuid[], %(until)b::timestamptz[], %(since)b::timestamptz[],"
    " %(readings_until)b::timestamptz[], %(kinds)b::int[])"
    " with ordinality as k (id, kpi, until, since, readings_until, kind, n)"
)

_LATEST_CHECK_INS = f"""
    select k.id, l.value, l.reached, l.measured_at, l.id, l.position, l.confidence
    from {_SUBJECTS} cross join {_latest_of("check_in", _OWN, "until")} l
"""

_LATEST_VALUES = f"""
    select k.kpi is not null,
        coalesce(m.value, r.value), m.reached, coalesce(m.measured_at, r.measured_at),
        coalesce(m.id, r.id), coalesce(m.position, r.position), s.confidence, s.position
    from {_LINKS}
    left join {_latest_of("check_in", _OWN, "until", f"k.kpi is null and {_FITS}")} m on true
    left join {_latest_of("reading", "v.kpi = k.kpi", "readings_until", "v.measured_at >= k.since")} r on true
    left join {_latest_of("check_in", _OWN, "until", "v.confidence is not null")} s on true
    order by k.n
"""
"""The latest value, of a check-in or of a reading of the KPI, and the latest confidence."""

_READINGS = f"""
    select array(
        select v.value from reading v
        where v.kpi = k.kpi and v.measured_at between k.since and k.readings_until and {CURRENT}
        order by v.measured_at, v.first_position
    )
    from unnest(%(kpis)b::uuid[], %(since)b::timestamptz[], %(readings_until)b::timestamptz[])
        with ordinality as k (kpi, since, readings_until, n)
    order by k.n
"""
"""The values of the readings of each KPI from a moment to another, oldest first."""

_MILESTONES = f"""
    select k.id, milestone, min(v.measured_at)
    from {_SUBJECTS} join check_in v on {_OWN} and v.measured_at <= k.until, unnest(v.reached) milestone
    where {CURRENT} group by 1, 2
"""
