"""The `Entity` interface: what every goal, measure and cycle has, and the arguments that choose its moment."""

from datetime import datetime
from typing import Annotated, Self, TypeAlias

import strawberry

from api.schema.connections.change_lists import WhichChanges, changes_of
from api.schema.connections.connection import After, Before, Connection, First, Last
from api.schema.connections.lists import Pages, paged
from api.schema.primitives.actor import Actor, actor
from api.schema.primitives.field import answered
from api.schema.primitives.node import Node
from api.schema.primitives.refs import ChangeRef, CommentRef
from api.schema.primitives.scalars import Position
from api.snapshot import global_ids
from api.snapshot.dataloaders import then
from api.snapshot.pagination import Asked
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
AS_OF = "The same thing at another moment; null if it was not there yet. Without arguments: now."

_COMMENTS = Pages(Kind.COMMENT, "SAID", discussion.comment_pages, discussion.comment_counts, discussion.comment_cursor)


@strawberry.interface(description="What every goal, measure and cycle has.")
class Entity(Node):
    version: int = strawberry.field(description="How many events it has behind it; for `expectedVersion`.")
    created_at: datetime = strawberry.field(description="Since when it is true that it is there.")
    changed_at: datetime = strawberry.field(description="Since when it is as it is here.")
    created_by: Actor = actor("created_by", "Who brought it in.")

    @answered("Its id at present, the same in every Snapshot.")
    def entity_id(self) -> strawberry.ID:
        return strawberry.ID(global_ids.encode(self.KIND, self.row.id))

    @answered(AS_OF)
    def as_of(self, at: At = None, known: Known = None, position: AtPosition = None) -> "Entity | None":
        return self.at_moment(at, known, position)

    @answered("What was said about it, in the order of recording.")
    def comments(
        self, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[CommentRef]:
        return self.each(paged, _COMMENTS, Asked(first, after, last, before))

    @answered(
        "What happened to it, in the order of the log. With it goes what belongs to it: to a key result, objective or "
        "cycle all that happens inside, and the readings of a KPI while a key result takes its value from there; to a "
        "KPI its readings; to a team what happens in its objectives and KPIs while they are its, and all of the teams "
        "inside it; to anything what is said about it."
    )
    def changes(
        self,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: WhichChanges = None,
    ) -> Connection[ChangeRef]:
        return changes_of(self, self.KIND, filter, Asked(first, after, last, before))

    def at_moment(self, at: datetime | None, known: datetime | None, position: int | None) -> Self | None:
        """The same thing then, read for all siblings at once."""
        thing: Self | None = self.each(then, self.KIND, at, known, position)
        return thing
