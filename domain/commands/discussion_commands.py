"""Commands about initiatives, comments and reflections."""

from datetime import date
from typing import Annotated, TypeAlias

from domain.commands.command import Command, InitiativeId, OwnerId, Title
from domain.commands.permissions import edit_goals
from domain.model.discussion import CommentAdded, InitiativeMoved, InitiativePlanned, Reflected
from domain.primitives.documentation import doc
from domain.primitives.values import InitiativeState, Kind, Ref, ReflectionKind

Body: TypeAlias = Annotated[str, doc("What there is to say, up to 20,000 characters of Markdown.")]


class PlanInitiative(Command, frozen=True):
    """Plan a piece of work for an objective or key result."""

    NEEDS = edit_goals("subject")
    ANSWERS = Kind.INITIATIVE
    RECORDS = InitiativePlanned

    title: Title
    subject: Annotated[Ref, doc("The objective or key result it is for.")]
    owner: OwnerId | None = None
    due: Annotated[date | None, doc("The day it is due.")] = None


class MoveInitiative(Command, frozen=True):
    """Say where a piece of work is."""

    NEEDS = edit_goals("initiative")
    ANSWERS = Kind.INITIATIVE
    RECORDS = InitiativeMoved

    initiative: InitiativeId
    to: Annotated[InitiativeState, doc("Where it is now.")]


class AddComment(Command, frozen=True):
    """Say something about anything: it is never edited."""

    NEEDS = edit_goals("subject")
    ANSWERS = Kind.COMMENT
    RECORDS = CommentAdded

    subject: Annotated[Ref, doc("What it is about: anything that has an id, but for a change.")]
    body: Body


class Reflect(Command, frozen=True):
    """Look back on a cycle or an objective: it is never edited."""

    NEEDS = edit_goals("subject")
    ANSWERS = Kind.REFLECTION
    RECORDS = Reflected

    subject: Annotated[Ref, doc("The cycle or objective it is about.")]
    kind: Annotated[ReflectionKind, doc("What kind of thought it is.")]
    body: Body
