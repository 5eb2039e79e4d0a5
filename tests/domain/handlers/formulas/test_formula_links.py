"""Key results that a formula measures: each complete period is one reading at its last instant."""

from datetime import UTC, date, datetime

from msgspec import structs

from domain.commands.command import Command, KpiBy
from domain.commands.key_result_commands import AddKeyResult, CheckIn, LinkKpi
from domain.commands.kpi_commands import DefineKpi, ReadingInput, RecordReadings, RedefineKpi
from domain.commands.kpi_formula_input import KpiFormulaInput, KpiGrowthInput, KpiRatioInput
from domain.commands.objective_commands import CarryObjective
from domain.model.key_result import KeyResultAdded, KeyResultLinked
from domain.model.objective import ObjectiveClosed
from domain.primitives.rules import Rule
from domain.primitives.values import Aggregation, Cadence, Direction, Metric, Unit, UnitKind
from tests.domain.given_goals import (
    KEY_RESULT,
    OBJECTIVE,
    Q2,
    ZERO_TO_TEN,
    activated,
    added,
    drafted,
    finished,
    opened,
    opened_q2,
)
from tests.domain.scenario import called, given, on
from tests.metric_input import as_input

KPI = KpiBy(key="conversion")
RATIO = KpiFormulaInput(ratio=KpiRatioInput(KpiBy(key="orders"), KpiBy(key="visits"), 100))
orders, visits = (
    DefineKpi(key=key, name=key, cadence=Cadence.DAILY, aggregation=Aggregation.SUM) for key in ("orders", "visits")
)
conversion = DefineKpi(key="conversion", name="Conversion", cadence=Cadence.MONTHLY, formula=RATIO)
shop = (on(1, 1), opened, orders, visits, conversion, drafted)


def read(key: str, value: float, month: int, day: int) -> RecordReadings:
    measured = ReadingInput(kpi=KpiBy(key=key), value=value, measured_at=on(month, day))
    return RecordReadings(readings=[measured])


def measures(metric: Metric = ZERO_TO_TEN, aggregate: Aggregation | None = None) -> AddKeyResult:
    command = AddKeyResult(objective=OBJECTIVE, title="Visitors who order", metric=as_input(metric), kpi=KPI)
    return called("key result", command if aggregate is None else structs.replace(command, aggregate=aggregate))


january = (read("orders", 10, 1, 5), read("orders", 10, 1, 31), read("visits", 1000, 1, 20))
february = (read("orders", 60, 2, 5), read("visits", 1000, 2, 20))
march = (read("orders", 90, 3, 5), read("visits", 1000, 3, 20))


def score(*history: Command | datetime) -> float | None:
    found: float | None = given(*shop, *history).when(finished).the(ObjectiveClosed).score
    return found


def test_value_is_that_of_the_latest_complete_period() -> None:
    base = (measures(), activated, on(2, 10), *january)
    assert score(*base) == 0.2
    assert score(*base, on(2, 25), *february) == 0.2
    assert score(*base, on(2, 25), *february, on(3, 1, 0)) == 0.6


def test_period_that_ends_with_the_cycle_counts_in_it() -> None:
    base = (measures(), activated, on(3, 25), *january, *february, *march)
    assert score(*base) == 0.6
    assert score(*base, on(4, 2)) == 0.9
    assert score(*base, on(5, 2), read("orders", 100, 4, 5), read("visits", 100, 4, 5)) == 0.9


def test_period_without_a_value_is_no_reading() -> None:
    assert score(measures(), activated, on(2, 10), *january, on(3, 2), read("orders", 60, 2, 5)) == 0.2


def test_nothing_is_measured_before_the_first_complete_period() -> None:
    assert score(measures(), activated, on(1, 31, 13), *january) == 0
    assert score(measures(), activated, on(2, 1, 0), *january) == 0.2


def test_periods_from_the_cycles_first_day_on_are_aggregated() -> None:
    december: list[Command | datetime] = [
        RecordReadings(
            readings=[ReadingInput(kpi=KpiBy(key=key), value=100, measured_at=datetime(2025, 12, 3, tzinfo=UTC))]
        )
        for key in ("orders", "visits")
    ]
    history = (activated, on(4, 2), *december, *january, *february, *march)
    assert score(measures(aggregate=Aggregation.MAX), *history) == 0.9
    assert score(measures(aggregate=Aggregation.FIRST), *history) == 0.2
    assert score(measures(aggregate=Aggregation.MIN), *history) == 0.2


def test_later_cadence_and_formula_cut_no_earlier_period_anew() -> None:
    weekly = RedefineKpi(kpi=KPI, cadence=Cadence.WEEKLY, reason="watched closer")
    base = (measures(), activated, on(2, 10), *january, on(3, 1), *february)
    assert score(*base, on(3, 2), weekly) == 0.6
    assert score(*base, on(3, 2), weekly, on(3, 10), read("orders", 90, 3, 5)) == 0.6
    week = (read("orders", 10, 3, 4), read("visits", 125, 3, 5))
    assert score(*base, on(3, 2), weekly, on(3, 10), *week) == 0.8


def test_start_is_the_value_of_the_latest_complete_period() -> None:
    base = given(*shop, on(2, 10), *january, read("orders", 500, 2, 3))
    rise = Metric(direction=Direction.INCREASE, target=10)
    assert base.when(measures(rise)).the(KeyResultAdded).metric.start == 2


def test_aggregate_of_a_link_is_last_by_default() -> None:
    base = given(*shop, added)
    event = base.when(LinkKpi(key_result=KEY_RESULT, kpi=KPI)).the(KeyResultLinked)
    assert (event.aggregate, event.count_from) == (None, None)


def test_unit_of_the_formula_must_be_the_key_results() -> None:
    percent = Metric(direction=Direction.INCREASE, start=0, target=10, unit=Unit(UnitKind.PERCENT, "%"))
    refused = given(*shop).when(measures(percent)).then_refused("INVALID", "metric.unit")
    assert refused.problems[0].rule == Rule.UNIT_OF_KPI


def test_linked_key_result_takes_no_values() -> None:
    base = given(*shop, measures(), activated)
    base.when(CheckIn(key_result=KEY_RESULT, value=3)).then_refused("INVALID", "value")


def test_growth_reads_the_period_before() -> None:
    growth = KpiFormulaInput(growth=KpiGrowthInput(KpiBy(key="orders")))
    formula = RedefineKpi(kpi=KPI, formula=growth, reason="growth instead")
    assert score(formula, measures(), activated, on(3, 2), *january, *february) == 0.2


def test_carried_key_result_starts_from_the_latest_complete_period() -> None:
    carried = CarryObjective(objective=OBJECTIVE, into=Q2)
    base = given(*shop, opened_q2, measures(), activated, on(4, 2), *january, *february, *march)
    assert base.when(carried).the(KeyResultAdded).metric.start == 9


def test_goal_to_be_held_starts_from_its_first_period() -> None:
    hold = Metric(direction=Direction.AT_LEAST, target=10)
    base = (measures(hold), activated, on(3, 2), *january, *february)
    assert score(*base) == 0.5


def test_count_from_chooses_the_first_period() -> None:
    from_february = LinkKpi(key_result=KEY_RESULT, kpi=KPI, aggregate=Aggregation.MIN, count_from=date(2026, 2, 1))
    assert score(added, from_february, activated, on(3, 2), *january, *february) == 0.6
