"""The lifecycle of a subscription: it starts like every operation, then each of its events yields a result.

Both run on a worker thread, so that the event loop only waits and forwards.
"""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from functools import partial
from typing import Any, Final, TypeAlias

from graphql import ExecutionResult as CoreResult
from graphql import Executor as CoreExecutor
from graphql import GraphQLError, execute_subscription_event
from graphql.execution import create_source_event_stream, map_source_to_response_event
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types import ExecutionResult
from strawberry.types.execution import PreExecutionError, StreamExecutionResult

from api.execution.context import Context
from api.execution.executor import Executor
from api.execution.lanes import Busy
from api.execution.request_scope import until_scope_ends
from api.execution.subscription_hub import is_connection_lost
from api.schema.primitives.errors import coded
from api.snapshot.snapshot import NoLongerVisible

Results: TypeAlias = AsyncGenerator[StreamExecutionResult, None]

UNSEEN: Final = CoreResult(None, None)
"""The result of an event that the caller may not see. It is not sent."""


def started(executor: Executor) -> ExecutionResult:
    """The result of starting a subscription instead of executing it: its data is the stream."""
    events: Any = create_source_event_stream(executor)
    if isinstance(events, CoreResult):
        return _not_started(events.errors or [], executor.context_value)
    results: Any = map_source_to_response_event(executor, events, _executed_event)
    return ExecutionResult(results, None)


def _not_started(errors: Sequence[GraphQLError], context: Context) -> ExecutionResult:
    with_codes = coded(errors, context)
    for error in with_codes:
        error.path = None  # the result has no data that the path could refer to
    return ExecutionResult(None, with_codes)


async def _executed_event(executor: "CoreExecutor[Any]") -> CoreResult:
    """The result of one event, or `UNSEEN`. Retries until the database is reachable."""
    context: Context = executor.context_value
    return await context.hub.retry_until_reachable(lambda: context.hub.work(partial(_execute_event, executor)))


def _execute_event(executor: "CoreExecutor[Any]") -> CoreResult:
    """The result of one event, which is a function of the context. Raises the error if the connection is lost."""
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
    """The results of a started operation: its single result, or one per event of a subscription.

    An event that fails ends the stream with its error. A client that subscribes again after the last received position
    gets the event again, so that no event is lost.
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
                    yield ExecutionResult(result.data, coded(result.errors or (), context) or None)
                    if result.data is None:
                        return
        except Exception as error:  # noqa: BLE001 - every error is reported to the client
            cause = error if isinstance(error, GraphQLError) else GraphQLError(str(error), original_error=error)
            yield failed(None, coded([cause], context))


def refused(error: Exception, context: Context) -> ExecutionResult:
    """The result of an operation that was not executed: this transport does not accept it, or too many wait."""
    if isinstance(error, Busy):
        return ExecutionResult(None, [GraphQLError(str(error), extensions=error.extensions)])
    message = "The request has no query; send one."
    if isinstance(error, InvalidOperationTypeError):
        message = f"A {error.operation_type.value} cannot be sent in this way."
    elif isinstance(error, CannotGetOperationTypeError):
        message = error.as_http_error_reason()
    return ExecutionResult(None, coded([GraphQLError(message)], context))


def was_not_begun(result: ExecutionResult) -> bool:
    """Whether nothing was executed because the document or its variables are invalid."""
    return result.data is None and bool(result.errors) and all(not error.path for error in result.errors or ())
