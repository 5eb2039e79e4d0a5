"""Key results, the measures of an objective.

    ACTIVE ──score──▶ SCORED ──reopen (with its objective)──▶ ACTIVE
      └──drop──▶ DROPPED ◀──drop──┘

A key result ends when it is dropped, when its objective is closed or dropped, or when its cycle is closed, whichever is
first. A score that a person gives before does not end it: every change stays possible.

Its stream holds its structure. The check-ins on it have streams of their own: `domain.model.measurements.check_in`.
"""

from datetime import date, datetime
from typing import Annotated, TypeAlias
from uuid import UUID

from msgspec import UNSET, Struct, UnsetType, structs

from domain.model.event import WHEN_RECORDED, Aggregate, Event, stored
from domain.model.fields import Description, Due, Labels, MeasuringKpi, Note, Owner, Score, Title
from domain.primitives.documentation import doc
from domain.primitives.errors import Code, CommandRejected
from domain.primitives.rules import Rule
from domain.primitives.values import Aggregation, KeyResultState, Kind, Metric, PlanPoint

# ── fields of events ─────────────────────────────────────────────────────────────────────────────

MeasuredBy: TypeAlias = Annotated[Metric, doc("The metric that measures it.")]
Plan: TypeAlias = Annotated[
    tuple[PlanPoint, ...], doc("The planned values, by day; empty for the straight line from start to target.")
]
DueIsSet: TypeAlias = Annotated[
    bool, doc("Whether the due date is another one than the last day of its cycle, which it then does not follow.")
]
FollowsCycle: TypeAlias = Annotated[
    bool, doc("Whether the days of its cycle changed it; else a person set the due date, and it no longer follows.")
]
Weight: TypeAlias = Annotated[float, doc("The weight within its objective.")]
LinkAggregate: TypeAlias = Annotated[
    Aggregation, doc("How the KPI's readings become the value; null for LAST, as in links of earlier versions.")
]
CountFrom: TypeAlias = Annotated[
    date, doc("The first day whose readings are aggregated; by default the first day of the cycle.")
]
CarriedFrom: TypeAlias = Annotated[UUID, doc("The key result of an earlier cycle that it continues.")]

# ── events: their topics are the storage format ──────────────────────────────────────────────────


class KeyResultEvent(Event, frozen=True, kw_only=True):
    KIND = Kind.KEY_RESULT


@stored
class KeyResultAdded(KeyResultEvent, frozen=True, kw_only=True):
    """A key result was added to an objective."""

    TOPIC = "key-result-added"
    FIRST = True
    objective: Annotated[UUID, doc("The objective it measures.")]
    title: Title
    description: Description | None = None
    metric: MeasuredBy
    owner: Owner | None = None
    weight: Weight = 1.0
    due: Due
    plan: Plan = ()
    kpi: MeasuringKpi | None = None
    aggregate: LinkAggregate | None = None
    count_from: CountFrom | None = None
    carried_from: CarriedFrom | None = None
    due_is_set: DueIsSet = False

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
        aggregate.plan = self.plan
        aggregate.kpi = self.kpi
        aggregate.aggregate = self.aggregate
        aggregate.count_from = self.count_from
        aggregate.carried_from = self.carried_from
        aggregate.due_is_set = self.due_is_set


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
    """A key result's owner was changed."""

    TOPIC = "key-result-assigned"
    owner: Owner | None = None

    def apply(self, aggregate: "KeyResult") -> None:
        aggregate.owner = self.owner


@stored
class KeyResultRetargeted(KeyResultEvent, frozen=True, kw_only=True):
    """A key result's metric, such as its target, was changed. Its plan, if any, was mapped to it, given anew, or
    ended."""

    TOPIC = "key-result-retargeted"
    metric: MeasuredBy
    plan: Plan = ()

    def apply(self, aggregate: "KeyResult") -> None:
        aggregate.metric = self.metric
        aggregate.plan = self.plan


@stored
class KeyResultRescheduled(KeyResultEvent, frozen=True, kw_only=True):
    """A key result's due date was changed. Its plan, if any, was mapped to it, given anew, or ended."""

    TOPIC = "key-result-rescheduled"
    due: Due
    plan: Plan = ()
    follows_cycle: FollowsCycle = False

    def apply(self, aggregate: "KeyResult") -> None:
        aggregate.due = self.due
        aggregate.plan = self.plan
        aggregate.due_is_set |= not self.follows_cycle


@stored
class KeyResultMoved(KeyResultEvent, frozen=True, kw_only=True):
    """A key result was moved to another objective, or with its objective to another cycle. Its due date was changed
    with it if it follows the cycle, and its plan was mapped."""

    TOPIC = "key-result-moved"
    objective: Annotated[UUID, doc("The objective that it measures from then on.")]
    due: Due
    plan: Plan = ()
    supported_by: Annotated[tuple[UUID, ...], doc("The objectives that go on to support it.")] = ()

    @property
    def moves_to(self) -> UUID:
        return self.objective

    def apply(self, aggregate: "KeyResult") -> None:
        aggregate.objective = self.objective
        aggregate.due = self.due
        aggregate.plan = self.plan
        aggregate.moved_at = self.timestamp


@stored
class KeyResultPlanned(KeyResultEvent, frozen=True, kw_only=True):
    """A key result's plan was set: the values that it should have on days."""

    TOPIC = "key-result-planned"
    plan: Plan = ()

    def apply(self, aggregate: "KeyResult") -> None:
        aggregate.plan = self.plan


@stored
class KeyResultLabelled(KeyResultEvent, frozen=True, kw_only=True):
    """A key result's labels were set."""

    TOPIC = "key-result-labelled"
    labels: Labels

    def apply(self, aggregate: "KeyResult") -> None:
        aggregate.labels = self.labels


@stored
class KeyResultReweighed(KeyResultEvent, frozen=True, kw_only=True):
    """A key result's weight was changed."""

    TOPIC = "key-result-reweighed"
    weight: Weight

    def apply(self, aggregate: "KeyResult") -> None:
        aggregate.weight = self.weight


@stored
class KeyResultLinked(KeyResultEvent, frozen=True, kw_only=True):
    """A key result was linked to a KPI, whose readings measure it."""

    TOPIC = "key-result-linked"
    kpi: MeasuringKpi
    aggregate: LinkAggregate | None = None
    count_from: CountFrom | None = None

    def apply(self, aggregate: "KeyResult") -> None:
        aggregate.kpi = self.kpi
        aggregate.aggregate = self.aggregate
        aggregate.count_from = self.count_from
        aggregate.former = None


@stored
class KeyResultUnlinked(KeyResultEvent, frozen=True, kw_only=True):
    """A key result was unlinked from its KPI: its own check-ins measure it again."""

    TOPIC = "key-result-unlinked"

    def apply(self, aggregate: "KeyResult") -> None:
        aggregate.former = aggregate.unlinked(self.timestamp)
        aggregate.kpi = None
        aggregate.aggregate = None
        aggregate.count_from = None


@stored
class KeyResultScored(KeyResultEvent, frozen=True, kw_only=True):
    """A key result was scored, by a person or by the closing of its objective."""

    TOPIC = "key-result-scored"
    score: Score
    note: Note | None = None

    def apply(self, aggregate: "KeyResult") -> None:
        aggregate.state = KeyResultState.SCORED
        aggregate.scored_version = self.originator_version
        aggregate.score = self.score
        aggregate.score_note = self.note


@stored
class KeyResultReopened(KeyResultEvent, frozen=True, kw_only=True):
    """The score that the closing of its objective gave a key result was revoked, because the objective was
    reopened."""

    TOPIC = "key-result-reopened"

    def apply(self, aggregate: "KeyResult") -> None:
        aggregate.state = KeyResultState.ACTIVE
        aggregate.score = None
        aggregate.score_note = None


@stored
class KeyResultDropped(KeyResultEvent, frozen=True, kw_only=True):
    """A key result was dropped: it no longer counts in its objective."""

    TOPIC = "key-result-dropped"

    def apply(self, aggregate: "KeyResult") -> None:
        aggregate.state = KeyResultState.DROPPED
        aggregate.dropped_at = self.timestamp


# ── aggregates ───────────────────────────────────────────────────────────────────────────────────


class Link(Struct, frozen=True):
    """A link to a KPI: how its readings become the value, from which day on, and until when it held."""

    kpi: UUID
    aggregate: Aggregation
    count_from: date | None
    until: datetime = WHEN_RECORDED


class KeyResult(Aggregate):
    KIND = Kind.KEY_RESULT
    objective: UUID
    title: str
    description: str | None
    metric: Metric
    owner: UUID | None
    weight: float
    due: date
    plan: tuple[PlanPoint, ...]
    kpi: UUID | None
    aggregate: Aggregation | None
    count_from: date | None
    carried_from: UUID | None
    due_is_set: bool
    former: Link | None = None
    """The last link, once it is unlinked."""
    state: KeyResultState = KeyResultState.ACTIVE
    dropped_at: datetime = WHEN_RECORDED
    score: float | None = None
    scored_version: int = 0
    """The version of its last score."""
    score_note: str | None = None
    labels: tuple[str, ...] = ()

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

    def label(self, labels: tuple[str, ...], at: datetime) -> None:
        """Replace all labels."""
        self.refuse_dropped()
        if labels != self.labels:
            self.record(KeyResultLabelled(labels=labels), at)

    def retarget(self, metric: Metric, plan: tuple[PlanPoint, ...], at: datetime) -> None:
        """Change the metric, and the plan with it."""
        self.refuse_dropped()
        if (metric, plan) != (self.metric, self.plan):
            self.record(KeyResultRetargeted(metric=metric, plan=plan), at)

    def reschedule(self, due: date, plan: tuple[PlanPoint, ...], at: datetime) -> None:
        """Change the due date, and the plan with it."""
        self.refuse_dropped()
        if (due, plan) != (self.due, self.plan):
            self.record(KeyResultRescheduled(due=due, plan=plan), at)

    def follow_cycle(self, due: date, plan: tuple[PlanPoint, ...], at: datetime) -> None:
        """Change the due date, and the plan with it, because the days of its cycle are others."""
        if (due, plan) != (self.due, self.plan):
            self.record(KeyResultRescheduled(due=due, plan=plan, follows_cycle=True), at)

    def due_with(self, before: date, after: date) -> date:
        """The due date after the last day of its cycle has changed. It follows the cycle until a person sets another
        one; in events of earlier versions it does if it is the last day."""
        return after if self.due == before and not self.due_is_set else self.due

    @property
    def home(self) -> UUID:
        return self.objective

    def set_plan(self, plan: tuple[PlanPoint, ...], at: datetime) -> None:
        """Plan its values on days; empty for the straight line."""
        self.refuse_dropped()
        if plan != self.plan:
            self.record(KeyResultPlanned(plan=plan), at)

    def reweigh(self, weight: float, at: datetime) -> None:
        self.refuse_dropped()
        if weight != self.weight:
            self.record(KeyResultReweighed(weight=weight), at)

    @property
    def link_now(self) -> Link | None:
        """The link that holds now."""
        return None if self.kpi is None else Link(self.kpi, self.aggregate or Aggregation.LAST, self.count_from)

    def unlinked(self, at: datetime) -> Link | None:
        """The present link as one that held until `at`; the former one without any."""
        return self.former if self.link_now is None else structs.replace(self.link_now, until=at)

    def link(self, kpi: UUID, aggregate: Aggregation, count_from: date | None, at: datetime) -> None:
        """Link it to a KPI. The events omit the aggregate LAST, as do those of earlier versions."""
        self.refuse_dropped()
        if Link(kpi, aggregate, count_from) != self.link_now:
            event = KeyResultLinked(kpi=kpi, aggregate=stored_aggregate(aggregate), count_from=count_from)
            self.record(event, at)

    def unlink(self, at: datetime) -> None:
        if self.kpi is not None:
            self.refuse_dropped()
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
                Code.CLOSED,
                f"The key result '{self.title}' was dropped; add a new one.",
                "keyResult",
                rule=Rule.KEY_RESULT_DROPPED,
                title=self.title,
            )


def stored_aggregate(aggregate: Aggregation) -> Aggregation | None:
    """The aggregate as a link's event stores it: None for LAST."""
    return None if aggregate is Aggregation.LAST else aggregate
