"""The compiled documents of a process: each root field of a query is completed by columns.

Without them a document would be compiled at every request. One is kept by its text, its operation and its flags, since
`@skip` and `@include` decide what is selected; other variables are bound at each run.
"""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any, Final

from api.execution.limits import DOCUMENTS_KEPT
from api.execution.plans.compiler import Place, compiled
from api.execution.plans.run import Run
from projections.store.deadline import Stopped

COMPILED_MAX: Final = 2 * DOCUMENTS_KEPT
"""Documents with different flags whose root fields are kept compiled."""


class CompiledDocuments:
    """Keeps the root fields of queries, and compiles each at its first run. Used by several threads.

    `answered` are those that were completed, `given_up` those that the interpreter completes again.
    """

    def __init__(self) -> None:
        self.answered = self.given_up = 0
        self._kept: OrderedDict[object, Sequence[Place]] = OrderedDict()

    def roots(self, executor: Any) -> Sequence[Place] | None:
        """The root fields of a query that was executed before; None for another one."""
        return self._kept.get(_key(executor))

    def keep(self, executor: Any, roots: Sequence[Place]) -> None:
        """Keep the root fields of a query."""
        self._kept[_key(executor)] = roots
        while len(self._kept) > COMPILED_MAX:
            self._kept.popitem(last=False)

    def complete(self, run: Run, type_: Any, at: Place, value: Any) -> Any:
        """The completed value of a root field of a nullable type; it is not None. Raises `Irregular`, `Stopped`, and
        any error of a field."""
        try:
            if at.complete is None:
                at.complete = compiled(run.executor, type_, at).complete
            (completed,) = at.complete(run, [value])
        except Stopped:
            raise
        except Exception:
            self.given_up += 1
            raise
        self.answered += 1
        return completed


def _key(executor: Any) -> object:
    return _document(executor.operation), _flags(executor.variable_values.coerced)


def _document(operation: Any) -> tuple[str, str | None]:
    return operation.loc.source.body, operation.name and operation.name.value


def _flags(variables: dict[str, Any]) -> tuple[tuple[str, bool | None], ...]:
    return tuple((name, value) for name, value in variables.items() if value is None or type(value) is bool)
