"""The longest stretches without success, and their percentiles."""

import pytest

from deploy.drills.gaps import Ticks, percentile


@pytest.fixture
def ticks(monkeypatch: pytest.MonkeyPatch) -> Ticks:
    """Successes at 1, 2 and 7 seconds."""
    ticks = Ticks()
    for moment in (1.0, 2.0, 7.0):
        monkeypatch.setattr("deploy.drills.gaps.monotonic", lambda moment=moment: moment)
        ticks.tick()
    return ticks


def test_longest_gap_lies_between_two_successes(ticks: Ticks) -> None:
    assert ticks.longest_gap(0.5, 8.0) == 5.0


def test_gap_counts_from_the_beginning_and_to_the_end(ticks: Ticks) -> None:
    assert ticks.longest_gap(2.5, 5.0) == 2.5
    assert ticks.longest_gap(6.5, 20.0) == 13.0
    assert Ticks().longest_gap(3.0, 4.5) == 1.5


def test_percentile_is_the_nearest_rank() -> None:
    assert percentile([3, 1, 2], 0.5) == 2
    assert percentile([3, 1, 2], 0.99) == 3
    assert percentile([4, 3, 2, 1], 0.5) == 2
    assert percentile([5], 0) == 5
    with pytest.raises(ValueError, match="needs values"):
        percentile([], 0.5)
