"""How much one request may ask for; what is beyond it is refused before anything is carried out.

Each limit has a code of its own, and stands in README with what was measured. A document is bounded first in its
length and tokens, then by its cost (`api.execution.cost`), and only then validated against the schema: some of the
rules of GraphQL compare everything with everything. See docs/adr/0024.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Final

from graphql import DocumentNode, GraphQLError, GraphQLSchema, GraphQLSyntaxError, OperationDefinitionNode
from graphql import parse as parsed
from graphql.validation import specified_rules, validate
from graphql.validation.rules import overlapping_fields_can_be_merged as overlapping
from strawberry.extensions import SchemaExtension
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from api.execution.context import Context
from api.execution.cost import COST_MAX, weigh
from api.execution.variable_limits import limit_error, oversized

DOCUMENT_LENGTH_MAX: Final = 100_000
"""Characters of a document; what is long belongs into its variables."""
TOKENS_MAX: Final = 3_000
"""Tokens of a document; the question by which editors learn a whole schema has some 300."""
COMPARISONS_MAX: Final = 5_000
"""How many pairs of fields are compared with each other, whether they can be merged."""
ERRORS_MAX: Final = 5
"""How many mistakes of one document are told: each is shown with the piece of text that it is in."""
MESSAGE_LENGTH_MAX: Final = 500
"""Characters of what is told of a mistake."""
DOCUMENTS_KEPT: Final = 128
"""Documents that are not parsed and validated again."""

_RULES: Final = (*specified_rules, MaybeNullValidationRule, OneOfInputValidationRule)

overlapping.MAX_COMPLEXITY_BUDGET = 2 * COMPARISONS_MAX  # what the library has it for; a comparison is two of its units


class Limits(SchemaExtension):
    """Bounds what one operation asks for, and has a document say which of several operations is meant.

    The library would carry out the first.
    """

    def on_operation(self) -> Iterator[None]:
        asked = self.execution_context
        if len(asked.query or "") > DOCUMENT_LENGTH_MAX:
            message = f"A document has up to {DOCUMENT_LENGTH_MAX:,} characters; put what is long into its variables."
            raise limit_error("DOCUMENT_TOO_LONG", message, DOCUMENT_LENGTH_MAX)
        refused = oversized(asked.variables or {})
        if refused is not None:
            raise refused
        yield

    def on_parse(self) -> Iterator[None]:
        asked = self.execution_context
        if asked.query:
            asked.graphql_document = _parsed(asked.query)
        yield
        document, named = asked.graphql_document, asked._provided_operation_name  # noqa: SLF001
        if document is None or named is not None:
            return
        if sum(isinstance(one, OperationDefinitionNode) for one in document.definitions) > 1:
            message = "The document has several operations: say by operationName which one is meant."
            raise GraphQLError(message, extensions={"code": "GRAPHQL_VALIDATION_FAILED"})

    def on_validate(self) -> Iterator[None]:
        asked = self.execution_context
        schema, document = asked.schema._schema, asked.graphql_document  # noqa: SLF001
        if document is not None and not asked.pre_execution_errors:
            weighed = weigh(schema, document, asked.variables or {})
            refused = weighed.refusal or self._spent(weighed.costs)
            asked.pre_execution_errors = [refused] if refused else [*_mistakes(schema, asked.query or "")]
        yield

    def _spent(self, costs: Mapping[str | None, float]) -> GraphQLError | None:
        """Why this is too much beside what the same request asked for before."""
        asked, context = self.execution_context, self.execution_context.context
        if asked.operation_name not in costs or not isinstance(context, Context):
            return None
        context.stats.kind, context.stats.name = asked.operation_type.value, asked.operation_name or ""
        if context.charge_cost(costs[asked.operation_name], COST_MAX):
            return None
        message = f"The operations of one request may have {COST_MAX:,} fields in their answers together."
        return limit_error("TOO_COSTLY", message, COST_MAX)


@lru_cache(DOCUMENTS_KEPT)
def _parsed(text: str) -> DocumentNode:
    """A document. Raises `GraphQLError`."""
    try:
        return parsed(text, max_tokens=TOKENS_MAX)
    except GraphQLSyntaxError as error:
        if "tokens. Parsing aborted" in error.message:
            raise limit_error("TOO_MANY_TOKENS", f"A document has up to {TOKENS_MAX:,} tokens.", TOKENS_MAX) from None
        if "nested too deeply" in error.message:
            raise GraphQLError("The document is nested too deeply.", extensions={"code": "TOO_DEEP"}) from None
        raise


@lru_cache(DOCUMENTS_KEPT)
def _mistakes(schema: GraphQLSchema, text: str) -> list[GraphQLError]:
    """What is wrong with a document that can be parsed; nothing as a rule."""
    return [_told(error) for error in validate(schema, _parsed(text), _RULES, max_errors=ERRORS_MAX)]


def _told(error: GraphQLError) -> GraphQLError:
    if error.message.startswith("Validation aborted"):
        message = "Selects the same fields in so many ways that it takes too long to see whether they go together."
        return limit_error("TOO_TANGLED", message, COMPARISONS_MAX)
    if len(error.message) > MESSAGE_LENGTH_MAX:
        return GraphQLError(f"{error.message[:MESSAGE_LENGTH_MAX]}…", error.nodes, extensions=error.extensions)
    return error
