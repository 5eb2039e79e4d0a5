"""Rejects documents of callers without the permission READ that select more than an explicit list of fields.

The check runs before execution and rejects the whole document, so that no command runs whose payload is withheld.
"""

from typing import Any, Final

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
)

from domain.primitives.errors import Code

_PAYLOAD: Final = dict.fromkeys(("position", "recorded", "unchanged")) | {
    "problems": dict.fromkeys(("code", "rule", "message", "field"))
    | {"parameters": dict.fromkeys(("name", "kind", "value"))}
}
_QUERY: Final = {"viewer": dict.fromkeys(("handle", "roles", "can"))}
"""The fields allowed without the permission READ, each with its allowed subfields; None for a leaf."""


def refusal(document: DocumentNode) -> GraphQLError | None:
    """The error for a valid document of a caller without READ; None if it selects only allowed fields."""
    fragments = {one.name.value: one for one in document.definitions if isinstance(one, FragmentDefinitionNode)}
    for operation in document.definitions:
        if isinstance(operation, OperationDefinitionNode):
            beyond = _beyond(operation, fragments)
            if beyond is not None:
                message = (
                    "You lack the permission READ: select only the result of a command (position, recorded, unchanged, "
                    "problems) or your own handle, roles and permissions (viewer)."
                )
                return GraphQLError(message, beyond, extensions={"code": Code.FORBIDDEN.value})
    return None


def _beyond(operation: OperationDefinitionNode, fragments: dict[str, FragmentDefinitionNode]) -> FieldNode | None:
    """The first selected field that is not allowed."""
    waiting: list[tuple[SelectionSetNode | None, Any]] = [(operation.selection_set, _allowed(operation))]
    spread: set[tuple[str, int]] = set()
    while waiting:
        selections, allowed = waiting.pop()
        for node in () if selections is None else selections.selections:
            if isinstance(node, FieldNode):
                name = node.name.value
                if name == "__typename":
                    continue
                if allowed is not None and name not in allowed:
                    return node
                waiting.append((node.selection_set, _PAYLOAD if allowed is None else allowed[name]))
            elif isinstance(node, FragmentSpreadNode):
                if (node.name.value, id(allowed)) not in spread:
                    spread.add((node.name.value, id(allowed)))
                    waiting.append((fragments[node.name.value].selection_set, allowed))
            elif isinstance(node, InlineFragmentNode):
                waiting.append((node.selection_set, allowed))
    return None


def _allowed(operation: OperationDefinitionNode) -> dict[str, Any] | None:
    """The allowed root fields: None (all, each with a payload) for mutations, no field for subscriptions."""
    if operation.operation is OperationType.MUTATION:
        return None
    return _QUERY if operation.operation is OperationType.QUERY else {}
