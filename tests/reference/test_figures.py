"""The figures of key results, against numbers worked out by hand."""

from datetime import date

import pytest

from domain.model.cycle import ScoringPolicyAdopted
from domain.model.key_result import KeyResultDropped, KeyResultLinked, KeyResultRetargeted, KeyResultUnlinked
from domain.model.measurements.check_in import CheckInCorrected, KeyResultCheckedIn
from domain.model.measurements.reading import ReadingCorrected, ReadingRetracted
from domain.model.objective import ObjectiveReopened
from domain.primitives.values import Aggregation, Cadence, Direction, Metric, Milestone, ObjectiveKind, ScoringPolicy
from tests.reference.figures import Figures, figures
from tests.reference.fold import View
from tests.reference.script import INCREASE, Script


def shown(view: View) -> Figures:
    """The figures of the only key result."""
    (key_result,) = view.key_results.values()
    return figures(view, key_result)


@pytest.mark.parametrize(
    ("metric", "value", "progress"),
    [
        (INCREASE, 60, 0.6),
        (Metric(Direction.DECREASE, start=10.0, target=2.0), 12, -0.25),
        (Metric(Direction.AT_LEAST, target=10.0, start=5.0), 7, 0.4),
        (Metric(Direction.AT_LEAST, target=10.0, start=12.0), 9, 0.0),
        (Metric(Direction.AT_MOST, target=10.0, start=20.0), 15, 0.5),
        (Metric(Direction.AT_MOST, target=10.0, start=20.0), 8, 1.0),
        (Metric(Direction.WITHIN, lower=10.0, upper=20.0, start=0.0), 5, 0.5),
        (Metric(Direction.WITHIN, lower=10.0, upper=20.0, start=0.0), 25, 0.0),
        (Metric(Direction.WITHIN, lower=10.0, upper=20.0, start=40.0), 25, 0.75),
        (Metric(Direction.DONE), 0.5, 0.0),
        (Metric(Direction.DONE), 1, 1.0),
    ],
)
def test_progress_follows_the_table_of_directions(metric: Metric, value: float, progress: float) -> None:
    script = Script()
    script.check_in(script.key_result(script.objective(script.cycle()), metric), 10, value)
    assert shown(script.view(11)).unclamped == pytest.approx(progress)
    assert shown(script.view(11)).value == pytest.approx(min(max(progress, 0), 1))


def test_milestones_count_by_weight() -> None:
    script = Script()
    metric = Metric(Direction.MILESTONES, milestones=(Milestone("a", "a", 1.0), Milestone("b", "b", 3.0)))
    key_result = script.key_result(script.objective(script.cycle()), metric)
    script.add(KeyResultCheckedIn(key_result=key_result, reached=("b",)), 10)
    assert shown(script.view(11)).value == 0.75
    assert shown(script.view(11)).current is None


def test_start_of_a_goal_without_one_is_the_first_measured_value() -> None:
    script = Script()
    key_result = script.key_result(script.objective(script.cycle()), Metric(Direction.AT_LEAST, target=10.0))
    script.check_in(key_result, 10, 4)
    script.check_in(key_result, 20, 7)
    assert shown(script.view(21)).value == 0.5
    script.check_in(key_result, 5, 6)
    assert shown(script.view(21)).value == 0.25  # the late one is the first: (7 - 6) / (10 - 6)


def test_level_goal_is_expected_to_be_held_from_the_beginning() -> None:
    script = Script()
    metric = Metric(Direction.AT_MOST, target=10.0)
    script.check_in(script.key_result(script.objective(script.cycle()), metric), 1, 8)
    assert (shown(script.view(2)).expected, shown(script.view(2)).health) == (1.0, "ON_TRACK")


def test_expected_is_the_elapsed_share_from_creation_to_the_end_of_the_due_day() -> None:
    script = Script()
    script.key_result(script.objective(script.cycle()), at=12, due=date(2026, 8, 31))  # due ends with day 62
    assert shown(script.view(12)).expected == 0
    assert shown(script.view(22)).expected == pytest.approx(0.2)
    assert shown(script.view(70)).expected == 1


def test_due_before_the_beginning_is_expected_at_once() -> None:
    script = Script()
    script.key_result(script.objective(script.cycle()), at=12, due=date(2026, 7, 5))
    assert shown(script.view(12)).expected == 1


def test_closed_cycle_shows_no_later_reading() -> None:
    script = Script()
    cycle, kpi = script.cycle(), script.kpi(Cadence.MONTHLY)
    objective = script.objective(cycle)
    script.key_result(objective, kpi=kpi)
    script.read(kpi, 31, 40)
    script.read(kpi, 81, 60)
    script.close(objective, 92.4)
    script.close_cycle(cycle, 92.4)
    script.read(kpi, 111, 20)
    assert (shown(script.view(150)).current, shown(script.view(150)).value) == (60, 0.6)


def test_reading_after_the_last_day_belongs_to_the_next_cycle() -> None:
    script = Script()
    kpi = script.kpi()
    script.key_result(script.objective(script.cycle()), kpi=kpi)
    script.read(kpi, 91.9, 40)
    script.read(kpi, 92, 60)
    assert shown(script.view(95)).current == 40


def test_dropped_key_result_ends_with_its_dropping() -> None:
    script = Script()
    key_result = script.key_result(script.objective(script.cycle()))
    script.check_in(key_result, 10, 40)
    script.add(KeyResultDropped(), 20, key_result)
    script.check_in(key_result, 30, 90)
    assert (shown(script.view(40)).value, shown(script.view(40)).health) == (0.4, "DROPPED")


def test_reopened_objective_goes_on_as_if_it_had_never_ended() -> None:
    script = Script()
    objective = script.objective(script.cycle())
    key_result = script.key_result(objective)
    script.check_in(key_result, 10, 40)
    script.close(objective, 20)
    script.check_in(key_result, 25, 70)
    assert (shown(script.view(26)).value, shown(script.view(26)).expected) == (0.4, 1.0)
    script.add(ObjectiveReopened(), 30, objective)
    assert shown(script.view(31)).value == 0.7
    assert shown(script.view(26)).value == 0.4


def test_correction_keeps_its_place() -> None:
    script = Script()
    key_result = script.key_result(script.objective(script.cycle()))
    first = script.check_in(key_result, 10, 40)
    script.check_in(key_result, 10, 50)
    script.add(CheckInCorrected(value=90.0), 10, first)
    assert shown(script.view(11)).current == 50


def test_corrected_reading_shows_by_what_was_known() -> None:
    script = Script()
    kpi = script.kpi()
    script.key_result(script.objective(script.cycle()), kpi=kpi)
    reading = script.read(kpi, 10, 40)
    known = script.head
    script.add(ReadingCorrected(value=50.0), 10, reading)
    assert (shown(script.view(11, known)).current, shown(script.view(11)).current) == (40, 50)
    script.add(ReadingRetracted(), 10, reading)
    assert shown(script.view(11)).current is None


@pytest.mark.parametrize(
    ("aggregate", "value"),
    [(Aggregation.LAST, 30), (Aggregation.FIRST, 50), (Aggregation.SUM, 90), (Aggregation.MEAN, 30),
     (Aggregation.MIN, 10), (Aggregation.MAX, 50)],
)  # fmt: skip
def test_linked_value_is_the_aggregate_of_the_readings_of_the_cycle(aggregate: Aggregation, value: float) -> None:
    script = Script()
    kpi = script.kpi()
    for at, read in [(-5, 7.0), (1, 50.0), (2, 10.0), (3, 30.0)]:
        script.read(kpi, at, read)
    script.key_result(script.objective(script.cycle()), at=10, kpi=kpi, aggregate=aggregate)
    assert shown(script.view(11)).current == value


def test_readings_are_summed_from_the_first_day_that_counts() -> None:
    script = Script()
    kpi = script.kpi()
    script.read(kpi, 1, 50)
    script.key_result(script.objective(script.cycle()), kpi=kpi, aggregate=Aggregation.SUM, count_from=date(2026, 7, 3))
    assert shown(script.view(1.5)).value is None
    script.read(kpi, 2, 20)
    assert shown(script.view(3)).current == 20


def test_sum_without_a_start_begins_at_0() -> None:
    script = Script()
    kpi = script.kpi()
    metric = Metric(Direction.AT_LEAST, target=300.0)
    script.key_result(script.objective(script.cycle()), metric, kpi=kpi, aggregate=Aggregation.SUM)
    script.read(kpi, 2, 150)
    assert shown(script.view(3)).value == 0.5


def test_start_of_a_linked_goal_is_the_value_at_its_beginning() -> None:
    script = Script()
    kpi = script.kpi()
    script.read(kpi, -3, 4)
    script.read(kpi, 2, 7)
    script.key_result(script.objective(script.cycle()), Metric(Direction.AT_LEAST, target=10.0), kpi=kpi)
    assert shown(script.view(3)).value == 0.5  # (7 - 4) / (10 - 4)


def test_link_shows_readings_from_before_it() -> None:
    script = Script()
    kpi, key_result = script.kpi(), script.key_result(script.objective(script.cycle()))
    script.read(kpi, 20, 50)
    script.check_in(key_result, 20, 45)
    unlinked = script.head
    script.add(KeyResultLinked(kpi=kpi), 21, key_result)
    assert shown(script.view(22)).current == 50
    assert shown(script.view(20.5)).current == 50
    assert shown(script.view(20.5, unlinked)).current == 45


def test_reading_of_more_than_1_is_done() -> None:
    script = Script()
    kpi = script.kpi()
    script.key_result(script.objective(script.cycle()), Metric(Direction.DONE), kpi=kpi)
    script.read(kpi, 10, 3)
    assert shown(script.view(11)).value == 1


def test_no_linked_value_measures_milestones() -> None:
    script = Script()
    kpi = script.kpi()
    key_result = script.key_result(script.objective(script.cycle()), kpi=kpi)
    script.read(kpi, 10, 50)
    script.add(KeyResultUnlinked(), 20, key_result)
    metric = Metric(Direction.MILESTONES, milestones=(Milestone("a", "a"),))
    script.add(KeyResultRetargeted(metric=metric), 21, key_result)
    assert (shown(script.view(20)).current, shown(script.view(21)).current) == (50, None)


def test_unlinked_key_result_keeps_the_last_linked_value_until_a_later_check_in() -> None:
    script = Script()
    kpi = script.kpi()
    key_result = script.key_result(script.objective(script.cycle()), kpi=kpi)
    script.read(kpi, 10, 50)
    script.add(KeyResultUnlinked(), 20, key_result)
    script.read(kpi, 30, 90)
    assert shown(script.view(31)).current == 50
    script.check_in(key_result, 40, 60)
    assert shown(script.view(41)).current == 60


def test_values_that_do_not_fit_a_new_direction_do_not_count() -> None:
    script = Script()
    key_result = script.key_result(script.objective(script.cycle()))
    script.check_in(key_result, 10, 40)
    script.add(KeyResultRetargeted(metric=Metric(Direction.DONE)), 20, key_result)
    assert shown(script.view(21)).value is None


def test_person_scored_and_unmeasured_key_result_has_its_score_from_its_end_on() -> None:
    script = Script()
    cycle = script.cycle()
    objective = script.objective(cycle)
    script.score(script.key_result(objective), 80, 0.4)
    assert shown(script.view(85)).value is None
    assert shown(script.view(85)).health == "OUTDATED"
    script.close(objective, 92)
    assert (shown(script.view(93)).value, shown(script.view(93)).health) == (0.4, "MISSED")


def test_score_given_before_a_closing_as_of_an_earlier_time_counts() -> None:
    script = Script()
    objective = script.objective(script.cycle())
    script.score(script.key_result(objective), 80, 0.9)
    script.close(objective, 70)
    assert shown(script.view(75)).value is None
    assert (shown(script.view(81)).value, shown(script.view(81)).health) == (0.9, "PARTIAL")


@pytest.mark.parametrize(
    ("kind", "score", "health"),
    [
        (ObjectiveKind.COMMITTED, 1.0, "ACHIEVED"),
        (ObjectiveKind.COMMITTED, 0.7, "PARTIAL"),
        (ObjectiveKind.COMMITTED, 0.69, "MISSED"),
        (ObjectiveKind.ASPIRATIONAL, 0.7, "ACHIEVED"),
        (ObjectiveKind.ASPIRATIONAL, 0.4, "PARTIAL"),
        (ObjectiveKind.ASPIRATIONAL, 0.39, "MISSED"),
    ],
)
def test_key_results_end_by_the_lines_of_their_objectives_kind(kind: ObjectiveKind, score: float, health: str) -> None:
    script = Script()
    objective = script.objective(script.cycle(), kind=kind)
    script.score(script.key_result(objective), 80, score)
    script.close(objective, 92)
    assert shown(script.view(93)).health == health


def test_key_result_of_a_draft_ends_only_by_a_score() -> None:
    script = Script()
    cycle = script.cycle()
    key_result = script.key_result(script.objective(cycle, committed=False))
    script.close_cycle(cycle, 92)
    assert shown(script.view(93)).health == "PENDING"
    script.score(key_result, 80, 1.0)
    assert shown(script.view(93)).health == "ACHIEVED"


def test_end_is_judged_by_the_policy_in_force_then() -> None:
    script = Script()
    objective = script.objective(script.cycle(), kind=ObjectiveKind.ASPIRATIONAL)
    script.score(script.key_result(objective), 80, 0.7)
    script.close(objective, 92)
    script.add(ScoringPolicyAdopted(policy=ScoringPolicy(score_green=0.8)), 93)
    assert shown(script.view(94)).health == "ACHIEVED"


def test_key_result_without_a_value_is_pending_for_one_and_a_half_cadences() -> None:
    script = Script()
    key_result = script.key_result(script.objective(script.cycle()))
    script.check_in(key_result, 9, confidence=0.5)
    assert shown(script.view(10.5)).health == "PENDING"
    assert shown(script.view(10.6)).health == "AT_RISK"  # expected 10.6 / 92
    assert shown(script.view(20)).health == "OUTDATED"


def test_silence_counts_up_to_the_end_of_the_due_day() -> None:
    script = Script()
    key_result = script.key_result(script.objective(script.cycle()), due=date(2026, 7, 20))
    script.check_in(key_result, 15, 95)
    assert shown(script.view(60)).health == "ON_TRACK"


def test_reached_goal_is_never_outdated_unless_it_is_to_be_held() -> None:
    script = Script()
    key_result = script.key_result(script.objective(script.cycle()), Metric(Direction.AT_LEAST, target=10.0, start=5.0))
    script.check_in(key_result, 5, 11)
    assert shown(script.view(60)).health == "ON_TRACK"
    script.add(KeyResultRetargeted(metric=Metric(Direction.AT_LEAST, target=10.0, start=10.0)), 60, key_result)
    assert shown(script.view(61)).health == "OUTDATED"


def test_longer_cadence_of_the_kpi_decides_when_a_key_result_is_outdated() -> None:
    script = Script()
    kpi = script.kpi(Cadence.MONTHLY)
    script.key_result(script.objective(script.cycle()), kpi=kpi)
    script.read(kpi, 10, 60)
    assert shown(script.view(56.5)).health != "OUTDATED"
    assert shown(script.view(56.6)).health == "OUTDATED"


def test_confidence_is_the_latest_stated() -> None:
    script = Script()
    key_result = script.key_result(script.objective(script.cycle()))
    script.check_in(key_result, 10, 40, 0.9)
    script.check_in(key_result, 12, 50)
    script.check_in(key_result, 5, 20, 0.1)
    assert shown(script.view(13)).confidence == 0.9
