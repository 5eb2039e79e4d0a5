"""Every element of the schema has a description: one or more plain sentences for the clients that read it."""

import re
from collections.abc import Iterator

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    is_introspection_type,
    is_specified_directive,
    is_specified_scalar_type,
)

from api.schema.schema import schema

WORDS_MIN = 3
VAGUE = re.compile(r"\b(told|said|stands|somebody|whoever|nobody)\b", re.IGNORECASE)


def described() -> Iterator[tuple[str, str]]:
    """The coordinate and description of every type, field, argument, input field, enum value and directive."""
    core = schema._schema
    for kind in core.type_map.values():
        if not (is_introspection_type(kind) or is_specified_scalar_type(kind)):
            yield kind.name, kind.description or ""
            yield from members(kind)
    for directive in core.directives:
        if not is_specified_directive(directive):
            yield f"@{directive.name}", directive.description or ""
            yield from ((f"@{directive.name}({name}:)", one.description or "") for name, one in directive.args.items())


def members(kind: GraphQLNamedType) -> Iterator[tuple[str, str]]:
    if isinstance(kind, GraphQLEnumType):
        yield from ((f"{kind.name}.{name}", value.description or "") for name, value in kind.values.items())
    if isinstance(kind, GraphQLInputObjectType):
        yield from ((f"{kind.name}.{name}", field.description or "") for name, field in kind.fields.items())
    if isinstance(kind, (GraphQLObjectType, GraphQLInterfaceType)):
        for name, field in kind.fields.items():
            yield f"{kind.name}.{name}", field.description or ""
            yield from ((f"{kind.name}.{name}({arg}:)", one.description or "") for arg, one in field.args.items())


def test_every_element_has_a_description_of_at_least_three_words() -> None:
    assert [where for where, text in described() if len(text.split()) < WORDS_MIN] == []


def test_every_description_ends_with_a_full_stop() -> None:
    assert [where for where, text in described() if not text.endswith(".")] == []


def test_no_description_uses_a_vague_word() -> None:
    assert [(where, text) for where, text in described() if VAGUE.search(text)] == []


def test_the_elements_of_every_sort_are_checked() -> None:
    known = dict(described())
    assert {"Objective", "Objective.title", "Query.node(id:)", "CycleBy.key", "Health.ON_TRACK"} <= known.keys()
