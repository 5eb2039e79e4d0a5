"""Admission: which lane executes an operation, by its type and its estimated cost.

An operation that this process has seen before goes to its lane at once. Another one is assessed on a thread of the
light lane, since hostile documents take milliseconds; if it is light, the same thread executes it.
"""

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple, TypeAlias, TypeVar

from graphql import GraphQLSchema, OperationType

from api.execution.context import Bounds, Context
from api.execution.lanes import LIGHT_COST_MAX, Lane, Lanes
from api.execution.limits import DOCUMENTS_KEPT, Assessed, assess

T = TypeVar("T")
_Key: TypeAlias = tuple[str | None, str | None, Bounds]


class Operation(NamedTuple):
    """An operation as a client sends it."""

    text: str | None
    variables: dict[str, Any] | None
    name: str | None


class Admission:
    """Runs the operations of one schema in their lanes. Called on the event loop."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema
        self._known: OrderedDict[_Key, Assessed] = OrderedDict()

    def run(self, operation: Operation, context: Context, work: Callable[[], T]) -> Awaitable[T]:
        """The result of executing the operation in its lane. Raises `Busy`."""
        assessed = self._known.get((operation.text, operation.name, context.bounds))
        if assessed is None:
            return self._assessed(operation, context, work)
        return lane_of(assessed, context.lanes).run(work, context.caller.actor, assessed.cost, context.deadline)

    async def _assessed(self, operation: Operation, context: Context, work: Callable[[], T]) -> T:
        """The same for an operation that this process has not seen before."""
        lanes, caller, deadline = context.lanes, context.caller.actor, context.deadline
        begun = await lanes.light.run(lambda: self._begin(operation, context, work), caller, 1.0, deadline)
        if not isinstance(begun, Assessed):
            return begun
        return await lane_of(begun, lanes).run(work, caller, begun.cost, deadline)

    def _begin(self, operation: Operation, context: Context, work: Callable[[], T]) -> T | Assessed:
        """The result of a light operation, or the assessment of another one. Runs on a worker thread."""
        text, variables, name = operation
        assessed = assess(self._schema, text, variables or {}, name, context.bounds)
        if not assessed.varies:
            self._remember((text, name, context.bounds), assessed)
        return work() if lane_of(assessed, context.lanes) is context.lanes.light else assessed

    def _remember(self, key: _Key, assessed: Assessed) -> None:
        self._known[key] = assessed
        if len(self._known) > DOCUMENTS_KEPT:
            self._known.popitem(last=False)


def lane_of(assessed: Assessed, lanes: Lanes) -> Lane:
    """The lane of an operation. A subscription only starts there; its events come later."""
    if assessed.type is OperationType.MUTATION:
        return lanes.writes
    is_light = assessed.type is OperationType.SUBSCRIPTION or assessed.cost <= LIGHT_COST_MAX
    return lanes.light if is_light else lanes.heavy
