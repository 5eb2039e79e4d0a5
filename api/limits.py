"""How much one document may ask for; what is beyond it is refused before anything is carried out."""

from collections.abc import Iterator
from typing import Final

from graphql import GraphQLError, OperationDefinitionNode
from strawberry.extensions import SchemaExtension

from api.cost import refusal

DOCUMENT_LENGTH_MAX: Final = 100_000
"""Characters of a document; what is long belongs into its variables."""
TOKENS_MAX: Final = 4_000
"""Tokens of a document: validating the worst one of them takes less than a second."""


class Limits(SchemaExtension):
    """Bounds a document before it is parsed, and what it asks for before that is read; has it say which of
    several operations is meant.

    The library would carry out the first.
    """

    def on_operation(self) -> Iterator[None]:
        if len(self.execution_context.query or "") > DOCUMENT_LENGTH_MAX:
            message = f"A document has up to {DOCUMENT_LENGTH_MAX} characters; put what is long into its variables."
            raise GraphQLError(message, extensions={"code": "TOO_LARGE"})
        self.execution_context.parse_options["max_tokens"] = TOKENS_MAX
        yield

    def on_validate(self) -> Iterator[None]:
        yield
        asked = self.execution_context
        if asked.graphql_document is None or asked.pre_execution_errors:
            return
        refused = refusal(asked.schema._schema, asked.graphql_document, asked.variables or {})  # noqa: SLF001
        if refused is not None:
            asked.pre_execution_errors = [refused]

    def on_parse(self) -> Iterator[None]:
        yield
        document, named = self.execution_context.graphql_document, self.execution_context._provided_operation_name  # noqa: SLF001
        if document is None or named is not None:
            return
        if sum(isinstance(one, OperationDefinitionNode) for one in document.definitions) > 1:
            message = "The document has several operations: say by operationName which one is meant."
            raise GraphQLError(message, extensions={"code": "GRAPHQL_VALIDATION_FAILED"})
