"""What is attached to goals and other things: initiatives, comments, reflections, and references to other systems.

Initiative:  TODO, DOING, DONE, CANCELLED, any transition
Comment, Reflection:  immutable
ExternalReference: set, replaced, removed and set again; one stream per thing and system
"""

from datetime import date, datetime
from typing import Annotated, TypeAlias
from uuid import UUID, uuid5

from domain.model.event import Aggregate, Event, stored
from domain.model.fields import Body, Due, Owner, Subject, Title
from domain.primitives.documentation import doc
from domain.primitives.values import InitiativeState, Kind, Ref, ReflectionKind

# ── fields of events ─────────────────────────────────────────────────────────────────────────────

Referring: TypeAlias = Annotated[Ref, doc("The thing that has the reference.")]

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


@stored
class ExternalReferenceSet(Event, frozen=True, kw_only=True):
    """A thing got a reference to its counterpart in another system, or another one than before."""

    KIND = Kind.EXTERNAL_REFERENCE
    TOPIC = "external-reference-set"
    subject: Referring
    system: Annotated[str, doc("The key of the other system.")]
    external_id: Annotated[str, doc("The id of the counterpart in the other system.")]
    url: Annotated[str, doc("The address of the counterpart.")] | None = None

    @property
    def belongs_to(self) -> UUID | None:
        return self.subject.id

    def apply(self, aggregate: "ExternalReference") -> None:
        aggregate.subject = self.subject
        aggregate.system = self.system
        aggregate.external_id = self.external_id
        aggregate.url = self.url


@stored
class ExternalReferenceRemoved(Event, frozen=True, kw_only=True):
    """The reference of a thing to its counterpart in another system was removed."""

    KIND = Kind.EXTERNAL_REFERENCE
    TOPIC = "external-reference-removed"
    subject: Referring

    def apply(self, aggregate: "ExternalReference") -> None:
        aggregate.external_id = None
        aggregate.url = None


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


class ExternalReference(Aggregate):
    """`external_id` is None while it is removed."""

    KIND = Kind.EXTERNAL_REFERENCE
    subject: Ref
    system: str
    external_id: str | None
    url: str | None

    def set(self, external_id: str, url: str | None, at: datetime) -> None:
        if (external_id, url) != (self.external_id, self.url):
            event = ExternalReferenceSet(subject=self.subject, system=self.system, external_id=external_id, url=url)
            self.record(event, at)

    def remove(self, at: datetime) -> None:
        if self.external_id is not None:
            self.record(ExternalReferenceRemoved(subject=self.subject), at)


def external_reference_id(subject: UUID, system: str) -> UUID:
    """The id of the reference of a thing to a system."""
    return uuid5(subject, f"external:{system}")
