"""A column of scalars or enums is written as each of its values."""

from collections.abc import Sequence
from math import inf, nan
from typing import Any

import pytest
from graphql import GraphQLBoolean, GraphQLEnumType, GraphQLFloat, GraphQLInt, GraphQLString

from api.execution.plans.leaves import column_writer, writer
from api.schema.schema import schema
from domain.metrics.rating import Health

ENUMS = [type_ for type_ in schema._schema.type_map.values() if isinstance(type_, GraphQLEnumType)]
LARGE = 1.7e308


def members(enum: Any) -> list[Any]:
    return list(getattr(enum, "wrapped_cls", ())) or [value.value for value in enum.values.values()]


def written(type_: Any, column: Sequence[Any]) -> list[Any]:
    """The values as `writer` writes each."""
    return [None if one is None else writer(type_)(one) for one in column]


@pytest.mark.parametrize(
    ("type_", "column"),
    [
        (GraphQLFloat, [0.5, None, 0.0, -0.0, 1.0]),
        (GraphQLFloat, [1, None, 0.5]),
        (GraphQLFloat, [LARGE, LARGE]),
        (GraphQLFloat, []),
        (GraphQLInt, [1, None, 0]),
        (GraphQLBoolean, [True, None, False]),
        (GraphQLString, ["a", None, "", Health.PENDING]),
    ],
)
def test_column_is_written_as_each_of_its_values(type_: Any, column: Sequence[Any]) -> None:
    found = column_writer(type_)(column)
    assert [(type(one), repr(one)) for one in found] == [(type(one), repr(one)) for one in written(type_, column)]


@pytest.mark.parametrize("wrong", [nan, inf, -inf, "a"])
def test_columns_with_values_that_are_no_finite_numbers_are_rejected(wrong: Any) -> None:
    with pytest.raises(Exception, match="Float cannot represent") as of_one:
        writer(GraphQLFloat)(wrong)
    with pytest.raises(type(of_one.value), match="Float cannot represent"):
        column_writer(GraphQLFloat)([0.5, wrong, None])


@pytest.mark.parametrize("enum", ENUMS, ids=lambda enum: enum.name)
def test_members_of_enums_are_written_as_graphql_core_writes_them(enum: Any) -> None:
    column = [None, *members(enum)]
    assert column_writer(enum)(column) == [None, *map(enum.coerce_output_value, members(enum))]
    assert column_writer(enum)(column) == written(enum, column)


def test_members_of_enums_bypass_the_coercion_of_their_type(monkeypatch: pytest.MonkeyPatch) -> None:
    enum: Any = schema._schema.type_map["Health"]
    writer.cache_clear()
    column_writer.cache_clear()
    column, one = column_writer(enum), writer(enum)
    monkeypatch.setattr(type(enum), "coerce_output_value", lambda *_: pytest.fail("was coerced"))
    assert column([Health.PENDING, None]) == ["PENDING", None]
    assert one(Health.PENDING) == "PENDING"


def test_value_that_is_no_member_of_an_enum_is_rejected() -> None:
    enum: Any = schema._schema.type_map["Health"]
    with pytest.raises(Exception, match="cannot represent"):
        column_writer(enum)([Health.PENDING, "NONE"])
