"""A period of a formula that completes is MOVEMENT at that instant, between the events before and after it."""

from typing import Any
from uuid import UUID

import pytest

from domain.commands.command import CycleBy, KpiBy
from domain.commands.cycle_commands import ActivateCycle
from domain.commands.kpi_commands import DefineKpi
from domain.commands.kpi_formula_input import KpiFormulaInput, KpiSumInput, KpiTermInput
from domain.metrics.cause import Cause
from domain.metrics.retrospective import Booking
from domain.primitives.calendar import INSTANT
from domain.primitives.values import Aggregation, Cadence
from projections.figures import timeline
from projections.figures.formula_readings import of_cycles_with_completions
from projections.figures.timeline import Completion
from projections.history.attribution import attributions
from tests.projections.goal_builders import after, check_in, cycle, key_result, objective, on, read, then
from tests.world import World

DOUBLED = KpiFormulaInput(sum=KpiSumInput([KpiTermInput(KpiBy(key="orders"), 2)]))


class Quarter:
    """A quarter with a key result from 0 to 10 that twice the daily orders measure, activated on 4 January."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.cycle = cycle(world)
        fields: dict[str, Any] = {"cadence": Cadence.DAILY, "effective_at": on(1, 0)}
        self.orders = world.record(DefineKpi(key="orders", name="Orders", aggregation=Aggregation.SUM, **fields))
        self.doubled = world.record(DefineKpi(key="doubled", name="Doubled", formula=DOUBLED, **fields))
        self.objective = objective(world, self.cycle)
        self.key_result = key_result(world, self.objective, kpi=KpiBy(key="doubled"))
        world.do(ActivateCycle(cycle=CycleBy(id=self.cycle), effective_at=on(4)))
        self.plan = then(world, on(4), world.catch_up())

    def read(self, day: int, value: float, hour: int = 12) -> int:
        """Record orders of a day; the position."""
        read(self.world, self.orders, (on(day, hour), value))
        return self.world.catch_up()

    def booked(self, *completions: tuple[int, int]) -> list[Booking]:
        """What is booked if days complete, each after the event at a position."""
        outcome = then(self.world, on(20))
        history = timeline.of_cycles(self.world.conn, outcome, [self.cycle])
        history.completions = [
            Completion(on(day + 1, 0) - INSTANT, position, self.doubled) for day, position in completions
        ]
        found = attributions(history, self.cycle, self.plan, outcome).of_objectives[self.objective]
        assert found.initial + found.movement + found.goalpost + found.scope == pytest.approx(found.final)
        return list(found.bookings)


def test_completed_period_is_movement_of_the_latest_reading_in_it(world: World) -> None:
    quarter = Quarter(world)
    first, second = quarter.read(6, 1), quarter.read(6, 1, 13)
    confident = check_in_confidence(world, quarter.key_result)
    third = quarter.read(7, 3)
    booked = quarter.booked((6, confident), (7, third))
    assert [(one.position, one.cause) for one in booked] == [(second, Cause.MOVEMENT), (third, Cause.MOVEMENT)]
    assert [one.amount for one in booked] == pytest.approx([0.4, 0.2])
    assert first < second


def test_reading_in_a_period_that_has_completed_is_movement_at_its_own_place(world: World) -> None:
    quarter = Quarter(world)
    first = quarter.read(6, 1)
    late = quarter.read(6, 2, 13)
    booked = quarter.booked((6, first))
    assert [one.position for one in booked] == [first, late]
    assert [one.amount for one in booked] == pytest.approx([0.2, 0.4])


def test_completed_period_without_a_reading_is_not_booked(world: World) -> None:
    quarter = Quarter(world)
    first = quarter.read(6, 1)
    assert [one.position for one in quarter.booked((6, first), (7, first), (8, first))] == [first]


def test_completions_are_read_with_the_last_position_recorded_by_then(world: World) -> None:
    quarter = Quarter(world)
    position = quarter.read(6, 1)
    outcome = after(world, position)
    history = of_cycles_with_completions(world.conn, outcome, [quarter.cycle], quarter.plan)
    days = (outcome.at.date() - on(4).date()).days
    assert len(history.completions) == days
    assert history.completions[0] == Completion(on(5, 0) - INSTANT, 0, quarter.doubled)
    assert [one.at for one in history.completions] == sorted(one.at for one in history.completions)


def check_in_confidence(world: World, id: UUID) -> int:
    check_in(world, id, on(8), confidence=0.5)
    return world.catch_up()
