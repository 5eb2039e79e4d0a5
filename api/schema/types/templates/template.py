"""Templates of goals."""

import strawberry

from api.schema.connections.criteria import Criteria
from api.schema.connections.filters import SEARCHED, searched
from api.schema.connections.lists import Listing
from api.schema.primitives import enums
from api.schema.primitives.refs import TemplateRef
from api.schema.primitives.template_goals import TemplateObjective
from api.schema.types.entity import Entity, at_another_moment
from domain.primitives.values import Kind
from projections.tables.across import template


@strawberry.type(description="Objectives with their key results that are saved to be drafted again. Everybody sees it.")
class Template(Entity, kind=Kind.TEMPLATE, read=template.templates):
    row: strawberry.Private[template.TemplateRow]

    name: str = strawberry.field(description="The name of the template.")
    cadence: enums.Cadence = strawberry.field(
        description="How often its key results are meant to be checked in. A cycle has its own cadence, which holds."
    )
    template_goals: list[TemplateObjective] = strawberry.field(
        name="objectives", description="Its objectives, in their order."
    )
    retired: bool = strawberry.field(description="Whether it is retired, and nothing is drafted from it any more.")

    as_of = at_another_moment(TemplateRef)


@strawberry.input(description="A filter of templates. A template must match every field that is set.")
class TemplateFilter:
    retired: bool | None = strawberry.field(
        default=False, description="Templates that are retired, or that are not; null for both."
    )
    search: str | None = strawberry.field(default=None, description=f"Words in the name. {SEARCHED}")


def template_criteria(given: TemplateFilter | None) -> Criteria:
    """Templates that are not retired, unless others are asked for."""
    wanted = given or TemplateFilter()
    return Criteria(template.TemplateFilter(retired=wanted.retired, search=searched(wanted.search)))


TEMPLATES = Listing(Kind.TEMPLATE, template.TEMPLATES)
