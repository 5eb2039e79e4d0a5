"""Comments, reflections and initiatives."""

from datetime import date, datetime

import strawberry

from api.schema.primitives import enums
from api.schema.primitives.actor import Actor, actor
from api.schema.primitives.field import to_one, to_ref
from api.schema.primitives.node import Node
from api.schema.primitives.refs import InitiativeRef, PersonRef
from api.schema.primitives.scalars import Markdown
from api.schema.types.entity import Entity, at_another_moment
from domain.primitives.values import Kind
from projections.tables import discussion


@strawberry.type(description="A comment on an entity. Comments are never edited.")
class Comment(Node, kind=Kind.COMMENT, read=discussion.comments):
    row: strawberry.Private[discussion.CommentRow]

    subject: Node = to_ref("subject", "The entity that the comment is about.")
    body: Markdown = strawberry.field(description="The text of the comment.")
    by: Actor = actor("by", "The author of the comment.")
    effective_at: datetime = strawberry.field(description="The effective time: when it was written.")
    recorded_at: datetime = strawberry.field(description="When it was recorded.")


@strawberry.type(description="A reflection on a cycle or an objective. Reflections are never edited.")
class Reflection(Node, kind=Kind.REFLECTION, read=discussion.reflections):
    row: strawberry.Private[discussion.ReflectionRow]

    subject: Node = to_ref("subject", "The cycle or objective that the reflection is about.")
    kind: enums.ReflectionKind = strawberry.field(description="The topic of the reflection.")
    body: Markdown = strawberry.field(description="The text of the reflection.")
    by: Actor = actor("by", "The author of the reflection.")
    effective_at: datetime = strawberry.field(description="The effective time: when it was written.")
    recorded_at: datetime = strawberry.field(description="When it was recorded.")


@strawberry.type(
    description="A piece of work for an objective or key result. It is an activity and does not count as progress."
)
class Initiative(Entity, kind=Kind.INITIATIVE, read=discussion.initiatives):
    row: strawberry.Private[discussion.InitiativeRow]

    title: str = strawberry.field(description="The title, in one line.")
    state: enums.InitiativeState = strawberry.field(description="The state of the work.")
    subject: Node = to_ref("subject", "The objective or key result that the work is for.")
    owner: PersonRef | None = to_one(Kind.PERSON, "owner", "The person who does the work.")
    due: date | None = strawberry.field(description="The day the work is due.")

    as_of = at_another_moment(InitiativeRef)
