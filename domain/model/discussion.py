"""What people say and do around goals: initiatives, comments, reflections.

Initiative:  TODO, DOING, DONE, CANCELLED, any to any, as work goes
Comment, Reflection:  said once, never edited
"""

from datetime import date, datetime
from uuid import UUID

from domain.model.event import Aggregate, Event, stored
from domain.primitives.values import InitiativeState, Kind, Ref, ReflectionKind

# ── events: their topics are the storage format ──────────────────────────────────────────────────


@stored
class InitiativePlanned(Event, frozen=True, kw_only=True):
    KIND = Kind.INITIATIVE
    TOPIC = "initiative-planned"
    title: str
    subject: Ref
    owner: UUID | None = None
    due: date | None = None

    @property
    def belongs_to(self) -> UUID | None:
        return self.subject.id

    def apply(self, aggregate: "Initiative") -> None:
        aggregate.title = self.title
        aggregate.subject = self.subject
        aggregate.owner = self.owner


@stored
class InitiativeMoved(Event, frozen=True, kw_only=True):
    KIND = Kind.INITIATIVE
    TOPIC = "initiative-moved"
    to: InitiativeState

    def apply(self, aggregate: "Initiative") -> None:
        aggregate.state = self.to


@stored
class CommentAdded(Event, frozen=True, kw_only=True):
    KIND = Kind.COMMENT
    TOPIC = "comment-added"
    subject: Ref
    body: str

    @property
    def belongs_to(self) -> UUID | None:
        return self.subject.id

    def apply(self, aggregate: "Comment") -> None:
        aggregate.subject = self.subject


@stored
class Reflected(Event, frozen=True, kw_only=True):
    KIND = Kind.REFLECTION
    TOPIC = "reflected"
    subject: Ref
    kind: ReflectionKind
    body: str

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
    state: InitiativeState = InitiativeState.TODO

    def move(self, to: InitiativeState, at: datetime) -> None:
        if to is not self.state:
            self.record(InitiativeMoved(to=to), at)


class Comment(Aggregate):
    KIND = Kind.COMMENT
    subject: Ref


class Reflection(Aggregate):
    KIND = Kind.REFLECTION
    subject: Ref
