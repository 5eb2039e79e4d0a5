"""The healths of many open objectives at one moment, from arrays of their key results.

Without them each objective would be judged by itself. They are those of `domain.metrics.wholes.health_while_open`. The
order of a sum changes its rounding, so sums of arrays decide what they are not close to, and the formula decides the
rest.
"""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np

from domain.metrics import wholes
from domain.metrics.columns.arrays import CODES, Codes, Numbers, Places, healths
from domain.metrics.formulas import mean
from domain.metrics.rating import Health, band, upper_bounds
from domain.primitives.values import ScoringPolicy

_NEAR: Final = 1e-10
"""A mean of shares whose sum was rounded in any order differs by less than this from that of `formulas.mean`."""
_PENDING, _OUTDATED = CODES[Health.PENDING], CODES[Health.OUTDATED]
_FEW_MAX: Final = 2
"""So many objectives take less time by the formula than by arrays."""
_CLOSE: Final = CODES[None]
"""The code of an objective that the formula decides."""
_BANDS: Final = np.array(
    [CODES[Health.ON_TRACK], _CLOSE, CODES[Health.AT_RISK], _CLOSE, CODES[Health.OFF_TRACK]], np.intp
)
_EXCESS: Final = np.array([0.0 if code == _PENDING else 0.5 if code == _OUTDATED else -0.5 for code in CODES.values()])
"""By the health of a key result: its share of the weight that is OUTDATED, less half of that which is not PENDING."""


class Groups(NamedTuple):
    """The key results of objectives, one objective after another: where those of each begin, followed by their number.
    `weights`: None if all are 1."""

    bounds: Places
    weights: Numbers | None

    @property
    def relative_weights(self) -> Numbers | None:
        """The weights as parts of the largest one of their objective, so that no sum overflows."""
        if self.weights is None:
            return None
        sizes = self.bounds[1:] - self.bounds[:-1]
        found: Numbers = self.weights / np.repeat(np.maximum.reduceat(self.weights, self.bounds[:-1]), sizes)
        return found

    def sums(self, values: Numbers) -> Numbers:
        """The sum of these values of each objective."""
        found: Numbers = np.add.reduceat(values, self.bounds[:-1])
        return found

    def of(self, number: int, values: Numbers | Codes) -> list[Any]:
        """The values of the key results of one objective."""
        own: list[Any] = values[self.bounds[number] : self.bounds[number + 1]].tolist()
        return own


def healths_while_open(
    of: Groups, codes: Codes, gaps: Numbers, policies: Sequence[ScoringPolicy]
) -> list[Health | None]:
    """The health of each open objective, by the healths and the gaps of its key results, of which there is at least
    one. `policies`: one for each, or one for all."""
    count = len(of.bounds) - 1
    found: list[Health | None] = [None] * count if count <= _FEW_MAX else healths(_clear(of, codes, gaps, policies))
    for number in [number for number, health in enumerate(found) if health is None] if None in found else ():
        policy = policies[0] if len(policies) == 1 else policies[number]
        found[number] = _by_formula(of, number, codes, gaps, policy)
    return found


def _by_formula(of: Groups, number: int, codes: Codes, gaps: Numbers, policy: ScoringPolicy) -> Health:
    """The health of one objective."""
    own, parts = of.of(number, gaps), healths(codes[of.bounds[number] : of.bounds[number + 1]])
    weights = [1.0] * len(own) if of.weights is None else of.of(number, of.weights)
    return wholes.health_while_open(parts, weights, lambda: band(mean(weights, own), policy))


def _clear(of: Groups, codes: Codes, gaps: Numbers, policies: Sequence[ScoringPolicy]) -> Codes:
    """The healths that are clear, whatever the rounding of sums."""
    weights = of.relative_weights
    found = _bands(of, gaps, weights, policies)
    excess = _EXCESS[codes]
    sums = of.sums(excess if weights is None else excess * weights)
    found[sums > 0] = _OUTDATED
    if weights is not None:
        found[np.abs(sums) <= _NEAR * of.sums(weights)] = _CLOSE
    are_pending = codes == _PENDING
    if np.count_nonzero(are_pending):
        found[np.logical_and.reduceat(are_pending, of.bounds[:-1])] = _PENDING
    return found


def _bands(of: Groups, gaps: Numbers, weights: Numbers | None, policies: Sequence[ScoringPolicy]) -> Codes:
    """The band of the mean gap of each objective."""
    if weights is None:
        means = of.sums(gaps) / (of.bounds[1:] - of.bounds[:-1])
    else:
        means = of.sums(gaps * weights) / of.sums(weights)
    if len(policies) == 1:
        return _bands_by(policies[0], means)
    found = np.empty(len(means), np.intp)
    for policy in {id(one): one for one in policies}.values():
        own = np.array([one is policy for one in policies])
        found[own] = _bands_by(policy, means[own])
    return found


def _bands_by(policy: ScoringPolicy, means: Numbers) -> Codes:
    """The bands of these means by one policy."""
    on_track, at_risk = upper_bounds(policy)
    near = np.array([on_track - _NEAR, on_track + _NEAR, at_risk - _NEAR, at_risk + _NEAR])
    if at_risk - on_track > 2 * _NEAR:
        return _BANDS[near.searchsorted(means)]
    near.sort()
    return np.where(means <= near[0], _BANDS[0], np.where(means > near[-1], _BANDS[-1], _CLOSE))
