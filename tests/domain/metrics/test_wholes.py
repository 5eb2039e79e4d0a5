"""Progress, health, confidence and score of objectives, teams and cycles."""

import pytest

from domain.metrics.progress import KeyResultFacts
from domain.metrics.rating import Health
from domain.metrics.wholes import ObjectiveProgress, Summary, at_moment, of_team
from domain.primitives.values import ObjectiveState, Verdict
from tests.domain.metrics.builders import (
    CLOSING,
    DAY,
    OPENING,
    POLICY,
    cycle,
    ended,
    heading,
    judged,
    key_result,
    objective,
)

DRAFT, DROPPED, CLOSED = ObjectiveState.DRAFT, ObjectiveState.DROPPED, ObjectiveState.CLOSED

# ── values ───────────────────────────────────────────────────────────────────────────────────────


def test_a_mean_counts_everything_that_could_have_been_measured() -> None:
    whole = objective(key_result(100, weight=3.0), key_result(20, weight=1.0), key_result(weight=4.0))
    assert whole.value == pytest.approx((3 * 1.0 + 1 * 0.2) / 8)
    assert whole.measured_share == pytest.approx(0.5)


def test_a_whole_has_no_value_while_no_part_is_measured() -> None:
    whole = objective(key_result(), key_result())
    assert (whole.value, whole.unclamped, whole.measured_share) == (None, None, 0.0)
    assert whole.expected == pytest.approx(0.5)
    assert cycle(whole).value is None
    assert cycle(whole).expected == pytest.approx(0.5)


def test_expected_progress_is_the_mean_over_the_same_parts() -> None:
    late = key_result(begins_at=OPENING + 30 * DAY, weight=3.0)
    assert objective(key_result(50), late).expected == pytest.approx((0.5 + 3 * 0.25) / 4)


def test_unclamped_mean_includes_overshooting() -> None:
    whole = objective(key_result(200), key_result(50))
    assert (whole.value, whole.unclamped) == (0.75, 1.25)


def test_progress_of_a_cycle_is_the_plain_mean_of_its_objectives() -> None:
    heavy = objective(key_result(100, weight=50.0))
    whole = cycle(heavy, objective(key_result(20)), objective(key_result()))
    assert whole.value == pytest.approx(0.4)
    assert whole.measured_share == pytest.approx(2 / 3)


def test_drafts_and_dropped_objectives_do_not_count() -> None:
    counted = objective(key_result(50))
    whole = cycle(counted, objective(key_result(0), state=DROPPED), objective(key_result(0), state=DRAFT))
    assert (whole.value, whole.counted) == (0.5, (counted,))
    assert of_team([counted, objective(key_result(0), state=DRAFT)], POLICY).value == 0.5


def test_a_dropped_objective_keeps_its_progress() -> None:
    dropped = objective(key_result(40, confidence=0.6, is_dropped=True), state=DROPPED)
    assert (dropped.value, dropped.confidence, dropped.health) == (0.4, 0.6, Health.DROPPED)


# ── objectives that take their value from others ─────────────────────────────────────────────────


def test_an_objective_without_key_results_takes_the_plain_mean_of_its_supporters() -> None:
    above = heading(objective(key_result(100, weight=9.0)), objective(key_result(20)), objective(key_result()))
    assert above.value == pytest.approx(0.4)
    assert above.is_heading
    assert above.counts
    assert sum(term.contribution for term in above.explain) == pytest.approx(0.4)


def test_drafts_and_goals_that_nothing_can_measure_do_not_count_for_a_heading() -> None:
    empty = heading()
    above = heading(objective(key_result(60)), objective(key_result(0), state=DRAFT), empty)
    assert above.value == pytest.approx(0.6)
    assert (empty.value, empty.expected, empty.counts, empty.health) == (None, None, False, Health.PENDING)


def test_headings_are_left_out_of_a_mean_unless_there_is_nothing_else() -> None:
    supporter = objective(key_result(50))
    above = heading(supporter, objective(key_result(100)))
    assert cycle(supporter, above).value == 0.5
    assert cycle(above).value == 0.75
    assert cycle(supporter, above).counted == (supporter, above)


# ── cycles of cycles ─────────────────────────────────────────────────────────────────────────────


def test_a_year_fills_up_quarter_by_quarter() -> None:
    first, second = cycle(objective(key_result(100)), days=90), cycle(objective(key_result(50)), days=91)
    year = cycle(children=[first, second], days=365)
    assert year.value == pytest.approx((90 * 1.0 + 91 * 0.5) / 365)
    assert year.expected == pytest.approx(0.5 * 181 / 365)
    assert sum(term.contribution for term in year.explain) == pytest.approx(year.value)
    assert [term.weight for term in year.explain] == [90, 91]
    assert len(year.counted) == 2


def test_the_gap_of_a_cycle_of_cycles_is_divided_by_the_days_of_its_children() -> None:
    year = cycle(
        children=[cycle(objective(key_result(0)), days=90), cycle(objective(key_result(50)), days=90)], days=360
    )
    assert year.gap == pytest.approx(0.25)
    assert year.health is Health.AT_RISK


def test_a_cycle_with_objectives_of_its_own_ignores_the_cycles_inside_it() -> None:
    inside = cycle(objective(key_result(100)))
    assert cycle(objective(key_result(20)), children=[inside], days=365).value == pytest.approx(0.2)


# ── health ───────────────────────────────────────────────────────────────────────────────────────

ON_TRACK, AT_RISK, OFF_TRACK, PENDING = key_result(50), key_result(30), key_result(0), key_result(is_planned=True)
OUTDATED = key_result(50, last_measured_at=OPENING)


@pytest.mark.parametrize(
    ("key_results", "health"),
    [
        ([ON_TRACK, ON_TRACK, OFF_TRACK], Health.AT_RISK),  # gaps 0, 0 and 0.5: 0.17 on average
        ([ON_TRACK] * 5 + [OFF_TRACK], Health.ON_TRACK),  # 0.083
        ([OFF_TRACK, AT_RISK], Health.OFF_TRACK),  # 0.35
        ([OFF_TRACK, PENDING], Health.AT_RISK),  # 0.25: what is PENDING has no gap
        ([PENDING, PENDING], Health.PENDING),
        ([OUTDATED, ON_TRACK], Health.ON_TRACK),  # half of the weight is not more than half
        ([OUTDATED, OUTDATED, ON_TRACK], Health.OUTDATED),
        ([OUTDATED, PENDING, PENDING], Health.OUTDATED),
    ],
)
def test_health_of_a_whole_is_its_own(key_results: list[KeyResultFacts], health: Health) -> None:
    assert objective(*key_results).health is health
    assert cycle(*[objective(one) for one in key_results]).health is health
    assert of_team([objective(one) for one in key_results], POLICY).health is health


def test_the_gap_of_a_cycle_is_the_mean_of_its_objectives_gaps() -> None:
    whole = cycle(objective(PENDING, OFF_TRACK), objective(ON_TRACK))
    assert whole.gap == pytest.approx((0.25 + 0.0) / 2)


def test_health_of_a_closed_objective_is_its_verdict() -> None:
    assert objective(OFF_TRACK, state=CLOSED, verdict=Verdict.ACHIEVED).health is Health.ACHIEVED
    assert objective(ON_TRACK, state=CLOSED, verdict=Verdict.PARTIAL).health is Health.PARTIAL
    assert heading(state=CLOSED).health is None


# ── confidence ───────────────────────────────────────────────────────────────────────────────────


def test_confidence_is_the_weighted_mean_of_the_parts_that_state_one() -> None:
    whole = objective(key_result(1, confidence=0.8), key_result(confidence=0.2, weight=3.0), key_result())
    assert whole.confidence == pytest.approx(0.35)
    assert whole.confidence_lowest == 0.2
    both = cycle(whole, objective(key_result(confidence=0.9)), objective(key_result(1)))
    assert both.confidence == pytest.approx(0.625)
    assert both.confidence_lowest == 0.2
    assert objective(key_result(1)).confidence is None
    assert objective(key_result(1, confidence=0.0)).confidence == 0.0


# ── scores of cycles ─────────────────────────────────────────────────────────────────────────────


def _closed(score: float | None) -> ObjectiveProgress:
    return objective(ended(50, score), state=CLOSED, score=score, verdict=Verdict.MISSED, at=CLOSING)


@pytest.mark.parametrize(
    ("scores", "score", "health"),
    [
        ([1.0, 0.4], 0.7, Health.ACHIEVED),
        ([0.6, 0.4], 0.5, Health.PARTIAL),
        ([0.3], 0.3, Health.MISSED),
        ([0.8, None], 0.8, Health.ACHIEVED),
        ([None], None, None),
    ],
)
def test_score_of_a_closed_cycle_is_the_plain_mean_of_the_scores_that_exist(
    scores: list[float | None], score: float | None, health: Health | None
) -> None:
    whole = cycle(*map(_closed, scores), is_closed=True)
    assert whole.score == pytest.approx(score)
    assert whole.health is health


def test_scores_of_headings_do_not_count_unless_there_is_nothing_else() -> None:
    above = heading(_closed(0.2), state=CLOSED, score=1.0)
    assert cycle(_closed(0.2), above, is_closed=True).score == pytest.approx(0.2)
    assert cycle(above, is_closed=True).score == 1.0
    assert cycle(heading(state=CLOSED, score=0.9), is_closed=True).score == 0.9


def test_score_of_a_closed_year_counts_scores_of_closed_quarters_and_values_of_open_ones() -> None:
    closed = cycle(_closed(0.8), is_closed=True, days=90)
    still_open = cycle(objective(key_result(50)), days=91)
    year = cycle(children=[closed, still_open], days=365, is_closed=True)
    assert year.score == pytest.approx((90 * 0.8 + 91 * 0.5) / 365)
    assert cycle(children=[cycle(objective(key_result()))], days=365, is_closed=True).score is None


def test_an_open_cycle_has_no_score() -> None:
    assert cycle(_closed(1.0)).score is None


def test_a_cycle_without_objectives_is_pending() -> None:
    empty = cycle()
    assert (empty.value, empty.expected, empty.confidence, empty.health) == (None, None, None, Health.PENDING)


@pytest.mark.parametrize("days", [-10, 0, 5, 11, 60, 89, 120])
def test_an_objective_at_another_moment_equals_one_that_is_computed_there(days: int) -> None:
    facts = [
        key_result(30, weight=3.0),
        key_result(100, weight=0.5),
        key_result(weight=2.0),
        key_result(120, confidence=0.5),
    ]
    at = OPENING + days * DAY
    parts = [judged(one, at) for one in facts]
    assert at_moment(objective(*facts), parts, POLICY) == objective(*facts, at=at)


def test_objectives_and_groups_tell_their_key_results_and_the_objectives_that_count() -> None:
    whole = objective(key_result(30), key_result())
    above = heading(whole)
    assert (list(whole.key_results), list(whole.counted)) == (list(whole.parts), [])
    assert (list(above.key_results), list(above.counted)) == ([], [whole])
    assert (list(cycle(whole).key_results), list(cycle(whole).counted)) == (list(whole.parts), [whole])


def test_summary_keeps_terms_and_counts_of_a_whole_without_its_parts() -> None:
    whole = cycle(objective(key_result(50), key_result()), objective(key_result(20)))
    summary = Summary.of(whole)
    assert (summary.value, summary.expected, summary.gap) == (whole.value, whole.expected, whole.gap)
    assert summary.explain == whole.explain
    assert sum(summary.key_results.values()) == len(whole.key_results)
    assert sum(summary.objectives.values()) == len(whole.counted)
