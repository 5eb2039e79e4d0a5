"""Objectives: a qualitative direction within a cycle, proved by its key results, aligned with others.

DRAFT ──commit──▶ ACTIVE ──close──▶ CLOSED
  └──────drop───────┴──▶ DROPPED        CLOSED, DROPPED ──reopen──▶ ACTIVE (while the cycle is open)
"""

from datetime import datetime
from typing import Annotated, TypeAlias
from uuid import UUID

from msgspec import UNSET, Meta, UnsetType

from domain.model.event import Aggregate, Event, stored
from domain.model.fields import Description, Owner, OwningTeam, Score, Title
from domain.primitives.errors import Code, CommandRejected, invalid
from domain.primitives.values import Kind, ObjectiveKind, ObjectiveState, Ref, Verdict, Visibility

# ── fields of events ─────────────────────────────────────────────────────────────────────────────

Contributors: TypeAlias = Annotated[tuple[UUID, ...], Meta(description="Who works on it beside the owner.")]
SeenBy: TypeAlias = Annotated[Visibility, Meta(description="Who it is meant for.")]
CarriedFrom: TypeAlias = Annotated[UUID, Meta(description="The objective of an earlier cycle that it goes on with.")]

# ── events: their topics are the storage format ──────────────────────────────────────────────────


class ObjectiveEvent(Event, frozen=True, kw_only=True):
    KIND = Kind.OBJECTIVE


@stored
class ObjectiveDrafted(ObjectiveEvent, frozen=True, kw_only=True):
    """An objective was drafted."""

    TOPIC = "objective-drafted"
    FIRST = True
    cycle: Annotated[UUID, Meta(description="The cycle it is set in.")]
    title: Title
    description: Description | None = None
    kind: Annotated[ObjectiveKind, Meta(description="Whether it must be reached in full.")]
    owner: Owner | None = None
    team: OwningTeam | None = None
    contributors: Contributors = ()
    supports: Annotated[tuple[Ref, ...], Meta(description="The goals it supports.")] = ()
    carried_from: CarriedFrom | None = None
    visibility: SeenBy = Visibility.WORKSPACE

    @property
    def belongs_to(self) -> UUID | None:
        return self.cycle

    def apply(self, aggregate: "Objective") -> None:
        aggregate.cycle = self.cycle
        aggregate.title = self.title
        aggregate.description = self.description
        aggregate.kind = self.kind
        aggregate.owner = self.owner
        aggregate.team = self.team
        aggregate.contributors = self.contributors
        aggregate.supports = self.supports
        aggregate.carried_from = self.carried_from
        aggregate.visibility = self.visibility


@stored
class ObjectiveReworded(ObjectiveEvent, frozen=True, kw_only=True):
    """An objective's title or description was changed."""

    TOPIC = "objective-reworded"
    title: Title
    description: Description | None = None

    def apply(self, aggregate: "Objective") -> None:
        aggregate.title = self.title
        aggregate.description = self.description


@stored
class ObjectiveAssigned(ObjectiveEvent, frozen=True, kw_only=True):
    """An objective was given to another owner, team or circle of contributors."""

    TOPIC = "objective-assigned"
    owner: Owner | None = None
    team: OwningTeam | None = None
    contributors: Contributors = ()

    def apply(self, aggregate: "Objective") -> None:
        aggregate.owner = self.owner
        aggregate.team = self.team
        aggregate.contributors = self.contributors


@stored
class ObjectiveVisibilitySet(ObjectiveEvent, frozen=True, kw_only=True):
    """It was said who sees an objective."""

    TOPIC = "objective-visibility-set"
    visibility: SeenBy

    def apply(self, aggregate: "Objective") -> None:
        aggregate.visibility = self.visibility


@stored
class ObjectiveAligned(ObjectiveEvent, frozen=True, kw_only=True):
    """An objective came to support another goal."""

    TOPIC = "objective-aligned"
    to: Annotated[Ref, Meta(description="The goal it came to support.")]

    def apply(self, aggregate: "Objective") -> None:
        aggregate.supports = (*aggregate.supports, self.to)


@stored
class ObjectiveUnaligned(ObjectiveEvent, frozen=True, kw_only=True):
    """An objective no longer supports a goal."""

    TOPIC = "objective-unaligned"
    to: Annotated[Ref, Meta(description="The goal it no longer supports.")]

    def apply(self, aggregate: "Objective") -> None:
        aggregate.supports = tuple(target for target in aggregate.supports if target != self.to)
        aggregate.supported = (*aggregate.supported, (self.timestamp, self.to))


@stored
class ObjectiveCommitted(ObjectiveEvent, frozen=True, kw_only=True):
    """A draft was committed to: the objective became ACTIVE."""

    TOPIC = "objective-committed"

    def apply(self, aggregate: "Objective") -> None:
        aggregate.state = ObjectiveState.ACTIVE


@stored
class ObjectiveClosed(ObjectiveEvent, frozen=True, kw_only=True):
    """An objective was closed with its verdict."""

    TOPIC = "objective-closed"
    verdict: Annotated[Verdict, Meta(description="What it came to.")]
    score: Score
    reflection: Annotated[str, Meta(description="What there was to say about how it ended.")] | None = None

    def apply(self, aggregate: "Objective") -> None:
        aggregate.state = ObjectiveState.CLOSED
        aggregate.outcome = (self.verdict, self.score, self.reflection)


@stored
class ObjectiveDropped(ObjectiveEvent, frozen=True, kw_only=True):
    """An objective was given up."""

    TOPIC = "objective-dropped"

    def apply(self, aggregate: "Objective") -> None:
        aggregate.state = ObjectiveState.DROPPED


@stored
class ObjectiveReopened(ObjectiveEvent, frozen=True, kw_only=True):
    """An objective's closing or dropping was taken back."""

    TOPIC = "objective-reopened"

    def apply(self, aggregate: "Objective") -> None:
        aggregate.state = ObjectiveState.ACTIVE


# ── the aggregate ────────────────────────────────────────────────────────────────────────────────


class Objective(Aggregate):
    KIND = Kind.OBJECTIVE
    cycle: UUID
    title: str
    description: str | None
    kind: ObjectiveKind
    owner: UUID | None
    team: UUID | None
    contributors: tuple[UUID, ...]
    supports: tuple[Ref, ...]
    supported: tuple[tuple[datetime, Ref], ...] = ()
    """What it no longer supports, and until when it did."""
    carried_from: UUID | None
    visibility: Visibility
    state: ObjectiveState = ObjectiveState.DRAFT
    outcome: tuple[Verdict, float, str | None] | None = None

    def reword(self, title: str | UnsetType, description: str | None | UnsetType, at: datetime) -> None:
        self.refuse_ended()
        title = self.title if title is UNSET else title
        description = self.description if description is UNSET else description
        if (title, description) != (self.title, self.description):
            self.record(ObjectiveReworded(title=title, description=description), at)

    def assign(self, owner: UUID | None, team: UUID | None, contributors: tuple[UUID, ...], at: datetime) -> None:
        self.refuse_ended()
        if team is None and self.visibility is Visibility.TEAM:
            raise invalid("Only its team sees it: give it another team, or show it to the workspace first.", "team")
        if (owner, team, contributors) != (self.owner, self.team, self.contributors):
            self.record(ObjectiveAssigned(owner=owner, team=team, contributors=contributors), at)

    def show_to(self, visibility: Visibility, at: datetime) -> None:
        """Who sees it is no part of what was agreed: it can be said of what has ended, too."""
        refuse_without_team(visibility, self.team)
        if visibility is not self.visibility:
            self.record(ObjectiveVisibilitySet(visibility=visibility), at)

    def align(self, to: Ref, at: datetime) -> None:
        self.refuse_ended()
        if to not in self.supports:
            self.record(ObjectiveAligned(to=to), at)

    def unalign(self, to: Ref, at: datetime) -> None:
        if to in self.supports:
            self.refuse_ended()
            self.record(ObjectiveUnaligned(to=to), at)

    def supports_since(self, at: datetime) -> tuple[Ref, ...]:
        """All that it supported at a moment or at any time after it."""
        return (*self.supports, *(target for until, target in self.supported if until > at))

    def commit(self, at: datetime) -> None:
        self.refuse_ended()
        if self.state is ObjectiveState.DRAFT:
            self.record(ObjectiveCommitted(), at)

    def is_closed_as(self, verdict: Verdict | None, score: float | None, reflection: str | None) -> bool:
        """Whether it is closed already with this outcome; None stands for any."""
        if self.state is not ObjectiveState.CLOSED or self.outcome is None:
            return False
        return all(
            said is None or said == was for said, was in zip((verdict, score, reflection), self.outcome, strict=True)
        )

    def close(self, verdict: Verdict, score: float, reflection: str | None, at: datetime) -> None:
        self.refuse_ended()
        if self.state is ObjectiveState.DRAFT:
            raise CommandRejected(Code.CONFLICT, f"'{self.title}' is a draft; commit or drop it first.", "objective")
        self.record(ObjectiveClosed(verdict=verdict, score=score, reflection=reflection), at)

    def drop(self, at: datetime) -> None:
        if self.state is ObjectiveState.CLOSED:
            self.refuse_ended()
        if self.state is not ObjectiveState.DROPPED:
            self.record(ObjectiveDropped(), at)

    def reopen(self, at: datetime) -> None:
        if self.has_ended:
            self.record(ObjectiveReopened(), at)

    @property
    def has_ended(self) -> bool:
        return self.state in (ObjectiveState.CLOSED, ObjectiveState.DROPPED)

    def refuse_ended(self, field: str = "objective") -> None:
        if self.has_ended:
            raise CommandRejected(
                Code.CLOSED,
                f"The objective '{self.title}' is {self.state.lower()}; reopen it first.",
                field,
            )


def refuse_without_team(visibility: Visibility, team: UUID | None) -> None:
    """Refuse to hide from others what is no team's. Raises `INVALID`."""
    if visibility is Visibility.TEAM and team is None:
        raise invalid("It is no team's: a team that sees it is needed first.", "visibility")
