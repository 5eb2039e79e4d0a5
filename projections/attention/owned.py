"""Whose goals and KPIs call for attention: the owners of key results, and what people own and lead."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from domain.primitives.values import Basis
from projections.store.versioned_tables import Connection, basis_params, fetch
from projections.tables.key_result import KEY_RESULT
from projections.tables.kpi import KPI, KpiRow
from projections.tables.people import PERSON, TEAM


class Owned(NamedTuple):
    """A key result that is not dropped, with what its definition says of its owner, its KPI and its plan.
    `state` is the name of its state."""

    id: UUID
    born: int
    objective: UUID
    owner: UUID | None
    kpi: UUID | None
    plan_ended: bool
    state: str


_COLUMNS = ", ".join(f"v.{name}" for name in Owned._fields)


def owned_key_results(
    conn: Connection,
    basis: Basis,
    objectives: Sequence[UUID],
    births: Sequence[int],
    left: Sequence[UUID],
    ids: Sequence[UUID],
) -> list[Owned]:
    """Those key results of these objectives that are not dropped, and were added at one of these positions, belong to
    one of these people, have one of these ids, or have lost their plan; in no order."""
    added = "select id from key_result where arrived and born = any(%(births)b)"
    others = "select id from key_result where plan_ended or owner = any(%(left)b) or id = any(%(ids)b)"
    where = "v.state <> 'DROPPED' and v.objective = any(%(objectives)b)"
    sql = KEY_RESULT.query(basis, f"{added} union {others}", where, _COLUMNS)
    given = {"objectives": list(objectives), "births": list(births), "left": list(left), "ids": list(ids)}
    return list(map(Owned._make, fetch(conn, sql, basis_params(basis, **given), prepare=False)))


def kpis_of_cycle(conn: Connection, basis: Basis, of_cycle: UUID) -> list[UUID]:
    """The KPIs that measure key results of a cycle, without dropped ones."""
    candidates = "select distinct id from key_result where cycle = %(of_cycle)s and kpi is not null"
    where = "v.kpi is not null and v.cycle = %(of_cycle)s and v.state <> 'DROPPED'"
    linked = KEY_RESULT.query(basis, candidates, where, "v.kpi")
    return [
        id for (id,) in fetch(conn, f"select distinct kpi from ({linked}) k", basis_params(basis, of_cycle=of_cycle))
    ]


def objectives_of_key_result_owner(conn: Connection, basis: Basis, person: UUID) -> list[UUID]:
    """The objectives with a key result that this person owns."""
    candidates = "select distinct id from key_result where owner = %(person)s"
    where = "v.owner = %(person)s and v.state <> 'DROPPED'"
    sql = f"select distinct objective from ({KEY_RESULT.query(basis, candidates, where, 'v.objective')}) o"
    return [id for (id,) in fetch(conn, sql, basis_params(basis, person=person))]


def teams_led(conn: Connection, basis: Basis, person: UUID) -> list[UUID]:
    """The teams that this person leads."""
    candidates = "select distinct id from team where lead = %(person)s"
    sql = TEAM.query(basis, candidates, "v.lead = %(person)s", "v.id")
    return [id for (id,) in fetch(conn, sql, basis_params(basis, person=person))]


def left(conn: Connection, basis: Basis) -> frozenset[UUID]:
    """The people who are deactivated."""
    sql = PERSON.query(basis, "select distinct id from person where not active", "not v.active", "v.id")
    return frozenset(id for (id,) in fetch(conn, sql, basis_params(basis)))


def watched_kpis(
    conn: Connection, basis: Basis, teams: Sequence[UUID] = (), owner: UUID | None = None, kpis: Sequence[UUID] = ()
) -> list[KpiRow]:
    """The KPIs of these teams, of this owner, or with these ids, without retired ones, in the order of definition."""
    own = "(v.team = any(%(teams)b) or v.owner = %(owner)s or v.id = any(%(kpis)b))"
    candidates = f"select distinct v.id from kpi v where {own}"
    sql = KPI.query(basis, candidates, f"{own} and not v.retired")
    params = basis_params(basis, teams=list(teams), owner=owner, kpis=list(kpis))
    return sorted(KPI.read(conn, sql, params, prepare=False), key=lambda row: row.born)
