"""What everything has: a global id, and what goals, measures and cycles have beside it; and who did it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, ClassVar, Self, TypeAlias
from uuid import UUID

import strawberry

from api.schema.connections.change_lists import WhichChanges, changes_of
from api.schema.connections.connection import After, Before, Connection, First, Last
from api.schema.connections.lists import Pages, paged
from api.schema.primitives import enums
from api.schema.primitives.field import answered, related, to_one
from api.schema.primitives.refs import ChangeRef, CommentRef, PersonRef
from api.schema.primitives.scalars import Position
from api.snapshot import global_ids
from api.snapshot.dataloaders import TYPES, found, then
from api.snapshot.pagination import Asked
from api.snapshot.snapshot import ById, Siblings, Thing, View, together
from domain.primitives.personal_data import erased_handle
from domain.primitives.values import Kind
from projections.store.versioned_tables import By
from projections.tables import discussion, people

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


# ── who did it ───────────────────────────────────────────────────────────────────────────────────


def _speaker(by: By) -> UUID | None:
    kind, _, name = by.actor.partition(":")
    return UUID(name) if kind == "person" else None


def _speakers(siblings: Siblings) -> Sequence[Any]:
    wanted = [_speaker(by) for by in siblings.rows]
    things = found(siblings.view, Kind.PERSON, wanted)
    return [None if id is None else things.get(id) for id in wanted]


def _handles(siblings: Siblings) -> Sequence[str]:
    known = siblings.view.by_id(people.people, [_speaker(by) for by in siblings.rows])
    return [_handle(by, known) for by in siblings.rows]


def _handle(by: By, known: dict[UUID, people.PersonRow]) -> str:
    person = _speaker(by)
    if person is None:
        return by.actor.partition(":")[2]
    row = known.get(person)
    return row.handle if row is not None and row.handle is not None else erased_handle(person)


@strawberry.type(description="Who did it: a person or a machine token, and by what route.")
class Actor(Thing):
    handle: str = related("The person's handle, or the machine token's name.", _handles)
    person: PersonRef | None = related("The person; null for a machine, or before they were added.", _speakers)
    source: enums.Source = strawberry.field(description="The route by which it came in.")
    on_behalf_of: PersonRef | None = to_one(
        Kind.PERSON, "on_behalf_of", "For whom an import says it spoke: a claim, and not a proof."
    )


def actors(siblings: Siblings, column: str) -> Sequence[Actor]:
    """Who stands in a column, for each."""
    return together(Actor, siblings.view, [getattr(row, column) for row in siblings.rows])


def actor(column: str, description: str) -> Any:
    """A field for who stands in a column of the row."""
    return related(description, actors, column)


# ── nodes and entities ───────────────────────────────────────────────────────────────────────────


@strawberry.interface(
    description="A thing with a global id. An id read inside a Snapshot carries its basis, so a normalised cache "
    "never mixes then with now, and `node` returns the same thing for it for ever."
)
class Node(Thing):
    KIND: ClassVar[Kind]

    def __init_subclass__(cls, kind: Kind | None = None, read: ById[Any] | None = None) -> None:
        """Enter a type with the kind of thing it shows and the query that reads its rows by their ids."""
        if kind is not None and read is not None:
            cls.KIND = kind
            TYPES[kind] = (cls, read)

    @answered("Its global id; opaque.")
    def id(self) -> strawberry.ID:
        return strawberry.ID(global_ids.encode(self.KIND, self.row.id, self.siblings.view.id_end))

    @classmethod
    def find(cls, view: View, id: UUID | None) -> Self | None:
        """The thing of this type with an id, at a view."""
        thing: Self | None = None if id is None else found(view, cls.KIND, [id]).get(id)
        return thing


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
