"""Determines whether callers with equal roles and hidden objectives may share the answer to a query.

Resolvers learn about the caller only through the context of the request. So a field whose resolver takes no `info` is
the same for all callers at one basis, and any other field is not shared unless it is named here. Document and schema
decide, before execution.
"""

from functools import cache, lru_cache
from typing import Any, Final

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    get_named_type,
    is_abstract_type,
)
from strawberry.types.field import StrawberryField

from api.execution.limits import DOCUMENTS_KEPT, parsed

SHARED: Final = frozenset({"View.workspace", "Query.workspace", "Snapshot.workspace"})
"""Fields whose resolvers take `info`, but use nothing of the caller."""


@lru_cache(DOCUMENTS_KEPT)
def is_shareable(schema: GraphQLSchema, text: str) -> bool:
    """Whether no field of a valid document depends on the caller. False for a document with any operation besides
    queries. Fields of fragments count whether they are spread or not."""
    waiting: list[tuple[Any, Any]] = []
    for one in parsed(text).definitions:
        if isinstance(one, OperationDefinitionNode) and one.operation is OperationType.QUERY:
            waiting.append((one, schema.query_type))
        elif isinstance(one, FragmentDefinitionNode):
            waiting.append((one, schema.get_type(one.type_condition.name.value)))
        else:
            return False
    while waiting:
        node, parent = waiting.pop()
        for one in node.selection_set.selections if node.selection_set else ():
            if isinstance(one, FieldNode):
                name = one.name.value
                if not _is_shared(schema, parent, name):
                    return False
                waiting.append((one, get_named_type(schema.get_field(parent, name).type)))  # type: ignore[union-attr]
            elif isinstance(one, InlineFragmentNode):
                on = one.type_condition
                waiting.append((one, parent if on is None else schema.get_type(on.name.value)))
    return True


@cache
def _is_shared(schema: GraphQLSchema, parent: Any, name: str) -> bool:
    """Whether a field is the same for all callers, in every type that a value of the parent type may have."""
    if name.startswith("__") or f"{parent}.{name}" in SHARED:
        return True
    types = [parent, *schema.get_possible_types(parent)] if is_abstract_type(parent) else [parent]
    return all(_takes_no_info(schema.get_field(one, name)) for one in types)


def _takes_no_info(field: Any) -> bool:
    defined = None if field is None else field.extensions.get("strawberry-definition")
    if not isinstance(defined, StrawberryField) or defined.extensions:
        return False
    resolver: Any = defined.base_resolver
    return resolver is None or resolver.info_parameter is None
