"""The execution of one operation on the calling thread, from its text to its result.

strawberry runs such steps as hooks of extensions, which it sets up for each request: that takes three times as long as
the steps themselves. What a document alone decides is determined once (`api.execution.limits`).
"""

from collections.abc import Collection
from typing import Any, Final

from graphql import ExecutionResult as CoreResult
from graphql import GraphQLError, GraphQLSchema
from strawberry.exceptions import MissingQueryError
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types import ExecutionResult
from strawberry.types.graphql import OperationType

from api.execution.admission import Operation
from api.execution.context import Context
from api.execution.executor import Executor
from api.execution.limits import ParsedOperation, check_sizes, parsed_operation, violations
from api.schema import read_permission
from api.schema.primitives.errors import coded
from api.schema.subscriptions.lifecycle import started


def _never(_: object) -> bool:
    return False


_SYNCHRONOUS: Final = {"is_awaitable": _never, "is_async_iterable": _never}
"""Which values graphql-core awaits: none, since resolvers of queries and mutations are plain functions."""


def executed(
    schema: GraphQLSchema,
    executor: type[Executor],
    operation: Operation,
    context: object,
    root: Any,
    types: Collection[OperationType],
) -> ExecutionResult:
    """The result of an operation of one of these types, with a code for every error. The executor builds its data.

    Raises `MissingQueryError`, `CannotGetOperationTypeError`, `InvalidOperationTypeError`.
    """
    try:
        result = _executed(schema, executor, operation, context, root, types)
    except (MissingQueryError, CannotGetOperationTypeError, InvalidOperationTypeError):
        raise
    except GraphQLError as error:
        result = ExecutionResult(None, [error])
    except Exception as error:  # noqa: BLE001 - every error is reported to the client
        result = ExecutionResult(None, [GraphQLError(str(error), original_error=error)])
    if result.errors:
        result.errors = coded(result.errors, context if isinstance(context, Context) else None)
    return result


def _executed(
    schema: GraphQLSchema,
    executor: type[Executor],
    operation: Operation,
    context: object,
    root: Any,
    types: Collection[OperationType],
) -> ExecutionResult:
    text, variables, name = operation
    check_sizes(text, variables or {})
    if not text:
        raise MissingQueryError
    parsed = parsed_operation(text, name)
    type_ = _type_of(parsed)
    if type_ not in types:
        raise InvalidOperationTypeError(type_)
    refused = violations(schema, text, variables or {}, parsed, context)
    if refused:
        return ExecutionResult(None, [*refused])
    forbidden = read_permission.violation(parsed.document, context)
    if forbidden is not None:
        return ExecutionResult(None, [forbidden])
    predicates: Any = {} if type_ is OperationType.SUBSCRIPTION else _SYNCHRONOUS
    built: Any = executor.build(schema, parsed.document, root, context, variables, parsed.name, **predicates)
    if isinstance(built, list):
        return ExecutionResult(None, built)
    if type_ is OperationType.SUBSCRIPTION:
        return started(built)
    result = built.execute_operation()
    assert isinstance(result, CoreResult)
    return ExecutionResult(result.data, result.errors)


def _type_of(parsed: ParsedOperation) -> OperationType:
    """The type of an operation. Raises `CannotGetOperationTypeError` if the document does not have it."""
    if parsed.node is None:
        raise CannotGetOperationTypeError(parsed.name)
    return OperationType(parsed.node.operation.value)
