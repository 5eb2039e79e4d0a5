"""The schema: all types, and the execution of operations.

`keyframe schema` prints it as SDL; `api/schema.graphql` is the committed snapshot.
"""

from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from functools import cache, partial
from math import inf
from time import monotonic, perf_counter
from typing import Any, Final, TypeVar, cast

import strawberry
from graphql import GraphQLError
from msgspec.structs import replace
from strawberry.exceptions import MissingQueryError
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types import ExecutionResult
from strawberry.types.graphql import OperationType

from api.execution.admission import Admission, Operation
from api.execution.context import Bounds, Context
from api.execution.executor import Executor
from api.execution.lanes import Busy
from api.schema.attention.item_types import TYPES as ATTENTION
from api.schema.goal_answers.documents import GOAL_QUERIES
from api.schema.goal_answers.together import answered
from api.schema.history.event_types import CHANGES
from api.schema.mutations.mutation import Mutation
from api.schema.pipeline import executed, executor_of
from api.schema.primitives.errors import INTERNAL
from api.schema.primitives.scalars import SCALARS
from api.schema.primitives.semantic_non_null import describe_arguments
from api.schema.query import Query
from api.schema.sharing import is_shareable
from api.schema.subscriptions.lifecycle import Results, answers, refused
from api.schema.subscriptions.subscription import Subscription
from domain.primitives.lazy import cached_property

T = TypeVar("T")


_AT_ONCE: Final = (OperationType.QUERY, OperationType.MUTATION)
"""The types of operations that have one result."""


class QueryFailed(Exception):
    """An internal query has errors. Message, `code` and other `extensions` are those of the first error."""

    def __init__(self, errors: Sequence[GraphQLError]) -> None:
        super().__init__(errors[0].message)
        self.errors = errors
        self.extensions: dict[str, Any] = dict(errors[0].extensions or {})
        self.code: str = self.extensions.pop("code", INTERNAL)


class Schema(strawberry.Schema):
    """A schema that executes each operation on one worker thread of its lane, from start to end, but queries for goals
    that take one statement, see `api.schema.goal_answers`.

    The event loop is never blocked, and resolvers read from the database synchronously. Awaiting a coroutine for each
    of some thousand objects would cost more than all other work.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        describe_arguments(self._schema)

    @cached_property
    def _admission(self) -> Admission:
        return Admission(self._schema)

    async def execute(
        self,
        query: str | None,
        variable_values: dict[str, Any] | None = None,
        context_value: Context | None = None,
        root_value: Any | None = None,  # noqa: ARG002 - as strawberry declares it
        operation_name: str | None = None,
        allowed_operation_types: Iterable[OperationType] | None = None,
        operation_extensions: dict[str, Any] | None = None,  # noqa: ARG002 - the same
    ) -> ExecutionResult:
        """The result of a query or mutation; see `execute_sync`. Raises `Busy`."""
        assert context_value is not None
        operation = Operation(query, variable_values, operation_name)
        types = tuple(allowed_operation_types or _AT_ONCE)
        return await self.execute_in_lane(operation, context_value, types, lambda execute: execute())

    def execute_in_lane(
        self,
        operation: Operation,
        context: Context,
        allowed_operation_types: Collection[OperationType],
        work: Callable[[Callable[[], ExecutionResult]], T],
    ) -> Awaitable[T]:
        """The result of `work` in the operation's lane, which is given the function that executes the
        operation of one of these types. Raises `Busy`."""
        text, variables, name = operation
        execute = partial(self.execute_sync, text, variables, context, None, name, allowed_operation_types)
        query = GOAL_QUERIES.find((text, name))
        if query is not None:
            executor = partial(executor_of, self._schema, cast("type[Executor]", self.execution_context_class))
            assessed = self._admission.known(operation, context)
            result = answered(query, operation, context, assessed, execute, executor, work)
            if result is not None:
                return result
        return self._admission.run(operation, context, partial(work, execute))

    async def stream(
        self,
        query: str | None,
        variable_values: dict[str, Any] | None = None,
        context_value: Context | None = None,
        root_value: Any | None = None,  # noqa: ARG002 - as strawberry declares it
        operation_name: str | None = None,
        operation_extensions: dict[str, Any] | None = None,
        allowed_operation_types: Iterable[OperationType] | None = None,
    ) -> Results:
        """The results of any operation, in sequence: see `api.schema.subscriptions.lifecycle`."""
        assert context_value is not None
        context, types = context_value.for_next_operation(), set(allowed_operation_types or OperationType)
        started = perf_counter()
        given = (query, variable_values, context, None, operation_name, types, operation_extensions)
        operation = Operation(query, variable_values, operation_name)
        try:
            begun = await self._admission.run(operation, context, partial(self.execute_sync, *given))
        except (MissingQueryError, CannotGetOperationTypeError, InvalidOperationTypeError, Busy) as error:
            begun = refused(error, context)
        context.stats.codes.extend((error.extensions or {}).get("code", "") for error in begun.errors or ())
        if context.count_streamed is not None:
            context.count_streamed(context.stats, perf_counter() - started)
        return answers(begun, context)

    def execute_sync(
        self,
        query: str | None,
        variable_values: dict[str, Any] | None = None,
        context_value: Context | None = None,
        root_value: Any | None = None,  # noqa: ARG002 - as strawberry declares it
        operation_name: str | None = None,
        allowed_operation_types: Iterable[OperationType] | None = None,
        operation_extensions: dict[str, Any] | None = None,  # noqa: ARG002 - the same
        data: dict[str, Any] | None = None,
        began: float | None = None,
    ) -> ExecutionResult:
        """The result of a query or mutation, on the calling thread. The first read fixes its present. `data`: that of a
        query, if it was read together with others, which `began` at this time of the monotonic clock."""
        assert context_value is not None
        began, stats = monotonic() if began is None else began, context_value.stats
        operation = Operation(query, variable_values, operation_name)
        types = tuple(allowed_operation_types or OperationType)
        executor = cast("type[Executor]", self.execution_context_class)
        costs = len(stats.costs)
        while True:
            result = executed(self._schema, executor, operation, context_value, types, data)
            if not result.errors or not _reads_only(context_value) or not context_value.begin_again(costs):
                break
        stats.ms = (monotonic() - began) * 1000
        if query and stats.kind == OperationType.QUERY.value and not result.errors:
            stats.is_shareable = is_shareable(self._schema, query)
        return result

    def answer(self, query: str, variables: dict[str, Any], context: Context) -> dict[str, Any]:
        """The data of a query of Keyframe's own, which has no cost limit, on the calling thread. Raises `QueryFailed`
        if it has any error."""
        result = self.execute_sync(query, variables, replace(context, bounds=Bounds(cost_max=inf)))
        if result.errors or result.data is None:
            raise QueryFailed(result.errors or [])
        return result.data


def _reads_only(context: Context) -> bool:
    """Whether the operation of this context, which has begun, may be executed again."""
    return context.stats.kind != OperationType.MUTATION.value


@cache
def sdl() -> str:
    """The schema in the schema definition language, as `api/schema.graphql` holds it."""
    return schema.as_str() + "\n"


schema = Schema(
    Query,
    Mutation,
    Subscription,
    types=[*CHANGES.values(), *ATTENTION.values()],
    execution_context_class=Executor,
    config=StrawberryConfig(scalar_map=SCALARS),
)
