"""The execution of one operation on the calling thread, from its text to its result.

strawberry runs such steps as hooks of extensions, which it sets up for each request: that takes three times as long as
the steps themselves. What a document alone decides is determined once (`api.execution.limits`).
"""

from collections.abc import Collection
from contextlib import closing
from functools import partial
from typing import Any, Final

from graphql import ExecutionResult as CoreResult
from graphql import GraphQLError, GraphQLSchema
from strawberry.exceptions import MissingQueryError
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types import ExecutionResult
from strawberry.types.graphql import OperationType

from api.execution.admission import Operation
from api.execution.context import Context
from api.execution.executor import COMPILED, Executor
from api.execution.limits import ParsedOperation, parsed_operation, violations
from api.execution.variable_limits import oversized
from api.schema import read_permission
from api.schema.goal_answers.documents import GOAL_QUERIES, Document
from api.schema.primitives.errors import coded
from api.schema.query import Query
from api.schema.subscriptions.lifecycle import started
from api.snapshot.snapshot import SnapshotReader, View

_never: Final = ().__contains__
_SYNCHRONOUS: Final = {"is_awaitable": _never, "is_async_iterable": _never}
"""Which values graphql-core awaits: none, since resolvers of queries and mutations are plain functions."""


class Reading:
    """The present view of a query, opened on the first read."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._reader: SnapshotReader | None = None

    def present(self) -> View:
        """The view of the present."""
        if self._reader is None:
            self._reader = self._context.reads
        return self._reader.present

    def close(self) -> None:
        """Let go of all views, with the rows that they have read."""
        if self._reader is not None:
            self._reader.close()
            self._reader = None


def executed(
    schema: GraphQLSchema,
    executor: type[Executor],
    operation: Operation,
    context: Context,
    types: Collection[OperationType],
    data: dict[str, Any] | None = None,
) -> ExecutionResult:
    """The result of an operation of one of these types, with a code for every error. The executor builds its data,
    unless it is known already, see `GoalQueries`.

    Raises `MissingQueryError`, `CannotGetOperationTypeError`, `InvalidOperationTypeError`.
    """
    try:
        result = _executed(schema, executor, operation, context, types, data)
    except (MissingQueryError, CannotGetOperationTypeError, InvalidOperationTypeError):
        raise
    except GraphQLError as error:
        result = ExecutionResult(None, [error])
    except Exception as error:  # noqa: BLE001 - every error is reported to the client
        result = ExecutionResult(None, [GraphQLError(str(error), original_error=error)])
    if result.errors:
        result.errors = coded(result.errors, context)
    return result


def _executed(
    schema: GraphQLSchema,
    executor: type[Executor],
    operation: Operation,
    context: Context,
    types: Collection[OperationType],
    data: dict[str, Any] | None,
) -> ExecutionResult:
    text, variables, name = operation
    too_large = oversized(variables or {})
    if too_large is not None:
        return ExecutionResult(None, [too_large])
    if not text:
        raise MissingQueryError
    parsed = parsed_operation(text, name)
    if parsed.type is None:
        raise CannotGetOperationTypeError(parsed.name)
    if parsed.type not in types:
        raise InvalidOperationTypeError(parsed.type)
    refused = violations(schema, text, variables or {}, parsed, context)
    if refused:
        return ExecutionResult(None, [*refused])
    forbidden = None if context.caller.may_read else read_permission.refusal(parsed.document)
    if forbidden is not None:
        return ExecutionResult(None, [forbidden])
    if parsed.type is not OperationType.QUERY:
        return _result(schema, executor, parsed, variables, context, None)
    document = text, name
    if data is None and executor is Executor:  # another one answers all by itself
        make = partial(executor_of, schema, executor, operation, context)
        data = GOAL_QUERIES.data(document, context, variables or {}, make)
    if data is not None:
        return ExecutionResult(data, None)
    with closing(Reading(context)) as reading:
        return _result(schema, executor, parsed, variables, context, Query.to(reading.present), document)


def executor_of(schema: GraphQLSchema, executor: type[Executor], operation: Operation, context: Context) -> Any:
    """An executor of a valid query, whose fields have no root."""
    text, variables, name = operation
    parsed = parsed_operation(text or "", name)
    return executor.of(schema, parsed, None, context, variables or {}, **_SYNCHRONOUS)


def _result(
    schema: GraphQLSchema,
    executor: type[Executor],
    parsed: ParsedOperation,
    variables: dict[str, Any] | None,
    context: Context,
    root: Query | None,
    document: Document | None = None,
) -> ExecutionResult:
    """The result of a valid operation; only queries have a root and a document that is learnt."""
    is_subscription = parsed.type is OperationType.SUBSCRIPTION
    predicates: Any = {} if is_subscription else _SYNCHRONOUS
    built: Any = executor.of(schema, parsed, root, context, variables or {}, **predicates)
    if isinstance(built, list):
        return ExecutionResult(None, built)
    if is_subscription:
        return started(built)
    result = built.execute_operation()
    assert isinstance(result, CoreResult)
    if document is not None and not result.errors:
        GOAL_QUERIES.learn(document, built, COMPILED.roots(built))
    return ExecutionResult(result.data, result.errors)
