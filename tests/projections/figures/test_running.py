"""Values that are kept up to date along the log are those that are read anew at each position."""

from datetime import datetime, timedelta
from random import Random
from typing import NamedTuple
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.metrics.kpi_series import aggregated
from domain.primitives.values import Aggregation, Basis, Kind
from projections.figures.horizon import WalkHorizon
from projections.figures.measurement_series import MeasurementSeries, MeasurementVersion
from projections.figures.running import Running, RunningAggregate, RunningLast
from projections.figures.timeline import Timeline
from projections.store.versioned_tables import OPEN
from tests.projections.goal_builders import on

SUBJECT, LAST, PLAN = uuid4(), 40, Basis(on(10), 12)
SINCE, UNTIL = on(5), on(25)
VALUES = [1.0, 2.0, -3.5, 0.1, 1e17]
SEEDS = st.integers(0, 2**32)


class _Fact(NamedTuple):
    """A measurement with the positions of its recording, of its correction and of its retraction."""

    measured_at: datetime
    recorded: int
    corrected: int | None
    retracted: int | None
    value: float

    def versions(self) -> list[tuple[object, ...]]:
        positions = [self.recorded, *([self.corrected] if self.corrected else [])]
        ends = [*positions[1:], self.retracted or OPEN]
        return [
            (
                SUBJECT,
                UUID(int=self.recorded),
                position,
                self.recorded,
                end,
                self.measured_at,
                self.value + n,
                None,
                None,
            )
            for n, (position, end) in enumerate(zip(positions, ends, strict=True))
        ]


def series(seed: int) -> MeasurementSeries:
    """Measurements in any order of the world, some at one instant, corrected and retracted at later positions."""
    random = Random(seed)
    positions = random.sample(range(1, LAST), LAST - 1)
    rows: list[tuple[object, ...]] = []
    for recorded, *later in zip(positions[::3], positions[1::3], positions[2::3], strict=True):
        corrected, retracted = sorted(later)
        fact = _Fact(
            on(3) + timedelta(days=random.randint(0, 25)),
            recorded,
            corrected if corrected > recorded and random.random() < 0.5 else None,
            retracted if retracted > recorded and random.random() < 0.5 else None,
            random.choice(VALUES),
        )
        rows += fact.versions()
    timeline = Timeline(LAST)
    timeline.add_measurements(Kind.READING, sorted(rows, key=lambda row: (row[5], row[3], row[2])))
    return timeline.series(SUBJECT)


def positions(of: MeasurementSeries) -> list[tuple[int, MeasurementVersion]]:
    """When each version begins and ends, in the order of the log."""
    edges = [(position, one) for one in of.versions for position in (one.position, one.until_position)]
    return sorted((edge for edge in edges if edge[0] < OPEN), key=lambda edge: edge[0])


def value(of: Running) -> tuple[float | None, int] | None:
    return None if of.latest is None else (of.latest.value, of.latest.position)


@given(seed=SEEDS)
def test_running_last_is_the_latest_measurement_at_every_position(seed: int) -> None:
    of = series(seed)
    horizon = WalkHorizon(PLAN, on(28))
    running = RunningLast(of, horizon, UNTIL, lambda one: one.value != 1.0)
    for position, changed in positions(of):
        horizon.move_to(position)
        running.take(changed)
        anew = of.latest(horizon, UNTIL, lambda one: one.value != 1.0)
        others_change_there = sum(edge == position for edge, _ in positions(of)) > 1
        assert others_change_there or running.latest is anew


@pytest.mark.parametrize("aggregation", [Aggregation.SUM, Aggregation.MEAN, Aggregation.FIRST, Aggregation.MAX])
@given(seed=SEEDS)
def test_running_aggregate_is_that_of_all_readings_at_every_position(aggregation: Aggregation, seed: int) -> None:
    of = series(seed)
    horizon = WalkHorizon(PLAN, on(28))
    running = RunningAggregate(of, horizon, SINCE, UNTIL, aggregation)
    changes = positions(of)
    for place, (position, changed) in enumerate(changes):
        horizon.move_to(position)
        running.take(changed)
        if place + 1 < len(changes) and changes[place + 1][0] == position:
            continue
        readings = list(of.between(horizon, SINCE, UNTIL))
        values = [one.value for one in readings if one.value is not None]
        anew = (aggregated(values, aggregation), readings[-1].position) if readings else None
        assert value(running) == anew


@given(seed=SEEDS, day=st.integers(4, 28))
def test_window_that_ends_earlier_needs_no_reading_that_came_later(seed: int, day: int) -> None:
    of = series(seed)
    horizon = WalkHorizon(PLAN, on(28))
    horizon.move_to(LAST)
    last = RunningLast(of, horizon, UNTIL, lambda _: True)
    total = RunningAggregate(of, horizon, SINCE, UNTIL, Aggregation.SUM)
    if last.cut_at(on(day)):
        assert value(last) == value(RunningLast(of, horizon, on(day), lambda _: True))
    if total.cut_at(on(day)):
        assert value(total) == value(RunningAggregate(of, horizon, SINCE, on(day), Aggregation.SUM))
