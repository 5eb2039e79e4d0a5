"""What goals are measured by: metrics and units, as they are stored."""

import strawberry

from api.schema.primitives import enums


@strawberry.type(description="What a figure counts and how it is written.")
class Unit:
    kind: enums.UnitKind = strawberry.field(description="What kind of figure it is.")
    symbol: str = strawberry.field(description="How it is written: %, €, h, users; may be empty.")


@strawberry.type(
    description="What a key result is measured by. Which fields are there follows from the direction: INCREASE and "
    "DECREASE have start and target, AT_LEAST and AT_MOST a target and maybe a start, WITHIN lower and upper."
)
class Metric:
    direction: enums.Direction = strawberry.field(description="Which way the value is meant to go.")
    unit: Unit = strawberry.field(description="What the value counts.")
    start: float | None = strawberry.field(description="Where it starts.")
    target: float | None = strawberry.field(description="Where it is meant to get to.")
    change_by: float | None = strawberry.field(
        description="The ratio of start that the target was given as, if it was."
    )
    lower: float | None = strawberry.field(description="The lowest value that is right, itself included.")
    upper: float | None = strawberry.field(description="The highest value that is right, itself included.")
