"""The figures of a key result: value, expected progress, health and confidence."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from domain.primitives.values import CycleState, Direction, ObjectiveKind, ObjectiveState, ScoringPolicy
from tests.reference.calendars import ends
from tests.reference.entities import End, KeyResult
from tests.reference.fold import View
from tests.reference.measuring import (
    Measured,
    beginning,
    calendar_of,
    check_ins,
    is_level,
    limited,
    link_in_force,
    measured,
    readings,
    start_of,
    unclamped,
    window_end,
)
from tests.reference.plans import planned_value, start_and_target

SCORE_TOLERANCE = 1e-9
"""A score reaches a line of the verdict within this distance, which hides rounding errors."""


@dataclass(frozen=True)
class Figures:
    """What the API tells of the progress of a key result or of a whole. `gap` is what its health is judged by."""

    value: float | None
    expected: float | None
    health: str | None
    confidence: float | None
    confidence_lowest: float | None
    measured_share: float | None
    gap: float
    unclamped: float | None = None
    current: float | None = None


def policy_in_force(view: View, end: End | None) -> ScoringPolicy:
    """The policy at the basis; for what has ended, the one at its end, which no later adoption moves."""
    adopted = view.adoptions
    if end is not None:
        adopted = [one for one in adopted if one.at <= end.at and one.position <= end.position]
    return adopted[-1].policy if adopted else ScoringPolicy()


def verdict(score: float, kind: ObjectiveKind, policy: ScoringPolicy) -> str:
    """COMMITTED: ACHIEVED at 1, PARTIAL from scoreGreen on. ASPIRATIONAL: ACHIEVED from scoreGreen, PARTIAL from
    scoreAmber on. Else MISSED. Rounding errors may move the score by up to 1e-9."""
    if kind is ObjectiveKind.COMMITTED:
        achieved, partial = 1.0, policy.score_green
    else:
        achieved, partial = policy.score_green, policy.score_amber
    if score >= achieved - SCORE_TOLERANCE:
        return "ACHIEVED"
    return "PARTIAL" if score >= partial - SCORE_TOLERANCE else "MISSED"


def band(gap: float, policy: ScoringPolicy) -> str:
    """ON_TRACK up to onTrackGap, AT_RISK up to atRiskGap, else OFF_TRACK. Bounds belong to the better band, also if
    rounding errors move the gap by up to 1e-9."""
    if gap <= policy.on_track_gap + 1e-9:
        return "ON_TRACK"
    return "AT_RISK" if gap <= policy.at_risk_gap + 1e-9 else "OFF_TRACK"


def progress_of(view: View, key_result: KeyResult) -> float | None:
    """The unclamped progress of the value at the basis; None if nothing was measured.

    From its end on, a key result that a person scored and nobody measured has its score as value.
    """
    shown = measured(view, key_result)
    if shown is not None:
        return unclamped(key_result.metric, start_of(view, key_result), shown)
    if window_end(view, key_result) is not None and key_result.scored_by_person:
        return key_result.score
    return None


def expected(view: View, key_result: KeyResult) -> float:
    """1 from the end of the window on; else the planned progress at the basis."""
    return 1.0 if window_end(view, key_result) is not None else planned_progress(view, key_result, view.basis.at)


def planned_progress(view: View, key_result: KeyResult, at: datetime) -> float:
    """With a plan, the progress of the planned value; 1 for a level goal; else the elapsed share of the span from the
    beginning to the end of the due day, 1 where due lies before the beginning."""
    if key_result.plan:
        return limited(progress_of_plan(view, key_result, at))
    if is_level(key_result.metric, start_of(view, key_result)):
        return 1.0
    first, last = beginning(view, key_result), ends(calendar_of(view, key_result), key_result.due)
    return 1.0 if last <= first else limited((at - first) / (last - first))


def progress_of_plan(view: View, key_result: KeyResult, at: datetime) -> float:
    """The progress of the value that the plan has at a moment; that of MILESTONES is planned as a share."""
    span = start_and_target(key_result.metric)
    assert span is not None
    value = planned_value(key_result.plan, span[0], beginning(view, key_result), at, calendar_of(view, key_result))
    if key_result.metric.direction is Direction.MILESTONES:
        return value
    return unclamped(key_result.metric, span[0], Measured(at, value))


def confidence(view: View, key_result: KeyResult) -> float | None:
    """The latest confidence that a check-in within the window states."""
    stated = [one.confidence for one in check_ins(view, key_result) if one.confidence is not None]
    return stated[-1] if stated else None


def figures(now: View, key_result_now: KeyResult) -> Figures:
    """The figures of a key result. Those of one that has ended are those at its end, with the score it has now; if its
    cycle was closed as of a time before the key result was added, they are as they are now."""
    end = window_end(now, key_result_now)
    view = now if end is None or end.at < key_result_now.created_at else now.at_end(end)
    key_result = replace(
        view.key_results[key_result_now.id],
        score=key_result_now.score,
        scored_by_person=key_result_now.scored_by_person,
    )
    progress, stated, should = progress_of(view, key_result), confidence(view, key_result), expected(view, key_result)
    value = None if progress is None else limited(progress)
    shown = measured(view, key_result)
    return Figures(
        value=value,
        expected=should,
        health=health(view, key_result, value, should - (value or 0.0)),
        confidence=stated,
        confidence_lowest=stated,
        measured_share=0.0 if value is None else 1.0,
        gap=should - (value or 0.0),
        unclamped=progress,
        current=None if shown is None else shown.value,
    )


def health(view: View, key_result: KeyResult, value: float | None, gap: float) -> str:
    """The first that matches: dropped, ended with its score, a draft, not begun, silent for too long, then the bands
    of the gap. One that ended without a score is judged by its value; a draft's never ends without one."""
    objective, end = view.objectives[key_result.objective], window_end(view, key_result)
    policy = policy_in_force(view, end)
    if key_result.end is not None or objective.state is ObjectiveState.DROPPED:
        return "DROPPED"
    if end is not None and key_result.score is not None:
        return verdict(key_result.score, objective.kind, policy)
    if objective.state is ObjectiveState.DRAFT:
        return "PENDING"
    if end is not None:
        return verdict(value or 0.0, objective.kind, policy)
    if is_pending(view, key_result, value, policy):
        return "PENDING"
    return "OUTDATED" if is_outdated(view, key_result, value, policy) else band(gap, policy)


def is_pending(view: View, key_result: KeyResult, value: float | None, policy: ScoringPolicy) -> bool:
    """While its cycle is in PLANNING, and without a value for as long as its beginning is not too old."""
    cycle = view.cycles[view.objectives[key_result.objective].cycle]
    if cycle.state is CycleState.PLANNING:
        return True
    return value is None and view.basis.at - beginning(view, key_result) <= patience(view, key_result, policy)


def is_outdated(view: View, key_result: KeyResult, value: float | None, policy: ScoringPolicy) -> bool:
    """The last check-in or reading, or the beginning where there is none, is too old. Silence counts up to the end of
    the due day; what is reached and not a level goal is never outdated."""
    if value is not None and value >= 1 and not is_level(key_result.metric, start_of(view, key_result)):
        return False
    silent_until = min(view.basis.at, ends(calendar_of(view, key_result), key_result.due))
    return silent_until - last_heard(view, key_result) > patience(view, key_result, policy)


def last_heard(view: View, key_result: KeyResult) -> datetime:
    """The time of the last check-in, with a value or not, or of the last reading; else the beginning."""
    heard = [one.measured_at for one in check_ins(view, key_result)]
    link = link_in_force(view, key_result) or (key_result.links[-1] if key_result.links else None)
    if link is not None:
        heard += [one.measured_at for one in readings(view, key_result, link)]
    return max(heard, default=beginning(view, key_result))


def patience(view: View, key_result: KeyResult, policy: ScoringPolicy) -> timedelta:
    """cadence · staleAfterCadences, by the longer of the cycle's cadence and that of the KPI it is linked to then."""
    days = view.cycles[view.objectives[key_result.objective].cycle].cadence.days
    for link in key_result.links:
        if link.until is None:
            days = max(days, view.kpis[link.kpi].cadence.days)
    return timedelta(days=days * policy.stale_after_cadences)
