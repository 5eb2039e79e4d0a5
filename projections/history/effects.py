"""The effect of an event: an objective's progress right before and right after it, and the state just before it.

No table stores effects: they are computed from a timeline of the affected objectives, at any position of the log.
"""

from collections.abc import Iterator, Mapping, Sequence
from uuid import UUID

import msgspec

from domain.metrics.cause import CAUSES, Cause
from domain.metrics.wholes import ObjectiveProgress
from domain.model.kpi import KpiRedefined
from domain.model.objective import ObjectiveClosed, ObjectiveDropped, ObjectiveReopened
from domain.model.workspace import CalendarSet
from domain.primitives.values import Basis, ObjectiveState
from projections.figures import timeline
from projections.figures.figures import Figures
from projections.figures.horizon import Horizon
from projections.figures.timeline import Timeline
from projections.store.versioned_tables import Connection, fetch
from projections.tables.change_scopes import READINGS
from projections.tables.changes import Change

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
    affects every objective whose progress it changes. Changes of kinds that never affect progress are left out."""
    moving = [change for change in changes if change.topic in CAUSE_OF]
    linked = _linked_objectives(conn, [change for change in moving if change.topic in _OF_KPIS])
    linked |= _measured_by_kpis(conn, [change for change in moving if change.topic == CalendarSet.TOPIC])
    affected = {change.position: linked.get(change.position) or _own_objective(change) for change in moving}
    history = _history(conn, moving, {id for ids in affected.values() for id in ids})
    found: dict[int, list[Effect]] = {}
    for change in moving:
        of = [] if history is None else list(_effects(history, change, affected[change.position]))
        if of:
            found[change.position] = of
    return found


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
    """By position: the state of the key result before each of these check-ins."""
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
    found: dict[int, dict[UUID, bool]] = {}
    for position, objective in fetch(conn, _MEASURED_BY_KPIS, params) if calendars else ():
        found.setdefault(position, {})[objective] = False
    return found


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
