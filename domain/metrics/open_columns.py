"""The figures of many open key results at one moment, as columns.

Each figure is that of `domain.metrics.progress.Course.at`. One key result after the other takes five times as long,
since each has thresholds of its health. Here times are compared with thresholds that key results share: "m + silence <
t" is "m < t - silence". Times are whole microseconds since a common moment, which are added and divided as exactly as
`datetime` does it, in a third of the time.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from domain.metrics.formulas import all_clamped
from domain.metrics.rating import Health, upper_bounds
from domain.primitives.values import ScoringPolicy


class OpenKeyResults(NamedTuple):
    """Key results that have neither ended nor been dropped, as columns; see `KeyResultFacts`.

    `shares`: the measured shares of the goals, `unclamped` in their progress. `are_level`: whether a goal is to hold
    what is given. `planned`: the expected progress of those with a plan, by place.
    """

    shares: Sequence[float | None]
    are_level: Sequence[bool]
    begins_at: Sequence[int]
    due_at: Sequence[int]
    last_measured_at: Sequence[int | None]
    planned: Mapping[int, float]


class Figures(NamedTuple):
    """Their figures as columns; see `Progress`."""

    value: list[float | None]
    expected: list[float]
    health: list[Health]
    gap: list[float]


def at_moment(of: OpenKeyResults, at: int, silence: int, policy: ScoringPolicy) -> Figures:
    """Their figures; values as by `formulas.clamped`, what is expected as by `progress.expected`. `silence`: the time
    without a measurement after which a key result is stale."""
    values = all_clamped(of.shares)
    expected = _expected(of, at)
    gaps = [due - (value or 0.0) for due, value in zip(expected, values, strict=True)]
    healths = _healths(of, values, gaps, at, silence, policy)
    if None in values:
        gaps = [0.0 if health is Health.PENDING else gap for health, gap in zip(healths, gaps, strict=True)]
    return Figures(values, expected, healths, gaps)


def _expected(of: OpenKeyResults, at: int) -> list[float]:
    """As `progress.expected`. Most key results of a cycle have one span, whose elapsed share is computed once."""
    begins, dues = {*of.begins_at}, {*of.due_at}
    are_equal = len(begins) == len(dues) == 1
    each = zip(begins, dues, strict=True) if are_equal else zip(of.begins_at, of.due_at, strict=True)
    expected = [
        1.0 if at >= due or due <= begin else 0.0 if at <= begin else (at - begin) / (due - begin)
        for begin, due in each
    ]
    if are_equal:
        expected *= len(of.begins_at)
    if True in of.are_level:
        expected = [1.0 if is_level else one for is_level, one in zip(of.are_level, expected, strict=True)]
    for place, share in of.planned.items():
        expected[place] = share
    return expected


def _healths(
    of: OpenKeyResults,
    values: Sequence[float | None],
    gaps: Sequence[float],
    at: int,
    silence: int,
    policy: ScoringPolicy,
) -> list[Health]:
    """As `progress.pace` and `Pace.health`: PENDING until `silence` after the beginning; OUTDATED if `silence` has
    passed since the last measurement, both now and on the due day; else by the gap. The moment before which a key
    result must have been measured last is one for all until one of them is due."""
    pending, outdated = Health.PENDING, Health.OUTDATED
    on_track, at_risk, off_track = Health.ON_TRACK, Health.AT_RISK, Health.OFF_TRACK
    on_track_max, at_risk_max = upper_bounds(policy)
    pending_from = at - silence
    silences = {due: min(at, due) - silence for due in {*of.due_at}}
    first, *others = {*silences.values()} or {0}
    silent_before = map(silences.__getitem__, of.due_at) if others else [first] * len(of.due_at)
    return [
        pending
        if value is None and begin >= pending_from
        else outdated
        if (begin if last is None else last) < silent_before and (value != 1.0 or is_level)
        else on_track
        if gap <= on_track_max
        else at_risk
        if gap <= at_risk_max
        else off_track
        for value, is_level, begin, silent_before, last, gap in zip(
            values, of.are_level, of.begins_at, silent_before, of.last_measured_at, gaps, strict=True
        )
    ]
