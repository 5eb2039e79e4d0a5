"""Limits of one operation; a document that exceeds one is rejected before execution.

Each limit has an error code, which docs/http.md lists with measurements. The length and the tokens of a document are
checked first, then its cost (`api.execution.cost`), and only then is it validated against the schema, since some of the
validation rules are quadratic. See docs/adr/0024.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final, NamedTuple

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    OverlappingFieldsCanBeMergedRule,
    get_operation_ast,
    specified_rules,
    validate,
)
from strawberry.extensions import SchemaExtension
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from api.execution.context import Bounds, Context
from api.execution.cost import TOO_COSTLY, Weighed, weigh
from api.execution.document_parser import NestedTooDeeply, TooManyTokens, parse_within
from api.execution.field_merging import COMPARISONS_MAX, BoundedOverlappingFieldsRule, TooManyComparisons
from api.execution.variable_limits import limit_error, oversized

DOCUMENT_LENGTH_MAX: Final = 100_000
"""Characters of a document; long values belong in its variables."""
TOKENS_MAX: Final = 3_000
"""Tokens of a document; the introspection query of editors has some 300."""
ERRORS_MAX: Final = 5
"""Validation errors that are reported for one document."""
MESSAGE_LENGTH_MAX: Final = 500
"""Characters of the message of a validation error."""
DOCUMENTS_KEPT: Final = 128
"""Parsed and validated documents that are cached."""

_RULES: Final = (
    *(BoundedOverlappingFieldsRule if rule is OverlappingFieldsCanBeMergedRule else rule for rule in specified_rules),
    MaybeNullValidationRule,
    OneOfInputValidationRule,
)


class Limits(SchemaExtension):
    """Checks the limits of an operation, and rejects a document with several operations and no `operationName`.

    strawberry would execute the first of them.
    """

    def on_operation(self) -> None:  # type: ignore[override]  # strawberry takes a plain function, too
        execution = self.execution_context
        if len(execution.query or "") > DOCUMENT_LENGTH_MAX:
            message = f"A document has at most {DOCUMENT_LENGTH_MAX:,} characters; move long values into variables."
            raise limit_error("DOCUMENT_TOO_LONG", message, DOCUMENT_LENGTH_MAX)
        refused = oversized(execution.variables or {})
        if refused is not None:
            raise refused

    def on_parse(self) -> None:  # type: ignore[override]  # strawberry takes a plain function, too
        execution = self.execution_context
        if not execution.query:
            return
        execution.graphql_document = document = parsed(execution.query)
        if execution._provided_operation_name is not None or len(document.definitions) == 1:  # noqa: SLF001
            return
        if len([one for one in document.definitions if isinstance(one, OperationDefinitionNode)]) > 1:
            message = "The document has several operations: name one of them in operationName."
            raise GraphQLError(message, extensions={"code": "GRAPHQL_VALIDATION_FAILED"})

    def on_validate(self) -> None:  # type: ignore[override]  # strawberry takes a plain function, too
        execution = self.execution_context
        schema, document = execution.schema._schema, execution.graphql_document  # noqa: SLF001
        if document is None or execution.pre_execution_errors:
            return
        bounds = bounds_of(execution.context)
        weighed = _weighed(schema, execution.query or "", execution.variables or {}, bounds)
        refused = weighed.refusal or self._budget_error(weighed.costs, bounds.cost_max)
        execution.pre_execution_errors = [refused] if refused else [*_validation_errors(schema, execution.query or "")]

    def _budget_error(self, costs: Mapping[str | None, float], most: float) -> GraphQLError | None:
        """The error if the operations of the request together exceed the cost limit; else None."""
        execution, context = self.execution_context, self.execution_context.context
        if execution.operation_name not in costs or not isinstance(context, Context):
            return None
        stats = context.stats
        stats.kind, stats.name = execution.operation_type.value, execution.operation_name or ""
        stats.costs.append(costs[execution.operation_name])
        if sum(stats.costs) <= most:
            return None
        message = f"The operations of one request may cost {most:,.0f} in total. Send several requests."
        return limit_error(TOO_COSTLY, message, round(most))


class Assessed(NamedTuple):
    """The type of an operation, its estimated cost, and whether the cost depends on the variables."""

    type: OperationType
    cost: float
    varies: bool


REJECTED: Final = Assessed(OperationType.QUERY, 0.0, varies=True)
"""The assessment of an operation that is rejected before execution, which is cheap."""


def assess(
    schema: GraphQLSchema, text: str | None, variables: Mapping[str, Any], name: str | None, bounds: Bounds
) -> Assessed:
    """The assessment of an operation, which need not be valid."""
    if not text or len(text) > DOCUMENT_LENGTH_MAX:
        return REJECTED
    try:
        operation = get_operation_ast(parsed(text), name)
    except GraphQLError:
        return REJECTED
    weighed = _weighed(schema, text, variables, bounds)
    if operation is None or weighed.refusal is not None:
        return REJECTED
    cost = weighed.costs[operation.name.value if operation.name else None]
    return Assessed(operation.operation, cost, weighed.varies)


@lru_cache(DOCUMENTS_KEPT)
def parsed(text: str) -> DocumentNode:
    """The parsed document. Raises `GraphQLError`."""
    try:
        return parse_within(text, TOKENS_MAX)
    except TooManyTokens:
        raise limit_error(
            "TOO_MANY_TOKENS", f"A document has at most {TOKENS_MAX:,} tokens; split it.", TOKENS_MAX
        ) from None
    except NestedTooDeeply:
        raise GraphQLError("The document is nested too deeply; flatten it.", extensions={"code": "TOO_DEEP"}) from None


def bounds_of(context: object) -> Bounds:
    return context.bounds if isinstance(context, Context) else Bounds()


def _weighed(schema: GraphQLSchema, text: str, variables: Mapping[str, Any], bounds: Bounds) -> Weighed:
    """The weight of a document that can be parsed."""
    fixed = _fixed_weight(schema, text, bounds)
    if fixed is not None:
        return fixed
    if all(type(value) in _SCALARS for value in variables.values()):
        return _weight(schema, text, tuple((name, type(value), value) for name, value in variables.items()), bounds)
    return weigh(schema, parsed(text), variables, *bounds)


_SCALARS: Final = frozenset({int, bool, type(None)})
"""Types of variables that decide the weight of most documents, such as the size of a page, and are short."""


@lru_cache(DOCUMENTS_KEPT)
def _weight(schema: GraphQLSchema, text: str, variables: tuple[tuple[str, type, Any], ...], bounds: Bounds) -> Weighed:
    """The weight of a document with these variables, by name, type and value, since `True` equals 1."""
    return weigh(schema, parsed(text), {name: value for name, _, value in variables}, *bounds)


@lru_cache(DOCUMENTS_KEPT)
def _fixed_weight(schema: GraphQLSchema, text: str, bounds: Bounds) -> Weighed | None:
    """The weight of a document whose weight does not depend on variables; None for other and rejected documents."""
    weighed = weigh(schema, parsed(text), {}, *bounds)
    return None if weighed.varies or weighed.refusal else weighed


@lru_cache(DOCUMENTS_KEPT)
def _validation_errors(schema: GraphQLSchema, text: str) -> list[GraphQLError]:
    """The validation errors of a document that can be parsed."""
    return [_shortened(error) for error in validate(schema, parsed(text), _RULES, max_errors=ERRORS_MAX)]


def _shortened(error: GraphQLError) -> GraphQLError:
    """The error with a code and a message of bounded length."""
    if isinstance(error, TooManyComparisons):
        message = "Too many fields share a response name to check whether they can be merged; use fewer fragments."
        return limit_error("TOO_TANGLED", message, COMPARISONS_MAX)
    if len(error.message) > MESSAGE_LENGTH_MAX:
        return GraphQLError(f"{error.message[:MESSAGE_LENGTH_MAX]}…", error.nodes, extensions=error.extensions)
    return error
