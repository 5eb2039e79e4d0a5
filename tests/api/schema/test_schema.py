from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLScalarType,
    is_introspection_type,
    is_specified_scalar_type,
)

from api.schema.history.event_types import CHANGES
from api.schema.schema import schema, sdl
from domain.model.event import EVENTS

TYPES: dict[str, Any] = schema._schema.type_map
SNAPSHOT = Path(__file__).parents[3] / "api" / "schema.graphql"
ENTITIES = {"Cycle", "Initiative", "KeyResult", "Kpi", "Objective", "Person", "Team", "Template"}


def own_types() -> Iterator[GraphQLNamedType]:
    for named in TYPES.values():
        if not is_introspection_type(named) and not is_specified_scalar_type(named):
            yield named


def test_committed_sdl_equals_the_printed_schema() -> None:
    assert SNAPSHOT.read_text() == sdl()


def test_every_type_field_and_argument_has_a_description() -> None:
    undescribed = []
    for named in own_types():
        if not named.description:
            undescribed.append(named.name)
        for name, field in getattr(named, "fields", {}).items():
            if not field.description:
                undescribed.append(f"{named.name}.{name}")
            arguments = getattr(field, "args", {}).items()
            undescribed += [f"{named.name}.{name}({argument}:)" for argument, of in arguments if not of.description]
    assert undescribed == []


def test_every_event_has_its_own_change_type() -> None:
    assert set(CHANGES) == set(EVENTS.values())
    names = {implementation.name for implementation in schema._schema.get_possible_types(TYPES["Change"])}
    assert names == {event.__name__ for event in EVENTS.values()}


def test_every_entity_has_an_as_of_field() -> None:
    entity = TYPES["Entity"]
    assert {named.name for named in schema._schema.get_possible_types(entity)} == ENTITIES
    for name in ENTITIES:
        field = TYPES[name].fields["asOf"]
        assert str(field.type) == name
        assert set(field.args) == {"at", "known", "position"}


def test_query_and_snapshot_have_the_fields_of_view() -> None:
    view = set(TYPES["View"].fields)
    assert set(TYPES["Snapshot"].fields) == view
    assert set(TYPES["Query"].fields) > view


def test_unknown_node_does_not_null_the_others() -> None:
    assert str(TYPES["Query"].fields["node"].type) == "Node"
    assert str(TYPES["Query"].fields["nodes"].type) == "[Node]!"


@pytest.mark.parametrize("kind", [GraphQLObjectType, GraphQLInterfaceType, GraphQLInputObjectType, GraphQLEnumType])
def test_names_follow_graphql_conventions(kind: type[GraphQLNamedType]) -> None:
    for named in own_types():
        if isinstance(named, kind):
            assert named.name[0].isupper()
            assert "_" not in named.name
            for name in getattr(named, "fields", {}):
                assert "_" not in name


def test_there_are_four_custom_scalars() -> None:
    scalars = {named.name for named in own_types() if isinstance(named, GraphQLScalarType)}
    assert scalars == {"DateTime", "Date", "Position", "Markdown"}
