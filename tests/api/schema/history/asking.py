"""A workspace asked over GraphQL, and the query that asks for everything of changes."""

from functools import cache
from math import inf
from typing import Any
from unittest.mock import patch

from graphql import GraphQLObjectType, GraphQLUnionType, get_named_type, is_composite_type, is_required_argument

from api.execution.context import Caller, Context
from api.execution.writer import Writer
from api.schema.schema import schema
from domain.commands.permissions import Role
from tests.api.schema.conftest import CountingPool
from tests.projections.conftest import World

HEAD = "__typename id position recordedAt effectiveAt late reason actor { handle }"
OF_ALL = f"{HEAD} subject {{ __typename id }} cycle {{ id }}"
FIELDS = "fields { field before after beforeNode { id } afterNode { id } }"
EFFECTS = "effects { objective { id } before after cause }"


class Asked:
    """The API over a workspace, with every statement counted."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.pool = CountingPool(world.database.pool())

    @property
    def context(self) -> Context:
        pool: Any = self.pool
        writer = Writer(self.world.log, self.world.projector, 1.0)
        return Context(Caller("ada", frozenset({Role.ADMIN})), pool, self.world.log, writer, "acme", "r-1")

    def ask(self, query: str, **variables: Any) -> Any:
        """The data of an answer without errors."""
        with patch("api.execution.cost.LIMITS", ()), patch("api.execution.limits.COST_MAX", inf):
            result = schema.execute_sync(query, variables, self.context)
        assert result.errors is None, result.errors
        return result.data

    def refused(self, query: str, **variables: Any) -> tuple[str, list[str]]:
        """The code and the field of the one error of an answer."""
        result = schema.execute_sync(query, variables, self.context)
        assert result.errors is not None
        (error,) = result.errors
        assert error.extensions is not None
        return error.extensions["code"], error.extensions.get("field", [])

    def count(self, query: str, **variables: Any) -> int:
        """How many statements an answer costs."""
        self.pool.statements.clear()
        self.ask(query, **variables)
        return len(self.pool.statements)

    def changes(self, selection: str = OF_ALL, **variables: Any) -> list[Any]:
        """The first thousand changes."""
        asked = f"changes(first: 1000, filter: $filter) {{ nodes {{ {selection} }} }}"
        nodes: list[Any] = self.ask(f"query($filter: ChangeFilter) {{ {asked} }}", **variables)["changes"]["nodes"]
        return nodes


@cache
def everything() -> str:
    """All that any change can be asked for."""
    changes = schema._schema.get_possible_types(schema._schema.type_map["Change"])  # type: ignore[arg-type]
    return f"{OF_ALL} {FIELDS} {EFFECTS} " + " ".join(map(_fragment, changes))


def _fragment(of: GraphQLObjectType) -> str:
    common = schema._schema.type_map["Change"].fields  # type: ignore[attr-defined]
    own = [_selected(name, field) for name, field in of.fields.items() if name not in common]
    return f"... on {of.name} {{ __typename {' '.join(own)} }}"


def _selected(name: str, field: Any) -> str:
    named = get_named_type(field.type)
    if not is_composite_type(named):
        return name
    if isinstance(named, GraphQLUnionType):
        return f"{name} {{ __typename ... on Objective {{ id }} ... on KeyResult {{ id }} }}"
    leaves = [
        leaf
        for leaf, part in named.fields.items()
        if not is_composite_type(get_named_type(part.type)) and not any(map(is_required_argument, part.args.values()))
    ]
    return f"{name} {{ {' '.join(leaves)} }}"
