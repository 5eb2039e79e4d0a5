"""Compiled documents that count what they complete."""

from typing import Any

from api.execution.plans.compiled_documents import CompiledDocuments
from api.execution.plans.compiler import Place
from api.execution.plans.run import Run


class Counted(CompiledDocuments):
    """Counts the root fields that are completed by columns, and those that are given up."""

    def __init__(self) -> None:
        super().__init__()
        self.done = self.given_up = 0

    def complete(self, run: Run, type_: Any, at: Place, value: Any) -> Any:
        self.given_up += 1
        completed = super().complete(run, type_, at, value)
        self.given_up -= 1
        self.done += 1
        return completed
