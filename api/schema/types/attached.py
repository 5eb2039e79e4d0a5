"""What is attached to things: references to other systems, and labels with their counts."""

import strawberry

from api.snapshot.snapshot import RowProxy
from projections.tables.across import label_counts
from projections.tables.across.external_reference import ExternalReferenceRow


@strawberry.type(description="The counterpart of a thing in another system.")
class ExternalReference(RowProxy):
    row: strawberry.Private[ExternalReferenceRow]

    system: str = strawberry.field(description="The key of the other system, like jira.")
    external_id: str = strawberry.field(description="The id of the counterpart in that system.")
    url: str | None = strawberry.field(description="The address of the counterpart, if it is known.")


@strawberry.type(description="A label in use. Each number is the `totalCount` of the list that is filtered by it.")
class LabelCount(RowProxy):
    row: strawberry.Private[label_counts.LabelCount]

    label: str = strawberry.field(description="The label itself, as written.")
    objectives: int = strawberry.field(description="The number of objectives with the label.")
    key_results: int = strawberry.field(description="The number of key results with the label, without dropped ones.")
    kpis: int = strawberry.field(description="The number of KPIs with the label.")
    teams: int = strawberry.field(description="The number of teams with the label, without disbanded ones.")
