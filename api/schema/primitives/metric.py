"""Metrics of key results, and units."""

from datetime import date

import strawberry

from api.schema.primitives import enums
from api.schema.primitives.field import resolved
from domain.primitives.currencies import currency_of


@strawberry.type(description="The unit of a value: what it counts, and its symbol.")
class Unit:
    kind: enums.UnitKind = strawberry.field(description="The kind of quantity.")
    symbol: str = strawberry.field(description="The symbol, like %, €, h or users; may be empty.")

    @resolved(
        "The code of the currency in ISO 4217, like EUR, if `kind` is CURRENCY and `symbol` is that code or a symbol "
        "of one currency only, like €. Null for any other symbol, such as $."
    )
    def currency(self) -> str | None:
        currency = currency_of(self)  # type: ignore[arg-type]  # the unit of the domain
        return None if currency is None else currency.code

    @resolved("How many decimals amounts of the `currency` have by ISO 4217: 2 for EUR, 0 for JPY. Null without one.")
    def decimals(self) -> int | None:
        currency = currency_of(self)  # type: ignore[arg-type]  # the unit of the domain
        return None if currency is None else currency.decimals


@strawberry.type(
    description="The metric of a key result. The direction determines which fields are set: INCREASE and DECREASE have "
    "start and target; AT_LEAST and AT_MOST have a target and optionally a start; WITHIN has lower and upper."
)
class Metric:
    direction: enums.Direction = strawberry.field(description="How the metric measures success.")
    unit: Unit = strawberry.field(description="The unit of the value.")
    start: float | None = strawberry.field(description="The value at the start.")
    target: float | None = strawberry.field(description="The value to reach.")
    change_by: float | None = strawberry.field(
        description="The target as a ratio of start, if it was given as one: 0.2 is 20 % more."
    )
    lower: float | None = strawberry.field(description="The lowest value inside the bounds, inclusive.")
    upper: float | None = strawberry.field(description="The highest value inside the bounds, inclusive.")


@strawberry.type(description="A point of a plan: the value that a key result should have at the end of a day.")
class PlanPoint:
    on: date = strawberry.field(description="The day, at whose end the value should be reached.")
    value: float = strawberry.field(
        description="The planned value, in the metric's unit; for MILESTONES the share of their weight."
    )
