"""The figures of many open key results at one moment, as arrays.

Each figure is that of `domain.metrics.progress.Course.at`. One key result after the other takes ten times as long,
since each has thresholds of its health. Here times are compared with thresholds that key results share: "m + silence <
t" is "m < t - silence". Times are whole microseconds since a common moment, which are added as exactly as `datetime`
does it.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

import numpy as np

from domain.metrics.columns.arrays import CODES, ONE, ZERO, Codes, Flags, Numbers, Times
from domain.metrics.progress import elapsed
from domain.metrics.rating import Health, upper_bounds
from domain.primitives.values import ScoringPolicy

_ON_TRACK: Final = np.array(CODES[Health.ON_TRACK])
_EXACT_MAX: Final = 2**53
"""285 years in microseconds. Floats have each whole number up to this one, so that quotients are equal."""
_SILENCE_MAX: Final = 2**62
"""Longer than the time between any two moments."""


class OpenKeyResults(NamedTuple):
    """Key results that have neither ended nor been dropped, as columns; see `KeyResultFacts`.

    `shares`: the measured shares of the goals, `unclamped` in their progress. `are_level`: whether a goal is to hold
    what is given; None if none is. `begins_at`, `due_at`: one for each, or one for all. `silent_since`: the last
    measurement, or the beginning without one. `planned`: the expected progress of those with a plan, by place.
    """

    shares: Numbers
    are_level: Flags | None
    begins_at: Times | int
    due_at: Times | int
    silent_since: Times
    planned: Mapping[int, float]


class Figures(NamedTuple):
    """Their figures as columns; see `Progress`."""

    value: Numbers
    expected: Numbers
    health: Codes
    gap: Numbers


def at_moment(of: OpenKeyResults, at: int, silence: int, policy: ScoringPolicy) -> Figures:
    """Their figures; values as by `formulas.clamped`, what is expected as by `progress.expected`, and healths as by
    `progress.pace` and `Pace.health`: PENDING until `silence` after the beginning; OUTDATED if `silence` has passed
    since the last measurement, both now and on the due day; else by the gap. `silence`: the time without a measurement
    after which a key result is stale."""
    silence = min(silence, _SILENCE_MAX)
    values = np.fmin(np.fmax(of.shares, ZERO), ONE)  # 0 where a share is missing
    expected = _expected(of, at)
    gaps = expected - values
    codes = np.array(upper_bounds(policy)).searchsorted(gaps)
    codes += _ON_TRACK
    silent_before = min(of.due_at, at) if isinstance(of.due_at, int) else np.minimum(of.due_at, at)
    are_silent = of.silent_since < silent_before - silence
    if np.count_nonzero(are_silent):
        are_unreached = values != ONE if of.are_level is None else (values != ONE) | of.are_level
        codes[are_silent & are_unreached] = CODES[Health.OUTDATED]
    are_missing = np.isnan(of.shares)
    if np.count_nonzero(are_missing):
        are_pending = are_missing & (of.begins_at >= at - silence)
        codes[are_pending], gaps[are_pending], values[are_missing] = CODES[Health.PENDING], ZERO, np.nan
    return Figures(values, expected, codes, gaps)


def _expected(of: OpenKeyResults, at: int) -> Numbers:
    """As `progress.expected`."""
    if isinstance(of.begins_at, int) and isinstance(of.due_at, int):
        expected = np.full(len(of.shares), elapsed(of.begins_at, of.due_at, at))
    else:
        expected = _elapsed_of_each(of, at)
    if of.are_level is not None:
        expected[of.are_level] = 1.0
    for place, share in of.planned.items():
        expected[place] = share
    return expected


def _elapsed_of_each(of: OpenKeyResults, at: int) -> Numbers:
    """As `progress.elapsed` of different spans, which has those that are longer than `_EXACT_MAX`."""
    begins_at, due_at = np.asarray(of.begins_at), np.asarray(of.due_at)
    spans = due_at - begins_at
    found: Numbers = np.fmin(np.fmax((at - begins_at) / np.maximum(spans, 1), ZERO), ONE)
    found[spans < 1] = 1.0
    for place in np.flatnonzero(spans > _EXACT_MAX).tolist():
        begin, due = (int(np.broadcast_to(one, len(found))[place]) for one in (begins_at, due_at))
        found[place] = elapsed(begin, due, at)
    return found
