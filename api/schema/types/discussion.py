"""What is said and done around goals: comments, reflections, initiatives."""

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


@strawberry.type(description="What somebody said about something; it is never edited.")
class Comment(Node, kind=Kind.COMMENT, read=discussion.comments):
    row: strawberry.Private[discussion.CommentRow]

    subject: Node = to_ref("subject", "What it is about.")
    body: Markdown = strawberry.field(description="What was said.")
    by: Actor = actor("by", "Who said it.")
    recorded_at: datetime = strawberry.field(description="When it was recorded.")


@strawberry.type(description="A look back on a cycle or an objective; it is never edited.")
class Reflection(Node, kind=Kind.REFLECTION, read=discussion.reflections):
    row: strawberry.Private[discussion.ReflectionRow]

    subject: Node = to_ref("subject", "The cycle or objective it is about.")
    kind: enums.ReflectionKind = strawberry.field(description="What kind of thought it is.")
    body: Markdown = strawberry.field(description="What was said.")
    by: Actor = actor("by", "Who said it.")
    recorded_at: datetime = strawberry.field(description="When it was recorded.")


@strawberry.type(description="A piece of work for an objective or key result: what is done, not what it comes to.")
class Initiative(Entity, kind=Kind.INITIATIVE, read=discussion.initiatives):
    row: strawberry.Private[discussion.InitiativeRow]

    title: str = strawberry.field(description="What is to be done, in one line.")
    state: enums.InitiativeState = strawberry.field(description="Where it is.")
    subject: Node = to_ref("subject", "The objective or key result it is for.")
    owner: PersonRef | None = to_one(Kind.PERSON, "owner", "Who does it.")
    due: date | None = strawberry.field(description="The day it is due.")

    as_of = at_another_moment(InitiativeRef)
