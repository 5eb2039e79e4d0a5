"""The amounts that titles name, compared with the metric: one test for each rule of reading a title."""

from typing import Any

import pytest

from domain.findings.title_amounts import amounts, other_amount
from domain.primitives.values import Direction, Unit, UnitKind
from tests.domain.metrics.builders import MILESTONES, metric

NUMBER, PERCENT, CURRENCY = UnitKind.NUMBER, UnitKind.PERCENT, UnitKind.CURRENCY
DURATION, SCORE = UnitKind.DURATION, UnitKind.SCORE


def other(title: str, start: float, target: float, kind: UnitKind, symbol: str) -> str | None:
    direction = Direction.INCREASE if start < target else Direction.DECREASE
    return other_amount(title, metric(direction, start=start, target=target, unit=Unit(kind, symbol)))


@pytest.mark.parametrize(
    ("title", "start", "target", "kind", "symbol", "amount"),
    [
        ("Reach 300 customers", 0, 250, NUMBER, "customers", "300"),
        ("300 paying customers", 0, 250, NUMBER, "customers", "300"),
        ("Grow from 250 to 300 customers", 100, 250, NUMBER, "customers", None),
        ("Grow from 100 to 300 customers", 100, 250, NUMBER, "customers", "300"),
        ("Answer 80 % in writing", 40, 70, PERCENT, "%", "80 %"),
        ("Answer 80 percent in writing", 40, 70, PERCENT, "%", "80 percent"),
        ("Revenue up by 20 %", 100, 130, CURRENCY, "€", "20 %"),
        ("20 % more orders", 100, 130, NUMBER, "orders", "20 %"),
        ("Revenue of €5m", 1_000_000, 4_000_000, CURRENCY, "€", "€5m"),
        ("Revenue of 5 million USD", 1, 4, CURRENCY, "m$", "5 million USD"),
        ("Reply within 8 hours", 30, 6, DURATION, "h", "8"),
        ("Time lost in 8 weeks", 30, 6, DURATION, "h", None),
    ],
)
def test_an_amount_in_the_metrics_unit_that_it_does_not_have_is_found(
    title: str, start: float, target: float, kind: UnitKind, symbol: str, amount: str | None
) -> None:
    assert other(title, start, target, kind, symbol) == amount


@pytest.mark.parametrize(
    ("title", "start", "target", "kind", "symbol"),
    [
        ("Reach 250 customers", 0, 250, NUMBER, "customers"),
        ("150 more customers", 100, 250, NUMBER, "customers"),
        ("Reach 1,000 customers", 0, 1000, NUMBER, "customers"),
        ("Reach 1.000 customers", 0, 1000, NUMBER, "customers"),
        ("Reach 1 000 customers", 0, 1000, NUMBER, "customers"),
        ("Reach 1k customers", 0, 1000, NUMBER, "customers"),
        ("Conversion up to 2,5 %", 1, 2.5, PERCENT, "%"),
        ("Cut errors by 30 %", 0, -30, PERCENT, "%"),
        ("Cut errors by 30 %", 100, 70, NUMBER, "errors"),
        ("Turnover down by 25 %", 20, 15, PERCENT, "%"),
        ("Throughput up by 5x", 1, 5, NUMBER, "x"),
        ("90 % of answers within a day", 0.4, 0.9, PERCENT, "%"),
        ("At most 5 % of requests fail", 80, 95, PERCENT, "%"),
        ("Over 66 % like it", 0, 66.7, PERCENT, "%"),
        ("Revenue of €410k", 300, 410, CURRENCY, "k€"),
        ("Save 4 days a month", 24 * 7, 24 * 3, DURATION, "h"),
    ],
)
def test_the_goal_the_change_and_their_spellings_are_the_metrics_amounts(
    title: str, start: float, target: float, kind: UnitKind, symbol: str
) -> None:
    assert other(title, start, target, kind, symbol) is None


@pytest.mark.parametrize(
    ("title", "kind", "symbol"),
    [
        ("Customers who return within 90 days", PERCENT, "%"),
        ("Customers in 2026", NUMBER, "customers"),
        ("Q3 customers", NUMBER, "customers"),
        ("30-day active customers", NUMBER, "customers"),
        ("Of our 50 largest customers, at risk", NUMBER, "customers"),
        ("Complaints per 1000 customers", NUMBER, "complaints"),
        ("Complaints in 100 orders", NUMBER, "complaints"),
        ("Top 10 customers who renew", NUMBER, "customers"),
        ("2/3 of key customers", NUMBER, "customers"),
        ("Customers on v2.0", NUMBER, "customers"),
        ("Customers with 24/7 support", NUMBER, "customers"),
        ("Customers who give 9 of 10", SCORE, "points"),
        ("Customers using 3 features", NUMBER, "customers"),
        ("3 markets with 2 offices", NUMBER, "customers"),
        ("Revenue from 12 customers", CURRENCY, "€"),
        ("Answer 90 % of requests", DURATION, "h"),
        ("Two more customers", NUMBER, ""),
        ("20-30 customers", NUMBER, "customers"),
    ],
)
def test_years_ranks_bases_terms_and_other_units_are_not_the_metrics_amounts(
    title: str, kind: UnitKind, symbol: str
) -> None:
    assert other(title, 0, 777, kind, symbol) is None


@pytest.mark.parametrize(("title", "amount"), [("Cost of 30 to 35 €", None), ("Cost of 40 €", "40 €")])
def test_a_range_has_two_amounts(title: str, amount: str | None) -> None:
    shape: dict[str, Any] = {"start": 50, "lower": 30, "upper": 35, "unit": Unit(CURRENCY, "€")}
    assert other_amount(title, metric(Direction.WITHIN, **shape)) == amount


@pytest.mark.parametrize("given", [MILESTONES, metric(Direction.DONE)])
def test_metrics_without_amounts_are_not_compared(given: Any) -> None:
    assert other_amount("Publish 80 % of 3 guides", given) is None


@pytest.mark.parametrize(
    ("title", "values"),
    [("1,000 users", {1000, 1}), ("1.5 h", {1.5}), ("12.345.678 users", {12_345_678}), ("5 mio users", {5e6})],
)
def test_grouping_and_decimals_are_read_in_every_language(title: str, values: set[float]) -> None:
    (amount,) = amounts(title)
    assert {figure.value for figure in amount.figures} == values
