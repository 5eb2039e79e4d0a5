"""Cycles, the periods that goals are set for, and the scoring policy.

    PLANNING ──activate──▶ ACTIVE ──close──▶ CLOSED        never back
        └─────abandon─────▶ ABANDONED

Activation fixes the plan and closing fixes the outcome: each is the state as of that event. A closed cycle accepts
only late measurements, corrections, comments and reflections. An abandoned cycle never had a plan: its drafts are
dropped with it, and its key stays taken.
"""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from domain.model.event import WHEN_RECORDED, Aggregate, Event, stored
from domain.model.fields import Key, Name
from domain.primitives.documentation import doc
from domain.primitives.errors import Code, CommandRejected
from domain.primitives.rules import Rule
from domain.primitives.values import Cadence, CycleState, Kind, ScoringPolicy

# ── events: their topics are the storage format ──────────────────────────────────────────────────


class CycleEvent(Event, frozen=True, kw_only=True):
    KIND = Kind.CYCLE


@stored
class CycleOpened(CycleEvent, frozen=True, kw_only=True):
    """A cycle was opened: goals can be set in it."""

    TOPIC = "cycle-opened"
    FIRST = True
    key: Key
    name: Name
    starts_on: Annotated[date, doc("Its first day.")]
    ends_on: Annotated[date, doc("Its last day.")]
    check_in_cadence: Annotated[Cadence, doc("How often check-ins on its key results are expected.")]
    parent: Annotated[UUID, doc("The parent cycle.")] | None = None

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
    """A cycle was activated. Its state as of this event is the plan."""

    TOPIC = "cycle-activated"

    def apply(self, aggregate: "Cycle") -> None:
        aggregate.state = CycleState.ACTIVE


@stored
class CycleClosed(CycleEvent, frozen=True, kw_only=True):
    """A cycle was closed. Its state as of this event is the outcome."""

    TOPIC = "cycle-closed"

    def apply(self, aggregate: "Cycle") -> None:
        aggregate.state = CycleState.CLOSED
        aggregate.closed_at = self.timestamp


@stored
class CycleRenamed(CycleEvent, frozen=True, kw_only=True):
    """A cycle was renamed; its key stays."""

    TOPIC = "cycle-renamed"
    name: Name

    def apply(self, aggregate: "Cycle") -> None:
        aggregate.name = self.name


@stored
class CycleRescheduled(CycleEvent, frozen=True, kw_only=True):
    """A cycle's days were changed. Due days that follow the cycle were changed with it, and plans were mapped."""

    TOPIC = "cycle-rescheduled"
    starts_on: Annotated[date, doc("Its first day.")]
    ends_on: Annotated[date, doc("Its last day.")]

    def apply(self, aggregate: "Cycle") -> None:
        aggregate.starts_on = self.starts_on
        aggregate.ends_on = self.ends_on


@stored
class CycleAbandoned(CycleEvent, frozen=True, kw_only=True):
    """A cycle that was never activated was abandoned, and its drafts were dropped."""

    TOPIC = "cycle-abandoned"

    def apply(self, aggregate: "Cycle") -> None:
        aggregate.state = CycleState.ABANDONED


@stored
class ScoringPolicyAdopted(Event, frozen=True, kw_only=True):
    """The scoring policy, the bands for health and scores, was changed."""

    KIND = Kind.POLICY
    TOPIC = "scoring-policy-adopted"
    policy: Annotated[ScoringPolicy, doc("The new scoring policy.")]

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
    closed_at: datetime = WHEN_RECORDED

    def activate(self, at: datetime) -> None:
        self.refuse_closed("cycle")
        if self.state is CycleState.PLANNING:
            self.record(CycleActivated(), at)

    def rename(self, name: str, at: datetime) -> None:
        if name != self.name:
            self.refuse_closed("cycle")
            self.record(CycleRenamed(name=name), at)

    def reschedule(self, starts_on: date, ends_on: date, at: datetime) -> None:
        self.refuse_closed("cycle")
        self.record(CycleRescheduled(starts_on=starts_on, ends_on=ends_on), at)

    def abandon(self, at: datetime) -> None:
        self.refuse_activated()
        if not self.is_abandoned:
            self.record(CycleAbandoned(), at)

    def refuse_activated(self) -> None:
        """Raises `CONFLICT` for an active cycle, `CLOSED` for a closed one."""
        if self.state is CycleState.ACTIVE:
            raise CommandRejected(
                Code.CONFLICT,
                f"The cycle '{self.key}' was activated; close it.",
                "cycle",
                rule=Rule.CYCLE_ACTIVATED,
                cycle=self.key,
            )
        if self.is_closed:
            self.refuse_closed("cycle")

    def close(self, at: datetime) -> None:
        if self.is_abandoned:
            self.refuse_closed("cycle")
        if self.state is CycleState.PLANNING:
            raise CommandRejected(
                Code.CONFLICT,
                f"The cycle '{self.key}' was never activated; activate it first.",
                "cycle",
                rule=Rule.CYCLE_NOT_ACTIVATED,
                cycle=self.key,
            )
        if self.state is CycleState.ACTIVE:
            self.record(CycleClosed(), at)

    def refuse_closed(self, *field: str) -> None:
        """Raises `CLOSED` for a closed or abandoned cycle."""
        if self.is_abandoned:
            raise CommandRejected(
                Code.CLOSED,
                f"The cycle '{self.key}' was abandoned; choose another one.",
                *field,
                rule=Rule.CYCLE_ABANDONED,
                cycle=self.key,
            )
        if self.is_closed:
            raise CommandRejected(
                Code.CLOSED,
                f"The cycle '{self.key}' is closed: it accepts only late measurements and corrections with "
                "a reason, comments and reflections.",
                *field,
                rule=Rule.CYCLE_CLOSED,
                cycle=self.key,
            )

    @property
    def days(self) -> tuple[date, date]:
        """Its first and its last day."""
        return self.starts_on, self.ends_on

    @property
    def is_closed(self) -> bool:
        return self.state is CycleState.CLOSED

    @property
    def is_abandoned(self) -> bool:
        return self.state is CycleState.ABANDONED

    @property
    def has_ended(self) -> bool:
        return self.is_closed or self.is_abandoned

    def overlaps(self, starts_on: date, ends_on: date) -> bool:
        """Whether the cycle and the period share a day. First and last days are included."""
        return self.starts_on <= ends_on and starts_on <= self.ends_on


class Policy(Aggregate):
    """The scoring policy: one per workspace, a new version at each adoption."""

    KIND = Kind.POLICY
    policy: ScoringPolicy
    adopted: tuple[tuple[datetime, ScoringPolicy], ...] = ()

    def in_force(self, at: datetime) -> ScoringPolicy:
        """The policy in force at a moment; the defaults before the first adoption."""
        return next((policy for since, policy in reversed(self.adopted) if since <= at), ScoringPolicy())

    def adopt(self, policy: ScoringPolicy, at: datetime) -> None:
        if policy != self.policy:
            self.record(ScoringPolicyAdopted(policy=policy), at)
