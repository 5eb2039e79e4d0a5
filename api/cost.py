"""How much a document asks for, before any of it is read: its depth, and how many fields an answer may have.

Linear in the document: a fragment is counted once, however often it is spread.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLCompositeType,
    GraphQLError,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    get_named_type,
    is_list_type,
    is_non_null_type,
)
from graphql.utilities import type_from_ast

from api.paging import PAGE_DEFAULT, PAGE_MAX

DEPTH_MAX: Final = 30
"""Fields within fields."""
COST_MAX: Final = 500_000
"""Fields of an answer, as far as pages and lists let it be foreseen; the largest take a second or two."""
LIST_SIZE: Final = 5
"""How long a list without pages is taken to be: the key results of an objective, the members of a team."""


class Cost(NamedTuple):
    depth: int
    fields: float


class Estimate:
    """The cost of the operations of one document with these variables."""

    def __init__(self, schema: GraphQLSchema, document: DocumentNode, variables: Mapping[str, Any]) -> None:
        self._schema = schema
        self._variables = variables
        self._fragments = {
            one.name.value: one for one in document.definitions if isinstance(one, FragmentDefinitionNode)
        }
        self._known: dict[str, Cost] = {}

    def of(self, operation: OperationDefinitionNode) -> Cost:
        root = self._schema.get_root_type(operation.operation)
        assert root is not None
        return self._selections(operation.selection_set, root)

    def _selections(self, selections: SelectionSetNode, parent: Any) -> Cost:
        parts = [self._selection(one, parent) for one in selections.selections]
        return Cost(max((part.depth for part in parts), default=0), sum(part.fields for part in parts))

    def _selection(self, node: Any, parent: GraphQLCompositeType) -> Cost:
        if isinstance(node, FieldNode):
            return self._field(node, parent)
        if isinstance(node, FragmentSpreadNode):
            return self._fragment(node.name.value)
        assert isinstance(node, InlineFragmentNode)
        on = parent if node.type_condition is None else type_from_ast(self._schema, node.type_condition)
        return self._selections(node.selection_set, on)

    def _fragment(self, name: str) -> Cost:
        if name not in self._known:
            fragment = self._fragments[name]
            on = type_from_ast(self._schema, fragment.type_condition)
            self._known[name] = self._selections(fragment.selection_set, on)
        return self._known[name]

    def _field(self, node: FieldNode, parent: Any) -> Cost:
        if node.selection_set is None:
            return Cost(1, 1)
        field = self._schema.get_field(parent, node.name.value)
        assert field is not None
        inside = self._selections(node.selection_set, get_named_type(field.type))
        return Cost(1 + inside.depth, 1 + self._size(node, field, parent) * inside.fields)

    def _size(self, node: FieldNode, field: Any, parent: Any) -> float:
        """How many things the field may give: its page, its ids, or the usual length of a list."""
        given = {argument.name.value: self._value(argument.value) for argument in node.arguments or ()}
        if "first" in field.args:
            said = [given[name] for name in ("first", "last") if isinstance(given.get(name), int)]
            return min(max([0, *said]) if said else PAGE_DEFAULT, PAGE_MAX)
        if isinstance(given.get("ids"), list):
            return len(given["ids"])
        is_page = parent.name.endswith("Connection")
        of = field.type.of_type if is_non_null_type(field.type) else field.type
        return LIST_SIZE if is_list_type(of) and not is_page else 1

    def _value(self, node: ValueNode) -> Any:
        if isinstance(node, VariableNode):
            return self._variables.get(node.name.value)
        if isinstance(node, IntValueNode):
            return int(node.value)
        return list(node.values or ()) if isinstance(node, ListValueNode) else None


def refusal(schema: GraphQLSchema, document: DocumentNode, variables: Mapping[str, Any]) -> GraphQLError | None:
    """Why this valid document is not carried out, if it asks for too much."""
    estimate = Estimate(schema, document, variables)
    for operation in document.definitions:
        if not isinstance(operation, OperationDefinitionNode):
            continue
        cost = estimate.of(operation)
        if cost.depth > DEPTH_MAX:
            message = f"Asks {cost.depth} fields deep; up to {DEPTH_MAX} are answered. Ask in two steps."
            return GraphQLError(message, operation, extensions={"code": "TOO_LARGE"})
        if cost.fields > COST_MAX:
            message = (
                f"May have {cost.fields:,.0f} fields in its answer; up to {COST_MAX:,} are answered. "
                "Ask for smaller pages, or for fewer lists within lists."
            )
            return GraphQLError(message, operation, extensions={"code": "TOO_LARGE"})
    return None
