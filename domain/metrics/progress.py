"""How far a goal is, how far it should be, and what that means: pure formulas over plain values.

Shares are of 1, and compared with a tolerance of 1e-9, so that a gap of 0.30000000000000004 - 0.2 is a
gap of 0.1, as on paper. How far a measurement is on its metric's way stands in `domain.metrics.formulas`.
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
    """What the distance between is and should be means."""

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


# ── what the formulas take ───────────────────────────────────────────────────────────────────────


class KeyResultFacts(Fact, frozen=True, gc=False):
    """A key result at a basis.

    `latest`: its latest measurement. `last_measured_at`: when it was last heard of, by a check-in even
    without a value or by a reading. `confidence`: the latest one stated. `position`: of its latest event.
    `is_abandoned`: its objective was dropped, whatever its own state.
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
        """When progress begins to be expected: the cycle's start, or its creation if that is later."""
        return max(self.created_at, day_start(self.cycle_start))


class ObjectiveFacts(Fact, frozen=True, gc=False):
    """An objective at a basis."""

    id: UUID
    title: str
    position: int
    state: ObjectiveState
    verdict: Verdict | None = None


# ── what the formulas give ───────────────────────────────────────────────────────────────────────


class Term(Fact, frozen=True, gc=False):
    """One figure a progress was worked out from: contribution = weight · value / Σ weight of those with a value.

    Contributions sum to the progress. A value of none counts for nothing, and neither does its weight.
    """

    label: str
    weight: float
    value: float | None
    contribution: float
    node: Ref | None
    position: int | None


class Progress(Fact, frozen=True, gc=False):
    """How far something is (`value`, and `unclamped` where it overshot or fell back) and how far it should be.

    `explain` is worked out when it is asked for.
    """

    value: float | None
    unclamped: float | None
    expected: float | None
    health: Health
    confidence: float | None

    @property
    def explain(self) -> tuple[Term, ...]:
        """The terms that sum to `value`; none where there is no value."""
        return ()


class KeyResultProgress(Progress, frozen=True, gc=False):
    """A key result's progress: a term for its measurement, or one for each milestone."""

    of: KeyResultFacts

    @property
    def said_at(self) -> int:
        """The event its value comes from: its latest measurement, or its own latest without one."""
        return self.of.position if self.of.latest is None else self.of.latest.position

    @property
    def explain(self) -> tuple[Term, ...]:
        measured = self.of.latest
        if self.value is None or measured is None:
            return ()
        if milestones := self.of.metric.milestones:
            parts = [(m.title, m.weight, is_reached(m, measured), measured.node, measured.position) for m in milestones]
            return _terms(parts)
        return _terms([(_told(self.of.metric, measured), 1.0, self.value, measured.node, measured.position)])


class ObjectiveProgress(Progress, frozen=True, gc=False):
    """An objective's progress: a term for each key result that is not dropped."""

    of: ObjectiveFacts
    key_results: tuple[KeyResultProgress, ...]

    @property
    def explain(self) -> tuple[Term, ...]:
        if self.value is None:
            return ()
        return _terms(
            [
                (part.of.title, part.of.weight, part.value, Ref(Kind.KEY_RESULT, part.of.id), part.said_at)
                for part in self.key_results
                if part.of.state is not KeyResultState.DROPPED
            ]
        )


class SharedProgress(Progress, frozen=True, gc=False):
    """A team's or cycle's progress: a term for each objective that is not dropped."""

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


# ── what is expected, and what the gap means ─────────────────────────────────────────────────────

_ALWAYS_EXPECTED = frozenset({Direction.AT_LEAST, Direction.AT_MOST, Direction.WITHIN})


def expected(direction: Direction, begins_at: datetime, due: date, at: datetime) -> float:
    """The share of the time that is gone, in [0, 1]: from `begins_at` to the end of the day it is due, in UTC.

    1 throughout for AT_LEAST, AT_MOST and WITHIN, which hold or do not; and 1 where it was due before it began.
    """
    if direction in _ALWAYS_EXPECTED:
        return 1.0
    ends_at = day_end(due)
    if ends_at <= begins_at or at >= ends_at:
        return 1.0
    return 0.0 if at <= begins_at else (at - begins_at) / (ends_at - begins_at)


def band(gap: float, policy: ScoringPolicy) -> Health:
    """What a gap (expected - value) means; a gap on a band's upper bound still belongs to it."""
    if gap <= policy.on_track_gap + SHARE_TOLERANCE:
        return Health.ON_TRACK
    if gap <= policy.at_risk_gap + SHARE_TOLERANCE:
        return Health.AT_RISK
    return Health.OFF_TRACK


def verdict(score: float | None, policy: ScoringPolicy) -> Verdict:
    """ACHIEVED from `score_green` on; no score is MISSED."""
    is_green = score is not None and score >= policy.score_green - SHARE_TOLERANCE
    return Verdict.ACHIEVED if is_green else Verdict.MISSED


def is_outdated(last_measured_at: datetime, cadence: Cadence, at: datetime, policy: ScoringPolicy) -> bool:
    """Whether a measure was silent for longer than its cadence allows: strictly longer."""
    return at - last_measured_at > policy.stale_after(cadence)


def _health(
    of: KeyResultFacts, value: float | None, expected_now: float, at: datetime, policy: ScoringPolicy
) -> Health:
    """The first that matches. A key result that has spoken, but never of a value, stands at 0."""
    if of.state is KeyResultState.DROPPED or of.is_abandoned:
        return Health.DROPPED
    if of.state is KeyResultState.SCORED:
        return Health(verdict(of.score, policy))
    spoken_at = of.last_measured_at or (of.latest.measured_at if of.latest else None)
    if spoken_at is None:
        return Health.PENDING
    if is_outdated(spoken_at, of.cadence, at, policy):
        return Health.OUTDATED
    return band(expected_now - (value or 0.0), policy)


# ── progress ─────────────────────────────────────────────────────────────────────────────────────


def of_key_result(facts: KeyResultFacts, at: datetime, policy: ScoringPolicy) -> KeyResultProgress:
    """A key result's progress at `at`; what is measured stays its value, whatever it was scored."""
    share = unclamped(facts.metric, facts.latest)
    value = clamped(share)
    due = expected(facts.metric.direction, facts.begins_at, facts.due, at)
    return KeyResultProgress(value, share, due, _health(facts, value, due, at, policy), facts.confidence, facts)


def of_objective(facts: ObjectiveFacts, key_results: Sequence[KeyResultProgress]) -> ObjectiveProgress:
    """Σ weight · progress / Σ weight over the key results that are not dropped and have a value.

    What is expected is the mean of the same key results, so that the two compare; both are none where
    no key result has a value. Health is the worst, confidence the lowest, of all that are not dropped. An
    objective that was dropped itself keeps its figures: those of the key results that were its when it was.
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
    """A team's or cycle's: the plain mean over its objectives that are not dropped and have a value.

    Health is the worst and confidence the lowest of all that are not dropped. Where all of them have ended
    there is nothing left to be on or off track: it is ACHIEVED if all were, else MISSED.
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


def _told(metric: Metric, measured: Measurement) -> str:
    """The measured figure and the way it is on, in words: '32 on the way from 0 to 40 customers'."""
    assert measured.value is not None
    figure, unit = _figure(measured.value), f" {metric.unit.symbol}" if metric.unit.symbol else ""
    match metric.direction:
        case Direction.INCREASE | Direction.DECREASE:
            return f"{figure} on the way from {_figure(metric.start)} to {_figure(metric.target)}{unit}"
        case Direction.WITHIN:
            return f"{figure}, to be from {_figure(metric.lower)} to {_figure(metric.upper)}{unit}"
        case Direction.DONE:
            return "done" if at_least(measured.value, 1.0) else "not done"
    return f"{figure}, to be {metric.direction.lower().replace('_', ' ')} {_figure(metric.target)}{unit}"


def _figure(value: float | None) -> str:
    assert value is not None
    return f"{value:,.12g}"
