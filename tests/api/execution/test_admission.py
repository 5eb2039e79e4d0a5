"""An operation that was assessed before goes to its lane at once."""

import asyncio
from typing import Any

import pytest
from msgspec.structs import replace

from api.execution.admission import Admission, Operation
from api.execution.context import Bounds, Context
from api.execution.lanes import Lane, Lanes
from api.schema.schema import schema
from tests.asking import AskedWorld

PAGE = "query ($first: Int, $after: String) { objectives(first: $first, after: $after) { nodes { id title } } }"
HEAVY = "query ($first: Int) { objectives(first: $first) { nodes { keyResults { trajectory(every: DAY) { at } } } } }"


class Counted(Lane):
    """A lane that counts what it runs."""

    ran = 0

    async def run(self, *given: Any) -> Any:
        self.ran += 1
        return await super().run(*given)


class Admitted:
    """Operations that are admitted one after the other, and the lanes in which they run."""

    def __init__(self, context: Context) -> None:
        self._lanes = Lanes(*(Counted(name, 2, caller_max=2) for name in ("light", "writes", "heavy")))
        self._context = replace(context, lanes=self._lanes)
        self._admission = Admission(schema._schema)

    def lanes_of(self, text: str, variables: dict[str, Any], bounds: Bounds | None = None) -> list[str]:
        """The lanes whose threads an operation occupies, one after the other."""
        lanes = [lane for lane in self._lanes.all if isinstance(lane, Counted)]
        before = [lane.ran for lane in lanes]
        context = self._context if bounds is None else replace(self._context, bounds=bounds)
        assert asyncio.run(self._run(Operation(text, variables, None), context)) == "done"
        return [lane.name for lane, ran in zip(lanes, before, strict=True) if lane.ran > ran]

    async def _run(self, operation: Operation, context: Context) -> str:
        return await self._admission.run(operation, context, lambda: "done")


@pytest.fixture
def admitted(world: AskedWorld) -> Admitted:
    return Admitted(world.context)


def test_heavy_operation_is_assessed_once_for_each_value_that_decides_its_cost(admitted: Admitted) -> None:
    assert admitted.lanes_of(HEAVY, {"first": 100}) == ["light", "heavy"]
    assert admitted.lanes_of(HEAVY, {"first": 100}) == ["heavy"]
    assert admitted.lanes_of(HEAVY, {"first": 90}) == ["light", "heavy"]
    assert admitted.lanes_of(HEAVY, {}) == ["light", "heavy"]
    assert admitted.lanes_of(HEAVY, {}) == ["heavy"]


def test_the_lane_follows_the_values(admitted: Admitted) -> None:
    assert admitted.lanes_of(HEAVY, {"first": 0}) == ["light"]
    assert admitted.lanes_of(HEAVY, {"first": 100}) == ["light", "heavy"]
    assert admitted.lanes_of(HEAVY, {"first": 0}) == ["light"]
    assert admitted.lanes_of(HEAVY, {"first": False}) == ["light"], "no page size: the assessment is another one"


def test_variables_that_decide_nothing_are_not_compared(admitted: Admitted) -> None:
    for cursor in ("a", "b"):
        admitted.lanes_of(PAGE, {"first": 5, "after": cursor * 1_000})
    assert len(admitted._admission._known) == 1


def test_other_bounds_are_assessed_anew(admitted: Admitted) -> None:
    admitted.lanes_of(HEAVY, {"first": 100})
    assert admitted.lanes_of(HEAVY, {"first": 100}, Bounds(cost_max=1.0)) == ["light"]


def test_remembered_assessments_are_bounded(admitted: Admitted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.execution.admission.ASSESSED_MAX", 3)
    for first in range(10):
        admitted.lanes_of(PAGE, {"first": first})
    assert len(admitted._admission._known) == 3
