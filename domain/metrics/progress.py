"""Actual progress, expected progress and health of a key result, as pure functions.

`domain.metrics.formulas` computes the progress of a single measurement, `domain.metrics.wholes` the progress of
objectives, teams and cycles.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol, TypeAlias, TypeVar
from uuid import UUID

from msgspec import structs

from domain.metrics import formulas
from domain.metrics.formulas import Fact, Measured, Measurement, at_least, at_most, clamped, scaled, share_at, unclamped
from domain.metrics.plan_curve import Planned, value_at
from domain.metrics.rating import Health, band, later, verdict
from domain.primitives.checks.plan_checks import in_numbers
from domain.primitives.values import Cadence, Direction, Kind, Metric, ObjectiveKind, Ref, ScoringPolicy

# ── inputs of the formulas ──────────────────────────────────────────────────────────────────────


class PersonalScore(Fact, frozen=True, gc=False):
    """A score that a person gave, and the position of its event."""

    value: float
    position: int


class KeyResultFacts(Fact, frozen=True, gc=False):
    """A key result at a basis.

    `kind`: that of its objective. `begins_at`: the time from which progress is expected, the cycle's start, or its
    creation if that is later; `due_at`: the end of its due day; both by the calendar in force. `cadence`: the longer
    one of its cycle and its linked KPI. `is_dropped`: it or its objective is dropped. `is_planned`: its objective is a
    draft, or its cycle is in PLANNING. `ended_at`: the end of its window, None while it is open. `score`: its score, by
    a person or by the closing of its objective; `personal_score`: only if a person gave it. `baseline`: the value that
    a metric without a start begins at. `latest`: its latest measurement within the window. `last_measured_at`: the time
    of its last check-in or reading in the window, even one without a value. `confidence`: the latest one given.
    `position`: the position of its latest event. `plan`: its planned values, empty for the straight line.
    """

    id: UUID
    title: str
    position: int
    metric: Metric
    kind: ObjectiveKind
    weight: float
    begins_at: datetime
    due_at: datetime
    cadence: Cadence
    is_dropped: bool = False
    is_planned: bool = False
    ended_at: datetime | None = None
    score: float | None = None
    personal_score: PersonalScore | None = None
    baseline: float | None = None
    latest: Measurement | None = None
    last_measured_at: datetime | None = None
    confidence: float | None = None
    plan: tuple[Planned, ...] = ()

    @property
    def measured_metric(self) -> Metric:
        """The metric with its start, given or taken from the first value."""
        return with_start(self.metric, self.baseline)


# ── results of the formulas ──────────────────────────────────────────────────────────────────────


class Term(Fact, frozen=True, gc=False):
    """One term of a progress: contribution = weight · value / Σ weight, and 0 without a value.

    Contributions sum to the progress.
    """

    label: str
    weight: float
    value: float | None
    contribution: float
    node: Ref | None
    position: int | None


class Progress(Fact, frozen=True, gc=False):
    """Actual progress (`value`, and `unclamped` outside of [0, 1]) and expected progress.

    `health` is None for what ended without a score. `gap`: expected - value, 0 while PENDING; for a whole, the mean of
    its parts' gaps. `measured_share`: the share of the weight that has a value. `explain` is computed on access.
    """

    value: float | None
    unclamped: float | None
    expected: float | None
    health: Health | None
    gap: float
    measured_share: float
    confidence: float | None
    confidence_lowest: float | None

    @property
    def explain(self) -> tuple[Term, ...]:
        """The terms that sum to `value`; empty without a value."""
        return ()


class KeyResultFigures(Progress, frozen=True, gc=False):
    """A key result's progress, and its weight in its objective."""

    weight: float


class KeyResultProgress(KeyResultFigures, frozen=True, gc=False):
    """A key result's progress, with one term for its measurement or one per milestone."""

    of: KeyResultFacts

    @property
    def label(self) -> str:
        return self.of.title

    @property
    def node(self) -> Ref:
        return Ref(Kind.KEY_RESULT, self.of.id)

    @property
    def source_position(self) -> int:
        """The position of the event that gives its value: its latest measurement, or else its own latest event."""
        return self.of.position if self.of.latest is None else self.of.latest.position

    @property
    def explain(self) -> tuple[Term, ...]:
        if self.value is None:
            return ()
        measured, metric = self.of.latest, self.of.measured_metric
        if measured is None or unclamped(metric, measured) is None:
            scored = self.of.personal_score
            assert scored is not None
            return terms([("scored", 1.0, self.value, self.node, scored.position)])
        if milestones := metric.milestones:
            parts = [
                (m.title, m.weight, formulas.is_reached(m, measured), measured.node, measured.position)
                for m in milestones
            ]
            return terms(parts)
        return terms([(_label(metric, measured), 1.0, self.value, measured.node, measured.position)])


# ── the start ────────────────────────────────────────────────────────────────────────────────────

BASELINED = frozenset({Direction.AT_LEAST, Direction.AT_MOST, Direction.WITHIN})
"""The directions whose start is taken from the first value if none is given."""


def needs_baseline(metric: Metric) -> bool:
    """Whether the start of the metric is taken from the first value."""
    return metric.direction in BASELINED and metric.start is None


def with_start(metric: Metric, baseline: float | None) -> Metric:
    """The metric with the baseline as its start, if it needs one and has none."""
    if baseline is None or not needs_baseline(metric):
        return metric
    return structs.replace(metric, start=baseline)


def is_level(metric: Metric) -> bool:
    """Whether the goal is to hold what is given: AT_LEAST, AT_MOST or WITHIN with a start inside the goal."""
    start = metric.start
    if start is None:
        return False
    match metric.direction:
        case Direction.AT_LEAST:
            return metric.target is not None and at_least(start, metric.target)
        case Direction.AT_MOST:
            return metric.target is not None and at_most(start, metric.target)
        case Direction.WITHIN:
            assert metric.lower is not None
            assert metric.upper is not None
            return at_least(start, metric.lower) and at_most(start, metric.upper)
    return False


# ── expected progress and health ────────────────────────────────────────────────────────────────


_Moment = TypeVar("_Moment", datetime, int)


def elapsed(begins_at: _Moment, due_at: _Moment, at: _Moment) -> float:
    """The elapsed share of the time from `begins_at` to `due_at`, the end of the due day, in [0, 1]; of moments, or of
    whole microseconds since a common one.

    1 for a due day that ends before the beginning.
    """
    if due_at <= begins_at or at >= due_at:
        return 1.0
    return 0.0 if at <= begins_at else (at - begins_at) / (due_at - begins_at)


def expected(
    metric: Metric, begins_at: datetime, due_at: datetime, at: datetime, plan: Sequence[Planned] = ()
) -> float:
    """The expected progress of an open key result, in [0, 1].

    With a plan: the progress of the planned value, by the formula of the metric. Without one: 1 for a level goal, else
    the elapsed share of the time.
    """
    if not plan:
        return 1.0 if is_level(metric) else elapsed(begins_at, due_at, at)
    numbers = in_numbers(metric)
    return clamped(share_at(numbers, value_at(plan, numbers, begins_at, at))) or 0.0


class Pace(Fact, frozen=True, gc=False):
    """What the clock changes of a key result from one event to the next, besides its expected progress: its health.

    `fixed`: the health that only events change: of what is dropped, ended or planned. `pending_until`: the last moment
    at which it is PENDING because nothing was measured. `silent_after`: the moment after which it is OUTDATED, None if
    it never is. `policy`: for one that has ended, the one in force at its end.
    """

    policy: ScoringPolicy
    fixed: Health | None = None
    pending_until: datetime | None = None
    silent_after: datetime | None = None

    def health(self, at: datetime, gap: float) -> Health:
        """The health at a moment before the next event. `gap`: expected - value."""
        if self.fixed is not None:
            return self.fixed
        if self.pending_until is not None and at <= self.pending_until:
            return Health.PENDING
        if self.silent_after is not None and at > self.silent_after:
            return Health.OUTDATED
        return band(gap, self.policy)


class Judged(Protocol):
    """What the health of a key result depends on besides its progress; see `KeyResultFacts`."""

    @property
    def kind(self) -> ObjectiveKind: ...
    @property
    def begins_at(self) -> datetime: ...
    @property
    def due_at(self) -> datetime: ...
    @property
    def cadence(self) -> Cadence: ...
    @property
    def is_dropped(self) -> bool: ...
    @property
    def is_planned(self) -> bool: ...
    @property
    def ended_at(self) -> datetime | None: ...
    @property
    def score(self) -> float | None: ...
    @property
    def last_measured_at(self) -> datetime | None: ...


def fixed_health(
    kind: ObjectiveKind,
    value: float | None,
    score: float | None,
    policy: ScoringPolicy,
    *,
    is_dropped: bool,
    is_planned: bool,
    has_ended: bool,
) -> Health | None:
    """The health that only events change: of a key result that is dropped, ended or planned; None for one that is open.

    A draft of a closed cycle is judged only by a score, and is PENDING without one.
    """
    if is_dropped:
        return Health.DROPPED
    if has_ended and not (is_planned and score is None):
        return Health(verdict(value or 0.0 if score is None else score, kind, policy))
    return Health.PENDING if is_planned else None


def pace(of: Judged, value: float | None, policy: ScoringPolicy, *, is_level: bool) -> Pace:
    """The pace of a key result with this value. `is_level`: its goal is to hold what is given.

    Staleness ends with the due date; a target that is reached for good is never stale. For many open key results at one
    moment, `domain.metrics.columns.open_key_results` has the same as columns.
    """
    ended = of.ended_at is not None
    fixed = fixed_health(
        of.kind, value, of.score, policy, is_dropped=of.is_dropped, is_planned=of.is_planned, has_ended=ended
    )
    if fixed is not None:
        return Pace(policy, fixed)
    silence = policy.stale_after(of.cadence)
    pending_until = later(of.begins_at, silence) if value is None else None
    silent_after = later(of.last_measured_at or of.begins_at, silence)
    is_stale = silent_after < of.due_at and (value != 1.0 or is_level)
    return Pace(policy, None, pending_until, silent_after if is_stale else None)


class Course(Fact, frozen=True, gc=False):
    """A key result from one event to the next: its share of the goal stays, and only the clock changes its expected
    progress and its health."""

    of: KeyResultFacts
    metric: Metric
    share: float | None
    value: float | None
    pace: Pace

    def at(self, at: datetime) -> KeyResultProgress:
        """The progress at a moment before the next event."""
        of = self.of
        due = 1.0 if of.ended_at is not None else expected(self.metric, of.begins_at, of.due_at, at, of.plan)
        gap = due - (self.value or 0.0)
        health = self.pace.health(at, gap)
        return KeyResultProgress(
            self.value, self.share, due, health, 0.0 if health is Health.PENDING else gap,
            float(self.value is not None), of.confidence, of.confidence, of.weight, of,
        )  # fmt: skip


def _share(metric: Metric, latest: Measured | None, score: PersonalScore | None) -> float | None:
    """The measured share of the goal, even after scoring. `score`: the one that a person gave to what has ended, which
    is the share of what was never measured."""
    share = unclamped(metric, latest)
    return score.value if share is None and score is not None else share


def value(metric: Metric, baseline: float | None, latest: Measured | None, score: PersonalScore | None) -> float | None:
    """The value of a key result alone, the same as that of its course. `score`: that of a person, after its end."""
    return clamped(_share(with_start(metric, baseline), latest, score))


def course(facts: KeyResultFacts, policy: ScoringPolicy) -> Course:
    """The course of a key result with these facts."""
    metric = facts.metric if facts.baseline is None else facts.measured_metric
    share = _share(metric, facts.latest, None if facts.ended_at is None else facts.personal_score)
    value = clamped(share)
    return Course(facts, metric, share, value, pace(facts, value, policy, is_level=is_level(metric)))


def of_key_result(facts: KeyResultFacts, at: datetime, policy: ScoringPolicy) -> KeyResultProgress:
    """A key result's progress at `at`, see `course`."""
    return course(facts, policy).at(at)


# ── explaining ───────────────────────────────────────────────────────────────────────────────────

Part: TypeAlias = tuple[str, float, float | None, Ref, int]
"""A label, a weight, a value, the source, and the position of the source's event."""


def terms(parts: Sequence[Part], total: float | None = None) -> tuple[Term, ...]:
    """The terms of a mean by weight. `total` is the divisor, by default the sum of the weights."""
    weights = scaled([weight for _, weight, *_ in parts])
    whole = sum(weights) if total is None else total
    return tuple(
        Term(label, weight, value, relative * (value or 0.0) / whole, node, position)
        for relative, (label, weight, value, node, position) in zip(weights, parts, strict=True)
    )


def _label(metric: Metric, measured: Measurement) -> str:
    """A label of the measured value and its metric: '32 on the way from 0 to 40 customers'."""
    assert measured.value is not None
    value, unit = _formatted(measured.value), f" {metric.unit.symbol}" if metric.unit.symbol else ""
    match metric.direction:
        case Direction.INCREASE | Direction.DECREASE:
            return f"{value} on the way from {_formatted(metric.start)} to {_formatted(metric.target)}{unit}"
        case Direction.WITHIN:
            bounds = f"{_formatted(metric.lower)} to {_formatted(metric.upper)}{unit}"
            return f"{value}, {_from_start(metric)}to be from {bounds}"
        case Direction.DONE:
            return "done" if at_least(measured.value, 1.0) else "not done"
    goal = f"{metric.direction.lower().replace('_', ' ')} {_formatted(metric.target)}{unit}"
    return f"{value}, {_from_start(metric)}to be {goal}"


def _from_start(metric: Metric) -> str:
    """The start that a value's share of the distance is counted from; empty for a level goal and without a start."""
    return "" if metric.start is None or is_level(metric) else f"from {_formatted(metric.start)}, "


def _formatted(value: float | None) -> str:
    assert value is not None
    return f"{value:,.12g}"
