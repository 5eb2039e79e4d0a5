"""Scopes of attention: a person, a team with the teams inside it, or a cycle, and the open goals and KPIs in each."""

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

import strawberry

from api.schema.connections.filters import NOTHING, named
from api.schema.primitives.lookup import CycleBy, PersonBy, TeamBy
from api.snapshot.snapshot import View
from domain.primitives.values import CycleState, Kind
from projections.attention import owned
from projections.tables import cycle, objective
from projections.tables.kpi import KpiRow
from projections.tables.objective import AnyObjective, ObjectiveFilter

OPEN = frozenset({CycleState.PLANNING, CycleState.ACTIVE})
"""The states of cycles whose goals call for attention."""


@strawberry.input(one_of=True, description="Whose attention is asked for: exactly one of them.")
class AttentionScope:
    person: PersonBy | None = strawberry.field(
        default=strawberry.UNSET, description="What this person should act on: every item whose `person` it is."
    )
    team: TeamBy | None = strawberry.field(
        default=strawberry.UNSET,
        description="The goals and KPIs of this team and of the teams inside it, directly or not.",
    )
    cycle: CycleBy | None = strawberry.field(
        default=strawberry.UNSET, description="The cycle with its goals, and the KPIs that measure its key results."
    )


class Scope(NamedTuple):
    """A scope by kind and id; that of an unknown entity is empty."""

    kind: Kind
    id: UUID


def scope_of(view: View, given: AttentionScope) -> Scope:
    """The scope of an input."""
    by: dict[Kind, Any] = {Kind.PERSON: given.person, Kind.TEAM: given.team, Kind.CYCLE: given.cycle}
    kind, lookup = next((kind, one) for kind, one in by.items() if one is not strawberry.UNSET)
    return Scope(kind, named(view, kind, lookup) or NOTHING)


class InScope(NamedTuple):
    """The drafts and active objectives of a scope in cycles that are open, and the KPIs that are not retired. `cycles`:
    the open cycles whose days count."""

    goals: Sequence[AnyObjective]
    kpis: Sequence[KpiRow]
    cycles: frozenset[UUID]


class Only(NamedTuple):
    """A part of a scope: the goals and KPIs with these ids."""

    objectives: frozenset[UUID]
    kpis: frozenset[UUID]


def in_scope(view: View, scope: Scope, only: Only | None) -> InScope:
    """The goals and KPIs of a scope, or a part of them."""
    goals = [goal for one in _filters(view, scope, only) for goal in view.read(objective.open_goals, one)]
    wanted = {goal.cycle for goal in goals} | ({scope.id} if scope.kind is Kind.CYCLE else set())
    cycles = view.by_id(cycle.cycles, wanted)
    is_open = frozenset(id for id in wanted if id in cycles and cycles[id].state in OPEN)
    kept = {goal.id: goal for goal in goals if goal.cycle in is_open}
    has_kpis = (only is None or only.kpis) and (scope.kind is not Kind.CYCLE or scope.id in is_open)
    kpis = _kpis(view, scope) if has_kpis else ()
    return InScope(list(kept.values()), [row for row in kpis if only is None or row.id in only.kpis], is_open)


def _filters(view: View, scope: Scope, only: Only | None) -> list[ObjectiveFilter]:
    """The filters whose objectives are those of a scope."""
    ids = None if only is None else tuple(only.objectives)
    match scope.kind:
        case Kind.TEAM:
            return [ObjectiveFilter(teams=tuple(view.teams_inside(scope.id)), ids=ids)]
        case Kind.CYCLE:
            return [ObjectiveFilter(cycle=scope.id, ids=ids)]
    led = view.read(owned.teams_led, scope.id)
    parts = frozenset(view.read(owned.objectives_of_key_result_owner, scope.id))
    parts = parts if only is None else parts & only.objectives
    filters = [ObjectiveFilter(owner=scope.id, ids=ids)]
    filters += [ObjectiveFilter(teams=tuple(led), ids=ids)] if led else []
    return [*filters, ObjectiveFilter(ids=tuple(parts))] if parts else filters


def _kpis(view: View, scope: Scope) -> Sequence[KpiRow]:
    match scope.kind:
        case Kind.TEAM:
            return view.read(owned.watched_kpis, sorted(view.teams_inside(scope.id)))
        case Kind.CYCLE:
            return view.read(owned.watched_kpis, (), None, view.read(owned.kpis_of_cycle, scope.id))
    return view.read(owned.watched_kpis, view.read(owned.teams_led, scope.id), scope.id)
