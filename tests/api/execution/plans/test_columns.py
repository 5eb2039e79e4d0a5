"""Columns of compiled documents become objects in their order."""

from collections.abc import Sequence

import pytest

from api.execution.plans.columns import Field, Level
from api.execution.plans.run import Run
from projections.store.columnar import Coded
from projections.store.deadline import Deadline

HEALTHS = ("ON_TRACK", "AT_RISK", None)


@pytest.mark.parametrize("column", [Coded(bytes([1, 0, 2, 1]), HEALTHS), ["AT_RISK", "ON_TRACK", None, "AT_RISK"]])
def test_objects_with_one_enum_have_the_value_of_their_place(column: Sequence[str | None]) -> None:
    level = Level([Field("health", lambda _, of: of, lambda _, of: of, is_required=False, is_enum=True)])
    found = list(level(Run(None, Deadline(60), 0), column))
    assert [one["health"] for one in found] == list(column)
