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
ENTITIES = {"Cycle", "Initiative", "KeyResult", "Kpi", "Objective", "Person", "Team"}


def ours() -> Iterator[GraphQLNamedType]:
    for named in TYPES.values():
        if not is_introspection_type(named) and not is_specified_scalar_type(named):
            yield named


def test_the_snapshot_is_what_the_schema_prints() -> None:
    assert SNAPSHOT.read_text() == sdl()


def test_everything_says_what_it_means() -> None:
    silent = []
    for named in ours():
        if not named.description:
            silent.append(named.name)
        for name, field in getattr(named, "fields", {}).items():
            if not field.description:
                silent.append(f"{named.name}.{name}")
            arguments = getattr(field, "args", {}).items()
            silent += [f"{named.name}.{name}({argument}:)" for argument, of in arguments if not of.description]
    assert silent == []


def test_every_kind_of_event_is_a_change_of_its_own() -> None:
    assert set(CHANGES) == set(EVENTS.values())
    names = {implementation.name for implementation in schema._schema.get_possible_types(TYPES["Change"])}
    assert names == {event.__name__ for event in EVENTS.values()}


def test_every_entity_reads_itself_at_another_moment() -> None:
    entity = TYPES["Entity"]
    assert {named.name for named in schema._schema.get_possible_types(entity)} == ENTITIES
    for name in ENTITIES:
        field = TYPES[name].fields["asOf"]
        assert str(field.type) == name
        assert set(field.args) == {"at", "known", "position"}


def test_now_and_then_have_the_same_fields() -> None:
    view = set(TYPES["View"].fields)
    assert set(TYPES["Snapshot"].fields) == view
    assert set(TYPES["Query"].fields) > view


def test_an_unknown_node_never_nulls_the_others() -> None:
    assert str(TYPES["Query"].fields["node"].type) == "Node"
    assert str(TYPES["Query"].fields["nodes"].type) == "[Node]!"


@pytest.mark.parametrize("kind", [GraphQLObjectType, GraphQLInterfaceType, GraphQLInputObjectType, GraphQLEnumType])
def test_names_are_written_as_everywhere(kind: type[GraphQLNamedType]) -> None:
    for named in ours():
        if isinstance(named, kind):
            assert named.name[0].isupper()
            assert "_" not in named.name
            for name in getattr(named, "fields", {}):
                assert "_" not in name


def test_there_are_four_scalars_of_our_own() -> None:
    scalars = {named.name for named in ours() if isinstance(named, GraphQLScalarType)}
    assert scalars == {"DateTime", "Date", "Position", "Markdown"}
