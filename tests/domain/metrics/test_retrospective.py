"""The formulas of a retrospective, checked against values computed by hand."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from domain.metrics.cause import Cause
from domain.metrics.retrospective import Booking, Presence, averaged, calibration, presence, silences, summed
from domain.primitives.values import Cadence, ScoringPolicy

OBJECTIVE = UUID(int=9)
START = datetime(2026, 1, 1, tzinfo=UTC)

# ── attribution ──────────────────────────────────────────────────────────────────────────────────


def test_each_cause_is_the_sum_of_its_bookings() -> None:
    booked = [
        Booking(OBJECTIVE, 11, Cause.MOVEMENT, 0.2, 0.4, 0.2),
        Booking(OBJECTIVE, 12, Cause.GOALPOST, 0.4, 0.65, 0.25),
        Booking(OBJECTIVE, 13, Cause.MOVEMENT, 0.65, 0.6, -0.05),
    ]
    attributed = summed(0.2, 0.6, booked)
    causes = (attributed.initial, attributed.movement, attributed.goalpost, attributed.scope, attributed.final)
    assert causes == pytest.approx((0.2, 0.15, 0.25, 0.0, 0.6), abs=1e-12)
    assert attributed.bookings == tuple(booked)


# ── presence and means ───────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("planned", "dropped", "expected"),
    [
        (True, False, Presence.KEPT),
        (False, False, Presence.ADDED_LATER),
        (True, True, Presence.DROPPED),
        (False, True, Presence.DROPPED),
    ],
)
def test_presence_of_a_goal(planned: bool, dropped: bool, expected: Presence) -> None:
    assert presence(planned=planned, dropped=dropped) is expected


def test_the_mean_ignores_none() -> None:
    assert averaged([0.2, None, 0.6]) == pytest.approx(0.4)
    assert averaged([None]) is None


# ── silences ─────────────────────────────────────────────────────────────────────────────────────


def _day(number: float) -> datetime:
    return START + timedelta(days=number)


@pytest.mark.parametrize(
    ("heard", "expected"),
    [
        ([3, 13, 30], [(13, 30), (30, 41)]),  # spans of 3, 10, 17 and 11 days; 10.5 are allowed
        ([], [(0, 41)]),
        ([10.5, 21, 31], []),  # exactly the allowed length is no silence
        ([30, 13, 3], [(13, 30), (30, 41)]),
        ([-5, 10, 20, 30.6, 50], [(20, 30.6)]),  # check-ins outside the span do not count
    ],
)
def test_silences_are_longer_than_the_cadence_allows(heard: list[float], expected: list[tuple[float, float]]) -> None:
    allowed = ScoringPolicy().stale_after(Cadence.WEEKLY)
    found = silences([_day(at) for at in heard], _day(0), _day(41), allowed)
    assert [(one.since, one.until) for one in found] == [(_day(since), _day(until)) for since, until in expected]


def test_a_silence_is_counted_in_whole_days() -> None:
    (silence,) = silences([], _day(0), _day(17.9), timedelta(days=2))
    assert silence.days == 17


def test_an_empty_or_negative_span_has_no_silences() -> None:
    assert silences([], _day(5), _day(5), timedelta(0)) == []
    assert silences([], _day(5), _day(1), timedelta(0)) == []


# ── calibration ──────────────────────────────────────────────────────────────────────────────────

STATED = [
    # confidence, came true   (confidence - outcome)²
    (0.9, True),  # 0.01
    (0.9, True),  # 0.01
    (0.9, False),  # 0.81
    (0.3, False),  # 0.09
    (0.35, True),  # 0.4225
    (1.0, True),  # 0
    (0.0, False),  # 0
]


def test_brier_score_is_the_mean_squared_error_of_confidence() -> None:
    assert calibration(STATED).brier == pytest.approx(1.3425 / 7)


def test_confidences_are_counted_in_ten_buckets_the_last_one_closed() -> None:
    buckets = calibration(STATED).buckets
    assert [(one.lower, one.upper) for one in buckets] == [(place / 10, (place + 1) / 10) for place in range(10)]
    assert [one.count for one in buckets] == [1, 0, 0, 2, 0, 0, 0, 0, 0, 4]
    assert (buckets[3].stated, buckets[3].hit) == pytest.approx((0.325, 0.5))
    assert (buckets[9].stated, buckets[9].hit) == pytest.approx((0.925, 0.75))


@pytest.mark.parametrize("place", range(10))
def test_a_bound_belongs_to_the_upper_bucket(place: int) -> None:
    assert calibration([(place / 10, True)]).buckets[place].count == 1


def test_calibration_summarizes_what_was_said_and_what_came_true() -> None:
    found = calibration(STATED)
    assert (found.stated, found.hit) == pytest.approx((4.35 / 7, 4 / 7))
    assert found.count == 7
    assert found.summary == "Said 62 % on average, 57 % came true (7 statements)."
    assert calibration([(0.64, False)]).summary == "Said 64 % on average, 0 % came true (1 statement)."


def test_calibration_without_confidences_has_no_brier_score_and_no_summary() -> None:
    nothing = calibration([])
    assert (nothing.brier, nothing.count, nothing.stated, nothing.hit, nothing.summary) == (None, 0, None, None, None)
    assert [(one.count, one.stated, one.hit) for one in nothing.buckets] == [(0, 0.0, 0.0)] * 10
