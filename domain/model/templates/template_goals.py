"""The goals of a template: what is left of an objective without people, days and measurements."""

from typing import Annotated

from domain.primitives.documentation import doc
from domain.primitives.values import Metric, ObjectiveKind, Value


class TemplateKeyResult(Value, frozen=True):
    """A key result of a template."""

    title: Annotated[str, doc("The title, one line of text.")]
    metric: Annotated[Metric, doc("The metric that measures it.")]
    description: Annotated[str | None, doc("A longer description.")] = None
    weight: Annotated[float, doc("The weight among the key results of its objective.")] = 1.0


class TemplateGoal(Value, frozen=True):
    """An objective of a template."""

    title: Annotated[str, doc("The title, one line of text.")]
    kind: Annotated[ObjectiveKind, doc("Whether it is committed or aspirational.")]
    description: Annotated[str | None, doc("A longer description.")] = None
    key_results: Annotated[tuple[TemplateKeyResult, ...], doc("Its key results, in their order.")] = ()
