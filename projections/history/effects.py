"""The effect of an event: an objective's progress right before and right after it, and the state just before it.

No table stores effects: they are computed from a timeline of the affected objectives, at any position of the log.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

import msgspec

from domain.metrics.cause import CAUSES, Cause
from domain.metrics.formulas import fits
from domain.metrics.wholes import ObjectiveProgress
from domain.model.cycle import CycleRescheduled
from domain.model.key_result import KeyResultMoved
from domain.model.kpi import KpiRedefined
from domain.model.objective import ObjectiveClosed, ObjectiveDropped, ObjectiveReopened
from domain.model.workspace import CalendarSet
from domain.primitives.values import Basis, Direction, ObjectiveState
from projections.figures import timeline
from projections.figures.figures import Figures
from projections.figures.horizon import Horizon
from projections.figures.timeline import Timeline
from projections.store.versioned_tables import Connection, fetch
from projections.tables.change_scopes import READINGS
from projections.tables.changes import Change
from projections.tables.key_result import KEY_RESULT

CAUSE_OF = {event.TOPIC: cause for event, cause in CAUSES.items()} | {
    ObjectiveDropped.TOPIC: Cause.SCOPE,
    ObjectiveClosed.TOPIC: Cause.MOVEMENT,
    ObjectiveReopened.TOPIC: Cause.MOVEMENT,
    CalendarSet.TOPIC: Cause.GOALPOST,
}
"""By topic. Dropping an objective does not change its own progress, but the progress of its cycle and team. A closing
or reopening moves the end up to which measurements count; reopening a dropped objective is SCOPE. A calendar moves the
days that bound the readings of linked KPIs."""
_OF_KPIS = (*READINGS, KpiRedefined.TOPIC)
_ENDS = (ObjectiveClosed.TOPIC, ObjectiveReopened.TOPIC)


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
    linked to its KPI. It affects one with a key result that was linked to it, that has ended, or whose KPI is worked
    out from it only if it changes its progress, as does a closing, a reopening or a new definition of a KPI. A calendar
    and new days of a cycle affect every objective whose progress they change. Changes of kinds that never affect
    progress are left out."""
    moving = [change for change in changes if change.topic in CAUSE_OF]
    linked = _linked_objectives(conn, [change for change in moving if change.topic in _OF_KPIS])
    linked |= _measured_by_kpis(conn, [change for change in moving if change.topic == CalendarSet.TOPIC])
    linked |= _moved_from(conn, [change for change in moving if change.topic == KeyResultMoved.TOPIC])
    linked |= _in_cycles(conn, [change for change in moving if change.topic == CycleRescheduled.TOPIC])
    affected = {change.position: linked.get(change.position) or _own_objective(change) for change in moving}
    history = _history(conn, moving, {id for ids in affected.values() for id in ids})
    found: dict[int, list[Effect]] = {}
    for change in moving:
        of = [] if history is None else list(_effects(history, change, affected[change.position]))
        if of:
            found[change.position] = of
    return found


def _moved_from(conn: Connection, moves: Sequence[Change]) -> dict[int, dict[UUID, bool]]:
    """By position: the objective that a key result was moved from, and the one that it was moved to."""
    params = {"positions": [change.position for change in moves], "ids": [change.key_result for change in moves]}
    found: dict[int, dict[UUID, bool]] = {change.position: _own_objective(change) for change in moves}
    for position, objective in fetch(conn, _MOVED_FROM, params) if moves else ():
        found[position] = {objective: True} | found[position]
    return found


_MOVED_FROM = """
    select c.position, k.objective from unnest(%(positions)b::bigint[], %(ids)b::uuid[]) as c (position, id)
    cross join lateral (
        select objective from key_result v where v.id = c.id and v.position < c.position
        order by v.position desc limit 1
    ) k
"""


def _own_objective(change: Change) -> dict[UUID, bool]:
    """The objective of a change, and whether its effect is listed even if it does not change the progress."""
    return {} if change.objective is None else {change.objective: change.topic not in _ENDS}


def _effects(history: Timeline, change: Change, objectives: Mapping[UUID, bool]) -> Iterator[Effect]:
    then, now = (
        Figures(history, Horizon(change.recorded_at, position)) for position in (change.position - 1, change.position)
    )
    for objective, is_listed in objectives.items():
        if objective in history.objectives:
            earlier, later = then.objective(objective), now.objective(objective)
            before, after = (None if one is None else one.value for one in (earlier, later))
            if before != after or (is_listed and (change.topic not in READINGS or _is_open(later))):
                yield Effect(objective, _cause(change, earlier), before, after)


def _cause(change: Change, before: ObjectiveProgress | None) -> Cause:
    was_dropped = before is not None and before.of.state is ObjectiveState.DROPPED
    return Cause.SCOPE if was_dropped and change.topic == ObjectiveReopened.TOPIC else CAUSE_OF[change.topic]


def _is_open(progress: ObjectiveProgress | None) -> bool:
    return progress is not None and progress.of.state in (ObjectiveState.DRAFT, ObjectiveState.ACTIVE)


def states_before(conn: Connection, check_ins: Sequence[Change]) -> dict[int, StateBefore]:
    """By position: the state of the key result before each of these check-ins.

    Two statements find most of them. What depends on more than the last measurements is computed from a timeline."""
    found: dict[int, StateBefore] = {}
    lacking: list[tuple[Change, _Before]] = []
    others: list[Change] = []
    for check_in, before in zip(check_ins, _before(conn, check_ins), strict=True):
        if before.metric is None or (before.is_plain and not before.is_measured and before.kpi is None):
            found[check_in.position] = StateBefore()
        elif not before.is_plain:
            others.append(check_in)
        elif before.lacks:
            lacking.append((check_in, before))
        else:
            found[check_in.position] = StateBefore(before.value, before.given, before.confidence)
    return found | _completed(conn, lacking) | _states_from_histories(conn, others)


class _Before(NamedTuple):
    """A key result at a check-in: whether its state follows from the last measurements, its metric, its KPI, and the
    last check-in, if there is one."""

    is_plain: bool
    metric: bytes | None
    kpi: UUID | None
    is_measured: bool
    value: float | None
    reached: list[str] | None
    confidence: float | None

    @property
    def given(self) -> tuple[str, ...] | None:
        return None if self.reached is None else tuple(self.reached)

    @property
    def lacks(self) -> bool:
        """Whether the last check-in does not tell the state."""
        assert self.metric is not None
        has_value = self.kpi is None and fits(_METRIC(self.metric), self.value, self.given)
        return not has_value or self.confidence is None

    @property
    def fitting(self) -> int:
        """Which check-ins have a value that fits: see `_FITTING`."""
        assert self.metric is not None
        return _FITTING.get(_METRIC(self.metric).direction, 0)


def _before(conn: Connection, check_ins: Sequence[Change]) -> list[_Before]:
    places = [(one.position, one.effective_at, one.key_result, one.objective, one.cycle) for one in check_ins]
    names = ("positions", "moments", "key_results", "objectives", "cycles")
    columns = map(list, zip(*places, strict=True))
    return list(map(_Before._make, fetch(conn, _BEFORE, dict(zip(names, columns, strict=True))))) if places else []


def _completed(conn: Connection, of: Sequence[tuple[Change, _Before]]) -> dict[int, StateBefore]:
    """The states for which the last check-in lacks a value or a confidence, or a KPI has the value."""
    if not of:
        return {}
    params = {
        "positions": [one.position for one, _ in of],
        "moments": [one.effective_at for one, _ in of],
        "key_results": [one.key_result for one, _ in of],
        "kpis": [before.kpi for _, before in of],
        "kinds": [before.fitting for _, before in of],
    }
    rows = fetch(conn, _VALUES_BEFORE, params)
    return {
        position: StateBefore(value, None if reached is None else tuple(reached), confidence)
        for position, value, reached, confidence in rows
    }


def _states_from_histories(conn: Connection, check_ins: Sequence[Change]) -> dict[int, StateBefore]:
    history = _history(conn, check_ins, {one.objective for one in check_ins if one.objective is not None})
    return {} if history is None else {one.position: _state_before(history, one) for one in check_ins}


def _state_before(history: Timeline, check_in: Change) -> StateBefore:
    if check_in.key_result is None or check_in.key_result not in history.key_results:
        return StateBefore()
    standing = Figures(history, Horizon(check_in.effective_at, check_in.position - 1)).standing(check_in.key_result)
    return StateBefore(standing.value, standing.reached, standing.confidence)


def _history(conn: Connection, changes: Sequence[Change], objectives: set[UUID]) -> Timeline | None:
    """The objectives up to the last of these changes; None if there are none."""
    if not changes or not objectives:
        return None
    last = max(changes, key=lambda change: change.position)
    return timeline.of_objectives(conn, Basis(last.recorded_at, last.position), sorted(objectives))


def _linked_objectives(conn: Connection, changes: Sequence[Change]) -> dict[int, dict[UUID, bool]]:
    """By position: the objectives with a key result that was linked, by then, to the KPI of the change or to one that
    is worked out from it, and whether the change is a reading of the KPI that measured it then. After unlinking, the
    last linked value stays."""
    found: dict[int, dict[UUID, bool]] = {change.position: {} for change in changes}
    params = {
        "positions": list(found),
        "kpis": [change.kpi for change in changes],
        "reads": [change.topic in READINGS for change in changes],
    }
    for position, objective, is_read in fetch(conn, _LINKED, params) if changes else ():
        found[position][objective] = is_read
    return found


def _measured_by_kpis(conn: Connection, calendars: Sequence[Change]) -> dict[int, dict[UUID, bool]]:
    """By position: the objectives with a key result that a KPI measured by the setting of each calendar."""
    params = {"positions": [change.position for change in calendars]}
    return _by_position(fetch(conn, _MEASURED_BY_KPIS, params) if calendars else ())


def _in_cycles(conn: Connection, rescheduled: Sequence[Change]) -> dict[int, dict[UUID, bool]]:
    """By position: the objectives whose progress the days of the cycle of each change may decide: those in it that a
    KPI ever measured, and those that one in it ever supported, or that ever supported one in it."""
    params = {
        "positions": [change.position for change in rescheduled],
        "cycles": [change.subject_id for change in rescheduled],
    }
    return _by_position(fetch(conn, _IN_CYCLES, params) if rescheduled else ())


def _by_position(rows: Iterable[tuple[int, UUID]]) -> dict[int, dict[UUID, bool]]:
    found: dict[int, dict[UUID, bool]] = {}
    for position, objective in rows:
        found.setdefault(position, {})[objective] = False
    return found


_IN_CYCLES = """
    select c.position, k.objective from unnest(%(positions)b::bigint[], %(cycles)b::uuid[]) as c (position, cycle)
    join key_result k on k.cycle = c.cycle and k.kpi is not null and k.position <= c.position
    union
    select c.position, s.target from unnest(%(positions)b::bigint[], %(cycles)b::uuid[]) as c (position, cycle)
    join support s on c.cycle in (s.cycle, s.target_cycle) and s.target_kind = 'Objective' and s.position <= c.position
    order by 1, 2
"""
_MEASURED_BY_KPIS = """
    select distinct c.position, k.objective from unnest(%(positions)b::bigint[]) as c (position)
    join key_result k on k.kpi is not null and k.position <= c.position order by 1, 2
"""
_VERSION = "select * from key_result v where v.id = e.id and v.position <= c.position order by v.position desc limit 1"
_LINKED = f"""
    with recursive c (position, kpi, source, is_reading) as (
        select a.position, a.kpi, a.kpi, a.is_reading
        from unnest(%(positions)b::bigint[], %(kpis)b::uuid[], %(reads)b::boolean[]) as a (position, kpi, is_reading)
        union
        select c.position, d.id, c.source, c.is_reading
        from c join kpi d on d.inputs && array[c.kpi] and d.position <= c.position
    )
    select c.position, k.objective, bool_or(k.kpi is not null and c.kpi = c.source and c.is_reading)
    from c
    cross join lateral (select distinct id from key_result where kpi = c.kpi and position <= c.position) e
    cross join lateral ({_VERSION}) k
    where (k.kpi = c.kpi or k.kpi is null) and k.state <> 'DROPPED'
    group by 1, 2 order by 1, 2
"""
_METRIC = KEY_RESULT.loads("metric")
_FITTING = {Direction.MILESTONES: 1, Direction.DONE: 2}
"""By direction: which check-ins fit, as in `formulas.fits`; 0 for those with a value."""
_FITS = "case c.kind when 0 then v.value is not null when 1 then v.reached is not null else v.value between 0 and 1 end"
_PLACES = "%(positions)b::bigint[], %(moments)b::timestamptz[], %(key_results)b::uuid[]"


def _last(table: str, where: str) -> str:
    """The last measurement that is known right before a check-in `c`, up to its moment."""
    known = "v.measured_at <= c.moment and v.position < c.position and v.until_position >= c.position"
    order = "v.measured_at desc, v.first_position desc"
    return f"lateral (select v.* from {table} v where {where} and {known} order by {order} limit 1)"


_OWN = "v.key_result = c.key_result"
_HAS_HISTORY = """
    case when k.kpi is null
        then k.former is not null or exists (
            select from key_result v where v.id = c.key_result and v.kpi is not null and v.position < c.position
        )
        else k.aggregate is not null or exists (select from kpi p where p.id = k.kpi and p.inputs <> '{}')
    end
"""
"""The condition that the value of a key result `k` comes from a former link, an aggregate or a formula."""
_IS_OVER = "c.moment >= y.ends_on::timestamp at time zone 'utc' - interval '1 day'"
_HAS_END = f"""
    exists (select from key_result v where v.id = c.key_result and v.state = 'DROPPED' and v.changed_at < c.moment)
    or exists (select from objective o where o.id = c.objective and o.ended_at < c.moment)
    or exists (
        select from cycle y where y.id = c.cycle and (y.outcome_at < c.moment or k.kpi is not null and {_IS_OVER})
    )
"""
"""The condition that its window may have ended before. The readings of a KPI count up to the last day of the cycle,
which begins and ends within a day by any calendar."""
_BEFORE = f"""
    select not (({_HAS_HISTORY}) or {_HAS_END}), k.metric, k.kpi, l.id is not null, l.value, l.reached, l.confidence
    from unnest({_PLACES}, %(objectives)b::uuid[], %(cycles)b::uuid[])
        with ordinality as c (position, moment, key_result, objective, cycle, n)
    left join lateral (
        select v.* from key_result v
        where v.id = c.key_result and v.changed_at <= c.moment and v.position < c.position
        order by v.changed_at desc, v.position desc limit 1
    ) k on true
    left join {_last("check_in", _OWN)} l on true
    order by c.n
"""
_VALUES_BEFORE = f"""
    select c.position, coalesce(m.value, r.value), m.reached, s.confidence
    from unnest({_PLACES}, %(kpis)b::uuid[], %(kinds)b::int[]) as c (position, moment, key_result, kpi, kind)
    left join {_last("check_in", f"{_OWN} and c.kpi is null and {_FITS}")} m on true
    left join {_last("reading", "v.kpi = c.kpi and c.kind <> 1")} r on true
    left join {_last("check_in", f"{_OWN} and v.confidence is not null")} s on true
"""
