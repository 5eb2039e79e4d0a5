"""A cycle looked back on: how far it got by which target, what moved it, how sure people were, when they fell silent.

Shares are of 1; what has no progress yet counts as 0 in an attribution, and not at all in an attainment.
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
    """What became of a goal between plan and outcome; what was dropped is DROPPED, planned or not."""

    KEPT = "KEPT"
    ADDED_LATER = "ADDED_LATER"
    DROPPED = "DROPPED"


class Attainment(Fact, frozen=True, gc=False):
    """How far by the target first agreed, by the target it ended with, and as it was scored; none where it has none."""

    against_original: float | None
    against_final: float | None
    score: float | None


class Part(Fact, frozen=True, gc=False):
    """What a key result brings to its objective: its weight, and how far it is."""

    weight: float
    share: float | None


class Move(Fact, frozen=True, gc=False):
    """An event, and what a key result brings to its objective after it: none once it was dropped."""

    position: int
    cause: Cause
    key_result: UUID
    part: Part | None


class Booking(Fact, frozen=True, gc=False):
    """An event that changed an objective's progress. `amount` is its part of the whole that it is booked in:
    after - before for the objective, and a share of that for its cycle."""

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
    """A stretch in which nothing was heard. `days`: whole days of it."""

    since: datetime
    until: datetime

    @property
    def days(self) -> int:
        return (self.until - self.since).days


class Bucket(Fact, frozen=True, gc=False):
    """Statements of a confidence in [lower, upper), the last bucket including 1: how many, their mean, and the
    share of them that came true; both are 0 where there is none."""

    lower: float
    upper: float
    count: int
    stated: float
    hit: float


class Calibration(Fact, frozen=True, gc=False):
    """How confidence matched what happened. `brier`: mean (confidence - outcome)² (Brier 1950), from 0, a seer's,
    to 1; always saying one half has 0.25. None where nobody stated any."""

    brier: float | None
    buckets: tuple[Bucket, ...]


# ── what became of it ────────────────────────────────────────────────────────────────────────────


def presence(*, planned: bool, dropped: bool) -> Presence:
    """What became of a goal that was planned or not, and dropped or not."""
    if dropped:
        return Presence.DROPPED
    return Presence.KEPT if planned else Presence.ADDED_LATER


def whole(parts: Iterable[Part]) -> float | None:
    """How far an objective is by these key results: Σ weight · share / Σ weight of those with a share."""
    counted = [(part.weight, part.share) for part in parts if part.share is not None]
    return clamped(mean(*zip(*counted, strict=True))) if counted else None


def averaged(shares: Iterable[float | None]) -> float | None:
    """The plain mean of those there are."""
    counted = [share for share in shares if share is not None]
    return fsum(counted) / len(counted) if counted else None


# ── attribution ──────────────────────────────────────────────────────────────────────────────────


def attribution(objective: UUID, planned: Mapping[UUID, Part], moves: Sequence[Move]) -> Attribution:
    """An objective walked from its plan, event by event in the order of the log, each change booked to its cause.

    `planned`: what each key result brought at the plan; `moves`: what each brought after each event since.
    Several moves of one position are one event.
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
    """A cycle's: the plain mean of its objectives', and of every booking its share; all 0 for none."""
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


def silences(heard: Iterable[datetime], begins_at: datetime, ends_at: datetime, longest: timedelta) -> list[Silence]:
    """The stretches between two times it was heard of, and from the beginning and to the end, that are longer
    than `longest`; nothing for what ended before it began."""
    if ends_at <= begins_at:
        return []
    edges = [begins_at, *sorted(at for at in heard if begins_at < at < ends_at), ends_at]
    return [Silence(since, until) for since, until in pairwise(edges) if until - since > longest]


# ── calibration ──────────────────────────────────────────────────────────────────────────────────


def came_true(score: float | None, policy: ScoringPolicy) -> bool:
    """Whether a key result that ended with this score was worth being confident of: from `score_green` on."""
    return verdict(score, policy) is Verdict.ACHIEVED


def calibration(statements: Sequence[tuple[float, bool]]) -> Calibration:
    """Each statement is a confidence in [0, 1], and whether it came true."""
    filed: list[list[tuple[float, bool]]] = [[] for _ in range(BUCKETS)]
    for stated, is_true in statements:
        filed[min(int(stated * BUCKETS), BUCKETS - 1)].append((stated, is_true))
    squares = [(stated - is_true) ** 2 for stated, is_true in statements]
    return Calibration(averaged(squares), tuple(_bucket(place, inside) for place, inside in enumerate(filed)))


def _bucket(place: int, inside: Sequence[tuple[float, bool]]) -> Bucket:
    stated, hit = averaged(stated for stated, _ in inside), averaged(float(is_true) for _, is_true in inside)
    return Bucket(place / BUCKETS, (place + 1) / BUCKETS, len(inside), stated or 0.0, hit or 0.0)
