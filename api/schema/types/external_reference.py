"""References of things to their counterparts in other systems."""

import strawberry

from api.snapshot.snapshot import RowProxy
from projections.tables.across.external_reference import ExternalReferenceRow


@strawberry.type(description="The counterpart of a thing in another system.")
class ExternalReference(RowProxy):
    row: strawberry.Private[ExternalReferenceRow]

    system: str = strawberry.field(description="The key of the other system, like jira.")
    external_id: str = strawberry.field(description="The id of the counterpart in that system.")
    url: str | None = strawberry.field(description="The address of the counterpart, if it is known.")
