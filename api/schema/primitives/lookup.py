"""How a cycle, KPI or team is named where either its id or its key will do."""

import strawberry


@strawberry.input(one_of=True, description="A cycle by its id or by its key: exactly one of the two.")
class CycleBy:
    id: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description="Its id.")
    key: str | None = strawberry.field(default=strawberry.UNSET, description="Its key, like 2026-q1.")


@strawberry.input(one_of=True, description="A KPI by its id or by its key: exactly one of the two.")
class KpiBy:
    id: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description="Its id.")
    key: str | None = strawberry.field(default=strawberry.UNSET, description="Its key, like conversion-rate.")


@strawberry.input(one_of=True, description="A team by its id or by its key: exactly one of the two.")
class TeamBy:
    id: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description="Its id.")
    key: str | None = strawberry.field(default=strawberry.UNSET, description="Its key, like marketing.")


@strawberry.input(one_of=True, description="A person by its id or by its handle: exactly one of the two.")
class PersonBy:
    id: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description="Its id.")
    handle: str | None = strawberry.field(default=strawberry.UNSET, description="Its handle, like ada.")
