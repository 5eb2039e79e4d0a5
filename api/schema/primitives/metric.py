"""Metrics of key results, and units."""

from datetime import date

import strawberry

from api.schema.primitives import enums


@strawberry.type(description="The unit of a value: what it counts, and its symbol.")
class Unit:
    kind: enums.UnitKind = strawberry.field(description="The kind of quantity.")
    symbol: str = strawberry.field(description="The symbol, like %, €, h or users; may be empty.")


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
