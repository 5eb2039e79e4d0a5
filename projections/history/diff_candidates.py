"""The nodes that may differ between two bases: what changed between them, within a scope."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec

from domain.model.cycle import CycleClosed
from domain.model.discussion import CommentAdded, Reflected
from domain.model.objective import ObjectiveClosed, ObjectiveDropped, ObjectiveReopened
from domain.model.workspace import CalendarSet
from domain.primitives.values import Basis, Kind, Ref
from projections.history.dependents import Goals, dependents, goals_within
from projections.history.field_changes import TABLES_OF
from projections.store.basis import is_level
from projections.store.versioned_tables import Connection, fetch
from projections.tables import people
from projections.tables.across.places import PLACE, Place
from projections.tables.key_result import KeyResultRow
from projections.tables.kpi import kpis_with_formula
from projections.tables.objective import OBJECTIVE, ObjectiveRow

_KINDS = (
    Kind.CYCLE, Kind.TEAM, Kind.PERSON, Kind.KPI, Kind.OBJECTIVE, Kind.KEY_RESULT, Kind.INITIATIVE, Kind.TEMPLATE,
)  # fmt: skip
CALENDAR_SET = f"v.topic = '{CalendarSet.TOPIC}'"
"""The condition that a change set the calendar, whose days bound the readings of linked KPIs."""
REMARKS = (CommentAdded.TOPIC, Reflected.TOPIC)
ENDS = (ObjectiveClosed.TOPIC, ObjectiveDropped.TOPIC, ObjectiveReopened.TOPIC, CycleClosed.TOPIC)
"""Events that move the end up to which the measurements of key results count."""
Rows = dict[Ref, Any]


class Scope(msgspec.Struct, frozen=True):
    """All conditions given must hold, at one of the two bases. To a cycle or an objective belong the goals and
    initiatives in it; to a team the teams inside it, their objectives with all nodes in them, and their KPIs."""

    cycle: UUID | None = None
    team: UUID | None = None
    objective: UUID | None = None


class Candidate(msgspec.Struct, frozen=True):
    """A node that may differ, with its rows at both bases; None where it does not exist."""

    ref: Ref
    then: Any
    now: Any

    @property
    def place(self) -> tuple[int, int]:
        """Its place in a diff: by kind, and within a kind by the position of its creation."""
        return _KINDS.index(self.ref.kind), (self.then or self.now).born


def candidates(conn: Connection, start: Basis, end: Basis, scope: Scope) -> list[Candidate]:
    """The nodes that may differ, in the order of their places.

    Those are the nodes that a change between the bases is about, the KPIs with a formula and the key results that they
    measure, and the objectives and cycles whose progress may depend on them.
    """
    above = [] if scope.team is None else [scope.team]
    inside = [people.teams_inside(conn, basis, above) for basis in (start, end)]
    teams = {id for at_basis in inside for within in at_basis.values() for id in within}
    touched = _touched(conn, start, end, scope, teams)
    for kind, ids in _dependents(conn, scope, teams, touched).items():
        touched[kind] |= ids
    then, now = (_rows(conn, basis, touched) for basis in (start, end))
    refs = _within(conn, (start, end), (then, now), scope, teams)
    return sorted((Candidate(ref, then.get(ref), now.get(ref)) for ref in refs), key=lambda one: one.place)


def _dependents(conn: Connection, scope: Scope, teams: Collection[UUID], touched: Goals) -> Goals:
    """The objectives and cycles whose progress may differ; within a scope, all of its objectives and cycles, because
    goals outside of it may have changed theirs."""
    if scope == Scope():
        return dependents(conn, touched)
    return goals_within(conn, scope.cycle, scope.objective, teams)


def between(start: Basis, end: Basis) -> tuple[str, dict[str, Any]]:
    """The condition that a change `v` is known and effective at one of two bases and not at the other. Its second part
    is implied by the first, and lets PostgreSQL use the indexes."""
    params = {
        "start": start.position, "start_at": start.at, "end": end.position, "end_at": end.at,
        "low": min(start.position, end.position), "low_at": min(start.at, end.at),
    }  # fmt: skip
    if is_level(start) and is_level(end):
        return "v.position > %(low)s and v.position <= greatest(%(start)s, %(end)s)", params
    then = "(v.position <= %(start)s and v.effective_at <= %(start_at)s)"
    now = "(v.position <= %(end)s and v.effective_at <= %(end_at)s)"
    return f"{then} <> {now} and (v.position > %(low)s or v.effective_at > %(low_at)s)", params


def _touched(conn: Connection, start: Basis, end: Basis, scope: Scope, teams: Collection[UUID]) -> Goals:
    """The subjects of changes between the bases; for a KPI also the key results that were ever linked to it, for the
    end of an objective or cycle the key results in it, and for a calendar those that were ever linked to any KPI. The
    result is complete for the scope, and may contain other nodes."""
    where, params = between(start, end)
    about = "case v.subject_kind when 'CheckIn' then v.key_result when 'Reading' then v.kpi else v.subject_id end"
    near = f"({' and '.join(_near(scope)) or 'true'} or {CALENDAR_SET})"
    sql = (
        f"select v.subject_kind, {about}, bool_or(v.topic = any(%(ends)b)) from change v"
        f" where {where} and {near} and v.topic <> all(%(remarks)b) group by 1, 2"
    )
    within = {"cycle": scope.cycle, "objective": scope.objective, "teams": list(teams)}
    found: Goals = {kind: set() for kind in _KINDS}
    ended: list[UUID] = []
    kinds = {kind.value: kind for kind in _KINDS} | {"CheckIn": Kind.KEY_RESULT, "Reading": Kind.KPI}
    for kind, id, is_end in fetch(conn, sql, {**params, **within, "remarks": list(REMARKS), "ends": list(ENDS)}):
        if kind in kinds:
            found[kinds[kind]].add(id)
        if kind == Kind.CALENDAR:
            found[Kind.KEY_RESULT] |= _ever_linked(conn)
        if is_end:
            ended.append(id)
    found[Kind.KPI] |= kpis_with_formula(conn)
    found[Kind.KEY_RESULT] |= _measured_through(conn, found[Kind.KPI], ended)
    return found


_MEASURED_THROUGH = """
    select id from key_result where kpi = any(%(kpis)b::uuid[])
    union select id from key_result where arrived and objective = any(%(ended)b::uuid[])
    union select id from key_result where arrived and cycle = any(%(ended)b::uuid[])
"""


def _ever_linked(conn: Connection) -> set[UUID]:
    """The key results that were ever linked to a KPI."""
    return {id for (id,) in fetch(conn, "select distinct id from key_result where kpi is not null", {})}


def _measured_through(conn: Connection, kpis: Collection[UUID], ended: Collection[UUID]) -> set[UUID]:
    """The key results that were ever linked to one of these KPIs, or are in one of these objectives and cycles."""
    if not kpis and not ended:
        return set()
    return {id for (id,) in fetch(conn, _MEASURED_THROUGH, {"kpis": list(kpis), "ended": list(ended)})}


def _near(scope: Scope) -> list[str]:
    """Conditions on a change that exclude most changes outside a scope, and none within it."""
    near = []
    for of, id in (("cycle", scope.cycle), ("objective", scope.objective)):
        measured_by = f"select kpi from key_result where {of} = %({of})s and kpi is not null"
        near += [] if id is None else [f"(v.{of} = %({of})s or v.kpi = any(array({measured_by})))"]
    if scope.team is not None:
        goals = "select id from objective where team = any(%(teams)b::uuid[])"
        measured_by = f"select kpi from key_result where objective in ({goals}) and kpi is not null"
        kpis = f"select id from kpi where team = any(%(teams)b::uuid[]) union {measured_by}"
        owned = f"v.objective = any(array({goals})) or v.kpi = any(array({kpis}))"
        near.append(f"(v.subject_id = any(%(teams)b::uuid[]) or {owned})")
    return near


def _rows(conn: Connection, basis: Basis, touched: Mapping[Kind, Collection[UUID]]) -> Rows:
    found: Rows = {}
    for kind, ids in touched.items():
        table: Any = TABLES_OF[kind]
        found |= {Ref(kind, id): row for id, row in (table.by_id(conn, basis, ids) if ids else {}).items()}
    return found


def _within(
    conn: Connection, bases: Sequence[Basis], rows: Sequence[Rows], scope: Scope, teams: Collection[UUID]
) -> list[Ref]:
    """The nodes that belong to the scope."""
    refs = list(dict.fromkeys([*rows[0], *rows[1]]))
    if scope == Scope():
        return refs
    found = PLACE.read(conn, _PLACES, {"ids": [ref.id for ref in refs]})
    places = {place.id: place for place in found}
    owned = None if scope.team is None else _owned(conn, bases, rows, places, teams)
    return [ref for ref in refs if any(_is_within(scope, ref, one, owned) for one in _homes(places[ref.id], ref, rows))]


_PLACES = """
    select p.id, p.position, coalesce(h.objective, p.objective), p.key_result, p.kpi, coalesce(h.cycle, p.cycle)
    from place p left join lateral (
        select * from place h where h.id = coalesce(p.key_result, p.objective) order by h.position desc limit 1
    ) h on true
    where p.id = any(%(ids)b::uuid[]) order by p.position
"""
"""The places of nodes, with the present place of the goal that each belongs to."""


def _homes(place: Place, ref: Ref, rows: Sequence[Rows]) -> Iterator[Place]:
    """The present place of a node, and of a goal its places at the two bases."""
    yield place
    for row in (at_basis.get(ref) for at_basis in rows):
        if isinstance(row, ObjectiveRow):
            yield msgspec.structs.replace(place, cycle=row.cycle)
        elif isinstance(row, KeyResultRow):
            yield msgspec.structs.replace(place, objective=row.objective, cycle=row.cycle)


def _is_within(scope: Scope, ref: Ref, place: Place, owned: Collection[UUID] | None) -> bool:
    return (
        scope.cycle in (None, place.cycle)
        and scope.objective in (None, place.objective)
        and (owned is None or ref.id in owned or place.objective in owned)
    )


def _owned(
    conn: Connection,
    bases: Sequence[Basis],
    rows: Sequence[Rows],
    places: Mapping[UUID, Place],
    teams: Collection[UUID],
) -> set[UUID]:
    """These teams, and the objectives and KPIs that they own at one of the bases."""
    objectives = {place.objective for place in places.values() if place.objective is not None}
    held = [row for at_basis in rows for ref, row in at_basis.items() if ref.kind is Kind.KPI]
    held += [row for basis in bases for row in OBJECTIVE.by_id(conn, basis, objectives).values()]
    return {*teams, *(row.id for row in held if row.team in teams)}
