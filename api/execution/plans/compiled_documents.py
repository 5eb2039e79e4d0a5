"""The compiled documents of a process: each root field of a query is completed by columns.

Without them a document would be compiled at every request. One is kept by its text, its operation and its flags, since
`@skip` and `@include` decide what is selected; other variables are bound at each run.
"""

from collections import OrderedDict
from typing import Any, Final

from api.execution.limits import DOCUMENTS_KEPT
from api.execution.plans.columns import Complete
from api.execution.plans.compiler import Place, compiled
from api.execution.plans.run import Run

COMPILED_MAX: Final = 4 * DOCUMENTS_KEPT
"""Root fields that are kept compiled, of documents with different flags."""


class CompiledDocuments:
    """Compiles root fields at their first run, and keeps them. Used by several threads."""

    def __init__(self) -> None:
        self._kept: OrderedDict[object, Complete] = OrderedDict()

    def complete(self, run: Run, type_: Any, at: Place, value: Any) -> Any:
        """The completed value of a root field of a nullable type; it is not None. Raises `Irregular`, `Stopped`, and
        any error of a field."""
        executor = run.executor
        key = (_document(executor.operation), at.name, _flags(executor.variable_values.coerced))
        found = self._kept.get(key)
        if found is None:
            found = self._kept[key] = compiled(executor, type_, at).complete
            while len(self._kept) > COMPILED_MAX:
                self._kept.popitem(last=False)
        return found(run, [value])[0]


def _document(operation: Any) -> tuple[str, str | None]:
    return operation.loc.source.body, operation.name and operation.name.value


def _flags(variables: dict[str, Any]) -> tuple[tuple[str, bool | None], ...]:
    return tuple((name, value) for name, value in variables.items() if value is None or type(value) is bool)
