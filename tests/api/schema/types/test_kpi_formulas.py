"""KPIs with a formula: their values, and where these come from, in every list and at every basis."""

from typing import Any

import pytest

from domain.commands.command import KpiBy
from domain.commands.kpi_commands import DefineKpi, ReadingInput, RecordReadings, RedefineKpi, RetireKpi
from domain.commands.kpi_formula_input import (
    KpiAverageInput,
    KpiDifferenceInput,
    KpiFormulaInput,
    KpiGrowthInput,
    KpiRatioInput,
    KpiSumInput,
    KpiTermInput,
)
from domain.primitives.values import Aggregation, Cadence, EarlierPeriod
from tests.api.schema.goals import at_least, day
from tests.asking import AskedWorld

FIELDS = """
    key status formula { text } inputs { key } dependents { key }
    series(every: MONTH) { start value count status isPartial }
"""
ALL = f"query($at: DateTime!) {{ asOf(at: $at) {{ kpis(first: 100) {{ nodes {{ {FIELDS} }} }} }} }}"
EXPLAIN = """query($at: DateTime!) { asOf(at: $at) { kpi(by: {key: "conversion"}) { explain {
    start value gap terms { label value gap factor readingCount position readings { value measuredAt } } } } } }"""


def by(key: str) -> KpiBy:
    return KpiBy(key=key)


ORDERS_BY_VISITS = KpiFormulaInput(ratio=KpiRatioInput(by("orders"), by("visits"), 100))
FORMULAS = {
    "conversion": ORDERS_BY_VISITS,
    "cost": KpiFormulaInput(sum=KpiSumInput([KpiTermInput(by("orders"), 2.5), KpiTermInput(by("visits"), -0.1)])),
    "lost": KpiFormulaInput(difference=KpiDifferenceInput(by("visits"), by("orders"))),
    "growth": KpiFormulaInput(growth=KpiGrowthInput(by("orders"))),
    "yearly": KpiFormulaInput(growth=KpiGrowthInput(by("orders"), EarlierPeriod.YEAR_BEFORE)),
    "mean": KpiFormulaInput(average=KpiAverageInput([by("orders"), by("visits")])),
}


def twice(key: str) -> KpiFormulaInput:
    return KpiFormulaInput(sum=KpiSumInput([KpiTermInput(by(key), 2)]))


def define(world: AskedWorld, key: str, **more: Any) -> None:
    world.record(DefineKpi(**{"key": key, "name": key, "cadence": Cadence.MONTHLY, "effective_at": day(0), **more}))


def define_inputs(world: AskedWorld, **more: Any) -> None:
    for key in ("orders", "visits"):
        define(world, key, **more)


def read(world: AskedWorld, key: str, *figures: tuple[float, float]) -> None:
    readings = [ReadingInput(kpi=by(key), measured_at=day(at), value=value) for at, value in figures]
    world.do(RecordReadings(readings=readings))


@pytest.fixture
def shop(world: AskedWorld) -> AskedWorld:
    """Orders and visits are summed by month. January: 30 of 300. February: 20 of 400. March: 12 of no visits yet.
    January of the year before: 10 orders."""
    define_inputs(world, aggregation=Aggregation.SUM)
    for key, formula in FORMULAS.items():
        define(world, key, formula=formula, goal=at_least(6))
    read(world, "orders", (-350, 10), (5, 10), (20, 20), (40, 20), (65, 12))
    read(world, "visits", (6, 100), (7, 200), (50, 400))
    return world


def nodes(world: AskedWorld, at: float) -> dict[str, dict[str, Any]]:
    found = world.ask(ALL, at=day(at).isoformat())["asOf"]["kpis"]["nodes"]
    return {node["key"]: node for node in found}


def values(node: dict[str, Any]) -> dict[str, float]:
    """The values of its months that have one."""
    return {point["start"][:7]: point["value"] for point in node["series"] if point["value"] is not None}


def test_each_period_is_worked_out_from_the_values_of_the_inputs_for_it(shop: AskedWorld) -> None:
    found = {key: values(node) for key, node in nodes(shop, 70).items() if key in FORMULAS}
    assert found == {
        "conversion": {"2026-01": 10, "2026-02": 5},
        "cost": {"2026-01": 45, "2026-02": 10},
        "lost": {"2026-01": 270, "2026-02": 380},
        "growth": {"2026-02": pytest.approx(-1 / 3), "2026-03": pytest.approx(-0.4)},
        "yearly": {"2026-01": 2},
        "mean": {"2026-01": 165, "2026-02": 210},
    }


def test_formulas_name_their_inputs_and_inputs_their_dependents(shop: AskedWorld) -> None:
    found = nodes(shop, 70)
    assert {key: node["formula"]["text"] for key, node in found.items() if node["formula"]} == {
        "conversion": "orders / visits · 100", "cost": "2.5 · orders - 0.1 · visits", "lost": "visits - orders",
        "growth": "growth of orders over the previous period", "yearly": "growth of orders over the year before",
        "mean": "average of orders, visits",
    }  # fmt: skip
    assert [one["key"] for one in found["conversion"]["inputs"]] == ["orders", "visits"]
    assert [one["key"] for one in found["visits"]["dependents"]] == ["conversion", "cost", "lost", "mean"]
    assert found["orders"]["inputs"] == found["cost"]["dependents"] == []


def test_status_is_that_of_the_latest_complete_month_while_a_sum_is_running(shop: AskedWorld) -> None:
    assert {key: nodes(shop, 70)[key]["status"] for key in ("conversion", "lost", "yearly")} == {
        "conversion": "BREACHED", "lost": "HEALTHY", "yearly": "STALE",
    }  # fmt: skip
    assert nodes(shop, 33)["conversion"]["status"] == "HEALTHY"
    assert nodes(shop, 25)["conversion"]["status"] == "NO_DATA"


def test_a_running_month_without_a_sum_is_judged_at_once(world: AskedWorld) -> None:
    define_inputs(world)
    define(world, "conversion", formula=ORDERS_BY_VISITS, goal=at_least(6))
    read(world, "orders", (5, 10))
    read(world, "visits", (6, 100))
    assert nodes(world, 7)["conversion"]["status"] == "HEALTHY"


def test_explanation_names_the_inputs_and_their_readings(shop: AskedWorld) -> None:
    found = shop.ask(EXPLAIN, at=day(35).isoformat())["asOf"]["kpi"]["explain"]
    orders, visits = found["terms"]
    assert (found["start"], found["value"], found["gap"]) == ("2026-01-01T00:00:00Z", 10, None)
    assert (orders["label"], orders["value"], orders["readingCount"]) == ("orders", 30, 2)
    assert [one["value"] for one in visits["readings"]] == [100, 200]
    assert visits["position"] > orders["position"] > 0


def test_explanation_of_a_month_without_a_value_says_why(world: AskedWorld) -> None:
    define_inputs(world, aggregation=Aggregation.SUM)
    define(world, "conversion", formula=ORDERS_BY_VISITS)
    read(world, "orders", (5, 10))
    read(world, "visits", (6, 0))
    found = world.ask(EXPLAIN, at=day(35).isoformat())["asOf"]["kpi"]["explain"]
    assert (found["value"], found["gap"]) == (None, "DIVISION_BY_ZERO")
    assert [term["value"] for term in found["terms"]] == [10, 0]
    later = world.ask(EXPLAIN, at=day(65).isoformat())["asOf"]["kpi"]["explain"]
    assert [term["gap"] for term in later["terms"]] == ["NO_READING", "NO_READING"]


def test_a_period_uses_the_formula_in_force_on_its_last_day(shop: AskedWorld) -> None:
    shares = KpiFormulaInput(ratio=KpiRatioInput(by("orders"), by("visits")))
    shop.do(RedefineKpi(kpi=by("conversion"), formula=shares, reason="as a share", effective_at=day(40)))
    assert values(nodes(shop, 70)["conversion"]) == {"2026-01": 10, "2026-02": 0.05}
    assert values(nodes(shop, 39)["conversion"]) == {"2026-01": 10}
    (defined, redefined) = shop.ask('{ kpi(by: {key: "conversion"}) { definitions { formula { text } } } }')["kpi"][
        "definitions"
    ]
    assert (defined["formula"]["text"], redefined["formula"]["text"]) == ("orders / visits · 100", "orders / visits")


def test_an_input_with_a_coarser_cadence_gives_no_value(world: AskedWorld) -> None:
    define(world, "orders", cadence=Cadence.MONTHLY)
    define(world, "visits", cadence=Cadence.WEEKLY)
    define(world, "conversion", cadence=Cadence.WEEKLY, formula=ORDERS_BY_VISITS)
    read(world, "orders", (5, 10))
    read(world, "visits", (6, 100))
    found = world.ask(EXPLAIN, at=day(20).isoformat())["asOf"]["kpi"]["explain"]
    assert (found["value"], found["gap"], found["terms"][0]["gap"]) == (None, "COARSER_INPUT", "COARSER_INPUT")
    assert values(nodes(world, 20)["conversion"]) == {}


def test_an_input_with_a_formula_is_worked_out_for_the_asking_period(world: AskedWorld) -> None:
    """The daily ratios of a month are not averaged: the month's ratio comes from the month's sums."""
    define_inputs(world, cadence=Cadence.DAILY, aggregation=Aggregation.SUM)
    define(world, "conversion", cadence=Cadence.DAILY, formula=ORDERS_BY_VISITS)
    define(world, "doubled", formula=twice("conversion"))
    read(world, "orders", (1, 1), (2, 30))
    read(world, "visits", (1, 100), (2, 100))
    assert values(nodes(world, 40)["doubled"]) == {"2026-01": 31}
    assert nodes(world, 40)["doubled"]["series"][0]["count"] == 4


def test_comparison_sets_the_elapsed_part_of_the_month_against_the_same_part(shop: AskedWorld) -> None:
    query = """query($at: DateTime!) { asOf(at: $at) { kpi(by: {key: "lost"}) {
        comparison { current previous previousToDate changeRatio isPartial } } } }"""
    found = shop.ask(query, at=day(52).isoformat())["asOf"]["kpi"]["comparison"]
    assert found == {"current": 380, "previous": 270, "previousToDate": 270, "changeRatio": 11 / 27, "isPartial": True}
    assert shop.ask(query, at=day(45).isoformat())["asOf"]["kpi"]["comparison"]["current"] is None


def test_changes_show_the_formula_before_and_after(shop: AskedWorld) -> None:
    shop.do(RedefineKpi(kpi=by("growth"), formula=FORMULAS["lost"], reason="another question"))
    query = """{ kpi(by: {key: "growth"}) { changes(last: 1) { nodes {
        fields { field beforeNode { ... on Kpi { key } } afterNode { ... on Kpi { key } } before after }
        ... on KpiRedefined { beforeFormula { growth { of { key } over } text } afterFormula { text } } } } } }"""
    (change,) = shop.ask(query)["kpi"]["changes"]["nodes"]
    assert change["beforeFormula"]["growth"] == {"of": {"key": "orders"}, "over": "PREVIOUS"}
    assert change["afterFormula"]["text"] == "visits - orders"
    nodes = {one["field"]: (one["beforeNode"], one["afterNode"]) for one in change["fields"]}
    assert nodes["formula.growth.of"] == ({"key": "orders"}, None)
    assert nodes["formula.difference.minuend"] == (None, {"key": "visits"})


def test_a_retired_formula_is_no_dependent(shop: AskedWorld) -> None:
    shop.do(RetireKpi(kpi=by("lost"), reason="no longer asked"))
    found = shop.ask('{ kpi(by: {key: "visits"}) { dependents { key } } }')["kpi"]["dependents"]
    assert [one["key"] for one in found] == ["conversion", "cost", "mean"]


def test_statements_do_not_grow_with_the_number_of_formulas(shop: AskedWorld) -> None:
    query = ALL.replace("kpis(first: 100)", "kpis(first: $n)").replace("$at: DateTime!", "$at: DateTime!, $n: Int!")
    few, many = (shop.count(query, at=day(70).isoformat(), n=n) for n in (1, 4))
    assert few == many


QUALITY = """query($at: DateTime!) { asOf(at: $at) { kpi(by: {key: "conversion"}) {
    quality(rules: ["formula-with-coarser-input", "formula-with-retired-input", "formula-without-value"]) {
        rule message } } } }"""


def quality(world: AskedWorld, at: float) -> dict[str, str]:
    found = world.ask(QUALITY, at=day(at).isoformat())["asOf"]["kpi"]["quality"]
    return {one["rule"]: one["message"] for one in found}


def test_formula_without_a_value_in_the_latest_complete_period_is_found(shop: AskedWorld) -> None:
    assert quality(shop, 65) == {}
    assert "until 2026-03-31: record readings of 'visits'." in quality(shop, 92)["formula-without-value"]
    read(shop, "visits", (66, 0))
    assert "because its formula divides by 0" in quality(shop, 92)["formula-without-value"]


def test_retired_and_coarser_inputs_of_a_formula_are_found(shop: AskedWorld) -> None:
    shop.do(RetireKpi(kpi=by("visits"), reason="counted elsewhere", effective_at=day(62)))
    weekly = RedefineKpi(kpi=by("conversion"), cadence=Cadence.WEEKLY, reason="closer", effective_at=day(62))
    shop.do(weekly)
    found = quality(shop, 75)
    assert set(found) == {"formula-with-coarser-input", "formula-with-retired-input"}
    assert "'visits'" in found["formula-with-retired-input"]
    assert "'orders' and 'visits' less often" in found["formula-with-coarser-input"]


def test_series_has_the_goal_and_the_label_of_each_period(shop: AskedWorld) -> None:
    query = """query($at: DateTime!) { asOf(at: $at) { kpi(by: {key: "conversion"}) {
        series(every: MONTH, includePlanned: false) { label planned variance value } } } }"""
    first, second, *_ = shop.ask(query, at=day(70).isoformat())["asOf"]["kpi"]["series"][-3:]
    assert first == {"label": "2026-01", "planned": 6, "variance": 4, "value": 10}
    assert second == {"label": "2026-02", "planned": 6, "variance": -1, "value": 5}


def test_month_is_compared_with_that_of_the_year_before(shop: AskedWorld) -> None:
    query = """query($at: DateTime!) { asOf(at: $at) { kpi(by: {key: "doubled"}) {
        comparison(to: YEAR_BEFORE) { current previous } } } }"""
    define(shop, "doubled", formula=twice("orders"))
    assert shop.ask(query, at=day(25).isoformat())["asOf"]["kpi"]["comparison"] == {"current": 60, "previous": 20}


def test_changes_of_a_formula_before_the_beginning_of_time_are_none(shop: AskedWorld) -> None:
    query = """{ kpi(by: {key: "conversion"}) { series(every: CHANGE, to: "0001-01-01T00:00:00Z") { value } } }"""
    assert shop.ask(query)["kpi"]["series"] == []


def test_latest_month_of_a_formula_is_compared_with_the_same_month_of_a_leap_year(shop: AskedWorld) -> None:
    query = """query($at: DateTime!) { asOf(at: $at) { kpi(by: {key: "doubled"}) {
        comparison(period: CHANGE, to: YEAR_BEFORE) { current previous } } } }"""
    define(shop, "doubled", formula=twice("orders"))
    # 20 January and 20 February 2024, and 20 February 2025
    read(shop, "orders", (-712, 1), (-681, 2), (-315, 3))
    found = shop.ask(query, at=day(1).isoformat())["asOf"]["kpi"]["comparison"]
    assert found == {"current": 6, "previous": 4}
