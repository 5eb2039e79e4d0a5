"""Which answers callers with equal roles and hidden objectives may share."""

from typing import Any

import pytest
from graphql import GraphQLInterfaceType, GraphQLObjectType

from api.schema import sharing
from api.schema.schema import schema
from api.schema.sharing import is_shareable

CORE = schema._schema
NOT_READ = {"Mutation", "Subscription"}


def fields() -> list[tuple[Any, str]]:
    """Every field of every type that a query may select."""
    types = (one for name, one in CORE.type_map.items() if name not in NOT_READ and not name.startswith("__"))
    composite = (one for one in types if isinstance(one, GraphQLObjectType | GraphQLInterfaceType))
    return [(one, name) for one in composite for name in one.fields]


def test_only_viewer_and_ledger_depend_on_the_caller() -> None:
    """A new field whose resolver takes `info` appears here: is it the same for all callers with equal roles and
    hidden objectives? Only then it may be named in `SHARED`."""
    of_caller = {f"{one}.{name}" for one, name in fields() if not sharing._is_shared(CORE, one, name)}
    assert of_caller == {"Query.viewer", "Query.ledger", "Ledger.evidence", "InclusionProof.leaf"}


def test_every_exception_is_a_field_that_takes_info() -> None:
    named = {f"{one}.{name}": one.fields[name] for one, name in fields() if f"{one}.{name}" in sharing.SHARED}
    assert named.keys() == sharing.SHARED
    assert not any(sharing._takes_no_info(field) for field in named.values())


@pytest.mark.parametrize(
    "document",
    [
        "{ objectives { nodes { title progress { value } } } }",
        "{ basis { at } workspace { name } }",
        "{ __typename }",
        "query A { cycles { totalCount } } query B { teams { totalCount } }",
        "{ asOf(position: 1) { workspace { name } ... on Snapshot { basis { at } } } }",
        '{ node(id: "x") { id ... on Objective { keyResults { title } } } }',
        "{ objectives { nodes { ...F } } } fragment F on Objective { keyResults { ...G } } fragment G on Node { id }",
    ],
)
def test_query_without_fields_of_the_caller_is_shared(document: str) -> None:
    assert is_shareable(CORE, document)


@pytest.mark.parametrize(
    "document",
    [
        "{ viewer { handle } }",
        "{ basis { at } me: viewer { handle } }",
        "{ ... on Query { ledger { head { size } } } }",
        "{ ... { ... @include(if: false) { viewer { handle } } } }",
        "fragment F on Query { viewer { handle } } { ...F }",
        "query A { cycles { totalCount } } query B { viewer { handle } }",
        "query A { cycles { totalCount } } mutation B { __typename }",
        "subscription { __typename }",
    ],
)
def test_document_with_any_field_of_the_caller_is_not_shared(document: str) -> None:
    assert not is_shareable(CORE, document)


def test_field_that_the_schema_does_not_know_is_not_shared() -> None:
    assert not is_shareable(CORE, "{ nope }")
