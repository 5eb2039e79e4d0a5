from datetime import timedelta

from domain.primitives.values import Cadence, ScoringPolicy


def test_stale_after_is_the_cadence_times_the_policy_factor() -> None:
    assert ScoringPolicy().stale_after(Cadence.WEEKLY) == timedelta(days=10.5)
    assert ScoringPolicy(stale_after_cadences=2).stale_after(Cadence.QUARTERLY) == timedelta(days=184)
    assert ScoringPolicy(stale_after_cadences=1e300).stale_after(Cadence.DAILY) == timedelta(timedelta.max.days)
