"""Objectives: qualitative goals within a cycle, measured by key results and aligned with other goals.

DRAFT ──commit──▶ ACTIVE ──close──▶ CLOSED
  └──────drop───────┴──▶ DROPPED        CLOSED, DROPPED ──reopen──▶ ACTIVE (while the cycle is open)
"""

from datetime import datetime
from typing import Annotated, TypeAlias
from uuid import UUID

from msgspec import UNSET, UnsetType

from domain.model.event import WHEN_RECORDED, Aggregate, Event, stored
from domain.model.fields import Description, Labels, Owner, OwningTeam, Title
from domain.primitives.documentation import doc
from domain.primitives.errors import Code, CommandRejected, invalid
from domain.primitives.rules import Rule
from domain.primitives.values import Kind, ObjectiveKind, ObjectiveState, Ref, Verdict, Visibility

# ── fields of events ─────────────────────────────────────────────────────────────────────────────

Contributors: TypeAlias = Annotated[tuple[UUID, ...], doc("The people who work on it besides the owner.")]
SeenBy: TypeAlias = Annotated[Visibility, doc("Who can see it.")]
CarriedFrom: TypeAlias = Annotated[UUID, doc("The objective of an earlier cycle that it continues.")]

# ── events: their topics are the storage format ──────────────────────────────────────────────────


class ObjectiveEvent(Event, frozen=True, kw_only=True):
    KIND = Kind.OBJECTIVE


@stored
class ObjectiveDrafted(ObjectiveEvent, frozen=True, kw_only=True):
    """An objective was drafted."""

    TOPIC = "objective-drafted"
    FIRST = True
    cycle: Annotated[UUID, doc("The cycle it belongs to.")]
    title: Title
    description: Description | None = None
    kind: Annotated[ObjectiveKind, doc("Whether it is committed or aspirational.")]
    owner: Owner | None = None
    team: OwningTeam | None = None
    contributors: Contributors = ()
    supports: Annotated[tuple[Ref, ...], doc("The goals it supports.")] = ()
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
    """An objective's owner, team or contributors were changed."""

    TOPIC = "objective-assigned"
    owner: Owner | None = None
    team: OwningTeam | None = None
    contributors: Contributors = ()

    def apply(self, aggregate: "Objective") -> None:
        aggregate.owner = self.owner
        aggregate.team = self.team
        aggregate.contributors = self.contributors


@stored
class ObjectiveLabelled(ObjectiveEvent, frozen=True, kw_only=True):
    """An objective's labels were set."""

    TOPIC = "objective-labelled"
    labels: Labels

    def apply(self, aggregate: "Objective") -> None:
        aggregate.labels = self.labels


@stored
class ObjectiveVisibilitySet(ObjectiveEvent, frozen=True, kw_only=True):
    """An objective's visibility was set."""

    TOPIC = "objective-visibility-set"
    visibility: SeenBy

    def apply(self, aggregate: "Objective") -> None:
        aggregate.visibility = self.visibility


@stored
class ObjectiveAligned(ObjectiveEvent, frozen=True, kw_only=True):
    """An objective was aligned to a goal that it supports from then on."""

    TOPIC = "objective-aligned"
    to: Annotated[Ref, doc("The goal it supports.")]

    def apply(self, aggregate: "Objective") -> None:
        aggregate.supports = (*aggregate.supports, self.to)


@stored
class ObjectiveUnaligned(ObjectiveEvent, frozen=True, kw_only=True):
    """An objective no longer supports a goal."""

    TOPIC = "objective-unaligned"
    to: Annotated[Ref, doc("The goal it no longer supports.")]

    def apply(self, aggregate: "Objective") -> None:
        aggregate.supports = tuple(target for target in aggregate.supports if target != self.to)
        aggregate.supported = (*aggregate.supported, (self.timestamp, self.to))


@stored
class ObjectiveMoved(ObjectiveEvent, frozen=True, kw_only=True):
    """An objective was moved to another cycle with its key results."""

    TOPIC = "objective-moved"
    cycle: Annotated[UUID, doc("The cycle that it belongs to from then on.")]
    supports: Annotated[tuple[Ref, ...], doc("The goals that it goes on to support.")] = ()
    supported_by: Annotated[tuple[UUID, ...], doc("The objectives that go on to support it.")] = ()

    @property
    def moves_to(self) -> UUID:
        return self.cycle

    def apply(self, aggregate: "Objective") -> None:
        aggregate.cycle = self.cycle
        aggregate.moved_at = self.timestamp


@stored
class ObjectiveCommitted(ObjectiveEvent, frozen=True, kw_only=True):
    """A draft was committed: the objective became ACTIVE."""

    TOPIC = "objective-committed"

    def apply(self, aggregate: "Objective") -> None:
        aggregate.state = ObjectiveState.ACTIVE


@stored
class ObjectiveClosed(ObjectiveEvent, frozen=True, kw_only=True):
    """An objective was closed with its score and verdict."""

    TOPIC = "objective-closed"
    verdict: Annotated[Verdict, doc("The verdict on the objective; null if it can have no score.")] | None = None
    score: Annotated[float, doc("The final score, in [0, 1]; null if it can have none.")] | None = None
    reflection: Annotated[str, doc("The closing reflection.")] | None = None

    def apply(self, aggregate: "Objective") -> None:
        aggregate.state = ObjectiveState.CLOSED
        aggregate.outcome = (self.verdict, self.score, self.reflection)
        aggregate.ended_at = self.timestamp
        aggregate.closed_version = self.originator_version


@stored
class ObjectiveDropped(ObjectiveEvent, frozen=True, kw_only=True):
    """An objective was dropped."""

    TOPIC = "objective-dropped"

    def apply(self, aggregate: "Objective") -> None:
        aggregate.state = ObjectiveState.DROPPED
        aggregate.ended_at = self.timestamp


@stored
class ObjectiveReopened(ObjectiveEvent, frozen=True, kw_only=True):
    """A closed or dropped objective was reopened."""

    TOPIC = "objective-reopened"

    def apply(self, aggregate: "Objective") -> None:
        aggregate.state = ObjectiveState.ACTIVE
        aggregate.outcome = None
        aggregate.ended_at = WHEN_RECORDED


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
    """Goals it no longer supports, each with the end of the support."""
    carried_from: UUID | None
    visibility: Visibility
    labels: tuple[str, ...] = ()
    state: ObjectiveState = ObjectiveState.DRAFT
    outcome: tuple[Verdict | None, float | None, str | None] | None = None
    """verdict, score, reflection"""
    ended_at: datetime = WHEN_RECORDED
    """The time of its closing or dropping."""
    closed_version: int = 0
    """The version of its last closing."""

    def reword(self, title: str | UnsetType, description: str | None | UnsetType, at: datetime) -> None:
        self.refuse_ended()
        title = self.title if title is UNSET else title
        description = self.description if description is UNSET else description
        if (title, description) != (self.title, self.description):
            self.record(ObjectiveReworded(title=title, description=description), at)

    def assign(self, owner: UUID | None, team: UUID | None, contributors: tuple[UUID, ...], at: datetime) -> None:
        self.refuse_ended()
        if team is None and self.visibility is Visibility.TEAM:
            raise invalid(
                "Only its team can see the objective: name another team, or set the visibility to WORKSPACE first.",
                "team",
                rule=Rule.VISIBILITY_NEEDS_TEAM,
            )
        if (owner, team, contributors) != (self.owner, self.team, self.contributors):
            self.record(ObjectiveAssigned(owner=owner, team=team, contributors=contributors), at)

    def label(self, labels: tuple[str, ...], at: datetime) -> None:
        """Replace all labels."""
        self.refuse_ended()
        if labels != self.labels:
            self.record(ObjectiveLabelled(labels=labels), at)

    def show_to(self, visibility: Visibility, at: datetime) -> None:
        """Allowed for an ended objective, too: the visibility is no part of the agreement."""
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

    def move(self, cycle: UUID, supported_by: tuple[UUID, ...], at: datetime) -> None:
        self.refuse_ended()
        self.record(ObjectiveMoved(cycle=cycle, supports=self.supports, supported_by=supported_by), at)

    @property
    def home(self) -> UUID:
        return self.cycle

    def supports_since(self, at: datetime) -> tuple[Ref, ...]:
        """The goals it supported at a moment or at any time after it."""
        return (*self.supports, *(target for until, target in self.supported if until > at))

    def commit(self, at: datetime) -> None:
        self.refuse_ended()
        if self.state is ObjectiveState.DRAFT:
            self.record(ObjectiveCommitted(), at)

    def is_closed_as(self, verdict: Verdict | None, score: float | None, reflection: str | None) -> bool:
        """Whether it is already closed with this outcome; None matches any value."""
        if self.state is not ObjectiveState.CLOSED or self.outcome is None:
            return False
        return all(
            given is None or given == actual
            for given, actual in zip((verdict, score, reflection), self.outcome, strict=True)
        )

    def close(self, verdict: Verdict | None, score: float | None, reflection: str | None, at: datetime) -> None:
        self.refuse_ended()
        if self.state is ObjectiveState.DRAFT:
            raise CommandRejected(
                Code.CONFLICT,
                f"'{self.title}' is a draft; commit or drop it first.",
                "objective",
                rule=Rule.OBJECTIVE_IS_DRAFT,
                title=self.title,
            )
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
                rule=Rule.OBJECTIVE_ENDED,
                title=self.title,
                state=self.state,
            )


def refuse_without_team(visibility: Visibility, team: UUID | None) -> None:
    """Raises `INVALID` for the visibility TEAM without a team."""
    if visibility is Visibility.TEAM and team is None:
        raise invalid(
            "The objective has no team; assign one before you set the visibility to TEAM.",
            "visibility",
            rule=Rule.VISIBILITY_NEEDS_TEAM,
        )
