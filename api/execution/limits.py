"""Limits of one operation; a document that exceeds one is rejected before execution.

Each limit has an error code, which docs/http.md lists with measurements. The length and the tokens of a document are
checked first, then its cost (`api.execution.cost`), and only then is it validated against the schema, since some of the
validation rules are quadratic. See docs/adr/0024.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, NamedTuple, TypeAlias

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    OverlappingFieldsCanBeMergedRule,
    get_operation_ast,
    specified_rules,
    validate,
)
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule
from strawberry.types.graphql import OperationType

from api.execution.context import Bounds, Context
from api.execution.cost import TOO_COSTLY, Weighed, weigh
from api.execution.document_parser import NestedTooDeeply, TooManyTokens, parse_within
from api.execution.field_merging import COMPARISONS_MAX, BoundedOverlappingFieldsRule, TooManyComparisons
from api.execution.variable_limits import limit_error

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
WEIGHTS_KEPT: Final = 512
"""Weights that are cached, by document and the values of the variables that decide them."""
_SHORT: Final = 40
"""Characters of a text in such values, such as the step of a curve."""
Values: TypeAlias = tuple[tuple[str, type, Any], ...]
"""Values of variables, each with its name and its type."""

_RULES: Final = (
    *(BoundedOverlappingFieldsRule if rule is OverlappingFieldsCanBeMergedRule else rule for rule in specified_rules),
    MaybeNullValidationRule,
    OneOfInputValidationRule,
)


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class ParsedOperation:
    """A parsed document with its fragments, and the operation that a request names, with its type; both are None if
    there is none. `name` is that of the operation, or of the request."""

    document: DocumentNode
    fragments: Mapping[str, FragmentDefinitionNode]
    operation: OperationDefinitionNode | None
    type: OperationType | None
    name: str | None


@lru_cache(DOCUMENTS_KEPT)
def parsed_operation(text: str, name: str | None) -> ParsedOperation:
    """The operation of this name, or the only one of a document. Raises `GraphQLError` for a document that cannot be
    parsed, and for one with several operations of which none is named."""
    document = parsed(text)
    operations = [one for one in document.definitions if isinstance(one, OperationDefinitionNode)]
    if name is None and len(operations) > 1:
        message = "The document has several operations: name one of them in operationName."
        raise GraphQLError(message, extensions={"code": "GRAPHQL_VALIDATION_FAILED"})
    named = [one for one in operations if name is None or (one.name is not None and one.name.value == name)]
    found = named[0] if named else None
    fragments = {one.name.value: one for one in document.definitions if isinstance(one, FragmentDefinitionNode)}
    if found is None:
        return ParsedOperation(document, fragments, None, None, name)
    return ParsedOperation(document, fragments, found, _type_of(found), found.name.value if found.name else None)


def _type_of(operation: OperationDefinitionNode) -> OperationType:
    return OperationType(operation.operation.value)


def violations(
    schema: GraphQLSchema, text: str, variables: Mapping[str, Any], operation: ParsedOperation, context: Context
) -> Sequence[GraphQLError]:
    """The errors of a document: what it costs is checked before its validity. Notes the cost of the operation in the
    statistics of its request."""
    weighed = _weighed(schema, text, variables, context.bounds)
    refused = weighed.refusal or _budget_error(weighed.costs, operation, context)
    return [refused] if refused else _validation_errors(schema, text)


def _budget_error(
    costs: Mapping[str | None, float], operation: ParsedOperation, context: Context
) -> GraphQLError | None:
    """The error if the operations of the request together cost more than they may; else None."""
    if operation.type is None or operation.name not in costs:
        return None
    stats, most = context.stats, context.bounds.cost_max
    stats.kind, stats.name = operation.type.value, operation.name or ""
    stats.costs.append(costs[operation.name])
    if sum(stats.costs) <= most:
        return None
    message = f"The operations of one request may cost {most:,.0f} in total. Send several requests."
    return limit_error(TOO_COSTLY, message, round(most))


class Assessed(NamedTuple):
    """The type of an operation, its estimated cost, and the variables that decide the cost; None if these are not
    known."""

    type: OperationType
    cost: float
    deciding: tuple[str, ...] | None


REJECTED: Final = Assessed(OperationType.QUERY, 0.0, None)
"""The assessment of an operation that is rejected before execution, which is cheap."""


def assess(
    schema: GraphQLSchema, text: str | None, variables: Mapping[str, Any], name: str | None, bounds: Bounds
) -> Assessed:
    """The assessment of an operation, which need not be valid."""
    if not text:
        return REJECTED
    try:
        operation = get_operation_ast(parsed(text), name)
    except GraphQLError:
        return REJECTED
    weighed = _weighed(schema, text, variables, bounds)
    if operation is None or weighed.refusal is not None:
        return REJECTED
    cost = weighed.costs[operation.name.value if operation.name else None]
    return Assessed(_type_of(operation), cost, _deciding(schema, text, bounds))


@lru_cache(DOCUMENTS_KEPT)
def parsed(text: str) -> DocumentNode:
    """The parsed document. Raises `GraphQLError`."""
    if len(text) > DOCUMENT_LENGTH_MAX:
        message = f"A document has at most {DOCUMENT_LENGTH_MAX:,} characters; move long values into variables."
        raise limit_error("DOCUMENT_TOO_LONG", message, DOCUMENT_LENGTH_MAX)
    try:
        return parse_within(text, TOKENS_MAX)
    except TooManyTokens:
        raise limit_error(
            "TOO_MANY_TOKENS", f"A document has at most {TOKENS_MAX:,} tokens; split it.", TOKENS_MAX
        ) from None
    except NestedTooDeeply:
        raise GraphQLError("The document is nested too deeply; flatten it.", extensions={"code": "TOO_DEEP"}) from None


def _weighed(schema: GraphQLSchema, text: str, variables: Mapping[str, Any], bounds: Bounds) -> Weighed:
    """The weight of a document that can be parsed."""
    deciding = _deciding(schema, text, bounds)
    given = None if deciding is None else values_of(deciding, variables)
    return weigh(schema, parsed(text), variables, *bounds) if given is None else _weight(schema, text, given, bounds)


def values_of(names: Iterable[str], variables: Mapping[str, Any]) -> Values | None:
    """The values of these variables, each with its name and its type, since `True` equals 1; None if one of them is
    not short."""
    given = []
    for name in names:
        if name in variables:
            value = variables[name]
            if not _is_short(value):
                return None
            given.append((name, type(value), value))
    return tuple(given)


def _is_short(value: Any) -> bool:
    return type(value) in _SCALARS or (type(value) is str and len(value) <= _SHORT)


_SCALARS: Final = frozenset({int, float, bool, type(None)})


@lru_cache(WEIGHTS_KEPT)
def _weight(schema: GraphQLSchema, text: str, given: Values, bounds: Bounds) -> Weighed:
    """The weight of a document with these values of the variables that decide it."""
    return weigh(schema, parsed(text), {name: value for name, _, value in given}, *bounds)


@lru_cache(DOCUMENTS_KEPT)
def _deciding(schema: GraphQLSchema, text: str, bounds: Bounds) -> tuple[str, ...] | None:
    """The variables that decide the weight of a document; None if it is rejected without variables."""
    weighed = weigh(schema, parsed(text), {}, *bounds)
    return None if weighed.refusal else tuple(sorted(weighed.deciding))


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
