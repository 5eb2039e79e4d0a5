"""The `Entity` interface: what every goal, measure and cycle has, and the arguments that choose its moment."""

from datetime import datetime
from typing import Annotated, Any, TypeAlias

import strawberry

from api.schema.connections.change_lists import ChangeFilter, changes_of
from api.schema.connections.connection import Connection, Where, connection
from api.schema.connections.lists import Pages, paged
from api.schema.primitives.actor import Actor, actor
from api.schema.primitives.field import answered
from api.schema.primitives.node import Node
from api.schema.primitives.refs import ChangeRef, CommentRef, EntityRef
from api.schema.primitives.scalars import Position
from api.snapshot import global_ids
from api.snapshot.dataloaders import then
from api.snapshot.pagination import PageRequest
from domain.primitives.values import Kind
from projections.tables import discussion

At: TypeAlias = Annotated[
    datetime | None,
    strawberry.argument(description="What was true then, by all that is known now. Never in the future."),
]
Known: TypeAlias = Annotated[
    datetime | None,
    strawberry.argument(description="As far as had been recorded by then. Without `at`, also what was true then."),
]
AtPosition: TypeAlias = Annotated[
    Position | None,
    strawberry.argument(description="What a reader saw right after this event; with `at`, as far as was known then."),
]
_COMMENTS = Pages(Kind.COMMENT, "SAID", discussion.comment_pages, discussion.comment_counts, discussion.comment_cursor)


def at_another_moment(shown_as: Any) -> Any:
    """A field for the same thing at another moment, shown as this type; read for all siblings at once."""

    def resolve(self: Any, at: At = None, known: Known = None, position: AtPosition = None) -> Any:
        return self.each(then, self.KIND, at, known, position)

    return strawberry.field(
        resolver=resolve,
        graphql_type=shown_as | None,
        description="The same thing at another moment; null if it was not there yet. Without arguments: now.",
    )


@strawberry.interface(description="What every goal, measure and cycle has.")
class Entity(Node):
    version: int = strawberry.field(description="How many events it has behind it; for `expectedVersion`.")
    created_at: datetime = strawberry.field(description="Since when it is true that it is there.")
    changed_at: datetime = strawberry.field(description="Since when it is as it is here.")
    created_by: Actor = actor("created_by", "Who brought it in.")

    @answered("Its id at present, the same in every Snapshot.")
    def entity_id(self) -> strawberry.ID:
        return strawberry.ID(global_ids.encode(self.KIND, self.row.id))

    as_of = at_another_moment(EntityRef)

    @connection("What was said about it, in the order of recording.")
    def comments(self, asked: PageRequest) -> Connection[CommentRef]:
        return self.each(paged, _COMMENTS, asked)

    @connection(
        "What happened to it, in the order of the log. With it goes what belongs to it: to a key result, objective or "
        "cycle all that happens inside, and the readings of a KPI while a key result takes its value from there; to a "
        "KPI its readings; to a team what happens in its objectives and KPIs while they are its, and all of the teams "
        "inside it; to anything what is said about it."
    )
    def changes(self, asked: PageRequest, filter: Where[ChangeFilter] = None) -> Connection[ChangeRef]:
        return changes_of(self, self.KIND, filter, asked)
