"""The `Entity` interface, shared by goals, KPIs, cycles, people and teams, and its as-of arguments."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, TypeAlias

import strawberry

from api.schema.connections.change_lists import ChangeFilter, changes_of
from api.schema.connections.connection import Connection, Where, connection
from api.schema.connections.lists import Pages, paged
from api.schema.primitives.actor import Actor, actor
from api.schema.primitives.field import related, resolved
from api.schema.primitives.node import Node
from api.schema.primitives.refs import ChangeRef, CommentRef, EntityRef
from api.schema.primitives.scalars import Position
from api.schema.types.attached import ExternalReference
from api.snapshot import global_ids
from api.snapshot.dataloaders import in_groups, then
from api.snapshot.pagination import PageRequest
from api.snapshot.snapshot import Batch
from domain.primitives.values import Kind
from projections.tables import discussion
from projections.tables.across.external_reference import external_references

At: TypeAlias = Annotated[
    datetime | None,
    strawberry.argument(description="The effective time: what was true then. Not in the future."),
]
Known: TypeAlias = Annotated[
    datetime | None,
    strawberry.argument(
        description="The recording time: only what had been recorded by then. Default: now. Without `at`, it is the "
        "effective time too."
    ),
]
AtPosition: TypeAlias = Annotated[
    Position | None,
    strawberry.argument(
        description="The log position: the state right after this event. With `at`, only what was known at this "
        "position."
    ),
]
_COMMENTS = Pages(Kind.COMMENT, "SAID", discussion.comment_pages, discussion.comment_counts, discussion.comment_cursor)


def at_another_moment(shown_as: Any) -> Any:
    """A field that returns the entity at another moment, as this type; read for all siblings at once."""

    def resolve(self: Any, at: At = None, known: Known = None, position: AtPosition = None) -> Any:
        return self.each(then, self.KIND, at, known, position)

    return strawberry.field(
        resolver=resolve,
        graphql_type=shown_as | None,
        description="The same entity at another moment; null if it did not exist yet. Without arguments: now.",
    )


def _external_references(batch: Batch) -> Sequence[list[ExternalReference]]:
    rows = batch.view.read(external_references, list(dict.fromkeys(row.id for row in batch.rows)))
    return in_groups(ExternalReference, batch.view, [rows[row.id] for row in batch.rows])


@strawberry.interface(description="An aggregate of the log with a version, a history and comments.")
class Entity(Node):
    version: int = strawberry.field(description="The number of its events so far. Pass it as `expectedVersion`.")
    created_at: datetime = strawberry.field(description="The effective time of its creation.")
    changed_at: datetime = strawberry.field(description="The effective time of its last change.")
    created_by: Actor = actor("created_by", "The actor who created it.")

    @resolved("The id of the entity at present. It is the same in every Snapshot.")
    def entity_id(self) -> strawberry.ID:
        return strawberry.ID(global_ids.encode(self.KIND, self.row.id))

    as_of = at_another_moment(EntityRef)
    external_references: list[ExternalReference] = related(
        "Its counterparts in other systems, by system.", _external_references
    )

    @connection("The comments on it, in the order of recording.")
    def comments(self, page_request: PageRequest) -> Connection[CommentRef]:
        return self.each(paged, _COMMENTS, page_request)

    @connection(
        "Its changes and those of what belongs to it, in log order. A key result, objective or cycle includes the "
        "changes inside it, and the readings of a KPI while it measures a key result. A KPI includes its readings. A "
        "team includes the changes of its objectives and KPIs while the team owns them, and those of the teams inside "
        "it. Every entity includes its comments."
    )
    def changes(self, page_request: PageRequest, filter: Where[ChangeFilter] = None) -> Connection[ChangeRef]:
        return changes_of(self, self.KIND, filter, page_request)
