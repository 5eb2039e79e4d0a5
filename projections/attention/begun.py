"""Since when something holds: the first version of each row from which on a condition holds up to the basis."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.primitives.values import Basis
from projections.store.versioned_tables import Connection, VersionedTable, basis_params, fetch
from projections.tables.key_result import KEY_RESULT
from projections.tables.objective import OBJECTIVE
from projections.tables.people import PERSON, TEAM

_SEEN = "position <= %(position)s and changed_at <= %(at)s"


def _since(table: VersionedTable[Any], condition: str) -> str:
    """The query for the moment from which on a condition has held, for each of the ids that fulfil it."""
    before = f"select max(b.position) from {table.name} b where b.id = c.id and b.{_SEEN} and not ({condition})"
    return (
        f"select c.id, v.changed_at from unnest(%(ids)b::uuid[]) as c (id) cross join lateral ("
        f"select changed_at from {table.name} n where n.id = c.id and n.{_SEEN}"
        f" and n.position > coalesce(({before}), 0) order by n.position limit 1) v"
    )


_LEFT = _since(PERSON, "not b.active")
_DISBANDED = _since(TEAM, "b.disbanded")
_UNOWNED = _since(OBJECTIVE, "b.owner is null")
_UNPLANNED = _since(KEY_RESULT, "b.plan_ended")


def left_at(conn: Connection, basis: Basis, people: Sequence[UUID]) -> dict[UUID, datetime]:
    """When each of these people left, if they have."""
    return _read(conn, basis, _LEFT, people)


def disbanded_at(conn: Connection, basis: Basis, teams: Sequence[UUID]) -> dict[UUID, datetime]:
    """When each of these teams was disbanded, if it was."""
    return _read(conn, basis, _DISBANDED, teams)


def unowned_since(conn: Connection, basis: Basis, objectives: Sequence[UUID]) -> dict[UUID, datetime]:
    """Since when each of these objectives has had no owner."""
    return _read(conn, basis, _UNOWNED, objectives)


def unplanned_since(conn: Connection, basis: Basis, key_results: Sequence[UUID]) -> dict[UUID, datetime]:
    """When the plan of each of these key results ended."""
    return _read(conn, basis, _UNPLANNED, key_results)


_BARE = f"""
    select v.objective, max(v.left_at) from (
        select k.objective, k.state, lead(k.changed_at) over later as left_at, lead(k.state) over later as next_state,
            lead(k.objective) over later as next_objective
        from key_result k where k.id in (select id from key_result where objective = any(%(ids)b)) and k.{_SEEN}
        window later as (partition by k.id order by k.position)
    ) v
    where v.objective = any(%(ids)b) and v.state <> 'DROPPED'
        and (v.next_state = 'DROPPED' or v.next_objective <> v.objective)
    group by v.objective
"""


def bare_since(conn: Connection, basis: Basis, objectives: Sequence[UUID]) -> dict[UUID, datetime]:
    """When the last key result of each of these objectives was dropped or moved away; those that never had any are
    left out."""
    return _read(conn, basis, _BARE, objectives)


def _read(conn: Connection, basis: Basis, sql: str, ids: Sequence[UUID]) -> dict[UUID, datetime]:
    return dict(fetch(conn, sql, basis_params(basis, ids=list(ids)))) if ids else {}
