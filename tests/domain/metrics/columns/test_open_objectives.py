"""The healths of open objectives from arrays are those of the formula, one by one."""

from collections.abc import Sequence
from itertools import accumulate, chain

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from domain.metrics import wholes
from domain.metrics.columns.arrays import CODES
from domain.metrics.columns.open_objectives import Groups, healths_while_open
from domain.metrics.formulas import mean
from domain.metrics.rating import SHARE_TOLERANCE, Health, band
from domain.primitives.values import ScoringPolicy

Part = tuple[Health | None, float, float]
"""The health, the gap and the weight of a key result."""

USUAL, STRICT = ScoringPolicy(), ScoringPolicy(on_track_gap=0.2, at_risk_gap=0.2)
NEAR = [0.1, 0.1 + SHARE_TOLERANCE, 0.1 + 2 * SHARE_TOLERANCE, 0.2, 0.3, 0.3 + SHARE_TOLERANCE, 0.30000000000000004]
LIGHT, HEAVY = 1e-300, 1e300

healths = st.sampled_from([*Health, None, Health.PENDING, Health.OUTDATED, Health.PENDING, Health.OUTDATED])
gaps = st.one_of(st.sampled_from([*NEAR, -1.0, 0.0, 1.0]), st.floats(-1, 1))
weights = st.sampled_from([1.0, 1.0, 2.0, 3.0, 0.1, 0.2, 0.3, LIGHT, HEAVY, 1.7e308])
parts = st.lists(st.tuples(healths, gaps, weights), min_size=1, max_size=5)


def alone(of: Sequence[Part], policy: ScoringPolicy) -> Health:
    """The health of an objective by the formula."""
    healths, gaps, weights = zip(*of, strict=True)
    return wholes.health_while_open(healths, weights, lambda: band(mean(weights, gaps), policy))


def check(objectives: Sequence[Sequence[Part]], policies: Sequence[ScoringPolicy]) -> None:
    each = list(chain.from_iterable(objectives))
    are_equal = all(weight == 1.0 for _, _, weight in each)
    bounds = np.array([*accumulate(map(len, objectives), initial=0)], np.intp)
    found = healths_while_open(
        Groups(bounds, None if are_equal else np.array([weight for _, _, weight in each])),
        np.array([CODES[health] for health, _, _ in each], np.intp),
        np.array([gap for _, gap, _ in each], np.float64),
        policies,
    )
    policy_of = [*policies] * len(objectives) if len(policies) == 1 else policies
    assert found == [alone(of, policy) for of, policy in zip(objectives, policy_of, strict=False)]


def equal(objectives: Sequence[Sequence[Part]]) -> list[list[Part]]:
    """The same objectives with equal weights."""
    return [[(health, gap, 1.0) for health, gap, _ in of] for of in objectives]


@settings(max_examples=300)
@given(st.lists(parts, max_size=7), st.sampled_from([USUAL, STRICT]))
@example([[(Health.OUTDATED, 0.0, 0.3), (Health.ON_TRACK, 0.0, 0.1), (Health.ON_TRACK, 0.0, 0.2)]] * 3, USUAL)
@example([[(Health.ON_TRACK, 0.1 + SHARE_TOLERANCE, weight)] for weight in (LIGHT, 1.0, HEAVY)], USUAL)
def test_arrays_have_the_health_of_each_objective(objectives: list[list[Part]], policy: ScoringPolicy) -> None:
    check(objectives, [policy])
    check(equal(objectives), [policy])


@settings(max_examples=100)
@given(st.lists(st.tuples(parts, st.sampled_from([USUAL, STRICT])), min_size=2, max_size=7))
def test_each_objective_is_judged_by_its_policy(of: list[tuple[list[Part], ScoringPolicy]]) -> None:
    objectives, policies = zip(*of, strict=True)
    check(objectives, policies)
    check(equal(objectives), policies)
