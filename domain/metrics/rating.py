"""Health, verdicts and staleness, as pure functions of shares and times.

Shares are of 1 and compared with a tolerance of 1e-9, which hides rounding errors such as 0.30000000000000004 - 0.2.
"""

from datetime import UTC, datetime, timedelta
from enum import StrEnum

from domain.primitives.values import Cadence, ObjectiveKind, ScoringPolicy, Verdict

SHARE_TOLERANCE = 1e-9
_NEVER = datetime.max.replace(tzinfo=UTC)


class Health(StrEnum):
    """The rating of the gap between expected and actual progress, or of the end of a goal."""

    PENDING = "PENDING"
    ON_TRACK = "ON_TRACK"
    AT_RISK = "AT_RISK"
    OFF_TRACK = "OFF_TRACK"
    OUTDATED = "OUTDATED"
    ACHIEVED = "ACHIEVED"
    PARTIAL = "PARTIAL"
    MISSED = "MISSED"
    DROPPED = "DROPPED"


def band(gap: float, policy: ScoringPolicy) -> Health:
    """The health of a gap (expected - value). The upper bound of a band belongs to it."""
    on_track, at_risk = upper_bounds(policy)
    if gap <= on_track:
        return Health.ON_TRACK
    return Health.AT_RISK if gap <= at_risk else Health.OFF_TRACK


def upper_bounds(policy: ScoringPolicy) -> tuple[float, float]:
    """The largest gaps that are ON_TRACK and AT_RISK."""
    return policy.on_track_gap + SHARE_TOLERANCE, policy.at_risk_gap + SHARE_TOLERANCE


def verdict(score: float, kind: ObjectiveKind, policy: ScoringPolicy) -> Verdict:
    """The verdict of a score, by the lines of the objective's kind.

    COMMITTED: ACHIEVED at 1, PARTIAL from `score_green` on. ASPIRATIONAL: ACHIEVED from `score_green` on, PARTIAL from
    `score_amber` on. Else MISSED.
    """
    if kind is ObjectiveKind.COMMITTED:
        return _verdict(score, 1.0, policy.score_green)
    return _verdict(score, policy.score_green, policy.score_amber)


def _verdict(score: float, achieved: float, partial: float) -> Verdict:
    if score >= achieved - SHARE_TOLERANCE:
        return Verdict.ACHIEVED
    return Verdict.PARTIAL if score >= partial - SHARE_TOLERANCE else Verdict.MISSED


def is_outdated(last_measured_at: datetime, cadence: Cadence, at: datetime, policy: ScoringPolicy) -> bool:
    """Whether the time since the last measurement is strictly longer than the cadence allows."""
    return at > outdated_after(last_measured_at, cadence, policy)


def outdated_after(last_measured_at: datetime, cadence: Cadence, policy: ScoringPolicy) -> datetime:
    """The last moment at which a measurement is not outdated."""
    return later(last_measured_at, policy.stale_after(cadence))


def later(moment: datetime, duration: timedelta) -> datetime:
    """The moment after a duration, limited to the last one that there is."""
    try:
        return moment + duration
    except OverflowError:
        return _NEVER
