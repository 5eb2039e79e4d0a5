"""Progress is explained by terms whose contributions sum to it."""

from uuid import UUID

import pytest

from domain.metrics.progress import Progress
from domain.primitives.values import Direction, Kind, ObjectiveState, Ref, Unit
from tests.domain.metrics.builders import MILESTONES, cycle, judged, key_result, measured, metric, objective


def summed(progress: Progress) -> float:
    return sum(term.contribution for term in progress.explain)


def test_a_key_result_is_explained_by_its_measurement() -> None:
    (term,) = judged(key_result(32)).explain
    assert (term.node, term.position) == (Ref(Kind.CHECK_IN, UUID(int=7)), 7)
    assert (term.weight, term.value, term.contribution) == (1.0, 0.32, 0.32)


def test_contribution_is_at_most_1() -> None:
    (term,) = judged(key_result(150)).explain
    assert term.contribution == 1.0


@pytest.mark.parametrize(
    ("given", "value", "label"),
    [
        (metric(Direction.INCREASE, start=0, target=40, unit=Unit(symbol="customers")), 32,
         "32 on the way from 0 to 40 customers"),
        (metric(Direction.DECREASE, start=1_234_567.5, target=0.1), 1_000_000,
         "1,000,000 on the way from 1,234,567.5 to 0.1"),
        (metric(Direction.AT_LEAST, target=90, unit=Unit(symbol="%")), 85, "85, to be at least 90 %"),
        (metric(Direction.AT_MOST, target=2, unit=Unit(symbol="h")), 1.5, "1.5, to be at most 2 h"),
        (metric(Direction.WITHIN, lower=5, upper=10), 7, "7, to be from 5 to 10"),
        (metric(Direction.AT_MOST, target=90, start=148), 114, "114, from 148, to be at most 90"),
        (metric(Direction.AT_LEAST, target=80, start=85), 82, "82, to be at least 80"),
        (metric(Direction.DONE), 1, "done"),
        (metric(Direction.DONE), 0, "not done"),
    ],
)  # fmt: skip
def test_a_term_is_labelled_with_value_start_and_target(given: object, value: float, label: str) -> None:
    (term,) = judged(key_result(metric=given, latest=measured(value))).explain
    assert term.label == label


def test_milestones_are_explained_one_by_one() -> None:
    progress = judged(key_result(metric=MILESTONES, latest=measured(None, "pilot", position=9)))
    design, pilot = progress.explain
    assert (design.label, design.weight, design.value, design.contribution) == ("Design agreed", 1.0, 0.0, 0.0)
    assert (pilot.label, pilot.weight, pilot.value, pilot.contribution) == ("Pilot live", 3.0, 1.0, 0.75)
    assert pilot.position == design.position == 9
    assert summed(progress) == progress.value == 0.75


def test_an_objective_is_explained_by_its_key_results() -> None:
    progress = objective(
        key_result(100, weight=3.0, title="Stay", id=UUID(int=11), position=21),
        key_result(20, weight=1.0, title="Come"),
    )
    stay, come = progress.explain
    assert (stay.label, stay.weight, stay.value, stay.contribution) == ("Stay", 3.0, 1.0, 0.75)
    assert (stay.node, stay.position) == (
        Ref(Kind.KEY_RESULT, UUID(int=11)),
        progress.parts[0].explain[0].position,
    )
    assert come.contribution == pytest.approx(0.05)
    assert summed(progress) == pytest.approx(0.8, abs=1e-9)


def test_a_key_result_without_a_value_is_listed_with_no_contribution() -> None:
    _, pending = objective(key_result(50), key_result(title="Later", weight=9.0)).explain
    assert (pending.label, pending.weight, pending.value, pending.contribution) == ("Later", 9.0, None, 0.0)


def test_a_cycle_is_explained_by_its_objectives() -> None:
    dropped = objective(key_result(0), state=ObjectiveState.DROPPED)
    progress = cycle(objective(key_result(50, weight=7.0)), objective(key_result(100)), dropped)
    first, second = progress.explain
    assert (first.label, first.weight, first.node) == ("Customers stay", 1.0, Ref(Kind.OBJECTIVE, UUID(int=2)))
    assert (first.contribution, second.contribution, first.position) == (0.25, 0.5, 2)


def test_progress_without_measurements_has_no_terms() -> None:
    assert judged(key_result()).explain == ()
    assert objective(key_result()).explain == ()
    assert cycle().explain == ()


def test_extreme_weights_are_explained() -> None:
    progress = objective(key_result(50, weight=5e-324), key_result(weight=1e308))
    assert [term.contribution for term in progress.explain] == [0.0, 0.0]
