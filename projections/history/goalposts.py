"""Goalposts: which changes moved what the key results of a cycle and their KPIs should reach, by which measure, and
when, since its plan: new days of the cycle and a new calendar, too."""

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from domain.model.kpi import KpiRedefined, KpiTargetsSet
from domain.primitives.values import Basis
from projections.store.versioned_tables import Connection, Window, basis_params, fetch
from projections.tables import changes
from projections.tables.change_scopes import GOALPOSTS, IS_CALENDAR, moves_kpi
from projections.tables.changes import Change


class Goals(NamedTuple):
    """A cycle, its key results, the KPIs that they were ever linked to, the basis of its plan, and its last day."""

    cycle: UUID
    key_results: Sequence[UUID]
    kpis: Sequence[UUID]
    plan: Basis
    last_day: date


def page(conn: Connection, basis: Basis, of: Goals, window: Window) -> list[Change]:
    """A page of the goalposts of these goals that the plan does not know, in the order of the log."""
    bounds = [
        f"v.position {side} {cursor.value}"
        for cursor, side in ((window.after, ">"), (window.before, "<"))
        if cursor is not None
    ]
    order = f"order by v.position {'desc' if window.backwards else 'asc'} limit {window.limit}"
    rows = changes.read_where(conn, f"{' and '.join([_moved(basis), *bounds])} {order}", _params(basis, of))
    return rows[::-1] if window.backwards else rows


def count(conn: Connection, basis: Basis, of: Goals) -> int:
    """The number of goalposts in all pages."""
    query = f"select count(*) from change v where {_moved(basis)}"
    ((number,),) = fetch(conn, query, _params(basis, of), prepare=False)
    return int(number)


def _moved(basis: Basis) -> str:
    return (
        "v.topic = any(%(topics)b)"
        " and (v.cycle = %(cycle)b and (v.key_result = any(%(key_results)b) or v.subject_id = %(cycle)b)"
        f" or v.kpi = any(%(kpis)b) or {IS_CALENDAR})"
        f" and (v.topic not in ('{KpiRedefined.TOPIC}', '{KpiTargetsSet.TOPIC}') or {moves_kpi('%(last_day)b::date')})"
        f" and (v.position > %(plan)s or v.effective_at > %(planned_at)s) and {changes.known(basis)}"
    )


def _params(basis: Basis, of: Goals) -> dict[str, Any]:
    return basis_params(
        basis,
        topics=[event.TOPIC for event in GOALPOSTS],
        cycle=of.cycle,
        key_results=list(of.key_results),
        kpis=list(of.kpis),
        plan=of.plan.position,
        planned_at=of.plan.at,
        last_day=of.last_day,
    )
