"""How many goals, KPIs and teams have a label."""

import strawberry

from api.snapshot.snapshot import RowProxy
from projections.tables.across import label_counts


@strawberry.type(description="A label in use. Each number is the `totalCount` of the list that is filtered by it.")
class LabelCount(RowProxy):
    row: strawberry.Private[label_counts.LabelCount]

    label: str = strawberry.field(description="The label itself, as written.")
    objectives: int = strawberry.field(description="The number of objectives with the label.")
    key_results: int = strawberry.field(description="The number of key results with the label, without dropped ones.")
    kpis: int = strawberry.field(description="The number of KPIs with the label.")
    teams: int = strawberry.field(description="The number of teams with the label, without disbanded ones.")
