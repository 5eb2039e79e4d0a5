"""The goals whose progress depends on other goals: objectives on key results and supporters, cycles on what is in them.

The queries take every version and every alignment ever recorded, so they may find goals that depended on another one at
some other time: their figures show whether they differ.
"""

from collections.abc import Collection, Mapping
from uuid import UUID

from domain.primitives.values import Kind
from projections.store.versioned_tables import Connection, fetch

Goals = dict[Kind, set[UUID]]
"""Ids by kind."""


def dependents(conn: Connection, goals: Mapping[Kind, Collection[UUID]]) -> Goals:
    """The objectives and cycles whose progress may depend on these key results, objectives and cycles, directly or not;
    the given objectives and cycles are among them."""
    ids = {kind.name.lower(): list(goals.get(kind, ())) for kind in (Kind.KEY_RESULT, Kind.OBJECTIVE, Kind.CYCLE)}
    return _by_kind(fetch(conn, _DEPENDENTS, ids))


def goals_within(conn: Connection, cycle: UUID | None, objective: UUID | None, teams: Collection[UUID]) -> Goals:
    """The narrowest of these: an objective, all objectives that these teams ever owned, a cycle and its objectives."""
    if objective is not None:
        return {Kind.OBJECTIVE: {objective}}
    if teams:
        sql = "select 'Objective', id from objective where team = any(%(teams)b::uuid[])"
        return _by_kind(fetch(conn, sql, {"teams": list(teams)}))
    sql = "select 'Objective', id from objective where cycle = %(cycle)s union all select 'Cycle', %(cycle)s"
    return _by_kind(fetch(conn, sql, {"cycle": cycle}))


def _by_kind(rows: Collection[tuple[str, UUID]]) -> Goals:
    found: Goals = {Kind.OBJECTIVE: set(), Kind.CYCLE: set()}
    for kind, id in rows:
        found[Kind(kind)].add(id)
    return found


_DEPENDENTS = """
    with recursive goal (id) as (
        select id from (
            select unnest(%(objective)b::uuid[]) as id
            union all select objective from key_result where id = any(%(key_result)b)
        ) o
        union select s.target from goal g join support s on s.objective = g.id and s.target_kind = 'Objective'
    ), span (id) as (
        select id from (
            select unnest(%(cycle)b::uuid[]) as id
            union all select cycle from objective where id in (select id from goal)
        ) c
        union select v.parent from span s join cycle v on v.id = s.id and v.parent is not null
    )
    select 'Objective', id from goal union all select 'Cycle', id from span
"""
