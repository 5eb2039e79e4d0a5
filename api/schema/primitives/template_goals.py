"""The goals of templates: objectives and key results without people, days and values."""

from typing import Any

import strawberry

from api.schema.primitives import enums
from api.schema.primitives.field import resolved
from api.schema.primitives.metric import Metric
from api.schema.primitives.scalars import Markdown


@strawberry.type(description="A milestone of a key result of a template.")
class TemplateMilestone:
    key: str = strawberry.field(description="Its key, by which a check-in names it.")
    title: str = strawberry.field(description="What is reached.")
    weight: float = strawberry.field(description="Its weight among the milestones of the key result.")


@strawberry.type(description="A key result of a template.")
class TemplateKeyResult:
    title: str = strawberry.field(description="The title, in one line.")
    description: Markdown | None = strawberry.field(description="A longer description.")
    metric: Metric = strawberry.field(description="The metric that measures it.")
    weight: float = strawberry.field(description="The weight among the key results of its objective.")

    @resolved("The milestones, for MILESTONES; otherwise empty.")
    def milestones(self) -> list[TemplateMilestone]:
        metric: Any = self.metric
        return list(metric.milestones)


@strawberry.type(description="An objective of a template.")
class TemplateObjective:
    title: str = strawberry.field(description="The title, in one line.")
    description: Markdown | None = strawberry.field(description="A longer description.")
    kind: enums.ObjectiveKind = strawberry.field(description="Whether it is committed or aspirational.")
    key_results: list[TemplateKeyResult] = strawberry.field(description="Its key results, in their order.")
