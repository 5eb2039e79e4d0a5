"""Which goals and KPIs a change may bring to attention, or take from it: those whose items may differ after it."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple
from uuid import UUID

from domain.model.cycle import (
    CycleAbandoned,
    CycleActivated,
    CycleClosed,
    CycleOpened,
    CycleRescheduled,
    ScoringPolicyAdopted,
)
from domain.model.key_result import KeyResultMoved
from domain.model.objective import ObjectiveMoved
from domain.model.people import (
    PersonDeactivated,
    PersonErased,
    PersonReactivated,
    TeamDisbanded,
    TeamLeadAppointed,
    TeamMoved,
    TeamRevived,
)
from domain.model.workspace import CalendarSet
from domain.primitives.values import Kind
from projections.store.versioned_tables import Connection, fetch
from projections.tables.changes import Change

FAR_REACHING = frozenset(
    event.TOPIC
    for event in (
        CycleOpened, CycleActivated, CycleRescheduled, CycleClosed, CycleAbandoned, ScoringPolicyAdopted, CalendarSet,
        KeyResultMoved, ObjectiveMoved, PersonDeactivated, PersonReactivated, PersonErased, TeamMoved,
        TeamLeadAppointed, TeamDisbanded, TeamRevived,
    )
)  # fmt: skip
"""The events that may alter the items of any goal or KPI."""
_OF_GOALS = frozenset({Kind.OBJECTIVE, Kind.KEY_RESULT, Kind.CHECK_IN, Kind.KPI, Kind.READING})


class Touched(NamedTuple):
    """The objectives and KPIs whose items a change may alter; all of them if it is far-reaching."""

    objectives: frozenset[UUID] = frozenset()
    kpis: frozenset[UUID] = frozenset()
    is_far_reaching: bool = False


def touched(conn: Connection, changes: Sequence[Change]) -> dict[int, Touched]:
    """By position: what each of these changes touches; changes that touch nothing are left out. A few statements for
    all of them."""
    of_goals = [one for one in changes if one.subject.kind in _OF_GOALS and one.topic not in FAR_REACHING]
    linked = _by_root(conn, _LINKED, (change.key_result for change in of_goals))
    kpis = {id for ids in linked.values() for id in ids} | {change.kpi for change in of_goals}
    named, measured = _by_root(conn, _NAMED_BY, kpis), _by_root(conn, _MEASURED, (change.kpi for change in of_goals))
    own = {id for ids in measured.values() for id in ids} | {change.objective for change in of_goals}
    above = _by_root(conn, _ABOVE, own)
    found = {change.position: Touched(is_far_reaching=True) for change in changes if change.topic in FAR_REACHING}
    for change in of_goals:
        objectives = [change.objective, *measured.get(change.kpi, ())]
        of_change = [change.kpi, *linked.get(change.key_result, ())]
        found[change.position] = Touched(
            frozenset(id for one in objectives for id in above.get(one, ())),
            frozenset(id for one in of_change for id in named.get(one, ())),
        )
    return found


def _by_root(conn: Connection, sql: str, roots: Iterable[UUID | None]) -> dict[UUID | None, list[UUID]]:
    wanted = {id for id in roots if id is not None}
    found: dict[UUID | None, list[UUID]] = {}
    for root, id in fetch(conn, sql, {"ids": sorted(wanted)}) if wanted else ():
        found.setdefault(root, []).append(id)
    return found


_LINKED = "select distinct id, kpi from key_result where id = any(%(ids)b) and kpi is not null"
"""The KPIs that ever measured each of these key results."""
_ABOVE = """
    with recursive goal (root, id) as (
        select id, id from unnest(%(ids)b::uuid[]) as o (id)
        union select g.root, s.through from goal g join support s on s.objective = g.id
    )
    select root, id from goal
"""
"""Each of these objectives, and those that it ever supported, directly or not."""
_NAMED_BY = """
    with recursive above (root, id) as (
        select id, id from unnest(%(ids)b::uuid[]) as k (id)
        union select a.root, v.id from above a join kpi v on v.inputs @> array[a.id]
    )
    select root, id from above
"""
"""Each of these KPIs, and those whose formulas ever named it, directly or not."""
_MEASURED = f"""
    select distinct a.root, k.objective from ({_NAMED_BY}) a join key_result k on k.kpi = a.id
"""
"""The objectives with key results that any of these KPIs ever measured."""
