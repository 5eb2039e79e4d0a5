"""Of the inputs of a formula a timeline of cycles has the readings from its last complete period before on, or all."""

from datetime import date, datetime
from uuid import UUID

import pytest

from domain.commands.command import CycleBy, KpiBy
from domain.commands.cycle_commands import ActivateCycle
from domain.commands.kpi_commands import DefineKpi, RedefineKpi, RetractReading
from domain.commands.kpi_formula_input import (
    KpiAverageInput,
    KpiFormulaInput,
    KpiGrowthInput,
    KpiRatioInput,
    KpiSumInput,
    KpiTermInput,
)
from domain.primitives.values import Aggregation, Basis, Cadence, Direction, Metric
from projections.figures import happenings, timeline
from projections.figures.figures import Figures
from projections.figures.horizon import Horizon
from projections.figures.timeline import Timeline
from tests.projections.goal_builders import REACH_TEN, cycle, key_result, kpi, objective, on, read, then
from tests.world import World

ORDERS, VISITS = KpiBy(key="orders"), KpiBy(key="visits")
RATIO = KpiFormulaInput(ratio=KpiRatioInput(ORDERS, VISITS))
DOUBLED = KpiFormulaInput(sum=KpiSumInput([KpiTermInput(ORDERS, 2)]))
GROWTH = KpiFormulaInput(growth=KpiGrowthInput(ORDERS))
HELD = Metric(Direction.AT_LEAST, target=50.0)


class February:
    """A cycle of February that was opened on Tuesday 20 January, with a key result that a weekly formula of two KPIs
    measures. Their readings of the 14th lie in the last complete week before."""

    def __init__(self, world: World, formula: KpiFormulaInput = RATIO) -> None:
        self.world = world
        self.orders, self.visits = kpi(world, "orders"), kpi(world, "visits")
        kpi(world, "calls")
        defined = DefineKpi(key="rate", name="Rate", cadence=Cadence.WEEKLY, formula=formula, effective_at=on(1))
        self.rate = world.record(defined)
        self.read(2, 3.0, 4.0)

    def read(self, day: int, orders: float, visits: float) -> UUID:
        """Record both; the id of the reading of orders."""
        (id,) = read(self.world, self.orders, (on(day), orders))
        read(self.world, self.visits, (on(day), visits))
        return id

    def begin(self, metric: Metric = REACH_TEN, kpi: str = "rate", aggregate: Aggregation | None = None) -> None:
        self.cycle = cycle(self.world, starts_on=date(2026, 2, 1), ends_on=date(2026, 2, 28), effective_at=on(20))
        of = objective(self.world, self.cycle, effective_at=on(20))
        given = {"kpi": KpiBy(key=kpi), "aggregate": aggregate, "effective_at": on(20)}
        self.objective, self.key_result = of, key_result(self.world, of, metric, **given)
        self.world.do(ActivateCycle(cycle=CycleBy(id=self.cycle), effective_at=on(21)))
        self.world.catch_up()

    @property
    def needed(self) -> Timeline:
        """The timeline of the cycle."""
        return timeline.of_cycles(self.world.conn, then(self.world, on(28)), [self.cycle])

    @property
    def whole(self) -> Timeline:
        """The same with all readings."""
        return timeline.of_objectives(self.world.conn, then(self.world, on(28)), [self.objective])

    def days(self, kpi: UUID) -> list[int]:
        """The days of January of which the timeline has readings."""
        return [one.measured_at.day for one in self.needed.series(kpi).versions]


def test_earlier_readings_of_inputs_are_left_out(world: World) -> None:
    of = February(world)
    of.read(14, 1.0, 2.0)
    of.begin()
    of.read(25, 1.0, 4.0)
    assert of.days(of.orders) == of.days(of.visits) == [14, 25]


def test_an_input_that_measures_a_key_result_keeps_its_latest_reading(world: World) -> None:
    of = February(world)
    of.begin(kpi="orders")
    assert of.days(of.orders) == [2]


@pytest.mark.parametrize("visits", [None, 0.0])
def test_all_readings_of_inputs_are_read_if_the_last_period_has_no_value(world: World, visits: float | None) -> None:
    of = February(world)
    read(world, of.orders, (on(14), 1.0))
    if visits is not None:
        read(world, of.visits, (on(14), visits))
    of.begin()
    assert of.days(of.orders) == [2, 14]


def test_earlier_readings_are_left_out_if_another_input_had_never_been_read(world: World) -> None:
    of = February(world, KpiFormulaInput(average=KpiAverageInput([ORDERS, KpiBy(key="calls")])))
    read(world, of.orders, (on(14), 1.0))
    of.begin()
    assert of.days(of.orders) == [14]


def test_all_readings_of_inputs_are_read_if_one_of_the_last_period_is_retracted_later(world: World) -> None:
    of = February(world)
    reading = of.read(14, 1.0, 2.0)
    of.begin()
    world.do(RetractReading(reading=reading, reason="counted twice"))
    world.catch_up()
    assert of.days(of.orders) == [2, 14]


def test_all_readings_of_inputs_are_read_if_one_of_the_last_period_is_recorded_later(world: World) -> None:
    of = February(world)
    of.read(14, 1.0, 2.0)
    of.begin()
    read(world, of.visits, (on(15), 0.0))
    assert of.days(of.visits) == [2, 14, 15]


def test_all_readings_of_inputs_are_read_if_the_formula_changes_later(world: World) -> None:
    of = February(world)
    of.read(14, 1.0, 2.0)
    of.begin()
    world.do(RedefineKpi(kpi=KpiBy(id=of.rate), formula=DOUBLED, reason="agreed", effective_at=on(24)))
    world.catch_up()
    assert of.days(of.orders) == [2, 14]


def test_all_readings_of_the_input_of_a_growth_are_read(world: World) -> None:
    of = February(world, GROWTH)
    of.read(14, 1.0, 2.0)
    of.begin()
    assert of.days(of.orders) == [2, 14]


@pytest.mark.parametrize(
    "formula", [RATIO, DOUBLED, GROWTH, KpiFormulaInput(average=KpiAverageInput([ORDERS, VISITS]))]
)
@pytest.mark.parametrize("metric", [REACH_TEN, HELD])
@pytest.mark.parametrize("aggregate", [None, Aggregation.SUM])
def test_figures_of_a_formula_are_those_of_all_readings(
    world: World, formula: KpiFormulaInput, metric: Metric, aggregate: Aggregation | None
) -> None:
    of = February(world, formula)
    of.read(14, 1.0, 2.0)
    of.begin(metric, aggregate=aggregate)
    late = of.read(25, 1.0, 4.0)
    of.read(27, 5.0, 4.0)
    world.do(RetractReading(reading=late, reason="counted twice"))
    last = world.catch_up()
    needed, whole = of.needed, of.whole
    opened = whole.cycles[of.cycle].versions[0].position
    for at in (on(20), on(21), on(26), on(28), datetime(2026, 2, 2, tzinfo=on(1).tzinfo)):
        for position in range(opened, last + 1):
            horizon = Horizon(at, position)
            found, expected = (Figures(one, horizon).key_result(of.key_result) for one in (needed, whole))
            assert (found, at, position) == (expected, at, position)
    bases = [Basis(on(day), last) for day in (20, 24, 28)]
    assert happenings.along(needed, bases)[1:] == happenings.along(whole, bases)[1:]
