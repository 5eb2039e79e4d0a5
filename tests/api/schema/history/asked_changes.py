"""A workspace queried over GraphQL, and the selection of all fields of all changes."""

from functools import cache
from typing import Any

from graphql import GraphQLObjectType, GraphQLUnionType, get_named_type, is_composite_type, is_required_argument

from api.schema.schema import schema
from tests.asking import Asking, unlimited

HEAD = "__typename id position recordedAt effectiveAt late reason actor { handle }"
OF_ALL = f"{HEAD} subject {{ __typename id }} cycle {{ id }}"
FIELDS = "fields { field before after beforeNode { id } afterNode { id } }"
EFFECTS = "effects { objective { id } before after cause }"


class Asked(Asking):
    """The API over a workspace, without limits on the cost of a document."""

    def ask(self, query: str, **variables: Any) -> Any:
        with unlimited():
            return super().ask(query, **variables)

    def changes(self, selection: str = OF_ALL, **variables: Any) -> list[Any]:
        """The first thousand changes."""
        asked = f"changes(first: 1000, filter: $filter) {{ nodes {{ {selection} }} }}"
        nodes: list[Any] = self.ask(f"query($filter: ChangeFilter) {{ {asked} }}", **variables)["changes"]["nodes"]
        return nodes


@cache
def full_selection() -> str:
    """The selection of all fields of every change type."""
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
