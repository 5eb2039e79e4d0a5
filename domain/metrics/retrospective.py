"""The retrospective of a cycle: attainment, attribution of progress, confidence calibration and silences.

Shares are of 1. A goal without progress counts as 0 in an attribution and in the attainment of a whole.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from math import fsum
from uuid import UUID

from msgspec import structs

from domain.metrics.cause import Cause
from domain.metrics.formulas import Fact

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
    """initial + movement + goalpost + scope = final. Each of the three is the sum of its bookings' amounts.

    `judgement`: score - final, what the judgement of people adds to the measured progress; None without a score.
    """

    initial: float
    movement: float
    goalpost: float
    scope: float
    final: float
    bookings: tuple[Booking, ...] = ()
    judgement: float | None = None


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
    forecasts to 1; a constant confidence of 0.5 gives 0.25.

    `count`: the number of confidences; `stated`: their mean; `hit`: the share of them that came true. `brier`, `stated`
    and `hit` are None without confidences.
    """

    count: int
    stated: float | None
    hit: float | None
    brier: float | None
    buckets: tuple[Bucket, ...]

    @property
    def summary(self) -> str | None:
        """One sentence that compares `stated` with `hit`, in whole per cent; None without confidences."""
        if self.stated is None or self.hit is None:
            return None
        counted = "1 statement" if self.count == 1 else f"{self.count:,} statements"
        return f"Said {100 * self.stated:.0f} % on average, {100 * self.hit:.0f} % came true ({counted})."


# ── presence and progress ───────────────────────────────────────────────────────────────────────────


def presence(*, planned: bool, dropped: bool) -> Presence:
    """The presence of a goal that was planned or not, and dropped or not."""
    if dropped:
        return Presence.DROPPED
    return Presence.KEPT if planned else Presence.ADDED_LATER


def averaged(shares: Iterable[float | None]) -> float | None:
    """The mean of the shares that are not None; None without any."""
    counted = [share for share in shares if share is not None]
    return fsum(counted) / len(counted) if counted else None


# ── attribution ──────────────────────────────────────────────────────────────────────────────────


def summed(initial: float, final: float, bookings: Sequence[Booking]) -> Attribution:
    """The attribution with these bookings, in the order of the log."""
    booked = {cause: fsum([one.amount for one in bookings if one.cause is cause]) for cause in Cause}
    return Attribution(
        initial, booked[Cause.MOVEMENT], booked[Cause.GOALPOST], booked[Cause.SCOPE], final, tuple(bookings)
    )


def with_judgement(attribution: Attribution, score: float | None) -> Attribution:
    """The attribution with its judgement, by a score."""
    return structs.replace(attribution, judgement=None if score is None else score - attribution.final)


# ── silences ─────────────────────────────────────────────────────────────────────────────────────


def silences(measured: Iterable[datetime], begins_at: datetime, ends_at: datetime, longest: timedelta) -> list[Silence]:
    """The periods without measurements that are longer than `longest`, from the beginning to the end. Empty if the end
    is not after the beginning."""
    if ends_at <= begins_at:
        return []
    edges = [begins_at, *sorted(at for at in measured if begins_at < at < ends_at), ends_at]
    return [Silence(since, until) for since, until in pairwise(edges) if until - since > longest]


# ── calibration ──────────────────────────────────────────────────────────────────────────────────


def calibration(statements: Sequence[tuple[float, bool]]) -> Calibration:
    """The calibration of statements: each is a confidence in [0, 1] and whether it came true."""
    buckets: list[list[tuple[float, bool]]] = [[] for _ in range(BUCKETS)]
    for stated, is_true in statements:
        buckets[min(int(stated * BUCKETS), BUCKETS - 1)].append((stated, is_true))
    brier = averaged((stated - is_true) ** 2 for stated, is_true in statements)
    filled = tuple(_bucket(place, inside) for place, inside in enumerate(buckets))
    return Calibration(len(statements), *_means(statements), brier, filled)


def _means(statements: Sequence[tuple[float, bool]]) -> tuple[float | None, float | None]:
    """The mean confidence, and the share of the statements that came true; None for both without statements."""
    return averaged(stated for stated, _ in statements), averaged(float(is_true) for _, is_true in statements)


def _bucket(place: int, inside: Sequence[tuple[float, bool]]) -> Bucket:
    stated, hit = _means(inside)
    return Bucket(place / BUCKETS, (place + 1) / BUCKETS, len(inside), stated or 0.0, hit or 0.0)
