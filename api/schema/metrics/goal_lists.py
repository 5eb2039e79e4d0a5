"""Connections of goals: objectives and key results of a view, and the objectives of a cycle, team or owner."""

from collections import Counter
from collections.abc import Callable, Sequence
from enum import Enum
from typing import Any, Generic, TypeVar
from uuid import UUID

import msgspec
import strawberry

from api.schema.connections import filter_criteria
from api.schema.connections.connection import Connection
from api.schema.connections.criteria import Criteria
from api.schema.connections.filters import NOTHING, KeyResultFilter, ObjectiveFilter
from api.schema.connections.list_orders import KeyResultOrder, ObjectiveOrder, keys
from api.schema.connections.lists import Listing, Wanted, group_pages, list_page
from api.schema.connections.row_columns import RowColumns
from api.schema.metrics import goal_outlines
from api.schema.metrics.progress import HealthCount, by_health
from api.schema.primitives.field import resolved
from api.snapshot.dataloaders import Many, many
from api.snapshot.pagination import Page, PageRequest
from api.snapshot.snapshot import Batch, RowProxy, View
from domain.primitives.values import Kind
from projections.tables import alignment, objective
from projections.tables import key_result as proofs

T = TypeVar("T")

# ── types ────────────────────────────────────────────────────────────────────────────────────────


@strawberry.type(name="Connection", description="A page of a list of goals, and the number of goals by health.")
class GoalConnection(Connection[T], Generic[T]):
    judged: strawberry.Private[Callable[[], RowColumns]]

    @resolved(
        "The number of goals of the whole list with each health value, in a fixed order, without dropped ones and "
        "those without a health."
    )
    def health_counts(self) -> list[HealthCount]:
        return by_health(Counter(self.judged().column("condition")))


def shown(page: Page[Any], judged: Callable[[], RowColumns]) -> GoalConnection[Any]:
    return GoalConnection(page=page, judged=judged)


OBJECTIVES = Listing(Kind.OBJECTIVE, objective.OBJECTIVES, goal_outlines.of_objectives)
KEY_RESULTS = Listing(Kind.KEY_RESULT, proofs.KEY_RESULTS, goal_outlines.of_key_results)


def objectives(
    view: View,
    filter: ObjectiveFilter | None,
    sort: Sequence[ObjectiveOrder] | None,
    order_by: ObjectiveOrder | None,
    page_request: PageRequest,
) -> GoalConnection[Any]:
    """A page of the objectives of a view."""
    wanted = Wanted(filter_criteria.objectives(view, filter), keys(_RECORDED, sort, order_by))
    return _page(view, OBJECTIVES, wanted, page_request)


def key_results(
    view: View,
    filter: KeyResultFilter | None,
    sort: Sequence[KeyResultOrder] | None,
    order_by: KeyResultOrder | None,
    page_request: PageRequest,
) -> GoalConnection[Any]:
    """A page of the key results of a view."""
    wanted = Wanted(filter_criteria.key_results(view, filter), keys(proofs.KeyResultOrder.RECORDED, sort, order_by))
    return _page(view, KEY_RESULTS, wanted, page_request)


_RECORDED = objective.ObjectiveOrder.RECORDED


def _page(view: View, of: Listing, wanted: Wanted, page_request: PageRequest) -> GoalConnection[Any]:
    page, rows = list_page(view, of, wanted, page_request)
    return shown(page, lambda: rows.judged)


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

    def narrowed(self, view: View, criteria: Criteria, id: UUID) -> Criteria:
        """The criteria, restricted to the objectives of one parent."""
        field, filter = self.value[1], criteria.stored
        current = getattr(filter, field)
        if field == "teams":
            teams = view.teams_inside(id) if self is Whose.TEAMS_INSIDE else {id}
            within: Any = tuple(teams if current is None else teams & {*current})
        else:
            within = id if current in (None, id) else NOTHING
        return msgspec.structs.replace(criteria, stored=msgspec.structs.replace(filter, **{field: within}))


def objectives_of(
    parent: RowProxy,
    whose: Whose,
    filter: ObjectiveFilter | None,
    sort: Sequence[ObjectiveOrder] | None,
    page_request: PageRequest,
) -> GoalConnection[Any]:
    """A page of the objectives of a cycle, team or owner, by default in the order of recording."""
    wanted = Wanted(filter_criteria.objectives(parent.view, filter), tuple(keys(_RECORDED, sort)))
    return parent.each(_of_each, whose, wanted, page_request)


def _of_each(batch: Batch, whose: Whose, wanted: Wanted, page_request: PageRequest) -> Sequence[GoalConnection[Any]]:
    """The page of a single parent is read by keyset; for several parents all rows are read in one statement and cut."""
    if len(batch.rows) == 1:
        (row,) = batch.rows
        own = wanted._replace(criteria=whose.narrowed(batch.view, wanted.criteria, row.id))
        return [_page(batch.view, OBJECTIVES, own, page_request)]
    groups = many(batch, Kind.OBJECTIVE, whose.query, wanted.criteria.stored)
    pages = group_pages(batch.view, OBJECTIVES, groups, wanted, page_request, are_filtered=True)
    return [shown(*page) for page in pages]


def key_results_of_owner(
    person: RowProxy,
    filter: KeyResultFilter | None,
    sort: Sequence[KeyResultOrder] | None,
    page_request: PageRequest,
) -> GoalConnection[Any]:
    """A page of the key results that a person owns, by default in the order of recording."""
    order = tuple(keys(proofs.KeyResultOrder.RECORDED, sort))
    wanted = Wanted(filter_criteria.key_results(person.view, filter), order)
    return person.each(_of_each_owner, wanted, page_request)


def _of_each_owner(batch: Batch, wanted: Wanted, page_request: PageRequest) -> Sequence[GoalConnection[Any]]:
    """As `_of_each`."""
    stored: Any = wanted.criteria.stored
    if len(batch.rows) == 1:
        (row,) = batch.rows
        own = msgspec.structs.replace(stored, owner=row.id if stored.owner in (None, row.id) else NOTHING)
        criteria = msgspec.structs.replace(wanted.criteria, stored=own)
        return [_page(batch.view, KEY_RESULTS, wanted._replace(criteria=criteria), page_request)]
    groups = many(batch, Kind.KEY_RESULT, proofs.key_results_of_owners, stored)
    pages = group_pages(batch.view, KEY_RESULTS, groups, wanted, page_request, are_filtered=True)
    return [shown(*page) for page in pages]


def supporters(
    target: RowProxy,
    filter: ObjectiveFilter | None,
    sort: Sequence[ObjectiveOrder] | None,
    page_request: PageRequest,
) -> GoalConnection[Any]:
    """A page of the objectives that support this objective or key result, by default in the order of drafting."""
    wanted = Wanted(filter_criteria.objectives(target.view, filter), tuple(keys(_RECORDED, sort)))
    return target.each(_supporters, wanted, filter is None, page_request)


def _supporters(
    batch: Batch, wanted: Wanted, are_filtered: bool, page_request: PageRequest
) -> Sequence[GoalConnection[Any]]:
    groups = many(batch, Kind.OBJECTIVE, alignment.supporters_of_targets)
    pages = group_pages(batch.view, OBJECTIVES, groups, wanted, page_request, are_filtered=are_filtered)
    return [shown(*page) for page in pages]
