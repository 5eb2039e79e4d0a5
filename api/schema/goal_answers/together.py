"""Queries for goals in their lane: on the event loop if they can be, and those for single objectives together.

A client that loads many objectives sends a request for each, and many clients look at the same page. One statement and
one pass over its columns serve all of them that a caller has sent meanwhile; alone, each would spend most of its time
on taking a thread, a connection and a statement.
"""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from time import monotonic
from typing import Any, NamedTuple, TypeVar

from strawberry.types import ExecutionResult

from api.execution.admission import Operation, lane_of
from api.execution.context import Context
from api.execution.lanes import Together
from api.execution.limits import Assessed
from api.execution.plans.run import Irregular
from api.schema.goal_answers.documents import GOAL_QUERIES, Asked, GoalQuery
from api.snapshot.loop_reads import LoopReads

T = TypeVar("T")


class Request(NamedTuple):
    """A request for goals. `answer` makes its outcome of the data of its query and the time at which it began to be
    answered; without data, by itself. `executor` makes an executor of it, for fields that are no columns."""

    asked: Asked
    context: Context
    executor: Callable[[], Any]
    answer: Callable[[dict[str, Any] | None, float], Any]


def answered(
    query: GoalQuery,
    operation: Operation,
    context: Context,
    assessed: Assessed | None,
    execute: Callable[..., ExecutionResult],
    executor: Callable[[Operation, Context], Any],
    work: Callable[[Callable[[], ExecutionResult]], T],
) -> Awaitable[T] | None:
    """The result of `work` with the execution of a query for goals; None if it has to be executed as any other.
    `execute` also takes the data of the query, if they are known. `executor` makes an executor of an operation. Raises
    `Busy`."""
    lane = context.lanes.light
    if assessed is None or lane_of(assessed, context.lanes) is not lane or context.route is not None:
        return None
    try:
        asked = query.asked(operation.variables or {})
    except Irregular:
        return None

    def answer(data: dict[str, Any] | None, began: float) -> T:
        return work(partial(execute, data=data, began=began))

    request = Request(asked, context, partial(executor, operation, context), answer)
    reads, caller, deadline = context.loop_reads, context.caller.actor, context.deadline
    if not query.is_one:
        alone = None if reads is None else partial(_alone_on_loop, query, reads, request)
        return lane.run(partial(work, execute), caller, assessed.cost, deadline, alone)
    present = None if context.moment is None else context.moment.basis
    key = query, asked.position, context.caller, present
    both = Together(partial(_on_thread, query), None if reads is None else partial(_on_loop, query, reads))
    return lane.run_together(key, request, both, caller, assessed.cost, deadline)


async def _alone_on_loop(query: GoalQuery, reads: LoopReads, request: Request) -> Any:
    (outcome,) = await _on_loop(query, reads, [request])
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


async def _on_loop(query: GoalQuery, reads: LoopReads, requests: Sequence[Request]) -> Sequence[Any]:
    """As `_on_thread`, on the event loop. Raises `NeedsThread`."""
    began = monotonic()
    found = await GOAL_QUERIES.answers_on_loop(query, requests[0].context, reads, [one.asked for one in requests])
    return _outcomes(requests, found, began)


def _on_thread(query: GoalQuery, requests: Sequence[Request]) -> Sequence[Any]:
    """The outcome of each of these requests, which see the same: its result or its error. Runs on a worker thread."""
    first, began = requests[0], monotonic()
    found = GOAL_QUERIES.answers(query, first.context, [one.asked for one in requests], first.executor)
    return _outcomes(requests, found, began)


def _outcomes(requests: Sequence[Request], found: Sequence[dict[str, Any] | None], began: float) -> Sequence[Any]:
    first = requests[0].context
    for one in requests:
        if one.context is not first:
            one.context.freshness.take(first.freshness)
    return [_outcome(one, data, began) for one, data in zip(requests, found, strict=True)]


def _outcome(request: Request, data: dict[str, Any] | None, began: float) -> Any:
    try:
        return request.answer(data, began)
    except Exception as error:  # noqa: BLE001 - the request raises it
        return error
