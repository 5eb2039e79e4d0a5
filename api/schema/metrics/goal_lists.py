"""Connections of goals: objectives and key results of a view, and the objectives of a cycle, team or owner."""

from collections.abc import Sequence
from enum import Enum, StrEnum
from typing import Any
from uuid import UUID

import msgspec

from api.schema.connections import filters
from api.schema.connections.connection import Connection
from api.schema.connections.filters import NOTHING, KeyResultFilter, KeyResultOrder, ObjectiveFilter, ObjectiveOrder
from api.schema.connections.lists import Judged, Listing, computed_page, list_page
from api.schema.metrics.figures import of_key_results, of_objectives
from api.snapshot.dataloaders import Many, many
from api.snapshot.pagination import PageRequest
from api.snapshot.snapshot import Batch, RowProxy, View
from domain.primitives.values import Kind
from projections.store.versioned_tables import Order
from projections.tables import alignment, objective
from projections.tables import key_result as proofs


def _judged_objectives(batch: Batch) -> Sequence[Judged]:
    return [Judged(of.health, of.value) for of in batch.all(of_objectives)]


def _judged_key_results(batch: Batch) -> Sequence[Judged]:
    return [Judged(of.health, of.value) for of in batch.all(of_key_results)]


def _outlined_objectives(view: View, filter: objective.ObjectiveFilter) -> dict[UUID, Judged]:
    goals = view.read(objective.goals_that_pass, filter)
    found = view.computed(of_objectives, goals)
    return {goal.id: Judged(found[goal.id].health, found[goal.id].value) for goal in goals}


def _outlined_key_results(view: View, filter: proofs.KeyResultFilter) -> dict[UUID, Judged]:
    rows = view.read(proofs.key_results_that_pass, filter)
    found = Batch(view, rows).all(of_key_results)
    return {row.id: Judged(of.health, of.value) for row, of in zip(rows, found, strict=True)}


OBJECTIVES = Listing(Kind.OBJECTIVE, objective.OBJECTIVES, _judged_objectives, _outlined_objectives)
KEY_RESULTS = Listing(Kind.KEY_RESULT, proofs.KEY_RESULTS, _judged_key_results, _outlined_key_results)


def objectives(
    view: View, filter: ObjectiveFilter | None, order: ObjectiveOrder | None, page_request: PageRequest
) -> Connection[Any]:
    """A page of the objectives of a view."""
    wanted = filters.objective_filter(view, filter)
    return list_page(
        view, OBJECTIVES, wanted, filters.order(order, objective.ObjectiveOrder.RECORDED), page_request, _only(filter)
    )


def key_results(
    view: View, filter: KeyResultFilter | None, order: KeyResultOrder | None, page_request: PageRequest
) -> Connection[Any]:
    """A page of the key results of a view."""
    wanted = filters.key_result_filter(view, filter)
    in_order = filters.order(order, proofs.KeyResultOrder.RECORDED)
    return list_page(view, KEY_RESULTS, wanted, in_order, page_request, _only(filter))


def _only(filter: ObjectiveFilter | KeyResultFilter | None) -> frozenset[StrEnum] | None:
    return None if filter is None or filter.health is None else frozenset(filter.health)


# ── objectives of a cycle, team or owner ─────────────────────────────────────────────────────────


class Whose(Enum):
    """The parent of a list of objectives: the query by parent ids, and the equivalent field of the filter."""

    CYCLE = (objective.objectives_of_cycles, "cycle")
    TEAM = (objective.objectives_of_teams, "teams")
    TEAMS_INSIDE = (objective.objectives_inside_teams, "teams")
    OWNER = (objective.objectives_of_owners, "owner")

    @property
    def query(self) -> Many:
        query: Many = self.value[0]
        return query

    def narrowed(self, view: View, filter: objective.ObjectiveFilter, id: UUID) -> objective.ObjectiveFilter:
        """The filter, restricted to the objectives of one parent."""
        field = self.value[1]
        current = getattr(filter, field)
        if field == "teams":
            teams = view.teams_inside(id) if self is Whose.TEAMS_INSIDE else {id}
            return msgspec.structs.replace(filter, teams=tuple(teams if current is None else teams & {*current}))
        return msgspec.structs.replace(filter, **{field: id if current in (None, id) else NOTHING})


def objectives_of(
    parent: RowProxy, whose: Whose, filter: ObjectiveFilter | None, page_request: PageRequest
) -> Connection[Any]:
    """A page of the objectives of a cycle, team or owner, in the order of recording."""
    wanted = filters.objective_filter(parent.view, filter)
    return parent.each(_of_each, whose, wanted, _only(filter), page_request)


def _of_each(
    batch: Batch,
    whose: Whose,
    filter: objective.ObjectiveFilter,
    only: frozenset[StrEnum] | None,
    page_request: PageRequest,
) -> Sequence[Connection[Any]]:
    """The page of a single parent is read by keyset; for several parents all rows are read in one statement and cut."""
    order = Order(objective.ObjectiveOrder.RECORDED)
    if len(batch.rows) == 1:
        (row,) = batch.rows
        return [
            list_page(batch.view, OBJECTIVES, whose.narrowed(batch.view, filter, row.id), order, page_request, only)
        ]
    groups = many(batch, Kind.OBJECTIVE, whose.query, filter)
    return [computed_page(OBJECTIVES, group, order, page_request, only) for group in groups]


def supporters(target: RowProxy, page_request: PageRequest) -> Connection[Any]:
    """A page of the objectives that support this objective or key result, in the order of drafting."""
    return target.each(_supporters, page_request)


def _supporters(batch: Batch, page_request: PageRequest) -> Sequence[Connection[Any]]:
    groups = many(batch, Kind.OBJECTIVE, alignment.supporters_of_targets)
    return [
        computed_page(OBJECTIVES, group, Order(objective.ObjectiveOrder.RECORDED), page_request) for group in groups
    ]
