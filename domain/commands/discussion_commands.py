"""Commands on initiatives, comments and reflections."""

from datetime import date
from typing import Annotated, TypeAlias

from msgspec import UNSET, UnsetType

from domain.commands.command import Command, InitiativeId, NewExternal, OwnerId, Parsed, Title
from domain.commands.permissions import edit_goals
from domain.model.discussion import CommentAdded, InitiativeEdited, InitiativeMoved, InitiativePlanned, Reflected
from domain.primitives import parsers
from domain.primitives.documentation import doc
from domain.primitives.values import InitiativeState, Kind, Ref, ReflectionKind

Body: TypeAlias = Annotated[str, doc("The text, up to 20,000 characters of Markdown."), Parsed(parsers.body)]


class PlanInitiative(Command, frozen=True):
    """Plan an initiative for an objective or key result."""

    NEEDS = edit_goals("subject")
    ANSWERS = Kind.INITIATIVE
    RECORDS = InitiativePlanned

    title: Title
    subject: Annotated[Ref, doc("The objective or key result it serves.")]
    owner: OwnerId | None = None
    due: Annotated[date | None, doc("The due date.")] = None
    external: NewExternal = UNSET


class EditInitiative(Command, frozen=True):
    """Change the title, owner or due day of an initiative, in any state of its work."""

    NEEDS = edit_goals("initiative")
    ANSWERS = Kind.INITIATIVE
    RECORDS = InitiativeEdited

    initiative: InitiativeId
    title: Annotated[Title | UnsetType, doc("The new title; omitted keeps it.")] = UNSET
    owner: Annotated[OwnerId | None | UnsetType, doc("The new owner; null for none, omitted keeps it.")] = UNSET
    due: Annotated[date | None | UnsetType, doc("The new due date; null for none, omitted keeps it.")] = UNSET


class MoveInitiative(Command, frozen=True):
    """Change the state of an initiative."""

    NEEDS = edit_goals("initiative")
    ANSWERS = Kind.INITIATIVE
    RECORDS = InitiativeMoved

    initiative: InitiativeId
    to: Annotated[InitiativeState, doc("The new state.")]


class AddComment(Command, frozen=True):
    """Comment on any object. A comment cannot be edited."""

    NEEDS = edit_goals("subject")
    ANSWERS = Kind.COMMENT
    RECORDS = CommentAdded

    subject: Annotated[Ref, doc("The subject: any object with an id, except a change.")]
    body: Body


class Reflect(Command, frozen=True):
    """Add a reflection on a cycle or an objective. A reflection cannot be edited."""

    NEEDS = edit_goals("subject")
    ANSWERS = Kind.REFLECTION
    RECORDS = Reflected

    subject: Annotated[Ref, doc("The cycle or objective it refers to.")]
    kind: Annotated[ReflectionKind, doc("The kind of reflection.")]
    body: Body
