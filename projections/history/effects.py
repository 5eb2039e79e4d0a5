"""The effect of an event: an objective's progress right before and right after it, and the state just before it.

No table stores effects: they are computed from the versions and measurements, at any position of the log.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import msgspec

from domain.metrics.cause import CAUSES, Cause
from domain.metrics.formulas import attained
from domain.metrics.retrospective import Part, whole
from domain.model.objective import ObjectiveDropped
from domain.primitives.values import Metric
from projections.store.versioned_tables import Connection, fetch
from projections.tables.change_scopes import READINGS
from projections.tables.changes import Change
from projections.tables.key_result import KEY_RESULT

CAUSE_OF = {event.TOPIC: cause for event, cause in CAUSES.items()} | {ObjectiveDropped.TOPIC: Cause.SCOPE}
"""By topic. Dropping an objective does not change its own progress, but the progress of its cycle and team."""


class Effect(msgspec.Struct, frozen=True, gc=False):
    """An objective's progress right before and right after an event, both as known at that position."""

    objective: UUID
    cause: Cause
    before: float | None
    after: float | None


class StateBefore(msgspec.Struct, frozen=True, gc=False):
    """The state of a key result before a check-in: at the moment it was measured at, as known right before it was
    recorded."""

    value: float | None = None
    reached: tuple[str, ...] | None = None
    confidence: float | None = None


def effects(conn: Connection, changes: Sequence[Change]) -> dict[int, list[Effect]]:
    """By position: the effects of each of these changes. A reading affects every objective with a key result that is
    linked to its KPI. Changes of kinds that never affect progress are left out."""
    moving = [change for change in changes if change.topic in CAUSE_OF]
    reached = _linked_objectives(conn, [change for change in moving if change.topic in READINGS])
    pairs = [(change, objective) for change in moving for objective in reached.get(change.position, [change.objective])]
    known = [(change, objective) for change, objective in pairs if objective is not None]
    progress = _progress(conn, known) if known else {}
    found: dict[int, list[Effect]] = {}
    for change, objective in known:
        before, after = (progress.get((change.position, objective, back)) for back in (True, False))
        found.setdefault(change.position, []).append(Effect(objective, CAUSE_OF[change.topic], before, after))
    return found


def states_before(conn: Connection, check_ins: Sequence[Change]) -> dict[int, StateBefore]:
    """By position: the state of the key result before each of these check-ins."""
    params = {
        "positions": [change.position for change in check_ins],
        "moments": [change.effective_at for change in check_ins],
        "key_results": [change.key_result for change in check_ins],
    }
    return {
        position: StateBefore(value, None if reached is None else tuple(reached), confidence)
        for position, value, reached, confidence in fetch(conn, _STATES_BEFORE, params)
    }


# ── progress of an objective ─────────────────────────────────────────────────────────────────────


class _Measured(NamedTuple):
    """The latest measurement of a key result."""

    value: float | None
    reached: tuple[str, ...] | None
    measured_at: datetime


def _progress(conn: Connection, pairs: Iterable[tuple[Change, UUID]]) -> dict[tuple[int, UUID, bool], float | None]:
    """By position, objective, and whether before the event: the progress of the objective."""
    positions, known, objectives = zip(*[(of.position, of.recorded_at, id) for of, id in pairs], strict=True)
    params = {"positions": list(positions), "known": list(known), "objectives": list(objectives)}
    parts: dict[tuple[int, UUID, bool], list[Part]] = {}
    for position, objective, before, weight, metric, value, reached, at in fetch(conn, _PARTS, params):
        latest = None if at is None else _Measured(value, None if reached is None else tuple(reached), at)
        part = Part(weight, attained(_metric(metric), latest))
        parts.setdefault((position, objective, before), []).append(part)
    return {key: whole(of) for key, of in parts.items()}


_metric: Callable[[bytes], Metric] = KEY_RESULT.loads("metric")


def _linked_objectives(conn: Connection, readings: Sequence[Change]) -> dict[int, list[UUID]]:
    """By position: the objectives with a key result that was linked to the KPI when the reading was measured."""
    found: dict[int, list[UUID]] = {change.position: [] for change in readings}
    params = {
        "positions": list(found),
        "moments": [change.effective_at for change in readings],
        "kpis": [change.kpi for change in readings],
    }
    for position, objective in fetch(conn, _LINKED, params) if readings else ():
        found[position].append(objective)
    return found


# ── SQL ──────────────────────────────────────────────────────────────────────────────────────────


def _version(id: str, upto: str, at: str = "'infinity'") -> str:
    """The version of a key result at a position and a moment; at a moment before its creation, its first version."""
    was_current = f"v.id = {id} and v.position <= {upto} and (v.changed_at <= {at} or v.version = 1)"
    return f"lateral (select * from key_result v where {was_current} order by v.position desc limit 1)"


def _latest(table: str, of: str, upto: str, at: str) -> str:
    """The latest measurement that was current at a position and measured up to a moment."""
    was_current = f"v.position <= {upto} and v.until_position > {upto} and v.measured_at <= {at}"
    order = "v.measured_at desc, v.position desc"
    return f"lateral (select * from {table} v where {of} and {was_current} order by {order} limit 1)"


_FIGURE = "v.key_result = k.id and k.kpi is null and (v.value is not null or v.reached is not null)"
_READ = "v.kpi = k.kpi and v.measured_at >= k.kpi_since and k.kpi is not null"
_SURE = "v.key_result = k.id and v.confidence is not null"

_PARTS = f"""
    select c.position, c.id, b.back = 1, k.weight, k.metric,
        coalesce(m.value, r.value), m.reached, coalesce(m.measured_at, r.measured_at)
    from unnest(%(positions)b::bigint[], %(known)b::timestamptz[], %(objectives)b::uuid[]) as c (position, known, id)
    cross join (values (0), (1)) as b (back)
    join key_result f on f.objective = c.id and f.version = 1
    cross join {_version("f.id", "c.position - b.back")} k
    left join {_latest("check_in", _FIGURE, "c.position - b.back", "c.known")} m on true
    left join {_latest("reading", _READ, "c.position - b.back", "c.known")} r on true
    where k.state <> 'DROPPED'
"""
"""For each objective the key results with their latest measurement, right after the event and right before it. No event
recorded by then is effective later than `known`: that condition excludes no row, it only bounds the index scan."""

_LINKED = f"""
    select distinct c.position, k.objective
    from unnest(%(positions)b::bigint[], %(moments)b::timestamptz[], %(kpis)b::uuid[]) as c (position, at, kpi)
    cross join lateral (select distinct id from key_result where kpi = c.kpi) e
    cross join {_version("e.id", "c.position")} k
    where k.kpi = c.kpi and k.kpi_since <= c.at and k.state <> 'DROPPED'
    order by 1, 2
"""

_STATES_BEFORE = f"""
    select c.position, coalesce(m.value, r.value), m.reached, s.confidence
    from unnest(%(positions)b::bigint[], %(moments)b::timestamptz[], %(key_results)b::uuid[]) as c (position, at, id)
    cross join {_version("c.id", "c.position - 1", "c.at")} k
    left join {_latest("check_in", _FIGURE, "c.position - 1", "c.at")} m on true
    left join {_latest("reading", _READ, "c.position - 1", "c.at")} r on true
    left join {_latest("check_in", _SURE, "c.position - 1", "c.at")} s on true
"""
