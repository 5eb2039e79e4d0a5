"""The formulas of a retrospective, worked out by hand."""

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

# At the plan: A with weight 1 at 0.2, and B with weight 1, never measured: the objective is at 0.2.
WALK = [
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


def _walked() -> Attribution:
    planned = {A: Part(1.0, 0.2), B: Part(1.0, None)}
    return attribution(OBJECTIVE, planned, [_move(*step) for step in WALK])


# ── attribution ──────────────────────────────────────────────────────────────────────────────────


def test_each_change_of_progress_is_booked_to_its_cause() -> None:
    walked = _walked()
    booked = (walked.initial, walked.movement, walked.goalpost, walked.scope, walked.final)
    assert booked == pytest.approx((0.2, 0.135, 0.2, -0.135, 0.4), abs=1e-12)


def test_every_event_that_changed_something_is_told_with_its_before_and_after() -> None:
    walked = _walked()
    assert [one.position for one in walked.bookings] == [position for position, _ in AFTER]
    assert [one.after for one in walked.bookings] == pytest.approx([after for _, after in AFTER])
    assert [one.before for one in walked.bookings] == pytest.approx([0.2, *[after for _, after in AFTER][:-1]])


def test_events_are_walked_in_the_order_of_the_log() -> None:
    planned = {A: Part(1.0, 0.2), B: Part(1.0, None)}
    assert attribution(OBJECTIVE, planned, [_move(*step) for step in reversed(WALK)]) == _walked()


def test_what_has_no_progress_yet_counts_as_nothing() -> None:
    walked = attribution(OBJECTIVE, {}, [Move(3, SCOPE, A, Part(1.0, None)), Move(5, MOVEMENT, A, Part(1.0, 0.6))])
    assert (walked.initial, walked.movement, walked.final) == (0.0, 0.6, 0.6)


def test_an_event_that_moves_two_key_results_is_booked_once() -> None:
    planned = {A: Part(1.0, 0.0), B: Part(1.0, 0.0)}
    (booking,) = attribution(
        OBJECTIVE, planned, [Move(7, MOVEMENT, A, Part(1.0, 0.5)), Move(7, MOVEMENT, B, Part(1.0, 1.0))]
    ).bookings
    assert (booking.before, booking.after) == (0.0, 0.75)


def test_a_cycle_is_the_plain_mean_of_its_objectives_and_of_their_bookings() -> None:
    still = Attribution(0.6, 0.0, 0.0, 0.0, 0.6)
    both = mean_attribution([_walked(), still])
    assert (both.initial, both.movement, both.goalpost, both.scope, both.final) == pytest.approx(
        (0.4, 0.0675, 0.1, -0.0675, 0.5), abs=1e-12
    )
    assert [one.amount for one in both.bookings] == pytest.approx([0.1, 0.025, 0.1, -0.0375, -0.0575, -0.03])


def test_a_cycle_without_objectives_moved_nothing() -> None:
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
def test_the_three_causes_sum_to_what_changed(planned: dict[UUID, Part], moves: list[Move]) -> None:
    walked = attribution(OBJECTIVE, planned, moves)
    left = dict(planned)
    for move in sorted(moves, key=lambda move: move.position):
        left.pop(move.key_result, None)
        if move.part is not None:
            left[move.key_result] = move.part
    assert walked.initial == (whole(planned.values()) or 0.0)
    assert walked.final == pytest.approx(whole(left.values()) or 0.0, abs=1e-9)
    assert walked.movement + walked.goalpost + walked.scope == pytest.approx(walked.final - walked.initial, abs=1e-9)
    both = mean_attribution([walked, walked, Attribution(0.0, 0.0, 0.0, 0.0, 0.0)])
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
def test_what_became_of_a_goal(planned: bool, dropped: bool, expected: Presence) -> None:
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
def test_a_whole_is_the_weighted_mean_of_what_has_a_share(parts: list[Part], expected: float | None) -> None:
    assert whole(parts) == expected


def test_the_mean_leaves_out_what_is_not_there() -> None:
    assert averaged([0.2, None, 0.6]) == pytest.approx(0.4)
    assert averaged([None]) is None


# ── silences ─────────────────────────────────────────────────────────────────────────────────────


def _day(number: float) -> datetime:
    return START + timedelta(days=number)


@pytest.mark.parametrize(
    ("heard", "expected"),
    [
        ([3, 13, 30], [(13, 30), (30, 41)]),  # stretches of 3, 10, 17 and 11 days, of 10.5 allowed
        ([], [(0, 41)]),
        ([10.5, 21, 31], []),  # just as long as allowed is not too long
        ([30, 13, 3], [(13, 30), (30, 41)]),
        ([-5, 10, 20, 30.6, 50], [(20, 30.6)]),  # what was said before the beginning and after the end does not count
    ],
)
def test_silences_are_longer_than_the_cadence_allows(heard: list[float], expected: list[tuple[float, float]]) -> None:
    allowed = ScoringPolicy().stale_after(Cadence.WEEKLY)
    found = silences([_day(at) for at in heard], _day(0), _day(41), allowed)
    assert [(one.since, one.until) for one in found] == [(_day(since), _day(until)) for since, until in expected]


def test_a_silence_has_whole_days() -> None:
    (silence,) = silences([], _day(0), _day(17.9), timedelta(days=2))
    assert silence.days == 17


def test_what_ended_before_it_began_was_never_silent() -> None:
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


def test_brier_is_the_mean_square_of_what_confidence_was_wrong_by() -> None:
    assert calibration(STATED).brier == pytest.approx(1.3425 / 7)


def test_statements_are_filed_in_ten_buckets_the_last_one_closed() -> None:
    buckets = calibration(STATED).buckets
    assert [(one.lower, one.upper) for one in buckets] == [(place / 10, (place + 1) / 10) for place in range(10)]
    assert [one.count for one in buckets] == [1, 0, 0, 2, 0, 0, 0, 0, 0, 4]
    assert (buckets[3].stated, buckets[3].hit) == pytest.approx((0.325, 0.5))
    assert (buckets[9].stated, buckets[9].hit) == pytest.approx((0.925, 0.75))


@pytest.mark.parametrize("place", range(10))
def test_a_bound_belongs_to_the_bucket_above_it(place: int) -> None:
    assert calibration([(place / 10, True)]).buckets[place].count == 1


def test_where_nobody_said_how_sure_they_are_there_is_no_brier() -> None:
    nothing = calibration([])
    assert nothing.brier is None
    assert [(one.count, one.stated, one.hit) for one in nothing.buckets] == [(0, 0.0, 0.0)] * 10


@pytest.mark.parametrize(("score", "expected"), [(0.7, True), (0.69, False), (1.0, True), (None, False)])
def test_confidence_was_right_where_the_score_is_green(score: float | None, expected: bool) -> None:
    assert came_true(score, ScoringPolicy()) is expected
