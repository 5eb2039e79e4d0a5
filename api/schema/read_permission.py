"""Who may not read gets nothing to read: what they may ask for all the same is told by name, and all else is refused.

It is refused as a whole and before anything is carried out, so that no command is carried out whose answer is not
given.
"""

from collections.abc import Iterator
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
from strawberry.extensions import SchemaExtension

from api.execution.context import Context
from domain.commands.permissions import Permission
from domain.primitives.errors import Code

_PAYLOAD: Final = dict.fromkeys(("position", "recorded", "unchanged")) | {
    "problems": dict.fromkeys(("code", "message", "field"))
}
_OF_A_QUERY: Final = {"viewer": dict.fromkeys(("handle", "roles", "can"))}
"""What may be asked without reading, each with what may be asked of it; None for what has no parts."""


class Reading(SchemaExtension):
    """Refuses a document that asks for more than its caller may read."""

    def on_validate(self) -> Iterator[None]:
        asked = self.execution_context
        context, document = asked.context, asked.graphql_document
        reads = not isinstance(context, Context) or Permission.READ in context.caller.can
        if not reads and document is not None and not asked.pre_execution_errors:
            refused = refusal(document)
            if refused is not None:
                asked.pre_execution_errors = [refused]
        yield


def refusal(document: DocumentNode) -> GraphQLError | None:
    """Why this valid document is not carried out for somebody who may not read; None where it asks for nothing more
    than they may."""
    fragments = {one.name.value: one for one in document.definitions if isinstance(one, FragmentDefinitionNode)}
    for operation in document.definitions:
        if isinstance(operation, OperationDefinitionNode):
            beyond = _beyond(operation, fragments)
            if beyond is not None:
                message = "You may not read: ask for nothing but what became of a command, and who you are."
                return GraphQLError(message, beyond, extensions={"code": Code.FORBIDDEN.value})
    return None


def _beyond(operation: OperationDefinitionNode, fragments: dict[str, FragmentDefinitionNode]) -> FieldNode | None:
    """The first field that is asked for and may not be."""
    waiting: list[tuple[SelectionSetNode | None, Any]] = [(operation.selection_set, _may_ask(operation))]
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


def _may_ask(operation: OperationDefinitionNode) -> dict[str, Any] | None:
    """What may be asked at the root: of mutations each, for a payload; of subscriptions none."""
    if operation.operation is OperationType.MUTATION:
        return None
    return _OF_A_QUERY if operation.operation is OperationType.QUERY else {}
