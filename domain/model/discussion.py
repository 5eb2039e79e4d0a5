"""Initiatives, comments and reflections on goals.

Initiative:  TODO, DOING, DONE, CANCELLED, any transition
Comment, Reflection:  immutable
"""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from domain.model.event import Aggregate, Event, stored
from domain.model.fields import Body, Due, Owner, Subject, Title
from domain.primitives.documentation import doc
from domain.primitives.values import InitiativeState, Kind, Ref, ReflectionKind

# ── events: their topics are the storage format ──────────────────────────────────────────────────


@stored
class InitiativePlanned(Event, frozen=True, kw_only=True):
    """An initiative was planned."""

    KIND = Kind.INITIATIVE
    TOPIC = "initiative-planned"
    FIRST = True
    title: Title
    subject: Annotated[Ref, doc("The goal it serves.")]
    owner: Owner | None = None
    due: Due | None = None

    @property
    def belongs_to(self) -> UUID | None:
        return self.subject.id

    def apply(self, aggregate: "Initiative") -> None:
        aggregate.title = self.title
        aggregate.subject = self.subject
        aggregate.owner = self.owner
        aggregate.due = self.due


@stored
class InitiativeEdited(Event, frozen=True, kw_only=True):
    """An initiative's title, owner or due day was changed."""

    KIND = Kind.INITIATIVE
    TOPIC = "initiative-edited"
    title: Title
    owner: Owner | None = None
    due: Due | None = None

    def apply(self, aggregate: "Initiative") -> None:
        aggregate.title = self.title
        aggregate.owner = self.owner
        aggregate.due = self.due


@stored
class InitiativeMoved(Event, frozen=True, kw_only=True):
    """An initiative changed its state."""

    KIND = Kind.INITIATIVE
    TOPIC = "initiative-moved"
    to: Annotated[InitiativeState, doc("The new state.")]

    def apply(self, aggregate: "Initiative") -> None:
        aggregate.state = self.to


@stored
class CommentAdded(Event, frozen=True, kw_only=True):
    """A comment was added."""

    KIND = Kind.COMMENT
    TOPIC = "comment-added"
    FIRST = True
    subject: Subject
    body: Body

    @property
    def belongs_to(self) -> UUID | None:
        return self.subject.id

    def apply(self, aggregate: "Comment") -> None:
        aggregate.subject = self.subject


@stored
class Reflected(Event, frozen=True, kw_only=True):
    """A reflection on a cycle or an objective was added."""

    KIND = Kind.REFLECTION
    TOPIC = "reflected"
    FIRST = True
    subject: Subject
    kind: Annotated[ReflectionKind, doc("The kind of reflection.")]
    body: Body

    @property
    def belongs_to(self) -> UUID | None:
        return self.subject.id

    def apply(self, aggregate: "Reflection") -> None:
        aggregate.subject = self.subject


# ── aggregates ───────────────────────────────────────────────────────────────────────────────────


class Initiative(Aggregate):
    KIND = Kind.INITIATIVE
    title: str
    subject: Ref
    owner: UUID | None
    due: date | None
    state: InitiativeState = InitiativeState.TODO

    def edit(self, title: str, owner: UUID | None, due: date | None, at: datetime) -> None:
        if (title, owner, due) != (self.title, self.owner, self.due):
            self.record(InitiativeEdited(title=title, owner=owner, due=due), at)

    def move(self, to: InitiativeState, at: datetime) -> None:
        if to is not self.state:
            self.record(InitiativeMoved(to=to), at)


class Comment(Aggregate):
    KIND = Kind.COMMENT
    subject: Ref


class Reflection(Aggregate):
    KIND = Kind.REFLECTION
    subject: Ref
