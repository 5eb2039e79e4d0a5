"""The retrospective of a cycle: attainment, attribution of progress, confidence calibration and silences.

Shares are of 1. A goal without progress counts as 0 in an attribution and is left out of an attainment.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import groupby, pairwise
from math import fsum
from operator import attrgetter
from uuid import UUID

from domain.metrics.cause import Cause
from domain.metrics.formulas import Fact, clamped, mean
from domain.metrics.progress import verdict
from domain.primitives.values import ScoringPolicy, Verdict

BUCKETS = 10


class Presence(StrEnum):
    """The presence of a goal in plan and outcome. A dropped goal is DROPPED, planned or not."""

    KEPT = "KEPT"
    ADDED_LATER = "ADDED_LATER"
    DROPPED = "DROPPED"


class Attainment(Fact, frozen=True, gc=False):
    """The attainment of the original target and of the final target, and the score; None if there is none."""

    against_original: float | None
    against_final: float | None
    score: float | None


class Part(Fact, frozen=True, gc=False):
    """The contribution of a key result to its objective: its weight and its progress."""

    weight: float
    share: float | None


class Move(Fact, frozen=True, gc=False):
    """An event, and the contribution of a key result after it; None once it is dropped."""

    position: int
    cause: Cause
    key_result: UUID
    part: Part | None


class Booking(Fact, frozen=True, gc=False):
    """An event that changed an objective's progress. `amount` is its effect: after - before for the objective, and a
    share of that for its cycle."""

    objective: UUID
    position: int
    cause: Cause
    before: float
    after: float
    amount: float


class Attribution(Fact, frozen=True, gc=False):
    """initial + movement + goalpost + scope = final. Each of the three is the sum of its bookings' amounts."""

    initial: float
    movement: float
    goalpost: float
    scope: float
    final: float
    bookings: tuple[Booking, ...] = ()


class Silence(Fact, frozen=True, gc=False):
    """A period without measurements. `days`: its whole days."""

    since: datetime
    until: datetime

    @property
    def days(self) -> int:
        return (self.until - self.since).days


class Bucket(Fact, frozen=True, gc=False):
    """Confidences in [lower, upper), and 1 in the last bucket: their count, their mean, and the share of them that came
    true. Both are 0 for an empty bucket."""

    lower: float
    upper: float
    count: int
    stated: float
    hit: float


class Calibration(Fact, frozen=True, gc=False):
    """How confidences matched outcomes. `brier`: mean (confidence - outcome)² (Brier 1950), from 0 for perfect
    forecasts to 1; a constant confidence of 0.5 gives 0.25. None without confidences."""

    brier: float | None
    buckets: tuple[Bucket, ...]


# ── presence and progress ───────────────────────────────────────────────────────────────────────────


def presence(*, planned: bool, dropped: bool) -> Presence:
    """The presence of a goal that was planned or not, and dropped or not."""
    if dropped:
        return Presence.DROPPED
    return Presence.KEPT if planned else Presence.ADDED_LATER


def whole(parts: Iterable[Part]) -> float | None:
    """The progress of an objective with these key results: Σ weight · share / Σ weight of those with a share."""
    counted = [(part.weight, part.share) for part in parts if part.share is not None]
    return clamped(mean(*zip(*counted, strict=True))) if counted else None


def averaged(shares: Iterable[float | None]) -> float | None:
    """The mean of the shares that are not None; None without any."""
    counted = [share for share in shares if share is not None]
    return fsum(counted) / len(counted) if counted else None


# ── attribution ──────────────────────────────────────────────────────────────────────────────────


def attribution(objective: UUID, planned: Mapping[UUID, Part], moves: Sequence[Move]) -> Attribution:
    """Replay an objective from its plan, in the order of the log, and attribute each change of progress to its cause.

    `planned`: the contribution of each key result as of the plan. `moves`: the contributions after each later event.
    Several moves with the same position belong to one event.
    """
    parts: dict[UUID, Part] = dict(planned)
    initial = progress = whole(parts.values()) or 0.0
    bookings = []
    for position, same in groupby(sorted(moves, key=attrgetter("position")), key=attrgetter("position")):
        before = progress
        for move in same:
            cause = move.cause
            _set(parts, move)
        progress = whole(parts.values()) or 0.0
        if progress != before:
            bookings.append(Booking(objective, position, cause, before, progress, progress - before))
    return _summed(initial, progress, bookings)


def mean_attribution(objectives: Sequence[Attribution]) -> Attribution:
    """A cycle's attribution: the mean of its objectives' attributions, with each booking's share; all 0 for none."""
    count = len(objectives)
    if not count:
        return Attribution(0.0, 0.0, 0.0, 0.0, 0.0)
    bookings = [
        Booking(one.objective, one.position, one.cause, one.before, one.after, one.amount / count)
        for each in objectives
        for one in each.bookings
    ]
    initial, final = (
        fsum(ends) / count for ends in zip(*[(one.initial, one.final) for one in objectives], strict=True)
    )
    return _summed(initial, final, sorted(bookings, key=attrgetter("position")))


def _set(parts: dict[UUID, Part], move: Move) -> None:
    if move.part is None:
        parts.pop(move.key_result, None)
    else:
        parts[move.key_result] = move.part


def _summed(initial: float, final: float, bookings: Sequence[Booking]) -> Attribution:
    booked = {cause: fsum(one.amount for one in bookings if one.cause is cause) for cause in Cause}
    return Attribution(
        initial, booked[Cause.MOVEMENT], booked[Cause.GOALPOST], booked[Cause.SCOPE], final, tuple(bookings)
    )


# ── silences ─────────────────────────────────────────────────────────────────────────────────────


def silences(measured: Iterable[datetime], begins_at: datetime, ends_at: datetime, longest: timedelta) -> list[Silence]:
    """The periods without measurements that are longer than `longest`, from the beginning to the end. Empty if the end
    is not after the beginning."""
    if ends_at <= begins_at:
        return []
    edges = [begins_at, *sorted(at for at in measured if begins_at < at < ends_at), ends_at]
    return [Silence(since, until) for since, until in pairwise(edges) if until - since > longest]


# ── calibration ──────────────────────────────────────────────────────────────────────────────────


def came_true(score: float | None, policy: ScoringPolicy) -> bool:
    """Whether a confidence in a key result with this score came true: for a score of at least `score_green`."""
    return verdict(score, policy) is Verdict.ACHIEVED


def calibration(statements: Sequence[tuple[float, bool]]) -> Calibration:
    """The calibration of statements: each is a confidence in [0, 1] and whether it came true."""
    buckets: list[list[tuple[float, bool]]] = [[] for _ in range(BUCKETS)]
    for stated, is_true in statements:
        buckets[min(int(stated * BUCKETS), BUCKETS - 1)].append((stated, is_true))
    squares = [(stated - is_true) ** 2 for stated, is_true in statements]
    return Calibration(averaged(squares), tuple(_bucket(place, inside) for place, inside in enumerate(buckets)))


def _bucket(place: int, inside: Sequence[tuple[float, bool]]) -> Bucket:
    stated, hit = averaged(stated for stated, _ in inside), averaged(float(is_true) for _, is_true in inside)
    return Bucket(place / BUCKETS, (place + 1) / BUCKETS, len(inside), stated or 0.0, hit or 0.0)
