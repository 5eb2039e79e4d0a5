"""The points of a plan curve and its largest distances, by hand."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from domain.metrics.against_plan import NOWHERE, CurvePoint, Placed, curve, placed, planned_progress
from domain.metrics.progress import KeyResultFacts, KeyResultProgress, of_key_result
from domain.metrics.wholes import CycleFacts, ObjectiveFacts, ObjectiveProgress, of_cycle, of_objective
from domain.primitives.values import Cadence, Direction, Metric, ObjectiveKind, ObjectiveState, ScoringPolicy

FIRST = datetime(2026, 1, 1, tzinfo=UTC)
ID = UUID(int=1)
POLICY = ScoringPolicy()


def day(number: float) -> datetime:
    return FIRST + timedelta(days=number)


def facts(days: int, target: float = 100, weight: float = 1) -> KeyResultFacts:
    """A key result from 0 to the target, due so many days after its beginning."""
    metric = Metric(direction=Direction.INCREASE, start=0, target=target)
    return KeyResultFacts(ID, "k", 1, metric, ObjectiveKind.COMMITTED, weight, FIRST, day(days), Cadence.WEEKLY)


def key_result(days: int, weight: float = 1) -> KeyResultProgress:
    return of_key_result(facts(days, weight=weight), FIRST, POLICY)


def objective(*parts: KeyResultProgress) -> ObjectiveProgress:
    return of_objective(ObjectiveFacts(ID, "o", 1, ObjectiveState.ACTIVE), parts, POLICY)


def point(at: float, planned: float | None, replanned: float, actual: float | None) -> CurvePoint:
    return CurvePoint(day(at), Placed(planned), Placed(replanned), Placed(actual))


# ── planned progress ──────────────────────────────────────────────────────────────────────────────


def test_key_result_is_planned_in_progress_and_in_its_unit() -> None:
    assert placed(facts(10, target=50), day(4)) == Placed(0.4, 20)
    assert placed(facts(10, target=50), day(99)) == Placed(1, 50)


def test_plan_of_an_objective_is_the_weighted_mean_of_its_key_results() -> None:
    whole = objective(key_result(10, weight=3), key_result(20))
    assert planned_progress(whole, day(5)) == pytest.approx((3 * 0.5 + 0.25) / 4)
    assert planned_progress(whole, day(20)) == 1


def test_plan_of_an_objective_without_parts_is_none() -> None:
    assert planned_progress(objective(), day(5)) is None


def test_plan_of_a_cycle_of_cycles_fills_up_by_days() -> None:
    quarter = of_cycle(CycleFacts(ID, "q", 1, 90), [objective(key_result(10))], (), POLICY)
    year = of_cycle(CycleFacts(UUID(int=2), "y", 1, 360), [], [quarter], POLICY)
    assert planned_progress(year, day(5)) == pytest.approx(0.5 * 90 / 360)


# ── distances ─────────────────────────────────────────────────────────────────────────────────────


def test_largest_distance_is_taken_in_either_direction_with_its_moment() -> None:
    found = curve([point(0, 0, 0, 0), point(1, 0.2, 0.1, 0.4), point(2, 0.6, 0.2, 0.3)])
    assert found.from_planned is not None
    assert found.from_planned.at == day(2)
    assert found.from_planned.distance == pytest.approx(-0.3)
    assert found.from_replanned is not None
    assert found.from_replanned.at == day(1)
    assert found.from_replanned.distance == pytest.approx(0.3)


def test_first_of_equal_distances_counts() -> None:
    found = curve([point(1, 0.5, 0.5, 0.25), point(2, 0.5, 0.5, 0.75)]).from_planned
    assert found is not None
    assert (found.at, found.distance) == (day(1), -0.25)


def test_no_progress_counts_as_zero_in_a_distance() -> None:
    found = curve([point(1, 0.5, 0.5, None)]).from_planned
    assert found is not None
    assert (found.distance, found.actual) == (-0.5, NOWHERE)


def test_future_and_missing_plans_have_no_distance() -> None:
    future = CurvePoint(day(3), Placed(1), Placed(1), None)
    found = curve([point(1, None, 0.5, 0.5), future])
    assert found.from_planned is None
    assert found.from_replanned is not None
    assert found.from_replanned.distance == 0
