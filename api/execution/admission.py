"""Admission: which lane executes an operation, by its type and its estimated cost.

An operation that this process has seen before, with the same values of the variables that decide its cost, goes to its
lane at once. Another one is assessed on a thread of the light lane, since hostile documents take milliseconds; if it is
light, the same thread executes it.
"""

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any, Final, NamedTuple, TypeAlias, TypeVar

from graphql import GraphQLSchema
from strawberry.types.graphql import OperationType

from api.execution.context import Bounds, Context
from api.execution.lanes import LIGHT_COST_MAX, Lane, Lanes
from api.execution.limits import DOCUMENTS_KEPT, Assessed, Values, assess, values_of

T = TypeVar("T")
K = TypeVar("K")
V = TypeVar("V")
_Document: TypeAlias = tuple[str | None, str | None, Bounds]

ASSESSED_MAX: Final = 512
"""Assessments that are remembered, by operation and values of variables."""


class Operation(NamedTuple):
    """An operation as a client sends it."""

    text: str | None
    variables: dict[str, Any] | None
    name: str | None


class Admission:
    """Runs the operations of one schema in their lanes. Called on the event loop."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema
        self._deciding: OrderedDict[_Document, tuple[str, ...]] = OrderedDict()
        self._known: OrderedDict[tuple[_Document, Values], Assessed] = OrderedDict()

    def run(self, operation: Operation, context: Context, work: Callable[[], T]) -> Awaitable[T]:
        """The result of executing the operation in its lane. Raises `Busy`."""
        assessed = self.known(operation, context)
        if assessed is None:
            return self._assessed(operation, context, work)
        return lane_of(assessed, context.lanes).run(work, context.caller.actor, assessed.cost, context.deadline)

    def known(self, operation: Operation, context: Context) -> Assessed | None:
        """The assessment of an operation that this process has seen before."""
        text, variables, name = operation
        document = text, name, context.bounds
        deciding = self._deciding.get(document)
        values = None if deciding is None else values_of(deciding, variables or {})
        return None if values is None else self._known.get((document, values))

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
        values = None if assessed.deciding is None else values_of(assessed.deciding, variables or {})
        if assessed.deciding is not None and values is not None:
            document = text, name, context.bounds
            _remember(self._deciding, document, assessed.deciding, DOCUMENTS_KEPT)
            _remember(self._known, (document, values), assessed, ASSESSED_MAX)
        return work() if lane_of(assessed, context.lanes) is context.lanes.light else assessed


def _remember(known: OrderedDict[K, V], key: K, value: V, size_max: int) -> None:
    known[key] = value
    if len(known) > size_max:
        known.popitem(last=False)


def lane_of(assessed: Assessed, lanes: Lanes) -> Lane:
    """The lane of an operation. A subscription only starts there; its events come later."""
    if assessed.type is OperationType.MUTATION:
        return lanes.writes
    is_light = assessed.type is OperationType.SUBSCRIPTION or assessed.cost <= LIGHT_COST_MAX
    return lanes.light if is_light else lanes.heavy
