"""How a subscription goes on: begun like every operation, then each of its events is an answer of its own.

Both are worked out on a worker thread, so that the event loop only waits and passes on.
"""

from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing
from functools import partial
from typing import Any, Final, TypeAlias

from graphql import ExecutionResult as CoreResult
from graphql import Executor as CoreExecutor
from graphql import GraphQLError, execute_subscription_event
from graphql.execution import create_source_event_stream, map_source_to_response_event
from strawberry.extensions import SchemaExtension
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types import ExecutionContext, ExecutionResult
from strawberry.types.execution import PreExecutionError, StreamExecutionResult
from strawberry.types.graphql import OperationType

from api.execution.context import Context
from api.execution.executor import Executor
from api.execution.request_scope import until_scope_ends
from api.execution.subscription_hub import is_connection_lost
from api.schema.primitives.errors import coded
from api.snapshot.snapshot import NoLongerVisible

Results: TypeAlias = AsyncGenerator[StreamExecutionResult, None]

UNSEEN: Final = CoreResult(None, None)
"""Stands for an event of which nothing is told."""


class Subscribing(SchemaExtension):
    """Begins a subscription where another operation is carried out; then the data of its result is the stream."""

    def on_execute(self) -> Iterator[None]:
        asked = self.execution_context
        if asked.operation_type is OperationType.SUBSCRIPTION:
            asked.result = _begun(asked)
        yield


def _begun(asked: ExecutionContext) -> ExecutionResult:
    assert asked.graphql_document is not None
    executor = Executor.build(
        asked.schema._schema,  # noqa: SLF001 - strawberry gives it away nowhere else
        asked.graphql_document,
        context_value=asked.context,
        raw_variable_values=asked.variables,
        operation_name=asked.operation_name,
    )
    if isinstance(executor, Sequence):
        return _not_begun(executor, asked)
    events: Any = create_source_event_stream(executor)
    if isinstance(events, CoreResult):
        return _not_begun(events.errors or [], asked)
    results: Any = map_source_to_response_event(executor, events, _carried_out)
    return ExecutionResult(results, None)


def _not_begun(errors: Sequence[GraphQLError], asked: ExecutionContext) -> ExecutionResult:
    told = coded(errors, asked.context.request_id)
    for error in told:
        error.path = None  # there is no answer in which it could have a place
    return ExecutionResult(None, told)


async def _carried_out(executor: "CoreExecutor[Any]") -> CoreResult:
    """The answer for one event; `UNSEEN` for none."""
    context: Context = executor.context_value
    return await context.hub.retry_until_reachable(lambda: context.hub.work(partial(_told, executor)))


def _told(executor: "CoreExecutor[Any]") -> CoreResult:
    """The response to one event, which is a function of the context. Raises when `is_connection_lost`."""
    context: Context = executor.context_value.for_next_operation()
    try:
        event = executor.root_value(context)
    except NoLongerVisible:
        return UNSEEN
    attempt = executor.build_per_event_executor(event)
    attempt.context_value = context
    result = execute_subscription_event(attempt)
    assert isinstance(result, CoreResult)
    for error in result.errors or ():
        if error.original_error is not None and is_connection_lost(error.original_error):
            raise error.original_error
    return result


async def answers(begun: ExecutionResult, context: Context) -> Results:
    """All that comes of an operation that was begun: its one result, or those of the events that it subscribed to.

    An event that could not be told ends the stream with the reason: who asks again after the last position that
    was told then gets it again, and none is ever left out.
    """
    stream: Any = begun.data
    if not isinstance(stream, AsyncGenerator):
        yield PreExecutionError(None, begun.errors, begun.extensions) if was_not_begun(begun) else begun
        return
    failed: type[ExecutionResult] = PreExecutionError
    async with aclosing(stream) as results:
        try:
            with context.hub.subscribed():
                async for result in until_scope_ends(results, context.scope):
                    failed = ExecutionResult
                    if result is UNSEEN:
                        continue
                    yield ExecutionResult(result.data, coded(result.errors or (), context.request_id) or None)
                    if result.data is None:
                        return
        except Exception as error:  # noqa: BLE001 - whatever ended it is told
            cause = error if isinstance(error, GraphQLError) else GraphQLError(str(error), original_error=error)
            yield failed(None, coded([cause], context.request_id))


def refused(error: Exception, context: Context) -> ExecutionResult:
    """The result of a request in which no operation could be found that may be asked for in this way."""
    message = "There is no query in the request."
    if isinstance(error, InvalidOperationTypeError):
        message = f"A {error.operation_type.value} cannot be sent in this way."
    elif isinstance(error, CannotGetOperationTypeError):
        message = error.as_http_error_reason()
    return ExecutionResult(None, coded([GraphQLError(message)], context.request_id))


def was_not_begun(result: ExecutionResult) -> bool:
    """Whether the document or its variables were so wrong that nothing was carried out."""
    return result.data is None and bool(result.errors) and all(not error.path for error in result.errors or ())
