"""Cycles: the stretch of time that goals are set for, and the scoring policy they are judged by.

    PLANNING ──activate──▶ ACTIVE ──close──▶ CLOSED        never back

Activation fixes the plan and closing fixes the outcome: each is the view at that event. After it only
late measurements, corrections, comments and reflections are taken.
"""

from datetime import UTC, date, datetime, time
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from domain.model.event import Aggregate, Event, stored
from domain.model.fields import Key, Name
from domain.primitives.errors import Code, CommandRejected
from domain.primitives.values import Cadence, CycleState, Kind, ScoringPolicy

# ── events: their topics are the storage format ──────────────────────────────────────────────────


class CycleEvent(Event, frozen=True, kw_only=True):
    KIND = Kind.CYCLE


@stored
class CycleOpened(CycleEvent, frozen=True, kw_only=True):
    """A cycle was opened, for goals to be set in it."""

    TOPIC = "cycle-opened"
    FIRST = True
    key: Key
    name: Name
    starts_on: Annotated[date, Meta(description="Its first day.")]
    ends_on: Annotated[date, Meta(description="Its last day.")]
    check_in_cadence: Annotated[
        Cadence, Meta(description="How often its key results are expected to be checked in on.")
    ]
    parent: Annotated[UUID, Meta(description="The cycle it lies in.")] | None = None

    @property
    def belongs_to(self) -> UUID | None:
        return self.parent

    def apply(self, aggregate: "Cycle") -> None:
        aggregate.key = self.key
        aggregate.name = self.name
        aggregate.starts_on = self.starts_on
        aggregate.ends_on = self.ends_on
        aggregate.check_in_cadence = self.check_in_cadence
        aggregate.parent = self.parent


@stored
class CycleActivated(CycleEvent, frozen=True, kw_only=True):
    """A cycle began: what stood in it then is its plan."""

    TOPIC = "cycle-activated"

    def apply(self, aggregate: "Cycle") -> None:
        aggregate.state = CycleState.ACTIVE


@stored
class CycleClosed(CycleEvent, frozen=True, kw_only=True):
    """A cycle ended: what stood in it then is its outcome."""

    TOPIC = "cycle-closed"

    def apply(self, aggregate: "Cycle") -> None:
        aggregate.state = CycleState.CLOSED


@stored
class ScoringPolicyAdopted(Event, frozen=True, kw_only=True):
    """The bands by which health and scores are judged were changed."""

    KIND = Kind.POLICY
    TOPIC = "scoring-policy-adopted"
    policy: Annotated[ScoringPolicy, Meta(description="The bands.")]

    def apply(self, aggregate: "Policy") -> None:
        aggregate.policy = self.policy
        aggregate.adopted = (*aggregate.adopted, (self.timestamp, self.policy))


# ── aggregates ───────────────────────────────────────────────────────────────────────────────────


class Cycle(Aggregate):
    KIND = Kind.CYCLE
    key: str
    name: str
    starts_on: date
    ends_on: date
    parent: UUID | None
    check_in_cadence: Cadence
    state: CycleState = CycleState.PLANNING

    def activate(self, at: datetime) -> None:
        self.refuse_closed("cycle")
        if self.state is CycleState.PLANNING:
            self.record(CycleActivated(), at)

    def close(self, at: datetime) -> None:
        if self.state is CycleState.PLANNING:
            raise CommandRejected(
                Code.CONFLICT, f"The cycle '{self.key}' was never activated; activate it first.", "cycle"
            )
        if self.state is CycleState.ACTIVE:
            self.record(CycleClosed(), at)

    def refuse_closed(self, *field: str) -> None:
        if self.is_closed:
            raise CommandRejected(
                Code.CLOSED,
                f"The cycle '{self.key}' is closed: it takes late measurements and corrections with a "
                "reason, comments and reflections, and nothing else.",
                *field,
            )

    @property
    def is_closed(self) -> bool:
        return self.state is CycleState.CLOSED

    @property
    def starts_at(self) -> datetime:
        return datetime.combine(self.starts_on, time(), UTC)

    def overlaps(self, starts_on: date, ends_on: date) -> bool:
        """Whether the two share a day; both ends belong to a cycle."""
        return self.starts_on <= ends_on and starts_on <= self.ends_on


class Policy(Aggregate):
    """The workspace's scoring policy: one for all, a new version each time it is adopted."""

    KIND = Kind.POLICY
    policy: ScoringPolicy
    adopted: tuple[tuple[datetime, ScoringPolicy], ...] = ()

    def in_force(self, at: datetime) -> ScoringPolicy:
        """The one that was in force at a moment; the defaults before the first was adopted."""
        return next((policy for since, policy in reversed(self.adopted) if since <= at), ScoringPolicy())

    def adopt(self, policy: ScoringPolicy, at: datetime) -> None:
        if policy != self.policy:
            self.record(ScoringPolicyAdopted(policy=policy), at)
