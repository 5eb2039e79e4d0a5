"""Key results: the measures that prove an objective was reached, and the check-ins that re-evaluate them.

    ACTIVE ──score──▶ SCORED ──reopen (with its objective)──▶ ACTIVE
      └──drop──▶ DROPPED

A key result's stream holds its structure. A check-in is a stream of its own: its first event is the
measurement, the next are corrections of it.
"""

from datetime import date, datetime
from typing import Annotated, TypeAlias
from uuid import UUID

from msgspec import UNSET, Meta, UnsetType

from domain.model.event import Aggregate, Event, stored
from domain.model.fields import Description, Due, MeasuringKpi, Note, Owner, Score, Title, Value
from domain.primitives.errors import Code, CommandRejected, invalid
from domain.primitives.values import Direction, KeyResultState, Kind, Metric

# ── fields of events ─────────────────────────────────────────────────────────────────────────────

MeasuredBy: TypeAlias = Annotated[Metric, Meta(description="What it is measured by.")]
Weight: TypeAlias = Annotated[float, Meta(description="How much it counts within its objective.")]
Reached: TypeAlias = Annotated[
    tuple[str, ...], Meta(description="The keys of all milestones reached by then; null where nothing of it was said.")
]
Confidence: TypeAlias = Annotated[
    float, Meta(description="How sure its people were, in [0, 1]; null where nothing of it was said.")
]
Late: TypeAlias = Annotated[
    bool,
    Meta(description="Whether it was recorded after the cycle had closed; then it alters no score and no outcome."),
]
CarriedFrom: TypeAlias = Annotated[UUID, Meta(description="The key result of an earlier cycle that it goes on with.")]

# ── events: their topics are the storage format ──────────────────────────────────────────────────


class KeyResultEvent(Event, frozen=True, kw_only=True):
    KIND = Kind.KEY_RESULT


@stored
class KeyResultAdded(KeyResultEvent, frozen=True, kw_only=True):
    """A key result was added to an objective."""

    TOPIC = "key-result-added"
    FIRST = True
    objective: Annotated[UUID, Meta(description="The objective it proves.")]
    title: Title
    description: Description | None = None
    metric: MeasuredBy
    owner: Owner | None = None
    weight: Weight = 1.0
    due: Due
    kpi: MeasuringKpi | None = None
    carried_from: CarriedFrom | None = None

    @property
    def belongs_to(self) -> UUID | None:
        return self.objective

    def apply(self, aggregate: "KeyResult") -> None:
        aggregate.objective = self.objective
        aggregate.title = self.title
        aggregate.description = self.description
        aggregate.metric = self.metric
        aggregate.owner = self.owner
        aggregate.weight = self.weight
        aggregate.due = self.due
        aggregate.kpi = self.kpi
        aggregate.kpi_since = self.timestamp


@stored
class KeyResultReworded(KeyResultEvent, frozen=True, kw_only=True):
    """A key result's title or description was changed."""

    TOPIC = "key-result-reworded"
    title: Title
    description: Description | None = None

    def apply(self, aggregate: "KeyResult") -> None:
        aggregate.title = self.title
        aggregate.description = self.description


@stored
class KeyResultAssigned(KeyResultEvent, frozen=True, kw_only=True):
    """A key result was given to another owner."""

    TOPIC = "key-result-assigned"
    owner: Owner | None = None

    def apply(self, aggregate: "KeyResult") -> None:
        aggregate.owner = self.owner


@stored
class KeyResultRetargeted(KeyResultEvent, frozen=True, kw_only=True):
    """The goalposts were moved: what a key result is measured by was changed."""

    TOPIC = "key-result-retargeted"
    metric: MeasuredBy

    def apply(self, aggregate: "KeyResult") -> None:
        aggregate.metric = self.metric


@stored
class KeyResultRescheduled(KeyResultEvent, frozen=True, kw_only=True):
    """A key result is due on another day."""

    TOPIC = "key-result-rescheduled"
    due: Due

    def apply(self, aggregate: "KeyResult") -> None:
        aggregate.due = self.due


@stored
class KeyResultReweighed(KeyResultEvent, frozen=True, kw_only=True):
    """A key result counts more or less within its objective."""

    TOPIC = "key-result-reweighed"
    weight: Weight

    def apply(self, aggregate: "KeyResult") -> None:
        aggregate.weight = self.weight


@stored
class KeyResultLinked(KeyResultEvent, frozen=True, kw_only=True):
    """A key result is measured by a KPI since then."""

    TOPIC = "key-result-linked"
    kpi: MeasuringKpi

    def apply(self, aggregate: "KeyResult") -> None:
        aggregate.kpi = self.kpi
        aggregate.kpi_since = self.timestamp


@stored
class KeyResultUnlinked(KeyResultEvent, frozen=True, kw_only=True):
    """A key result is measured by its own check-ins again."""

    TOPIC = "key-result-unlinked"

    def apply(self, aggregate: "KeyResult") -> None:
        aggregate.kpi = None


@stored
class KeyResultScored(KeyResultEvent, frozen=True, kw_only=True):
    """A key result was scored, which ends it."""

    TOPIC = "key-result-scored"
    score: Score
    note: Note | None = None

    def apply(self, aggregate: "KeyResult") -> None:
        aggregate.state = KeyResultState.SCORED
        aggregate.score = self.score
        aggregate.score_note = self.note


@stored
class KeyResultReopened(KeyResultEvent, frozen=True, kw_only=True):
    """A key result's score was taken back, with its objective's closing."""

    TOPIC = "key-result-reopened"

    def apply(self, aggregate: "KeyResult") -> None:
        aggregate.state = KeyResultState.ACTIVE
        aggregate.score = None
        aggregate.score_note = None


@stored
class KeyResultDropped(KeyResultEvent, frozen=True, kw_only=True):
    """A key result was given up: it no longer counts in its objective."""

    TOPIC = "key-result-dropped"

    def apply(self, aggregate: "KeyResult") -> None:
        aggregate.state = KeyResultState.DROPPED


class CheckInEvent(Event, frozen=True, kw_only=True):
    KIND = Kind.CHECK_IN


@stored
class KeyResultCheckedIn(CheckInEvent, frozen=True, kw_only=True):
    """Somebody said where a key result stands."""

    TOPIC = "key-result-checked-in"
    FIRST = True
    key_result: Annotated[UUID, Meta(description="The key result that was spoken of.")]
    value: Value | None = None
    reached: Reached | None = None
    confidence: Confidence | None = None
    note: Note | None = None
    late: Late = False

    @property
    def belongs_to(self) -> UUID | None:
        return self.key_result

    def apply(self, aggregate: "CheckIn") -> None:
        aggregate.key_result = self.key_result
        aggregate.said = (self.value, self.reached, self.confidence, self.note)


@stored
class CheckInCorrected(CheckInEvent, frozen=True, kw_only=True):
    """What a check-in said was corrected."""

    TOPIC = "check-in-corrected"
    value: Value | None = None
    reached: Reached | None = None
    confidence: Confidence | None = None
    note: Note | None = None
    late: Late = False

    def apply(self, aggregate: "CheckIn") -> None:
        aggregate.said = (self.value, self.reached, self.confidence, self.note)


# ── aggregates ───────────────────────────────────────────────────────────────────────────────────


class KeyResult(Aggregate):
    KIND = Kind.KEY_RESULT
    objective: UUID
    title: str
    description: str | None
    metric: Metric
    owner: UUID | None
    weight: float
    due: date
    kpi: UUID | None
    kpi_since: datetime
    state: KeyResultState = KeyResultState.ACTIVE
    score: float | None = None
    score_note: str | None = None

    def reword(self, title: str | UnsetType, description: str | None | UnsetType, at: datetime) -> None:
        self.refuse_dropped()
        title = self.title if title is UNSET else title
        description = self.description if description is UNSET else description
        if (title, description) != (self.title, self.description):
            self.record(KeyResultReworded(title=title, description=description), at)

    def assign(self, owner: UUID | None, at: datetime) -> None:
        self.refuse_dropped()
        if owner != self.owner:
            self.record(KeyResultAssigned(owner=owner), at)

    def retarget(self, metric: Metric, at: datetime) -> None:
        self.refuse_ended()
        if metric != self.metric:
            self.record(KeyResultRetargeted(metric=metric), at)

    def reschedule(self, due: date, at: datetime) -> None:
        self.refuse_ended()
        if due != self.due:
            self.record(KeyResultRescheduled(due=due), at)

    def reweigh(self, weight: float, at: datetime) -> None:
        self.refuse_ended()
        if weight != self.weight:
            self.record(KeyResultReweighed(weight=weight), at)

    def link(self, kpi: UUID, at: datetime) -> None:
        self.refuse_ended()
        if kpi != self.kpi:
            self.record(KeyResultLinked(kpi=kpi), at)

    def unlink(self, at: datetime) -> None:
        if self.kpi is not None:
            self.refuse_ended()
            self.record(KeyResultUnlinked(), at)

    def give_score(self, score: float, note: str | None, at: datetime) -> None:
        self.refuse_dropped()
        if (score, note) != (self.score, self.score_note):
            self.record(KeyResultScored(score=score, note=note), at)

    def reopen(self, at: datetime) -> None:
        if self.state is KeyResultState.SCORED:
            self.record(KeyResultReopened(), at)

    def drop(self, at: datetime) -> None:
        if self.state is not KeyResultState.DROPPED:
            self.record(KeyResultDropped(), at)

    @property
    def is_dropped(self) -> bool:
        return self.state is KeyResultState.DROPPED

    def refuse_dropped(self) -> None:
        if self.is_dropped:
            raise CommandRejected(
                Code.CLOSED, f"The key result '{self.title}' was dropped; add a new one.", "keyResult"
            )

    def refuse_ended(self) -> None:
        self.refuse_dropped()
        if self.state is KeyResultState.SCORED:
            raise CommandRejected(
                Code.CLOSED,
                f"The key result '{self.title}' is scored; reopen its objective first.",
                "keyResult",
            )

    def fits(self, value: float | None, reached: tuple[str, ...] | None, *, is_linked: bool) -> None:
        """Refuse a measurement that this key result's metric, or the KPI it `is_linked` to, leaves no room
        for. Raises `INVALID`."""
        if is_linked and (value is not None or reached is not None):
            raise invalid(
                "This key result takes its value from its KPI: record a reading there, and check in with "
                "confidence and note only.",
                "value",
            )
        if self.metric.direction is not Direction.MILESTONES:
            if reached is not None:
                raise invalid(f"{self.metric.direction} is measured by a value, not by milestones.", "reached")
            return
        if value is not None:
            raise invalid("MILESTONES is measured by the milestones reached, not by a value.", "value")
        for key in reached or ():
            if key not in {milestone.key for milestone in self.metric.milestones}:
                raise invalid(f"There is no milestone '{key}' here.", "reached")


class CheckIn(Aggregate):
    KIND = Kind.CHECK_IN
    key_result: UUID
    said: tuple[float | None, tuple[str, ...] | None, float | None, str | None]

    @property
    def has_figure(self) -> bool:
        """Whether it says a value, or which milestones are reached."""
        return self.said[0] is not None or self.said[1] is not None

    def correct(
        self,
        value: float | None,
        reached: tuple[str, ...] | None,
        confidence: float | None,
        note: str | None,
        late: bool,
    ) -> None:
        if (value, reached, confidence, note) != self.said:
            self.record(
                CheckInCorrected(value=value, reached=reached, confidence=confidence, note=note, late=late),
                self.created_at,
            )
