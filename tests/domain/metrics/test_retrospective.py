"""The formulas of a retrospective, checked against values computed by hand."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.metrics.cause import Cause
from domain.metrics.retrospective import (
    Attribution,
    Move,
    Part,
    Presence,
    attribution,
    averaged,
    calibration,
    came_true,
    mean_attribution,
    presence,
    silences,
    whole,
)
from domain.primitives.values import Cadence, ScoringPolicy

OBJECTIVE, A, B, C = (UUID(int=number) for number in (9, 1, 2, 3))
MOVEMENT, GOALPOST, SCOPE = Cause.MOVEMENT, Cause.GOALPOST, Cause.SCOPE
START = datetime(2026, 1, 1, tzinfo=UTC)

# Plan: A with weight 1 at 0.2, and B with weight 1 and no measurement; the objective is at 0.2.
MOVES = [
    # position, cause, key result, weight, share    the objective after it         by
    (11, MOVEMENT, A, 1.0, 0.4),  # 0.4                                          +0.2
    (12, MOVEMENT, B, 1.0, 0.5),  # (0.4 + 0.5) / 2 = 0.45                       +0.05
    (13, GOALPOST, A, 1.0, 0.8),  # (0.8 + 0.5) / 2 = 0.65                       +0.2
    (14, SCOPE, B, 3.0, 0.5),  # (0.8 + 3 · 0.5) / 4 = 0.575                     -0.075
    (15, SCOPE, C, 1.0, None),  # the same: C has no value yet                    0
    (16, MOVEMENT, C, 1.0, 0.0),  # (0.8 + 3 · 0.5 + 0) / 5 = 0.46               -0.115
    (17, SCOPE, B, None, None),  # B is dropped: (0.8 + 0) / 2 = 0.4             -0.06
]
AFTER = [(11, 0.4), (12, 0.45), (13, 0.65), (14, 0.575), (16, 0.46), (17, 0.4)]


def _move(position: int, cause: Cause, of: UUID, weight: float | None, share: float | None) -> Move:
    return Move(position, cause, of, None if weight is None else Part(weight, share))


def _attribution() -> Attribution:
    planned = {A: Part(1.0, 0.2), B: Part(1.0, None)}
    return attribution(OBJECTIVE, planned, [_move(*step) for step in MOVES])


# ── attribution ──────────────────────────────────────────────────────────────────────────────────


def test_each_change_of_progress_is_attributed_to_its_cause() -> None:
    attributed = _attribution()
    booked = (attributed.initial, attributed.movement, attributed.goalpost, attributed.scope, attributed.final)
    assert booked == pytest.approx((0.2, 0.135, 0.2, -0.135, 0.4), abs=1e-12)


def test_each_booking_has_progress_before_and_after() -> None:
    attributed = _attribution()
    assert [one.position for one in attributed.bookings] == [position for position, _ in AFTER]
    assert [one.after for one in attributed.bookings] == pytest.approx([after for _, after in AFTER])
    assert [one.before for one in attributed.bookings] == pytest.approx([0.2, *[after for _, after in AFTER][:-1]])


def test_moves_are_applied_in_log_order() -> None:
    planned = {A: Part(1.0, 0.2), B: Part(1.0, None)}
    assert attribution(OBJECTIVE, planned, [_move(*step) for step in reversed(MOVES)]) == _attribution()


def test_missing_progress_counts_as_0() -> None:
    attributed = attribution(OBJECTIVE, {}, [Move(3, SCOPE, A, Part(1.0, None)), Move(5, MOVEMENT, A, Part(1.0, 0.6))])
    assert (attributed.initial, attributed.movement, attributed.final) == (0.0, 0.6, 0.6)


def test_an_event_that_moves_two_key_results_has_one_booking() -> None:
    planned = {A: Part(1.0, 0.0), B: Part(1.0, 0.0)}
    (booking,) = attribution(
        OBJECTIVE, planned, [Move(7, MOVEMENT, A, Part(1.0, 0.5)), Move(7, MOVEMENT, B, Part(1.0, 1.0))]
    ).bookings
    assert (booking.before, booking.after) == (0.0, 0.75)


def test_attribution_of_a_cycle_is_the_mean_over_its_objectives() -> None:
    still = Attribution(0.6, 0.0, 0.0, 0.0, 0.6)
    both = mean_attribution([_attribution(), still])
    assert (both.initial, both.movement, both.goalpost, both.scope, both.final) == pytest.approx(
        (0.4, 0.0675, 0.1, -0.0675, 0.5), abs=1e-12
    )
    assert [one.amount for one in both.bookings] == pytest.approx([0.1, 0.025, 0.1, -0.0375, -0.0575, -0.03])


def test_attribution_of_an_empty_cycle_is_0() -> None:
    assert mean_attribution([]) == Attribution(0.0, 0.0, 0.0, 0.0, 0.0)


@settings(max_examples=200, deadline=None)
@given(
    planned=st.dictionaries(
        st.sampled_from([A, B, C]), st.builds(Part, st.floats(0.01, 100), st.none() | st.floats(0, 1))
    ),
    moves=st.lists(
        st.builds(
            Move,
            st.integers(1, 40),
            st.sampled_from(Cause),
            st.sampled_from([A, B, C]),
            st.none() | st.builds(Part, st.floats(0.01, 100), st.none() | st.floats(0, 1)),
        ),
        max_size=40,
    ),
)
def test_the_three_causes_sum_to_the_total_change(planned: dict[UUID, Part], moves: list[Move]) -> None:
    attributed = attribution(OBJECTIVE, planned, moves)
    left = dict(planned)
    for move in sorted(moves, key=lambda move: move.position):
        left.pop(move.key_result, None)
        if move.part is not None:
            left[move.key_result] = move.part
    assert attributed.initial == (whole(planned.values()) or 0.0)
    assert attributed.final == pytest.approx(whole(left.values()) or 0.0, abs=1e-9)
    assert attributed.movement + attributed.goalpost + attributed.scope == pytest.approx(
        attributed.final - attributed.initial, abs=1e-9
    )
    both = mean_attribution([attributed, attributed, Attribution(0.0, 0.0, 0.0, 0.0, 0.0)])
    assert sum(one.amount for one in both.bookings) == pytest.approx(both.final - both.initial, abs=1e-9)


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


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([], None),
        ([Part(2.0, None)], None),
        ([Part(1.0, 0.5), Part(2.0, None)], 0.5),
        ([Part(1.0, 0.5), Part(3.0, 1.0)], 0.875),
    ],
)
def test_the_whole_is_the_weighted_mean_of_parts_with_a_share(parts: list[Part], expected: float | None) -> None:
    assert whole(parts) == expected


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


def test_calibration_without_confidences_has_no_brier_score() -> None:
    nothing = calibration([])
    assert nothing.brier is None
    assert [(one.count, one.stated, one.hit) for one in nothing.buckets] == [(0, 0.0, 0.0)] * 10


@pytest.mark.parametrize(("score", "expected"), [(0.7, True), (0.69, False), (1.0, True), (None, False)])
def test_a_confidence_came_true_if_the_score_is_green(score: float | None, expected: bool) -> None:
    assert came_true(score, ScoringPolicy()) is expected
