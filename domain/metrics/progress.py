"""Actual progress, expected progress and health of goals, as pure functions.

Shares are of 1 and compared with a tolerance of 1e-9, which hides rounding errors such as 0.30000000000000004 - 0.2.
`domain.metrics.formulas` computes the progress of a single measurement.
"""

from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import TypeAlias
from uuid import UUID

from domain.metrics.formulas import Fact, Measurement, at_least, clamped, is_reached, mean, scaled, unclamped
from domain.primitives.calendar import day_end, day_start
from domain.primitives.values import (
    Cadence,
    Direction,
    KeyResultState,
    Kind,
    Metric,
    ObjectiveState,
    Ref,
    ScoringPolicy,
    Verdict,
)

SHARE_TOLERANCE = 1e-9


class Health(StrEnum):
    """The rating of the gap between expected and actual progress."""

    PENDING = "PENDING"
    ON_TRACK = "ON_TRACK"
    AT_RISK = "AT_RISK"
    OFF_TRACK = "OFF_TRACK"
    OUTDATED = "OUTDATED"
    ACHIEVED = "ACHIEVED"
    MISSED = "MISSED"
    DROPPED = "DROPPED"


_WORST_FIRST = (Health.OFF_TRACK, Health.OUTDATED, Health.AT_RISK, Health.PENDING, Health.ON_TRACK)
_RANK = {health: rank for rank, health in enumerate(_WORST_FIRST)}
_ENDED = frozenset({Health.ACHIEVED, Health.MISSED})
_RANK[Health.MISSED] = _RANK[Health.OFF_TRACK]
_RANK[Health.ACHIEVED] = _RANK[Health.ON_TRACK]


# ── inputs of the formulas ──────────────────────────────────────────────────────────────────────


class KeyResultFacts(Fact, frozen=True, gc=False):
    """A key result at a basis.

    `latest`: its latest measurement. `last_measured_at`: the time of its last reading or check-in, even one without a
    value. `confidence`: the latest one given. `position`: the position of its latest event. `is_abandoned`: its
    objective is dropped, whatever its own state.
    """

    id: UUID
    title: str
    position: int
    metric: Metric
    state: KeyResultState
    weight: float
    due: date
    created_at: datetime
    cycle_start: date
    cadence: Cadence
    score: float | None = None
    latest: Measurement | None = None
    last_measured_at: datetime | None = None
    confidence: float | None = None
    is_abandoned: bool = False

    @property
    def begins_at(self) -> datetime:
        """The time from which progress is expected: the cycle's start, or its creation if that is later."""
        return max(self.created_at, day_start(self.cycle_start))


class ObjectiveFacts(Fact, frozen=True, gc=False):
    """An objective at a basis."""

    id: UUID
    title: str
    position: int
    state: ObjectiveState
    verdict: Verdict | None = None


# ── results of the formulas ──────────────────────────────────────────────────────────────────────


class Term(Fact, frozen=True, gc=False):
    """One term of a progress: contribution = weight · value / Σ weight of the terms with a value.

    Contributions sum to the progress. A term without a value has no influence, and neither has its weight.
    """

    label: str
    weight: float
    value: float | None
    contribution: float
    node: Ref | None
    position: int | None


class Progress(Fact, frozen=True, gc=False):
    """Actual progress (`value`, and `unclamped` outside of [0, 1]) and expected progress.

    `explain` is computed on access.
    """

    value: float | None
    unclamped: float | None
    expected: float | None
    health: Health
    confidence: float | None

    @property
    def explain(self) -> tuple[Term, ...]:
        """The terms that sum to `value`; empty without a value."""
        return ()


class KeyResultProgress(Progress, frozen=True, gc=False):
    """A key result's progress, with one term for its measurement or one per milestone."""

    of: KeyResultFacts

    @property
    def value_position(self) -> int:
        """The position of the event that gives its value: its latest measurement, or else its own latest event."""
        return self.of.position if self.of.latest is None else self.of.latest.position

    @property
    def explain(self) -> tuple[Term, ...]:
        measured = self.of.latest
        if self.value is None or measured is None:
            return ()
        if milestones := self.of.metric.milestones:
            parts = [(m.title, m.weight, is_reached(m, measured), measured.node, measured.position) for m in milestones]
            return _terms(parts)
        return _terms([(_label(self.of.metric, measured), 1.0, self.value, measured.node, measured.position)])


class ObjectiveProgress(Progress, frozen=True, gc=False):
    """An objective's progress, with one term per key result that is not dropped."""

    of: ObjectiveFacts
    key_results: tuple[KeyResultProgress, ...]

    @property
    def explain(self) -> tuple[Term, ...]:
        if self.value is None:
            return ()
        return _terms(
            [
                (part.of.title, part.of.weight, part.value, Ref(Kind.KEY_RESULT, part.of.id), part.value_position)
                for part in self.key_results
                if part.of.state is not KeyResultState.DROPPED
            ]
        )


class SharedProgress(Progress, frozen=True, gc=False):
    """A team's or cycle's progress, with one term per objective that is not dropped."""

    objectives: tuple[ObjectiveProgress, ...]

    @property
    def explain(self) -> tuple[Term, ...]:
        if self.value is None:
            return ()
        return _terms(
            [
                (part.of.title, 1.0, part.value, Ref(Kind.OBJECTIVE, part.of.id), part.of.position)
                for part in self.objectives
                if part.health is not Health.DROPPED
            ]
        )


# ── expected progress and health ────────────────────────────────────────────────────────────────

_ALWAYS_EXPECTED = frozenset({Direction.AT_LEAST, Direction.AT_MOST, Direction.WITHIN})


def expected(direction: Direction, begins_at: datetime, due: date, at: datetime) -> float:
    """The elapsed share of the time from `begins_at` to the end of the due date in UTC, in [0, 1].

    Always 1 for AT_LEAST, AT_MOST and WITHIN, which are either met or not, and for a due date before the beginning.
    """
    if direction in _ALWAYS_EXPECTED:
        return 1.0
    ends_at = day_end(due)
    if ends_at <= begins_at or at >= ends_at:
        return 1.0
    return 0.0 if at <= begins_at else (at - begins_at) / (ends_at - begins_at)


def band(gap: float, policy: ScoringPolicy) -> Health:
    """The health of a gap (expected - value). The upper bound of a band belongs to it."""
    if gap <= policy.on_track_gap + SHARE_TOLERANCE:
        return Health.ON_TRACK
    if gap <= policy.at_risk_gap + SHARE_TOLERANCE:
        return Health.AT_RISK
    return Health.OFF_TRACK


def verdict(score: float | None, policy: ScoringPolicy) -> Verdict:
    """ACHIEVED for a score of at least `score_green`; MISSED below or without a score."""
    is_green = score is not None and score >= policy.score_green - SHARE_TOLERANCE
    return Verdict.ACHIEVED if is_green else Verdict.MISSED


def is_outdated(last_measured_at: datetime, cadence: Cadence, at: datetime, policy: ScoringPolicy) -> bool:
    """Whether the time since the last measurement is strictly longer than the cadence allows."""
    return at - last_measured_at > policy.stale_after(cadence)


def _health(
    of: KeyResultFacts, value: float | None, expected_now: float, at: datetime, policy: ScoringPolicy
) -> Health:
    """The first that applies. A key result with check-ins but without any value counts as 0."""
    if of.state is KeyResultState.DROPPED or of.is_abandoned:
        return Health.DROPPED
    if of.state is KeyResultState.SCORED:
        return Health(verdict(of.score, policy))
    measured_at = of.last_measured_at or (of.latest.measured_at if of.latest else None)
    if measured_at is None:
        return Health.PENDING
    if is_outdated(measured_at, of.cadence, at, policy):
        return Health.OUTDATED
    return band(expected_now - (value or 0.0), policy)


# ── progress ─────────────────────────────────────────────────────────────────────────────────────


def of_key_result(facts: KeyResultFacts, at: datetime, policy: ScoringPolicy) -> KeyResultProgress:
    """A key result's progress at `at`. The value is the measured one, even after scoring."""
    share = unclamped(facts.metric, facts.latest)
    value = clamped(share)
    due = expected(facts.metric.direction, facts.begins_at, facts.due, at)
    return KeyResultProgress(value, share, due, _health(facts, value, due, at, policy), facts.confidence, facts)


def of_objective(facts: ObjectiveFacts, key_results: Sequence[KeyResultProgress]) -> ObjectiveProgress:
    """Σ weight · progress / Σ weight over the key results that are not dropped and have a value.

    The expected progress is the mean over the same key results, so that the two are comparable. Both are None if no
    key result has a value. Health is the worst and confidence the lowest of all that are not dropped. A dropped
    objective keeps the values from its key results at that time.
    """
    live = [part for part in key_results if part.of.state is not KeyResultState.DROPPED]
    means = _means(live, [part.of.weight for part in live if part.value is not None])
    return ObjectiveProgress(
        *means, _health_of_objective(facts, live), _lowest_confidence(live), facts, tuple(key_results)
    )


def _health_of_objective(facts: ObjectiveFacts, live: Sequence[KeyResultProgress]) -> Health:
    match facts.state:
        case ObjectiveState.DROPPED:
            return Health.DROPPED
        case ObjectiveState.CLOSED:
            return Health(facts.verdict or Verdict.MISSED)
    return _worst(live)


def of_objectives(objectives: Sequence[ObjectiveProgress]) -> SharedProgress:
    """A team's or cycle's progress: the mean over the objectives that are not dropped and have a value.

    Health is the worst and confidence the lowest of all that are not dropped. If all of them have ended, health is
    ACHIEVED if all were achieved, else MISSED.
    """
    live = [part for part in objectives if part.health is not Health.DROPPED]
    means = _means(live, [1.0 for part in live if part.value is not None])
    healths = {part.health for part in live}
    ended = healths and healths <= _ENDED
    health = max(healths) if ended else _worst(live)  # by name, MISSED comes after ACHIEVED
    return SharedProgress(*means, health, _lowest_confidence(live), tuple(objectives))


_Means: TypeAlias = tuple[float | None, float | None, float | None]


def _means(parts: Sequence[Progress], weights: list[float]) -> _Means:
    """The weighted means of value, unclamped and expected over the parts that have a value."""
    if not weights:
        return None, None, None
    counted = [part for part in parts if part.value is not None]
    return (
        clamped(mean(weights, [part.value or 0.0 for part in counted])),
        mean(weights, [part.unclamped or 0.0 for part in counted]),
        mean(weights, [part.expected or 0.0 for part in counted]),
    )


def _worst(parts: Sequence[Progress]) -> Health:
    if not parts:
        return Health.PENDING
    return _WORST_FIRST[min([_RANK[part.health] for part in parts])]


def _lowest_confidence(parts: Sequence[Progress]) -> float | None:
    return min([part.confidence for part in parts if part.confidence is not None], default=None)


# ── explaining ───────────────────────────────────────────────────────────────────────────────────

_Part: TypeAlias = tuple[str, float, float | None, Ref, int]


def _terms(parts: Sequence[_Part]) -> tuple[Term, ...]:
    weights = scaled([weight for _, weight, value, _, _ in parts if value is not None])
    whole, remaining = sum(weights), iter(weights)
    return tuple(
        Term(label, weight, value, 0.0 if value is None else next(remaining) * value / whole, node, position)
        for label, weight, value, node, position in parts
    )


def _label(metric: Metric, measured: Measurement) -> str:
    """A label of the measured value and its metric: '32 on the way from 0 to 40 customers'."""
    assert measured.value is not None
    value, unit = _formatted(measured.value), f" {metric.unit.symbol}" if metric.unit.symbol else ""
    match metric.direction:
        case Direction.INCREASE | Direction.DECREASE:
            return f"{value} on the way from {_formatted(metric.start)} to {_formatted(metric.target)}{unit}"
        case Direction.WITHIN:
            return f"{value}, to be from {_formatted(metric.lower)} to {_formatted(metric.upper)}{unit}"
        case Direction.DONE:
            return "done" if at_least(measured.value, 1.0) else "not done"
    return f"{value}, to be {metric.direction.lower().replace('_', ' ')} {_formatted(metric.target)}{unit}"


def _formatted(value: float | None) -> str:
    assert value is not None
    return f"{value:,.12g}"
