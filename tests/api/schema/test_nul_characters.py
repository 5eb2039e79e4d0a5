"""PostgreSQL text cannot contain NUL: a NUL in any argument is refused or finds nothing, without a server error."""

from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    get_named_type,
    is_list_type,
    is_non_null_type,
    is_required_argument,
)

from api.schema.schema import schema
from tests.api.conftest import Api

SDL = schema._schema
NUL = "a\0b"
AT = "2026-01-01T00:00:00Z"


def value(type_: Any) -> Any:
    """A value of an input type with NUL in every text. Filters inside filters are left out."""
    if is_non_null_type(type_):
        return value(type_.of_type)
    if is_list_type(type_):
        return [value(type_.of_type)]
    if isinstance(type_, GraphQLEnumType):
        return next(iter(type_.values))
    if isinstance(type_, GraphQLInputObjectType):
        fields = type_.fields.items()
        if type_.is_one_of or type_.extensions["strawberry-definition"].is_one_of:
            fields = [next(iter(fields))]
        return {name: value(field.type) for name, field in fields if name not in ("and", "or", "not")}
    return {
        "String": NUL,
        "ID": NUL,
        "Int": 1,
        "Float": 1.0,
        "Boolean": True,
        "Position": 1,
        "DateTime": AT,
        "Date": AT[:10],
    }[type_.name]


def selection(type_: Any) -> str:
    """The smallest selection of a type."""
    named = get_named_type(type_)
    return "" if not hasattr(named, "fields") and not hasattr(named, "types") else "{ __typename }"


assert SDL.query_type is not None
assert SDL.mutation_type is not None
FIELDS = {"query": SDL.query_type.fields, "mutation": SDL.mutation_type.fields}
ROOT_FIELDS = [(kind, name) for kind, fields in FIELDS.items() for name in fields]


@pytest.mark.parametrize(("kind", "name"), ROOT_FIELDS, ids=lambda one: one)
def test_nul_in_a_text_is_no_server_error(api: Api, kind: str, name: str) -> None:
    field = FIELDS[kind][name]
    texts = {
        key: argument
        for key, argument in field.args.items()
        if is_required_argument(argument)
        or get_named_type(argument.type).name in ("String", "ID")
        or isinstance(get_named_type(argument.type), GraphQLInputObjectType)
    }
    declared = f"({', '.join(f'${key}: {argument.type}' for key, argument in texts.items())})" if texts else ""
    given = f"({', '.join(f'{key}: ${key}' for key in texts)})" if texts else ""
    document = f"{kind} {declared} {{ {name}{given} {selection(field.type)} }}"
    answer = api.answer(document, **{key: value(argument.type) for key, argument in texts.items()})
    codes = {error["extensions"]["code"] for error in answer.get("errors", [])}
    assert not codes & {"INTERNAL_SERVER_ERROR", "UNAVAILABLE", "GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED"}, (
        answer["errors"]
    )
